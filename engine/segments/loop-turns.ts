/**
 * Gives the event loop away after each MiB of work that could be done at once, such as batches of records for a hundred
 * readers or the segments of a flush.
 *
 * What such work needs is in memory, so without this it would be done in one turn, and the log's puts, whose answers are
 * waiting, would stand still meanwhile. Work is done in the order it came; while little is done, nothing waits.
 */

import { Fifo } from '../core/fifo.ts';
import type { Clock } from '../ports.ts';

/** A few milliseconds of decoding, and of what readers do with the records. */
const BYTES_PER_TURN = 1024 * 1024;

export class LoopTurns {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #waiting = new Fifo<() => void>();
  /** Since the turn was given away last. */
  #doneBytes = 0;

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  /**
   * What `work` returns, at once unless a turn has to be waited for; ends as `work` does. `bytesOf` says how much it was,
   * Infinity for what wants a turn of its own. A promise that `work` returns is no part of it.
   */
  run<Result>(work: () => Result, bytesOf: (result: Result) => number): Result | Promise<Awaited<Result>> {
    if (this.#doneBytes < BYTES_PER_TURN) return this.#do(work, bytesOf);
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#do(work, bytesOf));
        } catch (error) {
          reject(error as Error);
        }
      });
    }) as Promise<Awaited<Result>>;
  }

  #do<Result>(work: () => Result, bytesOf: (result: Result) => number): Result {
    const result = work();
    this.#doneBytes += bytesOf(result);
    if (this.#doneBytes >= BYTES_PER_TURN) void this.#clock.sleep(0).then(() => this.#goOn());
    return result;
  }

  #goOn(): void {
    this.#doneBytes = 0;
    while (this.#doneBytes < BYTES_PER_TURN && this.#waiting.length > 0) this.#waiting.take()?.();
  }
}

/**
 * One turn of the event loop for each piece of work, such as a batch of old records or a segment that is put together.
 *
 * What they need is in memory, so without this a hundred readers would decode one batch after another in one turn, and
 * the log's puts, whose answers are waiting, would stand still meanwhile. Who comes alone begins at once.
 */

import { Fifo } from '../core/fifo.ts';
import type { Clock } from '../ports.ts';

export class LoopTurns {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #waiting = new Fifo<() => void>();
  #isTaken = false;

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock;
  }

  /** Resolves when it is the caller's turn, in the order of the calls; what it does then it does before it waits. */
  async next(): Promise<void> {
    if (this.#isTaken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isTaken = true;
    void this.#clock.sleep(0).then(() => {
      this.#isTaken = false;
      this.#waiting.take()?.();
    });
  }
}

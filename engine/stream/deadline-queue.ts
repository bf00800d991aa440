/**
 * Patience: operations that wait for the store are given up after one fixed time. Because the time is the same
 * for all, the queue is already sorted and one sleeper serves it. What was answered in time is forgotten as soon
 * as everything before it is, so that a fast store leaves a short queue.
 */

import { Fifo } from '../core/fifo.ts';
import type { Clock } from '../ports.ts';

interface Deadline {
  atMs: number;
  /** Null once cancelled. */
  expire: (() => void) | null;
}

export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #queue = new Fifo<Deadline>();
  readonly #abort = new AbortController();
  #sleeping = false;

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** `promise`, or `late()` if it takes longer than the patience. */
  limit<Value>(promise: Promise<Value>, late: () => Value): Promise<Value> {
    if (this.#abort.signal.aborted) return promise;
    return new Promise((resolve, reject) => {
      const deadline: Deadline = { atMs: this.#clock.monoMs() + this.#patienceMs, expire: () => resolve(late()) };
      this.#queue.push(deadline);
      const settled = () => {
        deadline.expire = null;
        while (this.#queue.peek()?.expire === null) this.#queue.take();
      };
      promise.then(resolve, reject).finally(settled);
      this.#serve();
    });
  }

  /** Cancels all; nothing expires any more. */
  close(): void {
    this.#abort.abort();
    this.#queue = new Fifo();
  }

  /** Deadlines remembered now; zero at quiescence. */
  get length(): number {
    return this.#queue.length;
  }

  #serve(): void {
    if (this.#sleeping || this.#abort.signal.aborted) return;
    for (let first = this.#queue.peek(); first !== undefined; first = this.#queue.peek()) {
      const waitMs = first.atMs - this.#clock.monoMs();
      if (first.expire !== null && waitMs > 0) return this.#sleep(waitMs);
      this.#queue.take();
      first.expire?.();
    }
  }

  #sleep(ms: number): void {
    this.#sleeping = true;
    void this.#clock.sleep(ms, this.#abort.signal).then(() => {
      this.#sleeping = false;
      this.#serve();
    });
  }
}

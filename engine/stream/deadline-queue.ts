/**
 * Patience: operations that wait for the store are given up after one fixed time. Because the time is the same
 * for all, the queue is already sorted and one sleeper serves it. What was answered in time is forgotten as soon
 * as everything before it is, so that a fast store leaves a short queue.
 */

import { Fifo } from '../core/fifo.ts';
import type { Clock } from '../ports.ts';

/** Somebody with an answer to wait for. */
export interface Waiting {
  /** When patience ends, on the monotonic clock; the queue fills it in. */
  deadlineMs: number;
  /** It has its answer. `forget` is called after this became true. */
  isOver: boolean;
  /** Patience ended first. */
  expire(): void;
}

export class DeadlineQueue {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #queue = new Fifo<Waiting>();
  readonly #abort = new AbortController();
  #sleeping = false;
  #closed = false;

  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Patience with `waiting` begins now. */
  add(waiting: Waiting): void {
    if (this.#closed) return;
    waiting.deadlineMs = this.#clock.monoMs() + this.#patienceMs;
    this.#queue.push(waiting);
    if (!this.#sleeping) this.#serve();
  }

  /** Somebody who waited is over. */
  forget(): void {
    while (this.#queue.peek()?.isOver === true) this.#queue.take();
  }

  /** `promise`, or `late()` if it takes longer than the patience. */
  limit<Value>(promise: Promise<Value>, late: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      const waiting = { deadlineMs: 0, isOver: false, expire: () => resolve(late()) };
      this.add(waiting);
      const settled = () => {
        waiting.isOver = true;
        this.forget();
      };
      promise.then(resolve, reject).finally(settled);
    });
  }

  /** Cancels all; nothing expires any more. */
  close(): void {
    this.#closed = true;
    this.#abort.abort('woken');
    this.#queue = new Fifo();
  }

  /** Deadlines remembered now; zero at quiescence. */
  get length(): number {
    return this.#queue.length;
  }

  #serve(): void {
    for (let first = this.#queue.peek(); first !== undefined; first = this.#queue.peek()) {
      const waitMs = first.deadlineMs - this.#clock.monoMs();
      if (!first.isOver && waitMs > 0) return this.#sleep(waitMs);
      this.#queue.take();
      if (!first.isOver) first.expire();
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

/**
 * Back-pressure: at most so many bytes may wait to become durable. Admission is first come, first served, and a
 * batch larger than the whole budget still gets in when it is alone, so nobody starves.
 */

import { Fifo } from '../core/fifo.ts';

export class ByteBudget {
  readonly #bytesMax: number;
  #used = 0;
  readonly #waiting = new Fifo<{ bytes: number; enter: (admitted: boolean) => void }>();
  #closed = false;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get used(): number {
    return this.#used;
  }

  /** True when the bytes could be taken at once; no waiting, no turn of the microtask queue. */
  tryTake(bytes: number): boolean {
    if (this.#closed || this.#waiting.length > 0 || !this.#fits(bytes)) return false;
    this.#used += bytes;
    return true;
  }

  /** Resolves true once the bytes are taken, false if the budget was closed first. */
  take(bytes: number): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.tryTake(bytes)) return Promise.resolve(true);
    return new Promise((enter) => this.#waiting.push({ bytes, enter }));
  }

  release(bytes: number): void {
    this.#used -= bytes;
    for (
      let first = this.#waiting.peek();
      first !== undefined && this.#fits(first.bytes);
      first = this.#waiting.peek()
    ) {
      this.#waiting.take();
      this.#used += first.bytes;
      first.enter(true);
    }
  }

  close(): void {
    this.#closed = true;
    for (let first = this.#waiting.take(); first !== undefined; first = this.#waiting.take()) first.enter(false);
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.#bytesMax;
  }
}

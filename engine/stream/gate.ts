/**
 * Back-pressure by level: callers wait, first come first served, while something is too full, and go on when it is not.
 * Who opens the gate again calls `look` after anything that may have made room.
 */

import { Fifo } from '../core/fifo.ts';

export class Gate {
  readonly #isFull: () => boolean;
  readonly #waiting = new Fifo<(entered: boolean) => void>();
  #closed = false;

  constructor(isFull: () => boolean) {
    this.#isFull = isFull;
  }

  get isOpen(): boolean {
    return !this.#closed && this.#waiting.length === 0 && !this.#isFull();
  }

  /** Resolves true once there is room, false if the gate was closed for good first. */
  enter(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.isOpen) return Promise.resolve(true);
    return new Promise((enter) => this.#waiting.push(enter));
  }

  /** There may be room now. */
  look(): void {
    if (this.#isFull()) return;
    for (let enter = this.#waiting.take(); enter !== undefined; enter = this.#waiting.take()) enter(true);
  }

  close(): void {
    this.#closed = true;
    for (let enter = this.#waiting.take(); enter !== undefined; enter = this.#waiting.take()) enter(false);
  }
}

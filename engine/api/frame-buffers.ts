/**
 * Memory for frames that come in pieces, lent and given back. A fresh megabyte for each would cost more than all that is
 * done with it: the system hands out its pages one by one, and the collector runs for every few dozen.
 *
 * At most `countMax` are out at once, so that clients which begin frames and never end them can not have all memory; who
 * comes later does without.
 */

export class FrameBuffers {
  readonly #bytes: number;
  readonly #free: Uint8Array[] = [];
  #left: number;

  constructor(bytes: number, countMax: number) {
    this.#bytes = bytes;
    this.#left = countMax;
  }

  /** Null when all are out. What is in it is whatever was there before. */
  take(): Uint8Array | null {
    if (this.#left === 0) return null;
    this.#left -= 1;
    return this.#free.pop() ?? new Uint8Array(this.#bytes);
  }

  /** Nobody looks at it any more. */
  give(buffer: Uint8Array): void {
    this.#left += 1;
    this.#free.push(buffer);
  }
}

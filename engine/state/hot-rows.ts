/**
 * A bounded cache of the rows that are in use as objects, so that a stream that is written to is not unpacked again and
 * again. Two generations: when the young one is full it becomes the old one, and what is still in use comes back from
 * there. One map look-up per hit, no order to maintain.
 */

import type { StreamState } from '../core/stream-state.ts';

export class HotRows {
  readonly #generationMax: number;
  #young = new Map<number, StreamState>();
  #old = new Map<number, StreamState>();

  /** Never holds more than `rowsMax` rows. */
  constructor(rowsMax: number) {
    this.#generationMax = Math.floor(rowsMax / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(id: number): StreamState | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old !== undefined) this.set(old);
    return old;
  }

  /** A copy the old generation may have is out of date from here on, and is never looked at before it goes. */
  set(row: StreamState): void {
    this.#young.set(row.id, row);
    if (this.#young.size < this.#generationMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(id: number): void {
    this.#young.delete(id);
    this.#old.delete(id);
  }
}

/**
 * A hash index over rows that live elsewhere: open addressing with linear probing, 4 bytes a slot, at most 70 % full.
 * It keeps row numbers only; who looks something up compares the rows itself. Removal closes the gap by moving later
 * rows up, so nothing is left behind that a search would have to step over, however many rows come and go.
 */

import { assert } from '../core/assert.ts';

const SLOTS_MIN = 64;

/** What `rowAt` says of an empty slot: the search ends. */
export const NO_ROW = -1;

export class RowIndex {
  readonly #hashOf: (row: number) => number;
  /** Row + 1; 0 is an empty slot. The length is a power of two. */
  #slots = new Uint32Array(SLOTS_MIN);
  #size = 0;

  /** `hashOf` is asked for the hash a row was added with. Its low bits must be well mixed. */
  constructor(hashOf: (row: number) => number) {
    this.#hashOf = hashOf;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the slots. */
  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** Where the search for a hash begins; `rowAt` it, then go on with `after` until NO_ROW. */
  slotOf(hash: number): number {
    return hash & (this.#slots.length - 1);
  }

  rowAt(slot: number): number {
    return (this.#slots[slot] as number) - 1;
  }

  after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1);
  }

  /** The row is not in the index yet. */
  add(row: number): void {
    if ((this.#size + 1) * 10 > this.#slots.length * 7) this.#double();
    this.#place(row);
    this.#size++;
  }

  remove(row: number): void {
    let gap = this.slotOf(this.#hashOf(row));
    while (this.#slots[gap] !== row + 1) {
      assert(this.#slots[gap] !== 0, 'only an indexed row is removed');
      gap = this.after(gap);
    }
    for (let slot = this.after(gap); this.#slots[slot] !== 0; slot = this.after(slot)) {
      const home = this.slotOf(this.#hashOf(this.rowAt(slot)));
      const mask = this.#slots.length - 1;
      // A row may move up to the gap unless that lies before the place where its own search begins.
      if (((slot - home) & mask) >= ((slot - gap) & mask)) {
        this.#slots[gap] = this.#slots[slot] as number;
        gap = slot;
      }
    }
    this.#slots[gap] = 0;
    this.#size--;
  }

  #place(row: number): void {
    let slot = this.slotOf(this.#hashOf(row));
    while (this.#slots[slot] !== 0) slot = this.after(slot);
    this.#slots[slot] = row + 1;
  }

  #double(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (const entry of old) if (entry !== 0) this.#place(entry - 1);
  }
}

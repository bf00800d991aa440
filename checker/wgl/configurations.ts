/**
 * The configurations already explored: which operations are placed, and the state they led to.
 *
 * All operations before the first unplaced one are placed, so only a window of bits behind it is kept, for required
 * and optional operations each. The hash is one pseudo-random word per placed operation, xor-ed as they come and go.
 * Equality is exact: a hash only finds the place. Nothing is ever evicted.
 */

import type { Timeline } from './timeline.ts';

// A gigabyte of records; a search that needs more is given up.
const WORDS_MAX = 1 << 28;
/** Header of a record: hash, state, the two windows' first words, and the length of the first window. */
const HEADER = 5;

export class Placed {
  readonly #timeline: Timeline;
  /** Bits of required operations by index, and of optional ones. */
  readonly #required: Int32Array;
  readonly #optional: Int32Array;
  /** Words behind these hold no bit; they only grow, which costs a few words of zeros that are cut off again. */
  #requiredWords = 0;
  #optionalWords = 0;
  #hash = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.#required = new Int32Array((timeline.count >>> 5) + 1);
    this.#optional = new Int32Array((timeline.optional.length >>> 5) + 1);
  }

  get hash(): number {
    return this.#hash;
  }

  has(operation: number): boolean {
    const index = this.#timeline.indexOf[operation]!;
    const bits = this.#timeline.isOptional[operation] === 1 ? this.#optional : this.#required;
    return ((bits[index >>> 5]! >>> (index & 31)) & 1) === 1;
  }

  /** Adds an operation that is absent, or takes out one that is present. */
  flip(operation: number): void {
    const index = this.#timeline.indexOf[operation]!;
    const word = index >>> 5;
    if (this.#timeline.isOptional[operation] === 1) {
      this.#optional[word]! ^= 1 << (index & 31);
      if (word >= this.#optionalWords) this.#optionalWords = word + 1;
    } else {
      this.#required[word]! ^= 1 << (index & 31);
      if (word >= this.#requiredWords) this.#requiredWords = word + 1;
    }
    this.#hash ^= scrambled(operation);
  }

  /** Writes the record of this configuration with a state; answers where it ends. The lists must be up to date. */
  write(into: Int32Array, at: number, state: number): number {
    const { firstRequired, firstOptional, indexOf, count, optional } = this.#timeline;
    const requiredFrom = (firstRequired === -1 ? count : indexOf[firstRequired]!) >>> 5;
    const optionalFrom = (firstOptional === -1 ? optional.length : indexOf[firstOptional]!) >>> 5;
    while (this.#requiredWords > 0 && this.#required[this.#requiredWords - 1] === 0) this.#requiredWords--;
    while (this.#optionalWords > 0 && this.#optional[this.#optionalWords - 1] === 0) this.#optionalWords--;
    into[at] = this.#hash;
    into[at + 1] = state;
    into[at + 2] = requiredFrom;
    into[at + 3] = optionalFrom;
    let end = at + HEADER;
    for (let word = requiredFrom; word < this.#requiredWords; word++) into[end++] = this.#required[word]!;
    into[at + 4] = end - at;
    for (let word = optionalFrom; word < this.#optionalWords; word++) into[end++] = this.#optional[word]!;
    return end;
  }

  /** No record is longer. */
  get recordLengthMax(): number {
    return HEADER + this.#required.length + this.#optional.length;
  }
}

export class Configurations {
  #capacity = 64;
  /** Where a record starts, plus 1; 0 for a free slot. */
  #slots = new Int32Array(this.#capacity);
  #records = new Int32Array(1 << 9);
  #end = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True when no more may be kept. */
  get isFull(): boolean {
    return this.#end > WORDS_MAX;
  }

  /** False when this configuration was there before. */
  add(placed: Placed, state: number): boolean {
    this.#reserve(placed.recordLengthMax + 1);
    const start = this.#end + 1;
    const end = placed.write(this.#records, start, state);
    const length = end - start;
    const mask = this.#capacity - 1;
    let slot = slotHash(placed.hash, state) & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask)
      if (this.#isEqual(this.#slots[slot]! - 1, start, length)) return false;
    this.#slots[slot] = this.#end + 1;
    this.#records[this.#end] = length;
    this.#end = end;
    if (++this.#size * 2 > this.#capacity) this.#grow();
    return true;
  }

  #isEqual(known: number, start: number, length: number): boolean {
    const records = this.#records;
    if (records[known] !== length) return false;
    for (let i = 0; i < length; i++) if (records[known + 1 + i] !== records[start + i]) return false;
    return true;
  }

  #reserve(words: number): void {
    if (this.#end + words <= this.#records.length) return;
    const larger = new Int32Array(Math.max(this.#records.length * 2, this.#end + words));
    larger.set(this.#records);
    this.#records = larger;
  }

  #grow(): void {
    const old = this.#slots;
    this.#capacity *= 2;
    this.#slots = new Int32Array(this.#capacity);
    const mask = this.#capacity - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = slotHash(this.#records[entry]!, this.#records[entry + 1]!) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

function slotHash(placed: number, state: number): number {
  const z = placed ^ Math.imul(state + 1, 0x9e3779b1);
  return z ^ (z >>> 15);
}

/** The finaliser of MurmurHash3: a bijection on 32-bit words that spreads small integers. */
function scrambled(index: number): number {
  let z = (index + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

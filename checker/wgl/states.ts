/**
 * Every state the search has seen, once, under a small integer; and what each operation did in it.
 *
 * A configuration then holds a number instead of a state, and no step of the model is computed twice. Nothing is ever
 * evicted: ids are what equality means to the rest of the search.
 */

import type { Model } from './model.ts';

export const ILLEGAL = -1;
const UNKNOWN = -2;

export class States<S, I, O> {
  readonly #model: Model<S, I, O>;
  readonly #states: S[] = [];
  /** Where no `equal` is given, states are their own keys. */
  readonly #byValue = new Map<S, number>();
  /** Otherwise: the newest state with a hash, and the next older one with the same. */
  readonly #byHash = new Map<number, number>();
  readonly #older: number[] = [];
  readonly #steps = new PairTable();

  constructor(model: Model<S, I, O>) {
    this.#model = model;
  }

  stateOf(id: number): S {
    return this.#states[id]!;
  }

  idOf(state: S): number {
    const { equal, hash } = this.#model;
    if (equal === undefined) {
      const known = this.#byValue.get(state);
      if (known !== undefined) return known;
      this.#byValue.set(state, this.#states.length);
      return this.#states.push(state) - 1;
    }
    const key = hash === undefined ? 0 : hash(state) | 0;
    const newest = this.#byHash.get(key) ?? -1;
    for (let id = newest; id !== -1; id = this.#older[id]!) if (equal(this.#states[id]!, state)) return id;
    this.#byHash.set(key, this.#states.length);
    this.#older.push(newest);
    return this.#states.push(state) - 1;
  }

  /** The state behind a step of operation number `operation`, or ILLEGAL. */
  step(id: number, operation: number, input: I, output: O): number {
    const slot = this.#steps.slotOf(id, operation);
    const known = this.#steps.valueAt(slot);
    if (known !== UNKNOWN) return known;
    const step = this.#model.step(this.#states[id]!, input, output);
    const next = step.legal ? this.idOf(step.state) : ILLEGAL;
    this.#steps.set(slot, id, operation, next);
    return next;
  }
}

/** A hash table from two integers to one, open addressing, in flat memory. */
class PairTable {
  #capacity = 256;
  #size = 0;
  #first = new Int32Array(this.#capacity);
  #second = new Int32Array(this.#capacity);
  #value = new Int32Array(this.#capacity).fill(UNKNOWN);

  slotOf(first: number, second: number): number {
    const mask = this.#capacity - 1;
    let slot = mixed(first, second) & mask;
    while (this.#value[slot] !== UNKNOWN && (this.#first[slot] !== first || this.#second[slot] !== second))
      slot = (slot + 1) & mask;
    return slot;
  }

  valueAt(slot: number): number {
    return this.#value[slot]!;
  }

  /** `slot` is what `slotOf` answered for the same pair, with no `set` in between. */
  set(slot: number, first: number, second: number, value: number): void {
    this.#first[slot] = first;
    this.#second[slot] = second;
    this.#value[slot] = value;
    if (++this.#size * 2 > this.#capacity) this.#grow();
  }

  #grow(): void {
    const [first, second, value] = [this.#first, this.#second, this.#value];
    this.#capacity *= 2;
    this.#first = new Int32Array(this.#capacity);
    this.#second = new Int32Array(this.#capacity);
    this.#value = new Int32Array(this.#capacity).fill(UNKNOWN);
    for (let old = 0; old < value.length; old++) {
      if (value[old] === UNKNOWN) continue;
      const slot = this.slotOf(first[old]!, second[old]!);
      this.#first[slot] = first[old]!;
      this.#second[slot] = second[old]!;
      this.#value[slot] = value[old]!;
    }
  }
}

function mixed(a: number, b: number): number {
  let z = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 15), 0x2c1b3c6d);
  return z ^ (z >>> 13);
}

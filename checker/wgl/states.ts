/**
 * Every state the search has seen, once, under a small integer; and what each operation did in it.
 *
 * A configuration then holds a number instead of a state, and no step of the model is computed twice, as long as that
 * pays. Nothing is ever evicted: ids are what equality means to the rest of the search.
 */

import type { Model } from './model.ts';

export const ILLEGAL = -1;
/** Below all that a step may be. */
const UNKNOWN = -2;
/** Every so many steps it is asked whether remembering pays: whether this share of them was known. */
const TRIAL_STEPS = 8_192;
const KNOWN_SHARE_LEAST = 1 / 4;

export class States<S, I, O> {
  readonly #model: Model<S, I, O>;
  readonly #states: S[] = [];
  /** Where states have no hash, and no `equal` either, they are their own keys. */
  readonly #byValue = new Map<S, number>();
  /** Otherwise a table of ids plus 1, open addressing, 0 for a free slot. Without a hash all states collide. */
  #slots = new Int32Array(32);
  #hashes = new Int32Array(16);
  /** Null once it turned out that hardly any step is asked for twice: a model's own step is cheaper then. */
  #steps: PairTable | null = new PairTable();
  #asked = 0;
  #known = 0;

  constructor(model: Model<S, I, O>) {
    this.#model = model;
  }

  stateOf(id: number): S {
    return this.#states[id]!;
  }

  idOf(state: S): number {
    const { equal, hash } = this.#model;
    if (equal === undefined && hash === undefined) {
      const known = this.#byValue.get(state);
      if (known !== undefined) return known;
      this.#byValue.set(state, this.#states.length);
      return this.#states.push(state) - 1;
    }
    const key = hash === undefined ? 0 : hash(state) | 0;
    const mask = this.#slots.length - 1;
    let slot = spread(key) & mask;
    for (let found = this.#slots[slot]!; found !== 0; found = this.#slots[slot]!) {
      const other = this.#states[found - 1]!;
      if (this.#hashes[found - 1] === key && (equal === undefined ? Object.is(other, state) : equal(other, state)))
        return found - 1;
      slot = (slot + 1) & mask;
    }
    const id = this.#states.push(state) - 1;
    this.#slots[slot] = id + 1;
    this.#hashes[id] = key;
    if (this.#states.length === this.#hashes.length) this.#grow();
    return id;
  }

  /** The state behind a step of operation number `operation`, or ILLEGAL. */
  step(id: number, operation: number, input: I, output: O): number {
    if (this.#steps === null) return this.#newStep(id, input, output);
    const slot = this.#steps.slotOf(id, operation);
    const known = this.#steps.valueAt(slot);
    if (++this.#asked % TRIAL_STEPS === 0 && this.#known < this.#asked * KNOWN_SHARE_LEAST) this.#steps = null;
    if (known !== UNKNOWN) {
      this.#known++;
      return known;
    }
    const next = this.#newStep(id, input, output);
    this.#steps?.set(slot, id, operation, next);
    return next;
  }

  #newStep(id: number, input: I, output: O): number {
    const state = this.#states[id]!;
    const step = this.#model.step(state, input, output);
    if (typeof step?.legal !== 'boolean' || (step.legal && !('state' in step))) throw strangeStep(step);
    if (!step.legal) return ILLEGAL;
    return step.state === state ? id : this.idOf(step.state);
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#slots = new Int32Array(hashes.length * 2);
    const mask = this.#slots.length - 1;
    for (let id = 0; id < this.#states.length; id++) {
      let slot = spread(hashes[id]!) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = id + 1;
    }
  }
}

/** Where there are no types to say so: Porcupine's models answer with a pair, nondeterministic ones with a list. */
function strangeStep(step: unknown): TypeError {
  const shape = '{ legal: true, state } or { legal: false, reason }';
  return new TypeError(`a step of the model gave ${shown(step)} instead of ${shape}${hintAt(step)}`);
}

function hintAt(step: unknown): string {
  if (!Array.isArray(step)) return '';
  const isPair = step.length === 2 && typeof step[0] === 'boolean';
  return isPair
    ? '; what Porcupine writes as [ok, state] is { legal: ok, state } here'
    : '; lists of states are for toModel';
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' && value !== null
    ? `an object with ${Object.keys(value).join(', ') || 'no key'}`
    : String(value);
}

/** A hash table from two integers to one, open addressing, in one flat array: a small part of a history costs little. */
class PairTable {
  #capacity = 64;
  #size = 0;
  /** By slot both keys and the value, which stands there as its distance from UNKNOWN: 0 is a free slot. */
  #cells = new Int32Array(3 * this.#capacity);

  slotOf(first: number, second: number): number {
    const cells = this.#cells;
    const mask = this.#capacity - 1;
    let slot = mixed(first, second) & mask;
    for (let at = 3 * slot; cells[at + 2] !== 0; at = 3 * slot) {
      if (cells[at] === first && cells[at + 1] === second) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  valueAt(slot: number): number {
    return this.#cells[3 * slot + 2]! + UNKNOWN;
  }

  /** `slot` is what `slotOf` answered for the same pair, with no `set` in between. */
  set(slot: number, first: number, second: number, value: number): void {
    this.#cells[3 * slot] = first;
    this.#cells[3 * slot + 1] = second;
    this.#cells[3 * slot + 2] = value - UNKNOWN;
    if (++this.#size * 2 > this.#capacity) this.#grow();
  }

  #grow(): void {
    const old = this.#cells;
    this.#capacity *= 2;
    this.#cells = new Int32Array(3 * this.#capacity);
    for (let at = 0; at < old.length; at += 3) {
      if (old[at + 2] === 0) continue;
      const to = 3 * this.slotOf(old[at]!, old[at + 1]!);
      for (let i = 0; i < 3; i++) this.#cells[to + i] = old[at + i]!;
    }
  }
}

function spread(hash: number): number {
  const z = Math.imul(hash, 0x9e3779b1);
  return z ^ (z >>> 15);
}

function mixed(a: number, b: number): number {
  let z = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 15), 0x2c1b3c6d);
  return z ^ (z >>> 13);
}

/**
 * The operations of one part of a history as the search walks them: linked lists over typed arrays.
 *
 * Required operations, those that must be placed, are a list of calls and returns in time order: what stands before
 * its first return may come next. Optional ones are a list of calls only, for nothing waits for them. Those with a
 * position are in a list by position besides, reads in one by return, and those that overwrite in one by call, so that the
 * first of each is known at once. Placing takes an operation out of all its lists in O(1); undoing puts it back, in the
 * reverse order of placing.
 */

import { Links } from './links.ts';
import type { Model, Operation } from './model.ts';

/** Asked of the operations of the same model only. */
type Hooks = Pick<Model<never, never, never>, 'isOptional' | 'isReadOnly' | 'position' | 'overwrites'>;

export class Timeline {
  readonly count: number;
  /** Entry i is the call of operation i, entry count + i its return. Time order; equal stamps: calls first. */
  readonly rank: Int32Array;
  /** Required operations and optional ones each count from 0 in order of call. */
  readonly indexOf: Int32Array;
  readonly isOptional: Uint8Array;
  readonly isReadOnly: Uint8Array;
  /** Optional operations in order of call. */
  readonly optional: readonly number[];
  readonly #entries: Links;
  readonly #optional: Links | null;
  readonly #positions: Float64Array;
  readonly #positioned: Links | null;
  readonly #reads: Links | null;
  readonly #overwriting: Links | null;

  constructor(operations: readonly Operation<unknown, unknown>[], hooks: Hooks) {
    const count = operations.length;
    this.count = count;
    this.rank = new Int32Array(2 * count);
    this.indexOf = new Int32Array(count);
    this.isOptional = new Uint8Array(count);
    this.isReadOnly = new Uint8Array(count);
    this.#positions = new Float64Array(count);
    const optional: number[] = [];
    const required: number[] = [];
    const reads: number[] = [];
    const overwriting: number[] = [];
    let requiredCount = 0;
    for (const [rank, entry] of inTimeOrder(operations).entries()) {
      this.rank[entry] = rank;
      const operation = entry < count ? entry : entry - count;
      if (entry < count) {
        const { input, output } = operations[entry]! as Operation<never, never>;
        const isOptional = hooks.isOptional?.(input, output) === true;
        this.isOptional[entry] = Number(isOptional);
        this.isReadOnly[entry] = Number(hooks.isReadOnly?.(input, output) === true);
        this.#positions[entry] = (isOptional ? null : hooks.position?.(input, output)) ?? Number.POSITIVE_INFINITY;
        this.indexOf[entry] = isOptional ? optional.push(entry) - 1 : requiredCount++;
        if (hooks.overwrites?.(input, output) === true) overwriting.push(entry);
      } else if (this.isReadOnly[operation] === 1 && this.isOptional[operation] === 0) reads.push(operation);
      if (this.isOptional[operation] === 0) required.push(entry);
    }
    this.optional = optional;
    this.#entries = new Links(2 * count, required);
    this.#optional = linked(count, optional);
    this.#positioned = linked(count, byPosition(this.#positions));
    this.#reads = linked(count, reads);
    this.#overwriting = linked(count, overwriting);
  }

  /** The first required operation not placed, -1 when all are. */
  get firstRequired(): number {
    return this.#entries.first;
  }

  /** The first optional operation not placed, -1 when all are. */
  get firstOptional(): number {
    return this.#optional === null ? -1 : this.#optional.first;
  }

  /** The entry behind one of the list of required operations; -1 at the end. */
  after(entry: number): number {
    return this.#entries.after(entry);
  }

  isCall(entry: number): boolean {
    return entry < this.count;
  }

  /** The required operation with the least position that is not placed, -1 when none has one. */
  get leastPositioned(): number {
    return this.#positioned === null ? -1 : this.#positioned.first;
  }

  /** The one behind it by position. */
  nextPositioned(operation: number): number {
    return this.#positioned!.after(operation);
  }

  /** `Infinity` for -1. */
  positionOf(operation: number): number {
    return operation === -1 ? Number.POSITIVE_INFINITY : this.#positions[operation]!;
  }

  /** The required read-only operation not placed that returns first, -1 when there is none. */
  get firstRead(): number {
    return this.#reads === null ? -1 : this.#reads.first;
  }

  /** Rank of the first call of an operation that overwrites and is not placed; `Infinity` when there is none. */
  get firstOverwriting(): number {
    const first = this.#overwriting === null ? -1 : this.#overwriting.first;
    return first === -1 ? Number.POSITIVE_INFINITY : this.rank[first]!;
  }

  place(operation: number): void {
    if (this.isOptional[operation] === 1) this.#optional!.take(operation);
    else {
      // The return first: whoever walks the list may stand on the call, and goes on behind both.
      this.#entries.take(this.count + operation);
      this.#entries.take(operation);
      this.#positioned?.take(operation);
    }
    this.#reads?.take(operation);
    this.#overwriting?.take(operation);
  }

  /** Undoes the latest `place` that is not undone yet. */
  undo(operation: number): void {
    this.#overwriting?.putBack(operation);
    this.#reads?.putBack(operation);
    if (this.isOptional[operation] === 1) this.#optional!.putBack(operation);
    else {
      this.#positioned?.putBack(operation);
      this.#entries.putBack(operation);
      this.#entries.putBack(this.count + operation);
    }
  }

  /** How many optional operations were called before the entry with this rank. */
  optionalBefore(rank: number): number {
    let low = 0;
    let high = this.optional.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rank[this.optional[middle]!]! < rank) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function linked(size: number, members: readonly number[]): Links | null {
  return members.length === 0 ? null : new Links(size, members);
}

/** Those that have a position, the least first. */
function byPosition(positions: Float64Array): readonly number[] {
  const positioned: number[] = [];
  for (const [operation, position] of positions.entries())
    if (position < Number.POSITIVE_INFINITY) positioned.push(operation);
  return positioned.sort((a, b) => positions[a]! - positions[b]! || a - b);
}

/** Entries by stamp, calls before returns at equal stamps, then by index. */
function inTimeOrder(operations: readonly Operation<unknown, unknown>[]): Int32Array {
  const count = operations.length;
  const calls = Float64Array.from(operations, ({ call }) => call);
  const returns = Float64Array.from(operations, (operation) => operation.return);
  const byCall = ascending(calls);
  const byReturn = ascending(returns);
  const entries = new Int32Array(2 * count);
  for (let called = 0, returned = 0; returned < count;) {
    const isCall = called < count && calls[byCall[called]!]! <= returns[byReturn[returned]!]!;
    entries[called + returned] = isCall ? byCall[called]! : count + byReturn[returned]!;
    if (isCall) called++;
    else returned++;
  }
  return entries;
}

/** Indices by stamp, then by index. */
function ascending(stamps: Float64Array): readonly number[] {
  // The difference of two infinite stamps is NaN, and leaves it to the index.
  return Array.from(stamps, (_, index) => index).sort((a, b) => stamps[a]! - stamps[b]! || a - b);
}

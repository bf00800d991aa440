/**
 * The operations of one part of a history as the search walks them: linked lists over typed arrays.
 *
 * Required operations, those that must be placed, are a list of calls and returns in time order: what stands before
 * its first return may come next. Optional ones are a list of calls only, for nothing waits for them. Those with a
 * position are in a third list, by position, so that the least unplaced one is known at once. Placing takes an
 * operation out of all its lists in O(1); undoing puts it back, in the reverse order of placing.
 */

import type { Operation } from './model.ts';

export interface Role {
  readonly isOptional: boolean;
  /** Null when it may be anywhere; only looked at where the operation is required. */
  readonly position: number | null;
}

export class Timeline {
  readonly count: number;
  /** Entry i is the call of operation i, entry count + i its return. Time order; equal stamps: calls first. */
  readonly rank: Int32Array;
  /** Required operations and optional ones each count from 0 in order of call. */
  readonly indexOf: Int32Array;
  readonly isOptional: Uint8Array;
  /** Optional operations in order of call. */
  readonly optional: readonly number[];
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #head: number;
  readonly #optionalHead: number;
  readonly #nextByPosition: Int32Array;
  readonly #previousByPosition: Int32Array;
  readonly #positions: Float64Array;

  constructor(operations: readonly Operation<unknown, unknown>[], roles: readonly Role[]) {
    const count = operations.length;
    this.count = count;
    this.#head = 2 * count;
    this.#optionalHead = this.#head + 1;
    this.#next = new Int32Array(2 * count + 2).fill(-1);
    this.#previous = new Int32Array(2 * count + 2).fill(-1);
    this.rank = new Int32Array(2 * count);
    this.indexOf = new Int32Array(count);
    this.isOptional = Uint8Array.from(roles, (role) => Number(role.isOptional));
    this.#positions = Float64Array.from(roles, (role) => role.position ?? Number.POSITIVE_INFINITY);
    const optional: number[] = [];
    let required = 0;
    let last = this.#head;
    let lastOptional = this.#optionalHead;
    inTimeOrder(operations).forEach((entry, rank) => {
      this.rank[entry] = rank;
      const operation = entry % count;
      if (this.isOptional[operation] === 0) {
        if (entry < count) this.indexOf[operation] = required++;
        last = this.#chain(last, entry);
      } else if (entry < count) {
        this.indexOf[operation] = optional.push(operation) - 1;
        lastOptional = this.#chain(lastOptional, entry);
      }
    });
    this.optional = optional;
    this.#nextByPosition = new Int32Array(count + 1).fill(-1);
    this.#previousByPosition = new Int32Array(count + 1).fill(-1);
    this.#chainPositions(roles);
  }

  /** The first required operation not placed, -1 when all are. */
  get firstRequired(): number {
    return this.#next[this.#head]!;
  }

  /** The first optional operation not placed, -1 when all are. */
  get firstOptional(): number {
    return this.#next[this.#optionalHead]!;
  }

  /** The entry behind one of the list of required operations; -1 at the end. */
  after(entry: number): number {
    return this.#next[entry]!;
  }

  isCall(entry: number): boolean {
    return entry < this.count;
  }

  /** The required operation with the least position that is not placed, -1 when none has one. */
  get leastPositioned(): number {
    return this.#nextByPosition[this.count]!;
  }

  /** The one behind it by position. */
  nextPositioned(operation: number): number {
    return this.#nextByPosition[operation]!;
  }

  /** `Infinity` for -1. */
  positionOf(operation: number): number {
    return operation === -1 ? Number.POSITIVE_INFINITY : this.#positions[operation]!;
  }

  place(operation: number): void {
    // The return first: whoever walks the list may stand on the call, and goes on behind both.
    if (this.isOptional[operation] === 0) this.#unlink(this.count + operation);
    this.#unlink(operation);
    if (this.isOptional[operation] === 1) return;
    const before = this.#previousByPosition[operation]!;
    if (before === -1) return;
    const behind = this.#nextByPosition[operation]!;
    this.#nextByPosition[before] = behind;
    if (behind !== -1) this.#previousByPosition[behind] = before;
  }

  /** Undoes the latest `place` that is not undone yet. */
  undo(operation: number): void {
    this.#relink(operation);
    if (this.isOptional[operation] === 0) {
      const before = this.#previousByPosition[operation]!;
      if (before !== -1) {
        const behind = this.#nextByPosition[operation]!;
        this.#nextByPosition[before] = operation;
        if (behind !== -1) this.#previousByPosition[behind] = operation;
      }
      this.#relink(this.count + operation);
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

  #chain(last: number, entry: number): number {
    this.#next[last] = entry;
    this.#previous[entry] = last;
    return entry;
  }

  #chainPositions(roles: readonly Role[]): void {
    const positioned = roles.flatMap((role, index) => (role.isOptional || role.position === null ? [] : [index]));
    positioned.sort((a, b) => this.#positions[a]! - this.#positions[b]! || a - b);
    let last = this.count;
    for (const operation of positioned) {
      this.#nextByPosition[last] = operation;
      this.#previousByPosition[operation] = last;
      last = operation;
    }
  }

  #unlink(entry: number): void {
    const before = this.#previous[entry]!;
    const behind = this.#next[entry]!;
    this.#next[before] = behind;
    if (behind !== -1) this.#previous[behind] = before;
  }

  #relink(entry: number): void {
    const behind = this.#next[entry]!;
    this.#next[this.#previous[entry]!] = entry;
    if (behind !== -1) this.#previous[behind] = entry;
  }
}

/** Entries by stamp, calls before returns at equal stamps, then by index. */
function inTimeOrder(operations: readonly Operation<unknown, unknown>[]): number[] {
  const count = operations.length;
  const stampOf = (entry: number): number =>
    entry < count ? operations[entry]!.call : operations[entry - count]!.return;
  return Array.from({ length: 2 * count }, (_, entry) => entry).sort((a, b) => {
    const [x, y] = [stampOf(a), stampOf(b)];
    // Subtraction would make NaN of two infinite stamps.
    if (x !== y) return x < y ? -1 : 1;
    return a - b;
  });
}

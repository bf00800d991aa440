/**
 * Rows in order, for listings: a list of leaves of row numbers, each leaf ascending, 4 bytes a row. Like `RowIndex` it keeps
 * numbers only; who owns the rows compares them. Adding or removing one row touches one leaf and the list of leaves, so a
 * million rows cost about twenty comparisons and a short move.
 */

import { assert } from '../core/assert.ts';

const LEAF_ROWS = 512;

interface Leaf {
  rows: Uint32Array;
  count: number;
}

export class RowOrder {
  readonly #compare: (row: number, other: number) => number;
  /** None is empty. */
  readonly #leaves: Leaf[] = [];

  /** `compare` is negative, zero or positive, as for sorting; no two rows are equal. */
  constructor(compare: (row: number, other: number) => number) {
    this.#compare = compare;
  }

  get bytes(): number {
    return this.#leaves.length * LEAF_ROWS * 4;
  }

  add(row: number): void {
    if (this.#leaves.length === 0) this.#leaves.push(newLeaf());
    // Names are often given in order: the end is looked at first.
    const number = this.#isBehindAll(row) ? this.#leaves.length - 1 : this.#leafOf(row);
    const leaf = this.#leaves[number] as Leaf;
    const at = this.#placeIn(leaf, (other) => this.#compare(other, row) < 0);
    if (leaf.count < LEAF_ROWS) {
      insert(leaf, at, row);
      return;
    }
    const next = newLeaf();
    this.#leaves.splice(number + 1, 0, next);
    // Rows that come in order fill their leaves.
    const kept = at === LEAF_ROWS && number === this.#leaves.length - 2 ? LEAF_ROWS : LEAF_ROWS / 2;
    next.rows.set(leaf.rows.subarray(kept));
    next.count = LEAF_ROWS - kept;
    leaf.count = kept;
    if (at < kept) insert(leaf, at, row);
    else insert(next, at - kept, row);
  }

  /** The row still compares as it did when it was added. */
  remove(row: number): void {
    const number = this.#leafOf(row);
    const leaf = this.#leaves[number];
    assert(leaf !== undefined, 'only a row in the order is removed');
    const at = this.#placeIn(leaf, (other) => this.#compare(other, row) < 0);
    assert(leaf.rows[at] === row && at < leaf.count, 'only a row in the order is removed');
    leaf.rows.copyWithin(at, at + 1, leaf.count);
    leaf.count--;
    this.#joinFrom(Math.max(number - 1, 0));
  }

  /** Rows from the first for which `isBefore` is false, which it is for all behind that one. Not to be changed meanwhile. */
  *from(isBefore: (row: number) => boolean): IterableIterator<number> {
    let number = this.#lastLeafWhere((first) => isBefore(first));
    let at = number < this.#leaves.length ? this.#placeIn(this.#leaves[number] as Leaf, isBefore) : 0;
    for (; number < this.#leaves.length; number++, at = 0) {
      const leaf = this.#leaves[number] as Leaf;
      for (; at < leaf.count; at++) yield leaf.rows[at] as number;
    }
  }

  #isBehindAll(row: number): boolean {
    const { rows, count } = this.#leaves.at(-1) as Leaf;
    return count === 0 || this.#compare(rows[count - 1] as number, row) < 0;
  }

  /** The leaf a row is in, or would be. */
  #leafOf(row: number): number {
    return this.#lastLeafWhere((first) => this.#compare(first, row) <= 0);
  }

  /** The last leaf whose first row is so, which no leaf behind it is; the first leaf when none is. */
  #lastLeafWhere(isSo: (first: number) => boolean): number {
    let low = 0;
    let high = this.#leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isSo((this.#leaves[middle] as Leaf).rows[0] as number)) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }

  #placeIn({ rows, count }: Leaf, isBefore: (row: number) => boolean): number {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(rows[middle] as number)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Two neighbours that are half of one leaf together become one; an empty leaf goes. */
  #joinFrom(number: number): void {
    const leaf = this.#leaves[number] as Leaf;
    const next = this.#leaves[number + 1];
    if (next !== undefined && leaf.count + next.count <= LEAF_ROWS / 2) {
      leaf.rows.set(next.rows.subarray(0, next.count), leaf.count);
      leaf.count += next.count;
      this.#leaves.splice(number + 1, 1);
    }
    for (const at of [number + 1, number]) if (this.#leaves[at]?.count === 0) this.#leaves.splice(at, 1);
  }
}

function newLeaf(): Leaf {
  return { rows: new Uint32Array(LEAF_ROWS), count: 0 };
}

function insert(leaf: Leaf, at: number, row: number): void {
  leaf.rows.copyWithin(at + 1, at, leaf.count);
  leaf.rows[at] = row;
  leaf.count++;
}

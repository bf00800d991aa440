/**
 * Some of the numbers below a size in an order of their own, as a doubly linked list over two arrays (Knuth's dancing links).
 *
 * Each may be taken out in O(1), and put back in O(1) in the reverse order of taking. To take what is no member, or to put it
 * back, changes nothing.
 */

const NONE = -1;

export class Links {
  /** The head stands behind all numbers. */
  readonly #head: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(size: number, members: readonly number[]) {
    this.#head = size;
    this.#next = new Int32Array(size + 1).fill(NONE);
    this.#previous = new Int32Array(size).fill(NONE);
    let last = this.#head;
    for (const member of members) {
      this.#next[last] = member;
      this.#previous[member] = last;
      last = member;
    }
  }

  /** -1 when there is none. */
  get first(): number {
    return this.#next[this.#head]!;
  }

  /** The one behind a member, also one that was taken out last; -1 at the end. */
  after(member: number): number {
    return this.#next[member]!;
  }

  take(member: number): void {
    const before = this.#previous[member]!;
    if (before === NONE) return;
    const behind = this.#next[member]!;
    this.#next[before] = behind;
    if (behind !== NONE) this.#previous[behind] = before;
  }

  /** Undoes the latest `take` that is not undone yet. */
  putBack(member: number): void {
    const before = this.#previous[member]!;
    if (before === NONE) return;
    const behind = this.#next[member]!;
    this.#next[before] = member;
    if (behind !== NONE) this.#previous[behind] = member;
  }
}

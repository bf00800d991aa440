/**
 * The partial orders worth showing of a search that failed: for each operation the longest dead end that contains it,
 * or only the longest of all, which costs next to nothing.
 */

export class DeadEnds {
  readonly #byOperation: (readonly number[] | undefined)[];
  readonly #keepsAll: boolean;
  #longest: readonly number[] = [];

  constructor(operationCount: number, keepsAll: boolean) {
    this.#byOperation = Array.from({ length: keepsAll ? operationCount : 0 });
    this.#keepsAll = keepsAll;
  }

  note(order: ArrayLike<number>, length: number): void {
    let copy: readonly number[] | undefined;
    if (length > this.#longest.length) {
      copy = Array.from({ length }, (_, i) => order[i]!);
      this.#longest = copy;
    }
    if (!this.#keepsAll) return;
    for (let i = 0; i < length; i++) {
      const known = this.#byOperation[order[i]!];
      if (known !== undefined && known.length >= length) continue;
      copy ??= Array.from({ length }, (_, k) => order[k]!);
      this.#byOperation[order[i]!] = copy;
    }
  }

  /** Without duplicates, longest first, then by their operations. */
  finish(order: ArrayLike<number>, length: number): readonly (readonly number[])[] {
    this.note(order, length);
    if (!this.#keepsAll) return this.#longest.length === 0 ? [] : [this.#longest];
    const distinct = [...new Set(this.#byOperation)].filter((kept) => kept !== undefined);
    return distinct.sort((a, b) => b.length - a.length || compareOrders(a, b));
  }
}

function compareOrders(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((operation, index) => operation !== b[index]);
  return at === -1 ? 0 : a[at]! - b[at]!;
}

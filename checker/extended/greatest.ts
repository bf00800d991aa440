/** The greatest of those that were early enough: which calls, returns and the like leave possible, seen without any search. */

import { firstAbove } from '../sweep/order.ts';
import type { StreamOperation } from './operations.ts';

export const callOf = ({ call }: StreamOperation): number => call;
export const returnOf = (operation: StreamOperation): number => operation.return;

/** Which of those up to a key has the greatest value. */
export class Greatest<T> {
  readonly #ascending: { item: T; key: number; value: number }[] = [];

  constructor(items: readonly T[], keyOf: (item: T) => number, valueOf: (item: T) => number) {
    const keyed = items.map((item) => ({ item, key: keyOf(item), value: valueOf(item) }));
    for (const one of keyed.sort((a, b) => a.key - b.key))
      if (one.value > (this.#ascending.at(-1)?.value ?? Number.NEGATIVE_INFINITY)) this.#ascending.push(one);
  }

  upTo(bound: number): T | null {
    return this.#ascending[firstAbove(this.#ascending, ({ key }) => key, bound) - 1]?.item ?? null;
  }
}

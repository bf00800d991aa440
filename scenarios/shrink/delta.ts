/**
 * Delta debugging (Zeller, Hildebrandt 2002), from the end and in halves: which of these items are needed? What comes late
 * usually hangs on what came before, so the end goes first.
 */

export interface DeltaOptions<Item> {
  /** True when it still fails with these alone; then they are what is tried on. */
  suffices: (items: readonly Item[]) => Promise<boolean>;
  /** Items that went by themselves need no try of their own. */
  isLeft?: (item: Item) => boolean;
  /** The fewest that are tried together; default 1. */
  lengthMin?: number;
  isOver: () => boolean;
}

/** The items that are left; a smallest set only in that no single one of them can go, unless it was over before. */
export async function needed<Item>(all: readonly Item[], options: DeltaOptions<Item>): Promise<readonly Item[]> {
  const { suffices, isLeft = () => true, lengthMin = 1, isOver } = options;
  let items = all;
  for (let length = items.length; length >= lengthMin; length = Math.min(length, items.length) >> 1) {
    for (let end = items.length; end > 0; end -= length) {
      const start = Math.max(0, end - length);
      if (isOver()) return items;
      if (!items.slice(start, end).some(isLeft)) {
        items = [...items.slice(0, start), ...items.slice(end)];
        continue;
      }
      const rest = [...items.slice(0, start), ...items.slice(end)];
      if (await suffices(rest)) items = rest;
    }
  }
  return items;
}

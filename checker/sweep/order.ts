/**
 * Operations in order of a number. Sorting many of them, those with equal numbers as they were, is done on flat memory:
 * several times faster than with a comparing function.
 */

/** Ascending and stable. The keys are whole numbers that are not negative. */
export function sortedBy<T>(items: readonly T[], keyOf: (item: T) => number): T[] {
  const count = items.length;
  const keys = new Float64Array(count);
  let isInOrder = true;
  let greatest = 0;
  for (let i = 0; i < count; i++) {
    const key = keyOf(items[i]!);
    keys[i] = key;
    if (key < greatest) isInOrder = false;
    else greatest = key;
  }
  if (isInOrder) return items.slice();
  // A power of two takes number and place apart again without rounding.
  const places = 2 ** Math.ceil(Math.log2(count));
  if ((greatest + 1) * places > Number.MAX_SAFE_INTEGER) return items.toSorted((a, b) => keyOf(a) - keyOf(b));
  for (let i = 0; i < count; i++) keys[i] = keys[i]! * places + i;
  keys.sort();
  const sorted = items.slice();
  for (let i = 0; i < count; i++) sorted[i] = items[keys[i]! - Math.floor(keys[i]! / places) * places]!;
  return sorted;
}

/** The index of the first item whose key is above `bound`, the count of items if there is none; the keys ascend. */
export function firstAbove<T>(items: ArrayLike<T>, keyOf: (item: T) => number, bound: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(items[middle]!) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

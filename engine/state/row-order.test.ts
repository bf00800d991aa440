/** Rows in order, through leaves that split, join and go: what a sorted array would say. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { RowOrder } from './row-order.ts';

/** Rows ordered by a rank that has nothing to do with their number. */
function ranked(count: number, rankOf: (row: number) => number) {
  const order = new RowOrder((row, other) => rankOf(row) - rankOf(other));
  const rows = Array.from({ length: count }, (_, row) => row);
  const sorted = (which: readonly number[]) => which.toSorted((a, b) => rankOf(a) - rankOf(b));
  return { order, rows, sorted, from: (rank: number) => [...order.from((row) => rankOf(row) < rank)] };
}

const scattered = (row: number) => (row * 7_919) % 10_007;

describe('thousands of rows', () => {
  test.each([
    ['ascending', (row: number) => row],
    ['descending', (row: number) => -row],
    ['scattered', scattered],
  ])('that come %s are in order, from anywhere', (_, rankOf) => {
    const { order, rows, sorted, from } = ranked(5_000, rankOf);
    for (const row of rows) order.add(row);
    const all = sorted(rows);
    expect(from(-Infinity)).toEqual(all);
    for (const at of [0, 1, 511, 512, 513, 2_500, 4_999])
      expect(from(rankOf(all[at] as number))).toEqual(all.slice(at));
    expect(from(Infinity)).toEqual([]);
  });

  test('go again, one by one, and leave no memory behind', () => {
    const { order, rows, from } = ranked(5_000, scattered);
    for (const row of rows) order.add(row);
    const { bytes } = order;
    for (const row of rows.slice(0, 4_990)) order.remove(row);
    expect(from(-Infinity)).toHaveLength(10);
    expect(order.bytes).toBeLessThan(bytes / 4);
    for (const row of rows.slice(4_990)) order.remove(row);
    expect([from(-Infinity), order.bytes]).toEqual([[], 0]);
  });

  test('that come in order fill their leaves: 4 bytes a row and little more', () => {
    const { order, rows } = ranked(10_000, (row) => row);
    for (const row of rows) order.add(row);
    expect(order.bytes).toBeLessThan(10_000 * 4.3);
  });
});

test('the order agrees with a sorted array over any additions and removals', () => {
  const blocks = fc.array(fc.record({ from: fc.nat(3_000), count: fc.nat(1_500) }), { maxLength: 12 });
  fc.assert(
    fc.property(blocks, (toggles) => {
      const { order, sorted, from } = ranked(0, scattered);
      const present = new Set<number>();
      for (const { from: first, count } of toggles) {
        for (let row = first; row < first + count; row++) {
          if (present.delete(row)) {
            order.remove(row);
          } else {
            present.add(row);
            order.add(row);
          }
        }
      }
      const all = sorted([...present]);
      expect(from(-Infinity)).toEqual(all);
      expect(from(5_000)).toEqual(all.filter((row) => scattered(row) >= 5_000));
    }),
    { numRuns: 40 },
  );
});

test('what is not in the order is not removed', () => {
  const { order } = ranked(0, scattered);
  expect(() => order.remove(1)).toThrow('only a row in the order is removed');
  order.add(1);
  expect(() => order.remove(2)).toThrow('only a row in the order is removed');
});

/** The hash index of rows: finds what was added, at any degree of collision, however many rows came and went. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { NO_ROW, RowIndex } from './row-index.ts';

function find(index: RowIndex, hash: number, row: number): boolean {
  for (let slot = index.slotOf(hash); ; slot = index.after(slot)) {
    const at = index.rowAt(slot);
    if (at === row) return true;
    if (at === NO_ROW) return false;
  }
}

const step = fc.record({ row: fc.nat(299), add: fc.boolean() });

test.each([
  ['every row has its own hash', (row: number) => Math.imul(row, 0x9e3779b1)],
  ['all rows collide', () => 0x7fff_ffff],
  ['a few hashes at the end of the slots and at their beginning', (row: number) => (row % 5) - 3],
])('what was added and not removed is found, and nothing else: %s', (_, hashOf) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      const index = new RowIndex(hashOf);
      const rows = new Set<number>();
      for (const { row, add } of steps) {
        if (add && !rows.has(row)) {
          index.add(row);
          rows.add(row);
        } else if (!add && rows.delete(row)) index.remove(row);
      }
      expect(index.size).toBe(rows.size);
      for (let row = 0; row < 300; row++) expect(find(index, hashOf(row), row)).toBe(rows.has(row));
    }),
    { numRuns: 60 },
  );
});

test('rows that come and go do not make the index grow', () => {
  const index = new RowIndex((row) => Math.imul(row, 0x9e3779b1));
  for (let row = 0; row < 40; row++) index.add(row);
  const { bytes } = index;
  for (let row = 40; row < 10_000; row++) {
    index.add(row);
    index.remove(row - 40);
  }
  expect(index.bytes).toBe(bytes);
  expect(find(index, Math.imul(9_999, 0x9e3779b1), 9_999)).toBe(true);
});

test('only an indexed row is removed', () => {
  expect(() => new RowIndex(() => 1).remove(0)).toThrow('only an indexed row is removed');
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ColumnReader, ColumnWriter, packDeltas, unpackDeltas } from './columns.ts';

test('reading gives back what was written, up to 2^53 and below zero', () => {
  const integer = fc.oneof(
    fc.integer({ min: -300, max: 300 }),
    fc.maxSafeInteger().map((n) => Math.trunc(n / 4) + 0),
  );
  fc.assert(
    fc.property(fc.array(integer), (values) => {
      expect(unpackDeltas(packDeltas(values), values.length)).toEqual(values);
      const writer = new ColumnWriter();
      for (const value of values) {
        writer.signed(value);
        writer.unsigned(Math.abs(value));
        writer.word(value | 0);
      }
      const reader = new ColumnReader(writer.text());
      for (const value of values) {
        expect([reader.signed(), reader.unsigned(), reader.word()]).toEqual([value, Math.abs(value), value | 0]);
      }
    }),
  );
});

test('what grows slowly takes a byte each, four characters for three', () => {
  expect(packDeltas(Array.from({ length: 3000 }, (_, i) => 1_000_000 + 5 * i)).length).toBeLessThan(4010);
});

/** The entries of the log as bytes: pinned, exact in both directions, and strict about what they do not know. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decodeEntry, encodeEntry, type Entry } from './entries.ts';

function hex(entry: Entry): string {
  const { type, payload } = encodeEntry(entry);
  return `${type}:${Buffer.from(payload).toString('hex')}`;
}

test('the bytes of each entry are pinned', () => {
  expect(hex({ type: 'create-basin', name: 'ab', createdAtMs: 300, requestToken: null })).toBe('1:026162ac0200');
  expect(hex({ type: 'create-basin', name: 'ab', createdAtMs: 300, requestToken: 't' })).toBe('1:026162ac02010174');
  expect(hex({ type: 'create-stream', id: 5, basin: 'ab', name: 'é', createdAtMs: 1, requestToken: '' })).toBe(
    '2:0502616202c3a9010100',
  );
  expect(
    hex({
      type: 'chunk',
      streamId: 1,
      firstSeqNum: 2,
      count: 3,
      firstTimestamp: 4,
      lastTimestamp: 5,
      arrivalMs: 6,
      fencingToken: 'z',
      trimPoint: 128,
      records: Uint8Array.of(9, 8),
    }),
  ).toBe('3:01020304050601017a018001020908');
});

const u53 = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const optionalText = fc.option(text, { nil: null });
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    type: fc.constant('create-basin' as const),
    name: text,
    createdAtMs: u53,
    requestToken: optionalText,
  }),
  fc.record({
    type: fc.constant('create-stream' as const),
    id: u53,
    basin: text,
    name: text,
    createdAtMs: u53,
    requestToken: optionalText,
  }),
  fc.record({
    type: fc.constant('chunk' as const),
    streamId: u53,
    firstSeqNum: u53,
    count: u53,
    firstTimestamp: u53,
    lastTimestamp: u53,
    arrivalMs: u53,
    fencingToken: optionalText,
    trimPoint: fc.option(u53, { nil: null }),
    records: fc.uint8Array({ maxLength: 50 }),
  }),
);

test('any entry comes back as it went in', () => {
  fc.assert(
    fc.property(entry, (original) => {
      expect(decodeEntry(encodeEntry(original))).toEqual(original);
    }),
    { numRuns: 500 },
  );
});

test('an absent text and an empty text are not the same', () => {
  const basin = (requestToken: string | null): Entry => ({
    type: 'create-basin',
    name: 'x',
    createdAtMs: 0,
    requestToken,
  });
  expect(decodeEntry(encodeEntry(basin('')))).toEqual(basin(''));
  expect(decodeEntry(encodeEntry(basin(null)))).toEqual(basin(null));
});

test('a byte order mark at the start of a text belongs to it', () => {
  const basin: Entry = { type: 'create-basin', name: '\ufeffx', createdAtMs: 0, requestToken: '\ufeff' };
  expect(decodeEntry(encodeEntry(basin))).toEqual(basin);
});

test('an unknown type says which build is needed', () => {
  expect(() => decodeEntry({ type: 4, payload: new Uint8Array() })).toThrow(RangeError);
  expect(() => decodeEntry({ type: 4, payload: new Uint8Array() })).toThrow('written by a newer build');
});

test('a text that would not read back as it was written is never stored', () => {
  const poison: Entry = {
    type: 'create-stream',
    id: 1,
    basin: 'b',
    name: '\ud800',
    createdAtMs: 0,
    requestToken: null,
  };
  expect(() => encodeEntry(poison)).toThrow('reads back as it was written');
});

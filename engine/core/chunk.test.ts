/** A batch as bytes: what goes in comes out, and a damaged chunk is noticed. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { decodeRecords, VarintReader, varintLength, writeVarint } from './chunk.ts';
import { encodeRecords } from './stamped-batch.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const anyRecord = fc.record({
  advanceMs: fc.oneof(
    fc.nat(3),
    fc.maxSafeNat().map((n) => Math.floor(n / 64)),
  ),
  headers: fc.array(fc.record({ name: bytes(5), value: bytes(300) }), { maxLength: 4 }),
  body: bytes(400),
});

test('any records come back as they went in', () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 40),
      fc.nat(2 ** 40),
      fc.array(anyRecord, { minLength: 1, maxLength: 20 }),
      (first, at, raw) => {
        let timestamp = at;
        const records = raw.map(({ advanceMs, headers, body }) => ({
          timestamp: (timestamp += advanceMs),
          headers,
          body,
        }));
        const span = {
          firstSeqNum: first,
          count: records.length,
          firstTimestamp: records[0]?.timestamp ?? 0,
          lastTimestamp: timestamp,
        };
        expect(decodeRecords(span, encodeRecords(records))).toEqual(
          records.map((record, i) => ({ seqNum: first + i, ...record })),
        );
      },
    ),
    { numRuns: 300 },
  );
});

test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER])(
  'the varint of %d has the length computed and reads back',
  (value) => {
    const out = new Uint8Array(8);
    expect(writeVarint(out, 0, value)).toBe(varintLength(value));
    expect(new VarintReader(out).varint()).toBe(value);
  },
);

test('the bytes of a chunk are pinned', () => {
  const text = (t: string) => new TextEncoder().encode(t);
  const encoded = encodeRecords([
    { timestamp: 1000, headers: [], body: text('hi') },
    { timestamp: 1200, headers: [{ name: text('k'), value: text('vv') }], body: text('') },
  ]);
  expect(Buffer.from(encoded).toString('hex')).toBe('000002' + '6869' + 'c80101' + '00' + '0102' + '6b' + '7676');
});

test('a chunk that is cut, padded or has the wrong span is noticed', () => {
  const span = { firstSeqNum: 0, count: 2, firstTimestamp: 5, lastTimestamp: 6 };
  const good = encodeRecords([
    { timestamp: 5, headers: [], body: Uint8Array.of(1, 2) },
    { timestamp: 6, headers: [], body: Uint8Array.of(3) },
  ]);
  expect(decodeRecords(span, good)).toHaveLength(2);
  expect(() => decodeRecords(span, good.subarray(0, -1))).toThrow('a field ends behind its place');
  expect(() => decodeRecords(span, Uint8Array.of(...good, 0))).toThrow('bytes behind its last record');
  expect(() => decodeRecords({ ...span, count: 1 }, good)).toThrow('bytes behind its last record');
  expect(() => decodeRecords({ ...span, lastTimestamp: 7 }, good)).toThrow('last timestamp');
  expect(() => new VarintReader(new Uint8Array(9).fill(0xff)).varint()).toThrow('longer than 8 bytes');
});

test('timestamps that run backwards are refused', () => {
  const at = (timestamp: number) => ({ timestamp, headers: [], body: new Uint8Array() });
  expect(() => encodeRecords([at(2), at(1)])).toThrow('never decrease');
});

/** Finding records by number in the chunks kept in memory. */

import { expect, test } from 'vitest';

import { encodeRecords } from '../core/chunk.ts';
import { ChunkIndex } from './chunk-index.ts';

const ALL = { recordsMax: 1000, meteredBytesMax: 1_000_000 };

/** Chunks of the given lengths; every body is its sequence number as one byte, so a record is metered 9. */
function indexOf(...counts: readonly number[]): ChunkIndex {
  const index = new ChunkIndex();
  let next = 0;
  for (const count of counts) {
    const bodies = Array.from({ length: count }, (_, i) => Uint8Array.of(next + i));
    const records = encodeRecords(bodies.map((body) => ({ timestamp: 5, headers: [], body })));
    index.add(1, { firstSeqNum: next, count, firstTimestamp: 5, lastTimestamp: 5, records });
    next += count;
  }
  return index;
}

function numbers(index: ChunkIndex, from: number, limits = ALL, streamId = 1): number[] {
  const records = index.read(streamId, from, limits);
  for (const record of records) expect([...record.body]).toEqual([record.seqNum]);
  return records.map((record) => record.seqNum);
}

test('a read starts anywhere in a chunk and runs through the following ones', () => {
  const index = indexOf(3, 1, 4, 2);
  for (let from = 0; from < 10; from++) {
    expect(numbers(index, from)).toEqual(Array.from({ length: 10 - from }, (_, i) => from + i));
  }
});

test('behind the last record and in unknown streams there is nothing', () => {
  expect(numbers(indexOf(2), 2)).toEqual([]);
  expect(numbers(indexOf(2), 99)).toEqual([]);
  expect(numbers(indexOf(2), 0, ALL, 2)).toEqual([]);
});

test('a read ends before the record that would pass a limit', () => {
  const index = indexOf(3, 3);
  expect(numbers(index, 1, { ...ALL, recordsMax: 3 })).toEqual([1, 2, 3]);
  expect(numbers(index, 1, { ...ALL, recordsMax: 0 })).toEqual([]);
  expect(numbers(index, 0, { ...ALL, meteredBytesMax: 18 })).toEqual([0, 1]);
  expect(numbers(index, 0, { ...ALL, meteredBytesMax: 26 })).toEqual([0, 1]);
  expect(numbers(index, 0, { ...ALL, meteredBytesMax: 8 })).toEqual([]);
});

test('records skipped before the start do not count towards the limits', () => {
  expect(numbers(indexOf(6), 4, { recordsMax: 1, meteredBytesMax: 9 })).toEqual([4]);
});

test('a gap between chunks is a bug', () => {
  const index = indexOf(2);
  const records = encodeRecords([{ timestamp: 5, headers: [], body: new Uint8Array() }]);
  expect(() => index.add(1, { firstSeqNum: 3, count: 1, firstTimestamp: 5, lastTimestamp: 5, records })).toThrow(
    'gaps',
  );
});

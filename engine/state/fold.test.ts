/** The fold: what each entry does to the rows, and what it refuses to believe. */

import { describe, expect, test } from 'vitest';

import { type AdmittedChunk, admit } from '../core/admission.ts';
import type { StreamState } from '../core/stream-state.ts';
import { chunk, createBasin, createStream, KEPT, tablesAfter } from '../testing/state-samples.ts';
import { fold, foldChunk, type RowEntry } from './fold.ts';

const BASIN = createBasin();

describe('the fold', () => {
  test('a new stream is empty, has the empty token and is not trimmed', () => {
    expect(tablesAfter(BASIN, createStream(1, 's')).streamByName('basin-01', 's')).toEqual({
      id: 1,
      basin: 'basin-01',
      name: 's',
      createdAtMs: 2,
      requestToken: null,
      tail: { seqNum: 0, timestamp: 0 },
      fencingToken: '',
      trimPoint: 0,
      appendedBytes: 0,
      trimmedBytes: 0,
      requested: null,
      cipher: null,
      config: KEPT,
      deletedAtMs: null,
      idleSinceMs: 2,
      digest: 0,
    });
  });

  test('a chunk moves tail, token and trim point, and leaves what it does not mention', () => {
    const tables = tablesAfter(
      BASIN,
      createStream(1, 's'),
      chunk(1, 0, { count: 5, lastTimestamp: 12, fencingToken: 't', trimPoint: 2 }),
    );
    expect(tables.stream(1)).toMatchObject({ tail: { seqNum: 5, timestamp: 12 }, fencingToken: 't', trimPoint: 2 });
    tables.put(fold(tables, chunk(1, 5, { firstTimestamp: 12, lastTimestamp: 12 })));
    expect(tables.stream(1)).toMatchObject({ tail: { seqNum: 6, timestamp: 12 }, fencingToken: 't', trimPoint: 2 });
    tables.put(fold(tables, chunk(1, 6, { firstTimestamp: 12, lastTimestamp: 12, fencingToken: '' })));
    expect(tables.stream(1)?.fencingToken).toBe('');
  });

  test('what a stream stores is what was appended to it less what is trimmed, once that is counted', () => {
    const tables = tablesAfter(BASIN, createStream(1, 's'), chunk(1, 0, { count: 5, appendedBytes: 100 }));
    const trim = { type: 'trim', streamId: 1, atMs: 99 } as const;
    tables.put(fold(tables, { ...trim, trimPoint: 2, trimmedBytes: null }));
    expect(tables.stream(1)).toMatchObject({ appendedBytes: 100, trimmedBytes: 0 });
    tables.put(fold(tables, { ...trim, trimPoint: 2, trimmedBytes: 30 }));
    expect(tables.stream(1)).toMatchObject({ trimPoint: 2, trimmedBytes: 30 });
    tables.put(fold(tables, { ...trim, trimPoint: 5, trimmedBytes: null }));
    expect(tables.stream(1)).toMatchObject({ appendedBytes: 100, trimmedBytes: 100 });
    tables.put(fold(tables, chunk(1, 5, { appendedBytes: 122, trimPoint: 6 })));
    expect(tables.stream(1)).toMatchObject({ appendedBytes: 122, trimmedBytes: 122 });
  });

  test('the digest of a stream follows from the checksums of its chunks and their order', () => {
    const digestAfter = (...crcs: readonly number[]) => {
      const tables = tablesAfter(BASIN, createStream(1, 's'));
      for (const [at, crc] of crcs.entries()) tables.put(fold(tables, chunk(1, at), crc));
      return tables.stream(1)?.digest;
    };
    expect(digestAfter(0xffff_ffff, 5)).toBe(digestAfter(0xffff_ffff, 5));
    expect(new Set([digestAfter(1, 2), digestAfter(2, 1), digestAfter(1, 3), digestAfter(1), digestAfter()]).size).toBe(
      5,
    );
  });

  test('what a queued chunk was found to make of its stream counts for that very row only', () => {
    const row = tablesAfter(BASIN, createStream(1, 's')).stream(1) as StreamState;
    const records = [{ timestamp: null, headers: [], body: new Uint8Array(3) }];
    const admitted = admit(row, { records, matchSeqNum: null, fencingToken: null }, 9, 9) as AdmittedChunk;
    const foreseen = foldChunk(row, admitted, 5);
    expect(foreseen).toMatchObject({ tail: { seqNum: 1, timestamp: 9 }, digest: 5 });
    expect(foldChunk(row, admitted, 5)).toBe(foreseen);
    expect(foldChunk({ ...row, digest: 1 }, admitted, 5)).toEqual({ ...foreseen, digest: 31 + 5 });
    expect(foldChunk(row, admitted, 5)).toBe(foreseen);
  });

  test('a trim moves the trim point and nothing else, and never back', () => {
    const tables = tablesAfter(BASIN, createStream(1, 's'), chunk(1, 0, { count: 5, fencingToken: 't' }));
    const before = tables.stream(1);
    tables.put(fold(tables, { type: 'trim', streamId: 1, trimPoint: 4, atMs: 99, trimmedBytes: null }));
    expect(tables.stream(1)).toEqual({ ...before, trimPoint: 4 });
    // A client may have trimmed further between the decision of a retention trim and its commit.
    tables.put(fold(tables, { type: 'trim', streamId: 1, trimPoint: 2, atMs: 99, trimmedBytes: null }));
    expect(tables.stream(1)?.trimPoint).toBe(4);
    tables.put(fold(tables, { type: 'trim', streamId: 1, trimPoint: 5, atMs: 99, trimmedBytes: null }));
    expect(tables.stream(1)).toMatchObject({ trimPoint: 5, tail: { seqNum: 5 }, idleSinceMs: 99 });
  });

  test('a deleted stream is gone by id and by name, and its name is free for another', () => {
    const tables = tablesAfter(BASIN, createStream(1, 's'), chunk(1, 0), { type: 'delete-stream', streamId: 1 });
    expect([tables.stream(1), tables.streamId('basin-01', 's')]).toEqual([undefined, undefined]);
    tables.put(fold(tables, createStream(2, 's')));
    expect(tables.streamByName('basin-01', 's')).toMatchObject({ id: 2, tail: { seqNum: 0 } });
    expect(() => fold(tables, chunk(1, 1))).toThrow('a chunk belongs to a stream that exists');
  });

  test('rows are replaced, never changed', () => {
    const tables = tablesAfter(BASIN, createStream(1, 's'));
    const before = tables.stream(1);
    tables.put(fold(tables, chunk(1, 0)));
    expect(before?.tail.seqNum).toBe(0);
  });

  const made = () => tablesAfter(BASIN, createStream(1, 's'), chunk(1, 0, { count: 4, trimPoint: 3 }));
  test.each<[string, RowEntry]>([
    ['a basin is created once', BASIN],
    ['a stream is created once', createStream(2, 's')],
    ['stream ids are never used twice', createStream(1, 'other')],
    ['a stream is created in a basin that exists', createStream(2, 's', { basin: 'basin-02' })],
    ['a chunk belongs to a stream that exists', chunk(9, 0)],
    ["a chunk's first number is its stream's next number", chunk(1, 3)],
    ["a chunk's first number is its stream's next number", chunk(1, 5)],
    ['timestamps never decrease along a stream', chunk(1, 4, { firstTimestamp: 9 })],
    ['timestamps never decrease within a chunk', chunk(1, 4, { lastTimestamp: 9 })],
    ['a trim point never falls', chunk(1, 4, { trimPoint: 3 })],
    [
      'a trim belongs to a stream that exists',
      { type: 'trim', streamId: 9, trimPoint: 0, atMs: 1, trimmedBytes: null },
    ],
    ['a trim never reaches past the tail', { type: 'trim', streamId: 1, trimPoint: 5, atMs: 1, trimmedBytes: null }],
    ['a stream is deleted once', { type: 'delete-stream', streamId: 9 }],
  ])('%s', (claim, entry) => {
    expect(() => fold(made(), entry)).toThrow(claim);
  });

  test('names of two basins do not mix', () => {
    const tables = tablesAfter(
      createBasin('basin-a'),
      createBasin('basin-a\0'),
      createStream(1, '\0s', { basin: 'basin-a' }),
    );
    expect(tables.streamId('basin-a', '\0s')).toBe(1);
    expect(tables.streamId('basin-a', 's')).toBeUndefined();
  });
});

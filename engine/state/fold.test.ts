/** The tables under the fold: what is durable, what lies over it, and what the fold refuses to believe. */

import { describe, expect, test } from 'vitest';

import type { ChunkEntry, Entry } from './entries.ts';
import { fold } from './fold.ts';
import { DurableTables, SpeculativeTables } from './tables.ts';

const BASIN: Entry = { type: 'create-basin', name: 'basin-01', createdAtMs: 1, requestToken: null };

function stream(id: number, name: string): Entry {
  return { type: 'create-stream', id, basin: 'basin-01', name, createdAtMs: 2, requestToken: null };
}

function chunk(streamId: number, firstSeqNum: number, change: Partial<ChunkEntry> = {}): ChunkEntry {
  return {
    type: 'chunk',
    streamId,
    firstSeqNum,
    count: 1,
    firstTimestamp: 10,
    lastTimestamp: 10,
    arrivalMs: 10,
    fencingToken: null,
    trimPoint: null,
    records: new Uint8Array(3),
    ...change,
  };
}

function tablesAfter(...entries: readonly Entry[]): DurableTables {
  const tables = new DurableTables();
  for (const entry of entries) tables.put(fold(tables, entry));
  return tables;
}

describe('the fold', () => {
  test('a new stream is empty, has the empty token and is not trimmed', () => {
    expect(tablesAfter(BASIN, stream(1, 's')).streamByName('basin-01', 's')).toEqual({
      id: 1,
      basin: 'basin-01',
      name: 's',
      createdAtMs: 2,
      requestToken: null,
      tail: { seqNum: 0, timestamp: 0 },
      fencingToken: '',
      trimPoint: 0,
    });
  });

  test('a chunk moves tail, token and trim point, and leaves what it does not mention', () => {
    const tables = tablesAfter(
      BASIN,
      stream(1, 's'),
      chunk(1, 0, { count: 5, lastTimestamp: 12, fencingToken: 't', trimPoint: 2 }),
    );
    expect(tables.stream(1)).toMatchObject({ tail: { seqNum: 5, timestamp: 12 }, fencingToken: 't', trimPoint: 2 });
    tables.put(fold(tables, chunk(1, 5, { firstTimestamp: 12, lastTimestamp: 12 })));
    expect(tables.stream(1)).toMatchObject({ tail: { seqNum: 6, timestamp: 12 }, fencingToken: 't', trimPoint: 2 });
    tables.put(fold(tables, chunk(1, 6, { firstTimestamp: 12, lastTimestamp: 12, fencingToken: '' })));
    expect(tables.stream(1)?.fencingToken).toBe('');
  });

  test('rows are replaced, never changed', () => {
    const tables = tablesAfter(BASIN, stream(1, 's'));
    const before = tables.stream(1);
    tables.put(fold(tables, chunk(1, 0)));
    expect(before?.tail.seqNum).toBe(0);
  });

  const made = () => tablesAfter(BASIN, stream(1, 's'), chunk(1, 0, { count: 4, trimPoint: 3 }));
  test.each<[string, Entry]>([
    ['a basin is created once', BASIN],
    ['a stream is created once', stream(2, 's')],
    ['stream ids are never used twice', stream(1, 'other')],
    ['a stream is created in a basin that exists', { ...stream(2, 's'), basin: 'basin-02' } as Entry],
    ['a chunk belongs to a stream that exists', chunk(9, 0)],
    ["a chunk's first number is its stream's next number", chunk(1, 3)],
    ["a chunk's first number is its stream's next number", chunk(1, 5)],
    ['timestamps never decrease along a stream', chunk(1, 4, { firstTimestamp: 9 })],
    ['timestamps never decrease within a chunk', chunk(1, 4, { lastTimestamp: 9 })],
    ['a trim point never falls', chunk(1, 4, { trimPoint: 3 })],
  ])('%s', (claim, entry) => {
    expect(() => fold(made(), entry)).toThrow(claim);
  });

  test('names of two basins do not mix', () => {
    const tables = tablesAfter(
      { ...BASIN, name: 'basin-a' } as Entry,
      { ...BASIN, name: 'basin-a\0' } as Entry,
      { ...stream(1, '\0s'), basin: 'basin-a' } as Entry,
    );
    expect(tables.streamId('basin-a', '\0s')).toBe(1);
    expect(tables.streamId('basin-a', 's')).toBeUndefined();
  });
});

describe('the speculative tables', () => {
  /** Durable: the basin and stream 1 with one record. */
  function both() {
    const durable = tablesAfter(BASIN, stream(1, 's'), chunk(1, 0));
    const ahead = new SpeculativeTables(durable);
    const queued: Entry[] = [];
    return {
      durable,
      ahead,
      queue: (entry: Entry) => {
        queued.push(entry);
        ahead.put(fold(ahead, entry));
      },
      commitOldest: () => {
        const entry = queued.shift();
        if (entry === undefined) throw new Error('nothing is queued');
        durable.put(fold(durable, entry));
        ahead.settleOldest();
      },
    };
  }

  test('show the durable rows as long as nothing is queued', () => {
    const { ahead, durable } = both();
    expect(ahead.streamByName('basin-01', 's')).toBe(durable.stream(1));
    expect(ahead.isAhead(1)).toBe(false);
  });

  test('show queued effects while the durable ones do not', () => {
    const { ahead, durable, queue } = both();
    queue(chunk(1, 1));
    queue(chunk(1, 2));
    expect(ahead.stream(1)?.tail.seqNum).toBe(3);
    expect(durable.stream(1)?.tail.seqNum).toBe(1);
    expect(ahead.isAhead(1)).toBe(true);
  });

  test('keep a row laid over as long as a later queued entry rests on it', () => {
    const { ahead, durable, queue, commitOldest } = both();
    queue(chunk(1, 1));
    queue(chunk(1, 2));
    commitOldest();
    expect([durable.stream(1)?.tail.seqNum, ahead.stream(1)?.tail.seqNum]).toEqual([2, 3]);
    expect(ahead.isAhead(1)).toBe(true);
    commitOldest();
    expect(ahead.stream(1)).toBe(durable.stream(1));
    expect(ahead.isAhead(1)).toBe(false);
  });

  test('find a stream that is not durable yet by name, through appends to it', () => {
    const { ahead, durable, queue, commitOldest } = both();
    queue({ ...BASIN, name: 'basin-02' } as Entry);
    queue({ ...stream(2, 'new'), basin: 'basin-02' } as Entry);
    queue(chunk(2, 0));
    expect(ahead.streamByName('basin-02', 'new')?.tail.seqNum).toBe(1);
    expect(durable.basin('basin-02')).toBeUndefined();
    commitOldest();
    expect(durable.streamByName('basin-02', 'new')).toBeUndefined();
    commitOldest();
    expect(ahead.streamByName('basin-02', 'new')?.tail.seqNum).toBe(1);
    commitOldest();
    expect(ahead.streamByName('basin-02', 'new')).toBe(durable.stream(2));
  });

  test('give out every stream id once, above all durable ones', () => {
    const durable = tablesAfter(BASIN, stream(7, 's'));
    const ahead = new SpeculativeTables(durable);
    expect([ahead.takeStreamId(), ahead.takeStreamId()]).toEqual([8, 9]);
  });

  test('settle only what was queued', () => {
    expect(() => both().ahead.settleOldest()).toThrow('only queued entries are settled');
  });
});

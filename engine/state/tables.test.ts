/** The tables: what is durable, what checkpoints are told of it, and what lies over it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { chunk, createBasin, createStream, streamRow, tablesAfter } from '../testing/state-samples.ts';
import { fold, type RowEntry } from './fold.ts';
import { StateHasher } from './state-hash.ts';
import { DurableTables, SpeculativeTables } from './tables.ts';

const BASIN = createBasin();

describe('the durable tables', () => {
  test('know which streams changed since a snapshot took them, deleted ones among them', () => {
    const tables = tablesAfter(BASIN, createStream(1, 'a'), createStream(2, 'b'), createStream(3, 'c'));
    expect([...tables.dirtyIds]).toEqual([1, 2, 3]);
    expect([...tables.snapshot().dirtyIds]).toEqual([1, 2, 3]);
    expect([...tables.dirtyIds]).toEqual([]);
    tables.put(fold(tables, chunk(2, 0)));
    tables.put(fold(tables, { type: 'delete-stream', streamId: 3 }));
    expect([...tables.dirtyIds]).toEqual([2, 3]);
  });

  test('rows that stay beside their page are given back, beside those that changed meanwhile', () => {
    const tables = tablesAfter(BASIN, createStream(1, 'a'), createStream(2, 'b'));
    const { dirtyIds } = tables.snapshot();
    tables.put(fold(tables, createStream(3, 'c')));
    tables.markDirty(dirtyIds);
    expect(tables.dirtyIds).toEqual(new Set([1, 2, 3]));
  });

  test('a snapshot shows every row as it was, whatever is appended, created or deleted later', () => {
    const tables = tablesAfter(BASIN, createStream(1, 'a'), createStream(2, 'b'), createStream(3, 'c'));
    const before = [1, 2, 3].map((id) => tables.stream(id));
    const snapshot = tables.snapshot();
    tables.put(fold(tables, chunk(1, 0)));
    tables.put(fold(tables, chunk(1, 1)));
    tables.put(fold(tables, { type: 'delete-stream', streamId: 2 }));
    tables.put(fold(tables, createStream(4, 'd')));
    tables.put(fold(tables, { type: 'delete-stream', streamId: 4 }));
    expect([1, 2, 3].map((id) => snapshot.row(id))).toEqual(before);
    expect(snapshot.row(4)).toBeNull();
    expect(() => tables.snapshot()).toThrow('one snapshot of the rows at a time');
    tables.closeSnapshot();
    expect(tables.snapshot().row(1)?.tail.seqNum).toBe(2);
  });

  test('a restored row is clean, and counts in the hash as if it had been folded', () => {
    const [folded, restored] = [new StateHasher(), new StateHasher()];
    const original = new DurableTables(folded);
    for (const entry of [BASIN, createStream(1, 'a'), createStream(2, 'b'), chunk(1, 0, { fencingToken: 't' })]) {
      original.put(fold(original, entry));
    }
    original.put(fold(original, { type: 'delete-stream', streamId: 2 }));

    const copy = new DurableTables(restored);
    for (const basin of original.basins()) copy.restoreBasin(basin);
    for (const row of original.streamsInRange(0, original.nextStreamId)) copy.restoreStream(row);
    expect(copy.nextStreamId).toBe(2);
    expect(restored.value()).not.toEqual(folded.value());
    copy.restoreCounters(original);
    expect(copy.nextStreamId).toBe(3);
    expect(restored.value()).toEqual(folded.value());
    expect([...copy.dirtyIds]).toEqual([]);
    expect([...copy.basins()]).toEqual([...original.basins()]);
    expect(copy.stream(1)).toEqual(original.stream(1));
  });

  test('an id given out to a stream that is gone is never given out again', () => {
    const tables = tablesAfter(BASIN, createStream(5, 'a'), { type: 'delete-stream', streamId: 5 });
    expect(tables.nextStreamId).toBe(6);
    tables.restoreCounters({ nextStreamId: 4 });
    expect(tables.nextStreamId).toBe(6);
  });

  test('a checkpoint that holds a stream twice is refused', () => {
    const tables = new DurableTables();
    tables.restoreStream(streamRow(1));
    expect(() => tables.restoreStream(streamRow(1))).toThrow('a checkpoint holds a stream once');
    expect(() => tables.restoreStream(streamRow(2, { name: 'stream-1' }))).toThrow('a name belongs to one stream');
  });
});

describe('the speculative tables', () => {
  /** Durable: the basin and stream 1 with one record. */
  function both() {
    const durable = tablesAfter(BASIN, createStream(1, 's'), chunk(1, 0));
    const ahead = new SpeculativeTables(durable);
    const queued: RowEntry[] = [];
    return {
      durable,
      ahead,
      queued,
      queue: (entry: RowEntry) => {
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
    queue(createBasin('basin-02'));
    queue(createStream(2, 'new', { basin: 'basin-02' }));
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
    const durable = tablesAfter(BASIN, createStream(7, 's'));
    const ahead = new SpeculativeTables(durable);
    expect([ahead.takeStreamId(), ahead.takeStreamId()]).toEqual([8, 9]);
  });

  test('settle only what was queued', () => {
    expect(() => both().ahead.settleOldest()).toThrow('only queued entries are settled');
  });

  test('a stream that is being deleted is gone for what comes next, and still there for what is shown', () => {
    const { ahead, durable, queue, commitOldest } = both();
    queue(chunk(1, 1));
    queue({ type: 'delete-stream', streamId: 1 });
    expect([ahead.stream(1), ahead.streamByName('basin-01', 's')]).toEqual([undefined, undefined]);
    expect(ahead.isAhead(1)).toBe(true);
    expect(() => fold(ahead, chunk(1, 2))).toThrow('a chunk belongs to a stream that exists');
    commitOldest();
    expect(ahead.streamByName('basin-01', 's')).toBeUndefined();
    expect(durable.streamByName('basin-01', 's')?.tail.seqNum).toBe(2);
    commitOldest();
    expect(durable.streamByName('basin-01', 's')).toBeUndefined();
    expect(ahead.isAhead(1)).toBe(false);
  });

  test('a name deleted and taken again in flight means the new stream at every step', () => {
    const { ahead, durable, queue, commitOldest } = both();
    queue({ type: 'delete-stream', streamId: 1 });
    queue(createStream(2, 's'));
    queue(chunk(2, 0));
    queue({ type: 'delete-stream', streamId: 2 });
    queue(createStream(3, 's'));
    queue(chunk(3, 0));
    const shown: (number | undefined)[] = [];
    for (let settled = 0; settled < 6; settled++) {
      expect(ahead.streamByName('basin-01', 's')).toMatchObject({ id: 3, tail: { seqNum: 1 } });
      commitOldest();
      shown.push(durable.streamId('basin-01', 's'));
    }
    expect(shown).toEqual([undefined, 2, 2, undefined, 3, 3]);
    expect(ahead.streamByName('basin-01', 's')).toEqual(durable.stream(3));
    expect([1, 2, 3].map((id) => ahead.isAhead(id))).toEqual([false, false, false]);
  });

  test('see what the durable tables will be once everything queued is committed, whatever is queued', () => {
    const step = fc.record({
      what: fc.constantFrom('create', 'chunk', 'chunk', 'trim', 'delete', 'commit', 'commit'),
      name: fc.constantFrom('s', 't', 'u'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { ahead, durable, queue, commitOldest, queued } = both();
        /** Everything queued so far, committed: rebuilt from nothing. */
        const all: RowEntry[] = [BASIN, createStream(1, 's'), chunk(1, 0)];
        const add = (entry: RowEntry) => {
          all.push(entry);
          queue(entry);
        };
        for (const { what, name } of steps) {
          const stream = ahead.streamByName('basin-01', name);
          if (what === 'commit') {
            if (queued.length > 0) commitOldest();
          } else if (stream === undefined) {
            if (what === 'create') add(createStream(ahead.takeStreamId(), name));
          } else if (what === 'chunk') add(chunk(stream.id, stream.tail.seqNum));
          else if (what === 'trim')
            add({ type: 'trim', streamId: stream.id, trimPoint: stream.tail.seqNum, atMs: 1, trimmedBytes: null });
          else if (what === 'delete') add({ type: 'delete-stream', streamId: stream.id });
          const final = tablesAfter(...all);
          for (const other of ['s', 't', 'u']) {
            expect(ahead.streamByName('basin-01', other)).toEqual(final.streamByName('basin-01', other));
          }
          for (let id = 1; id < final.nextStreamId; id++) expect(ahead.stream(id)).toEqual(final.stream(id));
        }
        while (queued.length > 0) commitOldest();
        for (let id = 1; id < durable.nextStreamId; id++) expect(ahead.isAhead(id)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

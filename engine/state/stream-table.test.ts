/** The packed table: whatever is put, taken away and put again, it says what a plain map of objects would say. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NO_WISH, type StreamWish } from '../core/config.ts';
import type { StreamState } from '../core/stream-state.ts';
import { KEPT, streamRow } from '../testing/state-samples.ts';
import { HotRows } from './hot-rows.ts';
import { SettingsPool } from './settings-pool.ts';
import { StreamTable } from './stream-table.ts';

const BASINS = ['basin-01', 'basin-02'];

const u53 = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const identity = fc.record({
  basin: fc.constantFrom(...BASINS),
  // Few names, so that deleted ones are taken again; of one, two, three and four bytes a character.
  name: fc.constantFrom('a', 'ab', 'ß', '€uro', '🌊🌊', 'device/eu-west-1/sensor-0000001', '\ufeff', 'é'.repeat(250)),
  createdAtMs: u53,
  requestToken: fc.option(text, { nil: null }),
});
const wish = fc.constantFrom<StreamWish>(NO_WISH, { ...NO_WISH, deleteOnEmptyMinAgeS: 0 });
const settings = fc.record({
  requested: fc.option(wish, { nil: null }),
  cipher: fc.constantFrom(null, 'aegis-256' as const),
});
const config = fc.record({
  ...{ storageClass: fc.constantFrom('express' as const, 'standard' as const) },
  retentionAgeS: fc.constantFrom(1, 2 ** 40, 'infinite' as const),
  timestampingMode: fc.constantFrom('client-prefer' as const, 'arrival' as const),
  ...{ timestampingUncapped: fc.boolean(), deleteOnEmptyMinAgeS: fc.constantFrom(0, 60) },
});
const position = fc.record({
  tail: fc.record({ seqNum: u53, timestamp: u53 }),
  trimPoint: u53,
  appendedBytes: u53,
  trimmedBytes: u53,
  digest: fc.nat(0xffff_ffff),
  idleSinceMs: u53,
  config,
  // A deletion is never taken back.
  deletedAtMs: fc.constant(null),
  fencingToken: fc.oneof(fc.constant(''), text),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('create' as const), identity, settings, position }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('change' as const), pick: fc.nat(), position }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('delete' as const), pick: fc.nat() }) },
);

test('the table agrees with a plain map over any puts and deletions', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), fc.constantFrom(2, 4, 1_000), (steps, hotRowsMax) => {
      const table = new StreamTable(hotRowsMax);
      const model = new Map<number, StreamState>();
      let nextId = 1;
      for (const action of steps) {
        if (action.what === 'create') {
          const { basin, name } = action.identity;
          if (table.idOf(basin, name) !== undefined) continue;
          const row = { id: nextId++, ...action.identity, ...action.settings, ...action.position };
          table.put(row);
          model.set(row.id, row);
          continue;
        }
        const id = [...model.keys()][action.pick % Math.max(model.size, 1)];
        const before = id === undefined ? undefined : model.get(id);
        if (before === undefined) continue;
        if (action.what === 'delete') {
          expect(table.delete(before.id)).toBe(true);
          model.delete(before.id);
        } else {
          const after = { ...before, ...action.position };
          table.put(after);
          model.set(before.id, after);
        }
      }
      expectSame(table, model, nextId);
    }),
    { numRuns: 150 },
  );
});

function expectSame(table: StreamTable, model: ReadonlyMap<number, StreamState>, nextId: number): void {
  expect(table.size).toBe(model.size);
  for (let id = 0; id <= nextId; id++) {
    expect(table.get(id)).toEqual(model.get(id));
    expect(table.has(id)).toBe(model.has(id));
  }
  for (const { id, basin, name } of model.values()) expect(table.idOf(basin, name)).toBe(id);
  const ascending = [...model.values()].toSorted((a, b) => a.id - b.id);
  expect([...table.inRange(0, nextId)]).toEqual(ascending);
  expect([...table.inRange(0, Number.MAX_SAFE_INTEGER)]).toEqual(ascending);
  const [from, to] = [Math.floor(nextId / 3), Math.ceil(nextId / 2)];
  expect([...table.inRange(from, to)]).toEqual(ascending.filter(({ id }) => id >= from && id < to));
}

describe('a stream', () => {
  test('is found by its basin and name only', () => {
    const table = new StreamTable();
    table.put(streamRow(1, { basin: 'basin-01', name: 'é' }));
    expect(table.idOf('basin-01', 'é')).toBe(1);
    expect(table.idOf('basin-02', 'é')).toBeUndefined();
    for (const other of ['', 'e', 'é\0', '\u00c3\u00a9', 'éé']) expect(table.idOf('basin-01', other)).toBeUndefined();
  });

  test('far from the first keeps its id, its name and its number', () => {
    const table = new StreamTable(2);
    const far = streamRow(2 ** 52 + 1, { tail: { seqNum: Number.MAX_SAFE_INTEGER, timestamp: 2 ** 50 + 1 } });
    table.put(far);
    table.put(streamRow(1));
    table.put(streamRow(2));
    table.put(streamRow(3));
    expect(table.get(far.id)).toEqual(far);
    expect(table.idOf(far.basin, far.name)).toBe(far.id);
  });

  test('that is not there is not deleted', () => {
    expect(new StreamTable().delete(1)).toBe(false);
  });

  test('takes no name that another one has', () => {
    const table = new StreamTable();
    table.put(streamRow(1, { name: 'x' }));
    expect(() => table.put(streamRow(2, { name: 'x' }))).toThrow('a name belongs to one stream');
  });
});

test('every field of every stream survives the growth of the table', () => {
  const table = new StreamTable(2);
  const rows = Array.from({ length: 5_000 }, (_, i) =>
    streamRow(i + 1, {
      createdAtMs: i * 3,
      idleSinceMs: i * 17,
      config: { ...KEPT, deleteOnEmptyMinAgeS: i % 9 },
      deletedAtMs: i % 100 === 0 ? i : null,
      trimPoint: i * 5,
      digest: i * 7,
      tail: { seqNum: i * 11, timestamp: i * 13 },
      fencingToken: i % 3 === 0 ? `f${i}` : '',
      requestToken: i % 5 === 0 ? `r${i}` : null,
    }),
  );
  for (const row of rows) table.put(row);
  expect(rows.map(({ id }) => table.get(id))).toEqual(rows);
});

test('rows freed before their texts are compacted are used again, and none of them twice', () => {
  const table = new StreamTable(2);
  const put = (id: number) => table.put(streamRow(id, { name: `${'x'.repeat(200)}-${id}` }));
  for (let id = 1; id <= 1_000; id++) put(id);
  for (let id = 1; id <= 900; id++) table.delete(id);
  for (let id = 1_001; id <= 2_500; id++) put(id);
  const live = Array.from({ length: 1_600 }, (_, i) => 901 + i);
  expect([...table.inRange(0, 10_000)].map(({ id }) => id)).toEqual(live);
  for (const id of live) expect(table.get(id)?.name).toBe(`${'x'.repeat(200)}-${id}`);
});

describe('memory', () => {
  const longName = (id: number) => `${'x'.repeat(200)}-${id}`;

  test('of 20,000 idle streams is below 120 bytes each and their names', () => {
    const table = new StreamTable();
    let nameBytes = 0;
    for (let id = 1; id <= 20_000; id++) {
      const row = streamRow(id);
      nameBytes += row.name.length;
      table.putCold(row);
    }
    expect((table.packedBytes - nameBytes) / 20_000).toBeLessThan(120);
  });

  test('is used again when streams go and others come, and their texts are compacted', () => {
    const table = new StreamTable();
    for (let id = 1; id <= 1_000; id++) table.putCold(streamRow(id, { name: longName(id) }));
    const { packedBytes } = table;
    for (let id = 1_001; id <= 20_000; id++) {
      table.delete(id - 1_000);
      table.putCold(streamRow(id, { name: longName(id) }));
    }
    expect(table.packedBytes).toBeLessThan(3 * packedBytes);
    expect(table.size).toBe(1_000);
    for (let id = 19_001; id <= 20_000; id++) expect(table.idOf('basin-01', longName(id))).toBe(id);
    expect(table.idOf('basin-01', longName(19_000))).toBeUndefined();
  });

  test('does not grow with a fencing token that changes for ever', () => {
    const table = new StreamTable(2);
    const others = Array.from({ length: 50 }, (_, i) =>
      streamRow(i + 2, { fencingToken: 'kept', requestToken: 'asked' }),
    );
    for (const row of others) table.put(row);
    for (let i = 0; i < 50_000; i++) table.put(streamRow(1, { fencingToken: `writer-${i}` }));
    expect(table.packedBytes).toBeLessThan(400_000);
    expect(table.get(1)?.fencingToken).toBe('writer-49999');
    expect(others.map(({ id }) => table.get(id))).toEqual(others);
  });

  test('of the rows in use is bounded, and the rows in use are the ones kept', () => {
    const hot = new HotRows(100);
    let most = 0;
    for (let id = 1; id <= 1_000; id++) {
      hot.set(streamRow(id));
      expect(hot.get(1)?.id).toBe(1);
      most = Math.max(most, hot.size);
    }
    expect(most).toBeLessThanOrEqual(100);
    expect(hot.get(500)).toBeUndefined();
    hot.delete(1);
    expect(hot.get(1)).toBeUndefined();
  });
});

describe('a listing', () => {
  const table = new StreamTable(2);
  const names = ['', 'a', 'ab', 'abc', 'b', 'é', '\uffff', '🌊', '🌊🌊'].slice(1);
  for (const [at, name] of names.toReversed().entries()) {
    table.put(streamRow(2 * at + 1, { name, basin: 'basin-01' }));
    table.put(streamRow(2 * at + 2, { name, basin: 'basin-02' }));
  }
  const listed = (prefix: string, startAfter: string) =>
    [...table.named('basin-01', prefix, startAfter)].map((s) => s.name);

  test('is in the order of the bytes of UTF-8, in which the astral planes come last', () => {
    expect(listed('', '')).toEqual(names);
    expect(listed('', '')).not.toEqual(names.toSorted());
  });

  test('begins behind `startAfter` or with the prefix, whichever comes later, and ends with the prefix', () => {
    expect(listed('a', '')).toEqual(['a', 'ab', 'abc']);
    expect(listed('a', 'ab')).toEqual(['abc']);
    expect(listed('ab', 'a')).toEqual(['ab', 'abc']);
    expect(listed('a', 'aa')).toEqual(['ab', 'abc']);
    expect(listed('a', 'b')).toEqual([]);
    expect(listed('🌊', '')).toEqual(['🌊', '🌊🌊']);
    expect(listed('zz', '')).toEqual([]);
  });

  test('of a basin nobody created is empty', () => {
    expect([...table.named('basin-99', '', '')]).toEqual([]);
  });
});

test('a listing agrees with a sorted array over any creations and deletions', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'ß', '€', '🌊'), minLength: 1, maxLength: 4 });
  const ask = fc.record({ prefix: fc.oneof(fc.constant(''), name), startAfter: fc.oneof(fc.constant(''), name) });
  const steps = fc.array(fc.record({ name, basin: fc.constantFrom(...BASINS) }), { maxLength: 300, size: 'max' });
  fc.assert(
    fc.property(steps, fc.array(ask, { minLength: 1, maxLength: 5 }), (puts, asks) => {
      const table = new StreamTable(2);
      let nextId = 1;
      for (const { name: taken, basin } of puts) {
        const id = table.idOf(basin, taken);
        if (id === undefined) table.put(streamRow(nextId++, { name: taken, basin }));
        else table.delete(id);
      }
      const all = [...table.inRange(0, nextId)].filter(({ basin }) => basin === BASINS[0]);
      const sorted = all.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
      const after = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other)) > 0;
      for (const { prefix, startAfter } of asks) {
        expect([...table.named(BASINS[0] as string, prefix, startAfter)]).toEqual(
          sorted.filter((row) => row.name.startsWith(prefix) && (startAfter === '' || after(row.name, startAfter))),
        );
      }
    }),
    { numRuns: 150 },
  );
});

describe('settings', () => {
  test('are kept once for all streams that have them, and change for one alone', () => {
    const table = new StreamTable(2);
    for (let id = 1; id <= 10; id++) table.put(streamRow(id, { config: { ...KEPT } }));
    table.put(streamRow(5, { config: { ...KEPT, timestampingMode: 'arrival' }, deletedAtMs: 7 }));
    for (let id = 1; id <= 10; id++) {
      expect(table.get(id)?.config.timestampingMode).toBe(id === 5 ? 'arrival' : 'client-prefer');
      expect(table.get(id)?.deletedAtMs).toBe(id === 5 ? 7 : null);
    }
    expect([...table.tombstones()]).toEqual([5]);
    table.delete(5);
    expect([...table.tombstones()]).toEqual([]);
  });

  test('that no stream has any more are forgotten', () => {
    const pool = new SettingsPool();
    const of = (deleteOnEmptyMinAgeS: number) => ({
      config: { ...KEPT, deleteOnEmptyMinAgeS },
      requested: null,
      cipher: null,
    });
    const taken = [pool.take(of(0)), pool.take(of(5)), pool.take(of(5))];
    expect([pool.size, pool.deletesOnEmpty]).toEqual([2, true]);
    pool.release(taken[1] as number);
    expect([pool.size, pool.deletesOnEmpty]).toEqual([2, true]);
    pool.release(taken[2] as number);
    expect([pool.size, pool.deletesOnEmpty]).toEqual([1, false]);
    expect(pool.at(pool.take(of(6))).config.deleteOnEmptyMinAgeS).toBe(6);
  });
});

test('empty streams that are to be deleted are found, a bounded number of rows at a time', () => {
  const table = new StreamTable(2);
  const config = { ...KEPT, deleteOnEmptyMinAgeS: 60 };
  const written = { tail: { seqNum: 3, timestamp: 1 } };
  table.put(streamRow(1, { config }));
  table.put(streamRow(2));
  table.put(streamRow(3, { config, ...written }));
  table.put(streamRow(4, { config, ...written, trimPoint: 3 }));
  table.put(streamRow(5, { config }));
  table.delete(5);
  expect(table.deletesOnEmpty).toBe(true);
  expect(table.emptyOnes(0, 3)).toEqual({ ids: [1], next: 3 });
  expect(table.emptyOnes(3, 3)).toEqual({ ids: [4], next: null });
});

/** The packed table: whatever is put, taken away and put again, it says what a plain map of objects would say. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { StreamState } from '../core/stream-state.ts';
import { streamRow } from '../testing/state-samples.ts';
import { HotRows } from './hot-rows.ts';
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
  retentionAgeMs: fc.option(u53, { nil: null }),
});
const position = fc.record({
  tail: fc.record({ seqNum: u53, timestamp: u53 }),
  trimPoint: u53,
  digest: fc.nat(0xffff_ffff),
  fencingToken: fc.oneof(fc.constant(''), text),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('create' as const), identity, position }) },
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
          const row = { id: nextId++, ...action.identity, ...action.position };
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
      retentionAgeMs: i % 2 === 0 ? i : null,
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

/** Usage as a fold: what counts, when, what is kept of it, and that a checkpoint and a replay agree about all of it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { ACCOUNT_FIGURES, BASIN_FIGURES, basinFigure, KEPT_OF_EACH, STREAM_MINUTES_KEPT } from '../core/usage.ts';
import { chunk, createBasin, createStream, KEPT } from '../testing/state-samples.ts';
import type { Entry } from './entries.ts';
import type { Notes } from './ledger.ts';
import { LogState } from './log-state.ts';
import { PayloadReader, PayloadWriter } from './payload.ts';
import { StateHasher, hashText } from './state-hash.ts';
import { StreamNotes } from './stream-notes.ts';
import { type UsageHistory } from './usage.ts';
import { readUsage, writeUsage } from './usage-codec.ts';

const MINUTE = 60_000;

function stateAfter(...entries: readonly Entry[]): LogState {
  const state = new LogState();
  for (const entry of entries) state.apply(entry, 1);
  return state;
}

function figures(state: LogState, basin = 'basin-01'): Record<string, number> {
  const totals = state.usage.basin(basin)?.totals ?? [];
  return Object.fromEntries(BASIN_FIGURES.flatMap((name, i) => (totals[i] === 0 ? [] : [[name, totals[i] ?? -1]])));
}

function notesOf(state: LogState, basin = 'basin-01'): Notes {
  return state.usage.basin(basin)?.notes ?? { minute: [], hour: [], day: [] };
}

const BEGUN = [
  createBasin(),
  createStream(1, 's'),
  createStream(2, 't', { config: { ...KEPT, storageClass: 'standard' } }),
];

describe('what the log itself says', () => {
  test('batches, records and bytes are counted once each, by the class of their stream', () => {
    const state = stateAfter(
      ...BEGUN,
      chunk(1, 0, { count: 3, appendedBytes: 100 }),
      chunk(1, 3, { appendedBytes: 120 }),
      chunk(2, 0, { count: 2, appendedBytes: 30 }),
    );
    expect(figures(state)).toEqual({
      ...{ 'stored-bytes': 150, streams: 2, 'streams-created': 2 },
      ...{ 'appends-express': 2, 'appends-standard': 1, 'appended-bytes': 150, 'appended-records': 6 },
    });
  });

  test('what is trimmed or deleted is not stored any more, and was appended all the same', () => {
    const trim = { type: 'trim', streamId: 1, trimPoint: 2, atMs: 10 } as const;
    const state = stateAfter(
      ...BEGUN,
      chunk(1, 0, { count: 3, appendedBytes: 100 }),
      chunk(2, 0, { appendedBytes: 30 }),
    );
    state.apply({ ...trim, trimmedBytes: null }, 1);
    expect([figures(state)['stored-bytes'], [...state.usage.uncounted]]).toEqual([130, [1]]);
    state.apply({ ...trim, trimmedBytes: 60 }, 1);
    expect([figures(state)['stored-bytes'], [...state.usage.uncounted]]).toEqual([70, []]);
    state.apply({ type: 'delete-stream', streamId: 1 }, 1);
    expect(figures(state)).toMatchObject({
      'stored-bytes': 30,
      streams: 1,
      'streams-created': 2,
      'appended-bytes': 130,
    });
  });

  test('a stream that was trimmed to its tail, or deleted, needs no counting', () => {
    const state = stateAfter(
      ...BEGUN,
      chunk(1, 0, { count: 3, trimPoint: 1 }),
      chunk(2, 0, { count: 3, trimPoint: 1 }),
    );
    expect([...state.usage.uncounted]).toEqual([1, 2]);
    state.apply({ type: 'trim', streamId: 1, trimPoint: 3, atMs: 10, trimmedBytes: null }, 1);
    state.apply({ type: 'delete-stream', streamId: 2 }, 1);
    expect([...state.usage.uncounted]).toEqual([]);
    expect(figures(state)).not.toHaveProperty('stored-bytes');
  });

  test('a count of an older trim point leaves the newer one uncounted', () => {
    const trim = { type: 'trim', streamId: 1, atMs: 10 } as const;
    const state = stateAfter(...BEGUN, chunk(1, 0, { count: 5, appendedBytes: 100 }));
    state.apply({ ...trim, trimPoint: 3, trimmedBytes: null }, 1);
    state.apply({ ...trim, trimPoint: 2, trimmedBytes: 40 }, 1);
    expect([figures(state)['stored-bytes'], [...state.usage.uncounted]]).toEqual([60, [1]]);
  });

  test('the figures of a basin end with it, and one of the same name begins with nothing', () => {
    const state = stateAfter(createBasin());
    state.apply({ type: 'usage', atMs: 5, account: [], basins: [{ name: 'basin-01', counts: [[7, 1]] }] }, 1);
    state.apply({ type: 'tombstone-basin', name: 'basin-01', deletedAtMs: 6 }, 1);
    state.apply({ type: 'delete-basin', name: 'basin-01' }, 1);
    expect(state.usage.basin('basin-01')).toBeUndefined();
    state.apply(createBasin(), 1);
    expect(figures(state)).toEqual({});
  });
});

describe('history', () => {
  test('before the first change of a minute or an hour all totals are noted', () => {
    const at = (minute: number, seqNum: number) =>
      chunk(1, seqNum, { arrivalMs: minute * MINUTE, appendedBytes: seqNum + 1 });
    const state = stateAfter(...BEGUN, at(10, 0), at(10, 1), at(12, 2), at(60, 3));
    const { minute, hour, day } = notesOf(state);
    const appended = basinFigure('appended-records');
    expect(minute.map((note) => [note.at, note.totals[appended]])).toEqual([
      [0, 0],
      [10, 0],
      [12, 2],
      [60, 3],
    ]);
    expect(hour.map((note) => [note.at, note.totals[appended]])).toEqual([
      [0, 0],
      [1, 3],
    ]);
    expect(day.map((note) => [note.at, note.totals[appended]])).toEqual([[0, 0]]);
  });

  test('a clock that goes back is believed, and what was noted stays as it was', () => {
    const told = (atMs: number): Entry => ({ type: 'usage', atMs, account: [[0, 1]], basins: [] });
    const state = stateAfter(createBasin(), told(9 * MINUTE), told(3 * MINUTE), told(3 * MINUTE), told(9 * MINUTE));
    const { minute } = state.usage.account.notes;
    expect(minute.map(({ at, totals }) => [at, totals[0]])).toEqual([
      [9, 0],
      [3, 1],
      [9, 3],
    ]);
    expect(minute.map(({ turn }) => turn)).toEqual([1, 2, 3]);
  });

  test('an arrival that was held back to the one before tells no time, and a trim decided then neither', () => {
    const late = 100 * MINUTE;
    const told: Entry = { type: 'usage', atMs: 7 * MINUTE, account: [], basins: [] };
    const state = stateAfter(...BEGUN, chunk(1, 0, { arrivalMs: late }), told, chunk(1, 1, { arrivalMs: late }));
    state.apply({ type: 'trim', streamId: 1, trimPoint: 1, atMs: late, trimmedBytes: null }, 1);
    expect([state.usage.nowMs, notesOf(state).minute.map(({ at }) => at)]).toEqual([7 * MINUTE, [0, 100, 7]]);
    state.apply(chunk(1, 2, { arrivalMs: late + MINUTE }), 1);
    expect(state.usage.nowMs).toBe(late + MINUTE);
  });

  test('the newest notes are kept, so many and no more', () => {
    const state = new LogState();
    for (let minute = 1; minute <= KEPT_OF_EACH.minute + 5; minute++) {
      state.apply({ type: 'usage', atMs: minute * MINUTE, account: [[0, 1]], basins: [] }, 1);
    }
    const { minute, hour } = state.usage.account.notes;
    expect(minute.length).toBe(KEPT_OF_EACH.minute);
    expect(minute[0]?.at).toBe(6);
    expect(hour.map(({ at }) => at)).toEqual([0, 1, 2, 3]);
  });

  test('of a stream what it stored is noted once a minute, for the newest changes of all streams', () => {
    const notes = new StreamNotes(() => {});
    for (let id = 0; id < STREAM_MINUTES_KEPT; id++) notes.open(7, id, 0);
    notes.open(7, 0, 99);
    expect([notes.notes.length, notes.goneTo]).toEqual([STREAM_MINUTES_KEPT, -1]);
    for (let id = 0; id < STREAM_MINUTES_KEPT + 3; id++) notes.open(8, id, id);
    expect([notes.notes.length, notes.goneTo, notes.notes[0]?.streamId]).toEqual([STREAM_MINUTES_KEPT, 8, 3]);
  });
});

// --- as a whole: any log, taken apart by checkpoints and replays ------------------------------------------------

const step = fc.record({
  what: fc.constantFrom('append', 'append', 'trim', 'count', 'create', 'delete', 'usage'),
  stream: fc.nat(3),
  minutes: fc.integer({ min: -2, max: 3 }),
  size: fc.nat(50),
});

type StepOf = typeof step extends fc.Arbitrary<infer Step> ? Step : never;

function entriesOf(steps: readonly StepOf[]): Entry[] {
  const state = stateAfter(createBasin());
  const entries: Entry[] = [createBasin()];
  let ms = 0;
  const add = (entry: Entry) => {
    state.apply(entry, 1);
    entries.push(entry);
  };
  for (const { what, stream, minutes, size } of steps) {
    ms = Math.max(0, ms + minutes * MINUTE);
    const row = state.tables.streamByName('basin-01', `s${stream}`);
    if (what === 'usage') {
      const basins = [{ name: 'basin-01', counts: [[7 + (size % 9), size] as const] }];
      add({ type: 'usage', atMs: ms, account: [[size % ACCOUNT_FIGURES.length, 1]], basins });
    } else if (row === undefined) {
      if (what === 'create') add(createStream(state.tables.nextStreamId, `s${stream}`, { createdAtMs: ms }));
    } else if (what === 'append') {
      const { seqNum, timestamp } = row.tail;
      const times = {
        firstTimestamp: timestamp,
        lastTimestamp: timestamp,
        arrivalMs: Math.max(ms, state.lastArrivalMs),
      };
      add(chunk(row.id, seqNum, { ...times, appendedBytes: row.appendedBytes + 8 + size }));
    } else if (what === 'trim' || what === 'count') {
      const trimPoint = Math.min(row.tail.seqNum, row.trimPoint + (what === 'trim' ? size % 3 : 0));
      const trimmedBytes = what === 'count' ? Math.min(row.appendedBytes, row.trimmedBytes + size) : null;
      add({ type: 'trim', streamId: row.id, trimPoint, atMs: ms, trimmedBytes });
    } else if (what === 'delete') add({ type: 'delete-stream', streamId: row.id });
  }
  return entries;
}

function throughBytes(history: UsageHistory): UsageHistory {
  const from = new PayloadReader(Buffer.concat([...writeUsage(history)]));
  const read = readUsage(from);
  expect(from.atEnd()).toBe(true);
  return read;
}

/** The state as a checkpoint brings it to another process. */
function reloaded(state: LogState): LogState {
  const loaded = new LogState();
  for (const basin of state.tables.basins()) loaded.tables.restoreBasin(basin);
  for (const row of state.tables.streamsInRange(0, state.tables.nextStreamId)) loaded.tables.restoreStream(row);
  loaded.tables.restoreCounters(state.tables);
  loaded.arrived(state.lastArrivalMs);
  loaded.usage.restore(throughBytes(state.usage.frozen()));
  return loaded;
}

test('wherever a checkpoint is taken, whoever loads it arrives at the same history and the same hash', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60), (steps, cut) => {
      const entries = entriesOf(steps);
      const whole = stateAfter(...entries);
      const loaded = reloaded(stateAfter(...entries.slice(0, cut)));
      for (const entry of entries.slice(cut)) loaded.apply(entry, 1);
      expect(throughBytes(loaded.usage.frozen())).toEqual(throughBytes(whole.usage.frozen()));
      expect(hashText(loaded.hash)).toBe(hashText(whole.hash));
    }),
  );
});

test('what basins store is what their streams store, and counts never fall', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const state = new LogState();
      let before: readonly number[] = [];
      for (const entry of entriesOf(steps)) {
        state.apply(entry, 1);
        const totals = [...(state.usage.basin('basin-01')?.totals ?? [])];
        expect(totals.every((total, i) => i <= basinFigure('streams') || total >= (before[i] ?? 0))).toBe(true);
        before = totals;
      }
      const rows = [...state.tables.streamsInRange(0, state.tables.nextStreamId)];
      const stored = rows.reduce((sum, row) => sum + row.appendedBytes - row.trimmedBytes, 0);
      expect(figures(state)['stored-bytes'] ?? 0).toBe(stored);
    }),
  );
});

test('every total, note and uncounted stream is in the hash', () => {
  const hasher = () => new StateHasher();
  const hashOf = (fill: (hash: StateHasher) => void) => {
    const hash = hasher();
    fill(hash);
    return hashText(hash.value());
  };
  const note = { at: 1, totals: [1, 2] };
  const hashes = [
    hashOf((hash) => hash.ledger('a', 'totals', note, 1)),
    hashOf((hash) => hash.ledger('a', 'minute', note, 1)),
    hashOf((hash) => hash.ledger('a', 'hour', note, 1)),
    hashOf((hash) => hash.ledger('a', 'day', note, 1)),
    hashOf((hash) => hash.ledger('b', 'totals', note, 1)),
    hashOf((hash) => hash.ledger('a', 'totals', { at: 2, totals: [1, 2] }, 1)),
    hashOf((hash) => hash.ledger('a', 'totals', { at: 1, totals: [1, 3] }, 1)),
    hashOf((hash) => hash.streamNote({ minute: 1, streamId: 2, storedBytes: 3 }, 1)),
    hashOf((hash) => hash.streamNote({ minute: 1, streamId: 2, storedBytes: 4 }, 1)),
    hashOf((hash) => hash.uncounted(2, 1)),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test('a checkpoint that counts something nobody knows is refused', () => {
  const out = new PayloadWriter();
  for (const nothing of [0, 0, 0, 0, 0, 0, 0]) out.number(nothing);
  out.number(1).number(ACCOUNT_FIGURES.length).number(1);
  expect(() => readUsage(new PayloadReader(out.finish()))).toThrow('there is no figure');
});

/** Series out of ledgers: what is told when notes are gone, of another build, or out of order. */

import { describe, expect, test } from 'vitest';

import { BASIN_FIGURES, basinFigure, KEPT_OF_EACH, type UsageInterval } from '../core/usage.ts';
import type { LedgerHistory, Note } from './ledger.ts';
import { accumulated, type BasinHistory, hadStreams, hourly, storedByMinute } from './usage-series.ts';

const HOUR_S = 3_600;
const DAY_S = 86_400;
/** Day 100, twelve o'clock. */
const NOW_S = 100 * DAY_S + 12 * HOUR_S;
const NOW_HOUR = NOW_S / HOUR_S;
const STORED = basinFigure('stored-bytes');
const STREAMS = basinFigure('streams');
const NOTHING_GONE = { minute: null, hour: null, day: null };

const totalsOf = (figures: Partial<Record<number, number>>) => BASIN_FIGURES.map((_, figure) => figures[figure] ?? 0);

function notesOf(...values: readonly (readonly [at: number, figures: Partial<Record<number, number>>])[]): Note[] {
  return values.map(([at, figures], turn) => ({ turn, at, totals: totalsOf(figures) }));
}

function ledgerOf(
  figures: Partial<Record<number, number>>,
  notes: Partial<Record<UsageInterval, Note[]>>,
): LedgerHistory {
  return { totals: totalsOf(figures), notes: { minute: [], hour: [], day: [], ...notes } };
}

const stored = (value: number) => ({ [STORED]: value });
const seen = (startS: number, endS = NOW_S) => ({ startS, endS, nowS: NOW_S });

describe('what a basin stored', () => {
  const ledger = ledgerOf(stored(9), { hour: notesOf([NOW_HOUR - 3, stored(0)], [NOW_HOUR - 1, stored(5)]) });
  const lastHours = seen(NOW_S - 4 * HOUR_S);
  const values = (basin: BasinHistory) =>
    hourly(basin, STORED, lastHours, 0).map(([atS, value]) => [atS / HOUR_S - NOW_HOUR, value]);

  test('is told of every hour when nothing is gone', () => {
    expect(values({ ledger, gone: NOTHING_GONE })).toEqual([
      [-4, 0],
      [-3, 5],
      [-2, 5],
      [-1, 9],
      [0, 9],
    ]);
  });

  test('is told from the end of the newest hour on that is gone, of whatever basin', () => {
    const gone = { ...NOTHING_GONE, hour: { number: 7, at: NOW_HOUR - 2 } };
    expect(values({ ledger, gone })).toEqual([
      [-2, 5],
      [-1, 9],
      [0, 9],
    ]);
  });

  test('is told from the oldest note on when what is gone was of a time to come', () => {
    const gone = { ...NOTHING_GONE, hour: { number: 7, at: NOW_HOUR + 9_000 } };
    expect(values({ ledger, gone })[0]).toEqual([-3, 5]);
  });

  test('is what it was told last to be, when clocks went back and forth', () => {
    const hour = notesOf([NOW_HOUR - 2, stored(0)], [NOW_HOUR - 40, stored(1)], [NOW_HOUR - 1, stored(2)]);
    expect(values({ ledger: ledgerOf(stored(3), { hour }), gone: NOTHING_GONE })).toEqual([
      [-4, 2],
      [-3, 2],
      [-2, 2],
      [-1, 3],
      [0, 3],
    ]);
  });
});

test('what a stream stores now is what the log has last, though a clock behind told that after one ahead', () => {
  const minute = NOW_S / 60;
  const notes = [
    { minute: minute - 2, streamId: 1, storedBytes: 4 },
    { minute: minute - 9_000, streamId: 1, storedBytes: 5 },
  ];
  expect(storedByMinute({ goneTo: -1, notes }, 1, 6, seen(NOW_S), 0)).toEqual([[NOW_S, 6]]);
});

test('what a stream stored is told from the oldest note on when the newest that is gone was of a time to come', () => {
  const minute = NOW_S / 60;
  const notes = [
    { minute: minute + 9_000, streamId: 2, storedBytes: 0 },
    { minute: minute - 1, streamId: 1, storedBytes: 4 },
  ];
  const told = storedByMinute({ goneTo: minute + 8_000, notes }, 1, 6, seen(NOW_S - 180), 0);
  expect(told).toEqual([
    [NOW_S - 60, 6],
    [NOW_S, 6],
  ]);
});

describe('days', () => {
  const hour = notesOf([NOW_HOUR - 30, stored(0)], [NOW_HOUR - 5, stored(2)], [NOW_HOUR - 1, stored(5)]);
  const range = seen(NOW_S - 9 * DAY_S);

  test('are what was noted of days, further back than hours are kept', () => {
    const day = notesOf([93, stored(0)], [99, stored(3)], [100, stored(4)]);
    const ledger = ledgerOf(stored(9), { hour, day });
    expect(accumulated(ledger, STORED, 'day', range).map(([atS, sum]) => [atS / DAY_S, sum])).toEqual([
      [93, 3],
      [99, 1],
      [100, 5],
    ]);
  });

  test.each([
    ['no days', []],
    ['fewer days than hours', notesOf([100, stored(4)])],
  ])('are made of hours in a store of an older build, which noted %s', (_, day) => {
    const ledger = ledgerOf(stored(9), { hour, day });
    expect(accumulated(ledger, STORED, 'day', range).map(([atS, sum]) => [atS / DAY_S, sum])).toEqual([
      [99, 2],
      [100, 7],
    ]);
  });
});

describe('whether a basin had streams', () => {
  const streams = (count: number) => ({ [STREAMS]: count });
  const hour = Array.from({ length: KEPT_OF_EACH.hour }, (_, i): Note => {
    const at = NOW_HOUR - KEPT_OF_EACH.hour + 1 + i;
    return { turn: i, at, totals: totalsOf(streams(0)) };
  });
  const day = notesOf([10, streams(0)], [40, streams(1)], [50, streams(0)]);
  const basin = { ledger: ledgerOf(streams(0), { hour, day }), gone: NOTHING_GONE };
  const during = (from: number, to: number) => hadStreams(basin, seen(from * DAY_S, to * DAY_S));

  test('is told by days, further back than its hours are kept', () => {
    expect([during(5, 6), during(20, 21), during(39, 40), during(60, 61)]).toEqual([false, true, true, false]);
  });

  test('is not told of times before all that is known', () => {
    const gone = { ...NOTHING_GONE, day: { number: 0, at: 30 } };
    expect(hadStreams({ ...basin, gone }, seen(20 * DAY_S, 21 * DAY_S))).toBe(false);
  });
});

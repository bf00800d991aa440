/**
 * The history of usage as series of points: differences of totals, and totals as they were. A pure reading of ledgers and
 * notes; what is not known any more has no point.
 *
 * Time in the log never goes back, so one owner whose clock was ahead leaves notes of times that are still to come, and
 * everything after them is noted then. Until real time is there, such notes are read as if they were made now.
 */

import {
  basinFigure,
  HOURS_KEPT,
  INTERVAL_S,
  type UsageInterval,
  type UsagePoint,
  type UsageRange,
} from '../core/usage.ts';
import type { LedgerHistory, Note } from './ledger.ts';
import type { StreamNoteHistory } from './stream-notes.ts';

const STREAMS = basinFigure('streams');
const CREATED = basinFigure('streams-created');

/** A range of time, and the time it is now. */
export interface RangeSeen extends UsageRange {
  nowS: number;
}

/** How much of a figure came in each interval that touches the range; none for intervals in which nothing came. */
export function accumulated(
  ledger: LedgerHistory,
  figure: number,
  interval: UsageInterval,
  { startS, endS, nowS }: RangeSeen,
): UsagePoint[] {
  const notes = interval === 'minute' ? ledger.minutes : ledger.hours;
  const noteS = interval === 'minute' ? INTERVAL_S.minute : INTERVAL_S.hour;
  const intervalS = INTERVAL_S[interval];
  const sums = new Map<number, number>();
  for (const [i, note] of notes.entries()) {
    const atS = Math.floor(Math.min(note.at * noteS, nowS) / intervalS) * intervalS;
    if (atS + intervalS <= startS || atS > endS) continue;
    const came = (notes[i + 1]?.totals ?? ledger.totals)[figure] as number;
    sums.set(atS, (sums.get(atS) ?? 0) + came - (note.totals[figure] as number));
  }
  return [...sums].filter(([, sum]) => sum > 0);
}

/** A total at the end of every hour that touches the range, from `fromS` on; the newest where the hour is not over. */
export function hourly(ledger: LedgerHistory, figure: number, range: RangeSeen, fromS: number): UsagePoint[] {
  const { hours, totals } = ledger;
  const oldest = hours.length === HOURS_KEPT ? (hours[0] as Note).at : 0;
  const steps = hours.map(({ at, totals: then }) => ({ at, value: then[figure] as number }));
  return gauge(steps, totals[figure] as number, INTERVAL_S.hour, range, Math.max(fromS, oldest * INTERVAL_S.hour));
}

/** What a stream stored at the end of every minute that touches the range, from `fromS` on; `storedBytes` is what it stores now. */
export function storedByMinute(
  { goneTo, notes }: StreamNoteHistory,
  streamId: number,
  storedBytes: number,
  range: RangeSeen,
  fromS: number,
): UsagePoint[] {
  const own = notes.filter((note) => note.streamId === streamId);
  const steps = own.map(({ minute, storedBytes: then }) => ({ at: minute, value: then }));
  return gauge(steps, storedBytes, INTERVAL_S.minute, range, Math.max(fromS, goneTo * INTERVAL_S.minute));
}

/** `steps` have the value as it was when `at` began, ascending. */
function gauge(
  steps: readonly { at: number; value: number }[],
  now: number,
  intervalS: number,
  { startS, endS, nowS }: RangeSeen,
  fromS: number,
): UsagePoint[] {
  const points: UsagePoint[] = [];
  const nowAt = Math.floor(nowS / intervalS);
  let step = 0;
  for (let at = Math.floor(Math.max(startS, Math.min(fromS, nowS)) / intervalS); at * intervalS <= endS; at++) {
    while (step < steps.length && Math.min(steps[step]?.at ?? 0, nowAt) <= at) step++;
    points.push([at * intervalS, steps[step]?.value ?? now]);
  }
  return points;
}

/** Whether the basin had a stream at some moment of the hours that touch the range, as far as that is known. */
export function hadStreams({ hours, totals }: LedgerHistory, { startS, endS, nowS }: RangeSeen): boolean {
  const nowAt = Math.floor(nowS / INTERVAL_S.hour);
  const at = (hour: number) => hours.find((note) => Math.min(note.at, nowAt) >= hour)?.totals ?? totals;
  const [first, last] = [Math.floor(startS / INTERVAL_S.hour), Math.floor(endS / INTERVAL_S.hour)];
  if (hours.length === HOURS_KEPT && last < Math.min((hours[0] as Note).at, nowAt)) return false;
  const [before, after] = [at(first), at(last + 1)];
  return (before[STREAMS] as number) > 0 || (after[CREATED] as number) > (before[CREATED] as number);
}

/**
 * The history of usage as series of points: differences of totals, and totals as they were. A pure reading of ledgers and
 * notes; what is not known any more has no point.
 *
 * Every note stands at the time its owner's clock told. What an owner logged whose clock was ahead is read, until real time is
 * there, as if it had happened when the clock after it told a time that is not to come; under such an owner itself, as now.
 */

import {
  basinFigure,
  INTERVAL_S,
  KEPT_OF_EACH,
  type UsageInterval,
  type UsagePoint,
  type UsageRange,
} from '../core/usage.ts';
import type { Turn } from './history-time.ts';
import type { LedgerHistory, Notes } from './ledger.ts';
import type { StreamNoteHistory } from './stream-notes.ts';

const STREAMS = basinFigure('streams');
const CREATED = basinFigure('streams-created');

/** A range of time, and the time it is now. */
export interface RangeSeen extends UsageRange {
  nowS: number;
}

/** A basin's ledger, and the newest turns that are gone of all of them. */
export interface BasinHistory {
  ledger: LedgerHistory;
  gone: Readonly<Record<UsageInterval, Turn | null>>;
}

/** How much of a figure came in each interval that touches the range; none for intervals in which nothing came. */
export function accumulated(
  { notes, totals }: LedgerHistory,
  figure: number,
  interval: UsageInterval,
  { startS, endS, nowS }: RangeSeen,
): UsagePoint[] {
  const noted = interval === 'day' && !areDaysComplete(notes) ? 'hour' : interval;
  const [notedS, intervalS] = [INTERVAL_S[noted], INTERVAL_S[interval]];
  const sums = new Map<number, number>();
  for (const { at, before, after } of stretches(
    stepsOf(notes[noted], figure),
    totals[figure] as number,
    nowS,
    notedS,
  )) {
    const atS = Math.floor((at * notedS) / intervalS) * intervalS;
    if (atS + intervalS > startS && atS <= endS) sums.set(atS, (sums.get(atS) ?? 0) + after - before);
  }
  return [...sums].filter(([, sum]) => sum > 0).toSorted(([a], [b]) => a - b);
}

/** Stores of older builds noted no days: until all hours from before are gone, hours tell more. */
function areDaysComplete({ hour, day }: Notes): boolean {
  const [firstHour, firstDay] = [hour[0], day[0]];
  return firstHour === undefined || (firstDay !== undefined && firstDay.at <= Math.floor(firstHour.at / 24));
}

/** A total at the end of every hour that touches the range, from `fromS` on; the newest where the hour is not over. */
export function hourly(basin: BasinHistory, figure: number, range: RangeSeen, fromS: number): UsagePoint[] {
  const { notes, totals } = basin.ledger;
  const found = stretches(stepsOf(notes.hour, figure), totals[figure] as number, range.nowS, INTERVAL_S.hour);
  return gauge(found, INTERVAL_S.hour, range, Math.max(fromS, knownFromS(basin, 'hour', range.nowS)));
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
  const found = stretches(steps, storedBytes, range.nowS, INTERVAL_S.minute);
  const nowAt = Math.floor(range.nowS / INTERVAL_S.minute);
  const known = goneTo <= nowAt ? goneTo : (notes.find(({ minute }) => minute <= nowAt)?.minute ?? nowAt);
  return gauge(found, INTERVAL_S.minute, range, Math.max(fromS, known * INTERVAL_S.minute));
}

/** Whether the basin had a stream at some moment of the hours (further back: of the days) that touch the range, as far as is known. */
export function hadStreams(basin: BasinHistory, { startS, endS, nowS }: RangeSeen): boolean {
  const interval = knownFromS(basin, 'hour', nowS) <= startS || !areDaysComplete(basin.ledger.notes) ? 'hour' : 'day';
  if (endS < knownFromS(basin, interval, nowS)) return false;
  const intervalS = INTERVAL_S[interval];
  const [first, last] = [Math.floor(startS / intervalS), Math.floor(endS / intervalS)];
  const { notes, totals } = basin.ledger;
  const nowAt = Math.floor(nowS / intervalS);
  const total = (figure: number, at: number) =>
    valueAt(notes[interval], figure, { at, nowAt, now: totals[figure] as number });
  return total(STREAMS, first - 1) > 0 || total(CREATED, last) > total(CREATED, first - 1);
}

/** From when on what a ledger says of that resolution is all there was: older notes went for their number. */
function knownFromS({ ledger, gone }: BasinHistory, interval: UsageInterval, nowS: number): number {
  const notes = ledger.notes[interval];
  const nowAt = Math.floor(nowS / INTERVAL_S[interval]);
  const firstAt = notes.find(({ at }) => at <= nowAt)?.at ?? nowAt;
  const own = notes.length === KEPT_OF_EACH[interval] ? firstAt : 0;
  const goneAt = gone[interval]?.at ?? 0;
  return Math.max(own, goneAt <= nowAt ? goneAt : firstAt) * INTERVAL_S[interval];
}

/** What a figure was when an interval was first told of. */
interface Step {
  at: number;
  value: number;
}

/** Between one note and the next. */
interface Stretch {
  /** The interval it is told of. */
  at: number;
  before: number;
  after: number;
}

function stepsOf(notes: Notes[UsageInterval], figure: number): Step[] {
  return notes.map(({ at, totals }) => ({ at, value: totals[figure] as number }));
}

/** In the order of the log. `now` is the value there is now. */
function stretches(steps: readonly Step[], now: number, nowS: number, intervalS: number): Stretch[] {
  const found: Stretch[] = [];
  const nowAt = Math.floor(nowS / intervalS);
  let [next, after] = [nowAt, now];
  for (const { at, value } of steps.toReversed()) {
    if (at <= nowAt) next = at;
    found.push({ at: next, before: value, after });
    after = value;
  }
  if (found.length === 0) found.push({ at: nowAt, before: now, after: now });
  return found.reverse();
}

/**
 * A value at each interval: of all that was told to have come until then, what the log has last. Clocks may have told it in
 * another order, but what there is is what the log ends with.
 */
function gauge(
  found: readonly Stretch[],
  intervalS: number,
  { startS, endS, nowS }: RangeSeen,
  fromS: number,
): UsagePoint[] {
  const points: UsagePoint[] = [];
  const ordered = found.map((stretch, place) => ({ ...stretch, place })).toSorted((a, b) => a.at - b.at);
  let [value, place] = [(found[0] as Stretch).before, -1];
  let next = 0;
  for (let at = Math.floor(Math.max(startS, Math.min(fromS, nowS)) / intervalS); at * intervalS <= endS; at++) {
    for (let come = ordered[next]; come !== undefined && come.at <= at; come = ordered[++next]) {
      if (come.place > place) [value, place] = [come.after, come.place];
    }
    points.push([at * intervalS, value]);
  }
  return points;
}

/**
 * At the end of interval `at`, as `gauge` has it: `after` of the last stretch that was told by then. From the end and without
 * a list of stretches, because it is asked of all basins in one turn.
 */
function valueAt(
  notes: Notes[UsageInterval],
  figure: number,
  { at, nowAt, now }: { at: number; nowAt: number; now: number },
): number {
  let [next, after] = [nowAt, now];
  for (let i = notes.length - 1; i >= 0; i--) {
    const note = notes[i] as Notes[UsageInterval][number];
    if (note.at <= nowAt) next = note.at;
    if (next <= at) return after;
    after = note.totals[figure] as number;
  }
  return after;
}

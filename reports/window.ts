/**
 * The part of a long history that its page carries: the operations around the violation, with what was known before.
 *
 * Pure. A page of a million operations would be tens of megabytes of what nobody looks at; the window keeps the guilty,
 * their neighbours and whatever was under way then, numbers their events anew, and leaves the rest to an overview of
 * fixed size.
 */

import { packDeltas } from './columns.ts';
import type { Operation } from './operations.ts';
import { trimStepsOf } from './trim-points.ts';

/** Histories up to this long are carried whole. */
const OPERATIONS_MAX = 120_000;
/** Of a longer one, so many operations are. */
const WINDOW_OPERATIONS = 60_000;
const OVERVIEW_BUCKETS = 800;

/** What is known when the window begins; all nought for a whole history. */
export interface Baseline {
  /** Largest tail reported before. */
  floor: number;
  /** Records of earlier appends of unknown outcome: each may still take effect. */
  unknownRecords: number;
  trimPoint: number;
}

export const FROM_NOTHING: Baseline = { floor: 0, unknownRecords: 0, trimPoint: 0 };

/** The whole run in figures, for the strip that shows where the window lies. */
export interface Overview {
  operationCount: number;
  eventCount: number;
  /** First and last event of the window. */
  window: readonly [number, number];
  /** Operations called, and the floor after it, per bucket of events; as differences. */
  bucketCount: number;
  calls: string;
  floors: string;
}

export interface Windowed {
  /** With events numbered anew, from 0. */
  operations: readonly Operation[];
  /** Entry i: the place of event i in the whole history. */
  events: readonly number[];
  baseline: Baseline;
  overview: Overview;
}

/** Null when all of it fits. `guilty`: indexes of operations, most telling first; the window is around them, or at the end. */
export function windowOf(
  operations: readonly Operation[],
  eventCount: number,
  guilty: readonly number[],
  limits: { whole: number; window: number } = { whole: OPERATIONS_MAX, window: WINDOW_OPERATIONS },
): Windowed | null {
  if (operations.length <= limits.whole) return null;
  const [from, end] = rangeAround(operations.length, guilty, limits.window);
  const firstEvent = operations[from]?.callEvent ?? 0;
  const named = new Set(guilty);
  const isKept = (operation: Operation, index: number): boolean =>
    (index >= from && index < end) || named.has(index) || (index < from && isUnderWay(operation, firstEvent));
  const kept = operations.filter(isKept);
  const events = kept.flatMap(({ callEvent, returnEvent }) =>
    returnEvent === null ? [callEvent] : [callEvent, returnEvent],
  );
  events.sort((a, b) => a - b);
  const renumbered = new Map(events.map((event, index) => [event, index]));
  return {
    operations: kept.map((operation) => ({
      ...operation,
      callEvent: renumbered.get(operation.callEvent) ?? 0,
      returnEvent: operation.returnEvent === null ? null : (renumbered.get(operation.returnEvent) ?? null),
    })),
    events,
    baseline: baselineOf(operations.slice(0, from), firstEvent, named),
    overview: overviewOf(operations, eventCount, [firstEvent, operations[end - 1]?.callEvent ?? firstEvent]),
  };
}

/** As many operations as allowed: the guilty in their middle if they fit, else the most telling one. */
function rangeAround(count: number, guilty: readonly number[], size: number): [number, number] {
  const first = guilty.reduce((least, index) => Math.min(least, index), guilty[0] ?? count);
  const last = guilty.reduce((most, index) => Math.max(most, index), guilty[0] ?? count);
  const middle = last - first < size ? Math.floor((first + last) / 2) : (guilty[0] ?? count);
  const from = Math.max(0, Math.min(middle - Math.floor(size / 2), count - size));
  return [from, from + size];
}

/** Unknown outcomes stay open for ever; only their records are counted. */
function isUnderWay({ outcome, returnEvent }: Operation, firstEvent: number): boolean {
  return outcome !== 'unknown' && (returnEvent === null || returnEvent > firstEvent);
}

function baselineOf(earlier: readonly Operation[], firstEvent: number, named: ReadonlySet<number>): Baseline {
  let floor = 0;
  let unknownRecords = 0;
  for (const [index, { outcome, endSeqNum, recordCount, returnEvent }] of earlier.entries()) {
    if (outcome === 'unknown' && !named.has(index)) unknownRecords += recordCount;
    if (endSeqNum !== null && returnEvent !== null && returnEvent < firstEvent) floor = Math.max(floor, endSeqNum);
  }
  const known = earlier.filter(({ returnEvent }) => returnEvent !== null && returnEvent < firstEvent);
  return { floor, unknownRecords, trimPoint: trimStepsOf(known).at(-1)?.point ?? 0 };
}

function overviewOf(operations: readonly Operation[], eventCount: number, window: [number, number]): Overview {
  const calls = Array.from({ length: OVERVIEW_BUCKETS }, () => 0);
  const floors = Array.from({ length: OVERVIEW_BUCKETS }, () => 0);
  const bucketOf = (event: number): number => Math.floor((event / Math.max(1, eventCount)) * OVERVIEW_BUCKETS);
  for (const { callEvent, returnEvent, endSeqNum } of operations) {
    const called = bucketOf(callEvent);
    calls[called] = (calls[called] ?? 0) + 1;
    if (returnEvent === null || endSeqNum === null) continue;
    const returned = bucketOf(returnEvent);
    floors[returned] = Math.max(floors[returned] ?? 0, endSeqNum);
  }
  let floor = 0;
  return {
    operationCount: operations.length,
    eventCount,
    window,
    bucketCount: OVERVIEW_BUCKETS,
    calls: packDeltas(calls),
    floors: packDeltas(floors.map((reported) => (floor = Math.max(floor, reported)))),
  };
}

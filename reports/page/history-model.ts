/**
 * The history as the charts use it: everything the page computes once from the packed data, before anyone
 * zooms. Read-only afterwards. What is asked for at every frame lies in typed arrays, by operation.
 */

import { type ChartData, KINDS, OUTCOMES, unpackOperations, unpackOrder, unpackTimes } from '../chart-data.ts';
import { unpackDeltas } from '../columns.ts';
import { type Envelope, envelopeOf, floorsAtCall } from '../envelope.ts';
import { type Lane, lanesOf, staysOpen } from '../lanes.ts';
import { type OrderPoint, orderPoints, placesOfUnknowns } from '../linearization.ts';
import type { Operation } from '../operations.ts';
import { type PartialOrder, partialOrder } from '../partial-orders.ts';
import { type RecordHashes, unpackRecordHashes } from '../record-hashes.ts';
import { eventScale, firstAbove, millisecondScale, type TimeScale, warpedScale } from '../time-scale.ts';
import type { TrackRows } from '../track-rows.ts';
import { type TrimStep, trimStepsOf } from '../trim-points.ts';
import { violationsOf } from '../violations.ts';
import { type Baseline, FROM_NOTHING, type Overview } from '../window.ts';

/** An operation that never returned. */
const NEVER = 2 ** 31 - 1;

export interface HistoryModel {
  operations: readonly Operation[];
  eventCount: number;
  timesMs: readonly number[] | null;
  lanes: readonly Lane[];
  /** Index into `lanes`, by operation. */
  laneOf: readonly number[];
  /** Who works in each lane, from their first call to their last return. */
  laneClients: readonly (readonly { clientId: number; from: number; until: number }[])[];
  callEvents: Int32Array;
  /** `NEVER` for none. */
  returnEvents: Int32Array;
  /** Kind and outcome as one number: `styleOf` tells them apart. */
  styles: Uint8Array;
  staysOpen: Uint8Array;
  /** Positions covered, as reported or as the checker's order implies; NaN where nobody knows. */
  placeStarts: Float64Array;
  placeEnds: Float64Array;
  envelope: Envelope;
  /** Largest tail reported before the call, by operation. */
  floors: readonly number[];
  /** Null when the checker found no order. */
  order: readonly OrderPoint[] | null;
  /** How far the history can be ordered, longest first; the whole order where there is one. */
  partials: () => readonly PartialOrder[];
  /** Where appends of unknown outcome took effect, as far as the order tells. */
  unknownPlaces: ReadonlyMap<number, number>;
  guilty: ReadonlySet<number>;
  /** Entry i: 1 if operation i is guilty. */
  isGuilty: Uint8Array;
  /** What lies outside the band: below the floor at its call, or above the ceiling at its return. */
  outliers: readonly number[];
  guiltyInOrder: readonly number[];
  /** Guilty or visibly stale, by time. */
  violations: readonly number[];
  tracks: readonly TrackRows[];
  indexOfOpId: ReadonlyMap<number, number>;
  scales: { ms: TimeScale | null; warped: TimeScale | null; event: TimeScale };
  records: RecordHashes | null;
  baseline: Baseline;
  /** The trim point over time. */
  trims: readonly TrimStep[];
  /** Of a history that is carried in part: the whole in figures, and the place of each event in it. */
  whole: { overview: Overview; events: readonly number[] } | null;
}

export function modelOf(data: ChartData): HistoryModel {
  const operations = unpackOperations(data.operations);
  const timesMs = unpackTimes(data);
  const lanes = lanesOf(operations);
  const laneIndexes = new Map(lanes.flatMap(({ clientIds }, lane) => clientIds.map((clientId) => [clientId, lane])));
  const linearization = data.linearization === null ? null : unpackOrder(data.linearization);
  const order = linearization === null ? null : orderPoints(operations, linearization);
  const baseline = data.window?.baseline ?? FROM_NOTHING;
  const floors = floorsAtCall(operations, data.eventCount, baseline);
  const records = data.recordHashes === null ? null : unpackRecordHashes(data.recordHashes, operations);
  const unknownPlaces = linearization === null ? new Map() : placesOfUnknowns(operations, linearization);
  const steps = linearization === null ? data.partialOrders.map(unpackOrder) : [linearization];
  const guilty = new Set(data.guilty);
  const columns = columnsOf(operations, unknownPlaces);
  const envelope = envelopeOf(operations, data.eventCount, baseline);
  return {
    operations,
    eventCount: data.eventCount,
    timesMs,
    lanes,
    laneOf: operations.map(({ clientId }) => laneIndexes.get(clientId) ?? 0),
    laneClients: laneClientsOf(operations, lanes),
    ...columns,
    envelope,
    floors,
    order,
    partials: once(() => steps.map((each) => partialOrder({ operations, records, baseline }, each))),
    unknownPlaces,
    guilty,
    isGuilty: Uint8Array.from(operations, (_, index) => (guilty.has(index) ? 1 : 0)),
    outliers: outliersOf(columns, floors, envelope),
    guiltyInOrder: data.guilty,
    violations: violationsOf(operations, floors, data.guilty),
    tracks: data.tracks,
    indexOfOpId: new Map(operations.map(({ opId }, index) => [opId, index])),
    scales: scalesOf(data, timesMs),
    records,
    baseline,
    trims: trimStepsOf(operations, baseline.trimPoint),
    whole:
      data.window === null
        ? null
        : { overview: data.window.overview, events: unpackDeltas(data.window.events, data.eventCount) },
  };
}

/** Kind and outcome of a number in `styles`. */
export function styleOf(style: number): Pick<Operation, 'kind' | 'outcome'> {
  return {
    kind: KINDS[Math.floor(style / OUTCOMES.length)] ?? 'append',
    outcome: OUTCOMES[style % OUTCOMES.length] ?? 'unknown',
  };
}

function columnsOf(
  operations: readonly Operation[],
  unknownPlaces: ReadonlyMap<number, number>,
): Pick<HistoryModel, 'callEvents' | 'returnEvents' | 'styles' | 'staysOpen' | 'placeStarts' | 'placeEnds'> {
  const placeOf = (operation: Operation, index: number): number =>
    operation.startSeqNum ?? unknownPlaces.get(index) ?? Number.NaN;
  return {
    callEvents: Int32Array.from(operations, ({ callEvent }) => callEvent),
    returnEvents: Int32Array.from(operations, ({ returnEvent }) => returnEvent ?? NEVER),
    styles: Uint8Array.from(
      operations,
      ({ kind, outcome }) => KINDS.indexOf(kind) * OUTCOMES.length + OUTCOMES.indexOf(outcome),
    ),
    staysOpen: Uint8Array.from(operations, (operation) => (staysOpen(operation) ? 1 : 0)),
    placeStarts: Float64Array.from(operations, placeOf),
    placeEnds: Float64Array.from(
      operations,
      (operation, index) => operation.endSeqNum ?? placeOf(operation, index) + operation.recordCount,
    ),
  };
}

function outliersOf(
  { placeStarts, placeEnds, returnEvents }: ReturnType<typeof columnsOf>,
  floors: readonly number[],
  { events, ceiling }: Envelope,
): number[] {
  const outliers: number[] = [];
  for (let index = 0; index < placeStarts.length; index++) {
    const start = placeStarts[index] ?? Number.NaN;
    const step = Math.max(0, firstAbove(events, returnEvents[index] ?? NEVER) - 1);
    if (start < (floors[index] ?? 0) || (placeEnds[index] ?? 0) > (ceiling[step] ?? 0)) outliers.push(index);
  }
  return outliers;
}

function laneClientsOf(operations: readonly Operation[], lanes: readonly Lane[]): HistoryModel['laneClients'] {
  const times = new Map<number, { clientId: number; from: number; until: number }>();
  for (const { clientId, callEvent, returnEvent, gaveUpAtMs } of operations) {
    const until = gaveUpAtMs === null ? (returnEvent ?? NEVER) : callEvent;
    const known = times.get(clientId);
    if (known === undefined) times.set(clientId, { clientId, from: callEvent, until });
    else known.until = Math.max(known.until, until);
  }
  return lanes.map(({ clientIds }) => clientIds.flatMap((clientId) => times.get(clientId) ?? []));
}

function scalesOf(data: ChartData, timesMs: readonly number[] | null): HistoryModel['scales'] {
  const event = eventScale(timesMs, data.eventCount);
  if (timesMs === null) return { ms: null, warped: null, event };
  // Tracks are of the whole run; a part of the history is shown by itself.
  const tracks = data.window === null ? data.tracks : [];
  const endMs = tracks.reduce((latest, { spans }) => spans.reduce((end, span) => Math.max(end, span[1]), latest), 0);
  const rangeMs = [data.window === null ? 0 : (timesMs[0] ?? 0), endMs] as const;
  return { ms: millisecondScale(timesMs, rangeMs), warped: warpedScale(timesMs, rangeMs), event };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/**
 * The history as the charts use it: everything the page computes once from the packed data, before anyone
 * zooms. Read-only afterwards.
 */

import { type ChartData, unpackOperations, unpackOrder, unpackTimes } from '../chart-data.ts';
import { unpackDeltas } from '../columns.ts';
import { type Envelope, envelopeOf, floorsAtCall } from '../envelope.ts';
import { type Lane, lanesOf } from '../lanes.ts';
import { type OrderPoint, orderPoints, placesOfUnknowns } from '../linearization.ts';
import type { Operation } from '../operations.ts';
import { type RecordHashes, unpackRecordHashes } from '../record-hashes.ts';
import type { TrackRows } from '../track-rows.ts';
import { type Baseline, FROM_NOTHING, type Overview } from '../window.ts';
import { eventScale, millisecondScale, type TimeScale } from './time-scale.ts';

export interface HistoryModel {
  operations: readonly Operation[];
  eventCount: number;
  timesMs: readonly number[] | null;
  lanes: readonly Lane[];
  /** Index into `lanes`, by operation. */
  laneOf: readonly number[];
  envelope: Envelope;
  /** Largest tail reported before the call, by operation. */
  floors: readonly number[];
  /** Null when the checker found no order. */
  order: readonly OrderPoint[] | null;
  /** Event coordinate of each ordered operation's point, by operation. */
  pointOf: ReadonlyMap<number, number>;
  /** Where appends of unknown outcome took effect, as far as the order tells. */
  unknownPlaces: ReadonlyMap<number, number>;
  guilty: ReadonlySet<number>;
  guiltyInOrder: readonly number[];
  tracks: readonly TrackRows[];
  indexOfOpId: ReadonlyMap<number, number>;
  scales: { ms: TimeScale | null; event: TimeScale };
  records: RecordHashes | null;
  baseline: Baseline;
  /** Of a history that is carried in part: the whole in figures, and the place of each event in it. */
  whole: { overview: Overview; events: readonly number[] } | null;
}

export function modelOf(data: ChartData): HistoryModel {
  const operations = unpackOperations(data.operations);
  const timesMs = unpackTimes(data);
  const lanes = lanesOf(operations);
  const laneIndexes = new Map(lanes.flatMap(({ clientIds }, lane) => clientIds.map((clientId) => [clientId, lane])));
  const tracksEndMs = Math.max(
    0,
    ...data.tracks.map(({ spans }) => spans.reduce((end, span) => Math.max(end, span[1]), 0)),
  );
  const linearization = data.linearization === null ? null : unpackOrder(data.linearization);
  const order = linearization === null ? null : orderPoints(operations, linearization);
  const baseline = data.window?.baseline ?? FROM_NOTHING;
  return {
    operations,
    eventCount: data.eventCount,
    timesMs,
    lanes,
    laneOf: operations.map(({ clientId }) => laneIndexes.get(clientId) ?? 0),
    envelope: envelopeOf(operations, data.eventCount, baseline),
    floors: floorsAtCall(operations, data.eventCount, baseline),
    order,
    pointOf: new Map(order?.map(({ operation, event }) => [operation, event])),
    unknownPlaces: linearization === null ? new Map() : placesOfUnknowns(operations, linearization),
    guilty: new Set(data.guilty),
    guiltyInOrder: data.guilty,
    tracks: data.tracks,
    indexOfOpId: new Map(operations.map(({ opId }, index) => [opId, index])),
    scales: {
      ms: timesMs === null ? null : millisecondScale(timesMs, tracksEndMs),
      event: eventScale(timesMs, data.eventCount),
    },
    records: data.recordHashes === null ? null : unpackRecordHashes(data.recordHashes, operations),
    baseline,
    whole:
      data.window === null
        ? null
        : { overview: data.window.overview, events: unpackDeltas(data.window.events, data.eventCount) },
  };
}

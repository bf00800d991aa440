/**
 * The history as the charts use it: everything the page computes once from the packed data, before anyone
 * zooms. Read-only afterwards.
 */

import { type ChartData, unpackOperations, unpackTimes } from '../chart-data.ts';
import { type Envelope, envelopeOf, floorsAtCall } from '../envelope.ts';
import { type Lane, lanesOf } from '../lanes.ts';
import { type OrderPoint, orderPoints, placesOfUnknowns } from '../linearization.ts';
import type { Operation } from '../operations.ts';
import type { TrackRows } from '../track-rows.ts';
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
  const order = data.linearization === null ? null : orderPoints(operations, data.linearization);
  return {
    operations,
    eventCount: data.eventCount,
    timesMs,
    lanes,
    laneOf: operations.map(({ clientId }) => laneIndexes.get(clientId) ?? 0),
    envelope: envelopeOf(operations, data.eventCount),
    floors: floorsAtCall(operations, data.eventCount),
    order,
    pointOf: new Map(order?.map(({ operation, event }) => [operation, event])),
    unknownPlaces: data.linearization === null ? new Map() : placesOfUnknowns(operations, data.linearization),
    guilty: new Set(data.guilty),
    guiltyInOrder: data.guilty,
    tracks: data.tracks,
    indexOfOpId: new Map(operations.map(({ opId }, index) => [opId, index])),
    scales: {
      ms: timesMs === null ? null : millisecondScale(timesMs, tracksEndMs),
      event: eventScale(timesMs, data.eventCount),
    },
  };
}

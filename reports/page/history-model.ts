/**
 * The history as the charts use it: everything the page computes once from the packed data, before anyone
 * zooms. Read-only afterwards.
 */

import { type ChartData, unpackOperations, unpackTimes } from '../chart-data.ts';
import { type Envelope, envelopeOf, floorsAtCall } from '../envelope.ts';
import { type OrderPoint, orderPoints, placesOfUnknowns } from '../linearization.ts';
import type { Operation } from '../operations.ts';
import type { TrackRows } from '../track-rows.ts';
import { eventScale, millisecondScale, type TimeScale } from './time-scale.ts';

export interface HistoryModel {
  operations: readonly Operation[];
  eventCount: number;
  timesMs: readonly number[] | null;
  /** One lane per client, ascending by id. */
  lanes: readonly Lane[];
  /** Index into `lanes`, by operation. */
  laneOf: readonly number[];
  envelope: Envelope;
  /** Largest tail reported before the call, by operation. */
  floors: readonly number[];
  /** Null when the checker found no order. */
  order: readonly OrderPoint[] | null;
  /** Where appends of unknown outcome took effect, as far as the order tells. */
  unknownPlaces: ReadonlyMap<number, number>;
  guilty: ReadonlySet<number>;
  guiltyInOrder: readonly number[];
  tracks: readonly TrackRows[];
  indexOfOpId: ReadonlyMap<number, number>;
  scales: { ms: TimeScale | null; event: TimeScale };
}

export interface Lane {
  clientId: number;
  /** Indexes of the client's operations, in the order of their calls. */
  operations: readonly number[];
  /** Entry i: the latest end among the first i + 1 operations, in events. Never decreasing, so it can be bisected. */
  latestEnds: readonly number[];
}

export function modelOf(data: ChartData): HistoryModel {
  const operations = unpackOperations(data.operations);
  const timesMs = unpackTimes(data);
  const lanes = lanesOf(operations);
  const laneIndexes = new Map(lanes.map((lane, index) => [lane.clientId, index]));
  const tracksEndMs = Math.max(0, ...data.tracks.map(({ spans }) => spans.reduce((end, span) => Math.max(end, span[1]), 0)));
  return {
    operations,
    eventCount: data.eventCount,
    timesMs,
    lanes,
    laneOf: operations.map(({ clientId }) => laneIndexes.get(clientId) ?? 0),
    envelope: envelopeOf(operations, data.eventCount),
    floors: floorsAtCall(operations, data.eventCount),
    order: data.linearization === null ? null : orderPoints(operations, data.linearization),
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

/** Until when an operation matters: its return, or for ever if its outcome is unknown or it never returned. */
export function endEventOf(operation: Operation): number {
  const stays = operation.outcome === 'unknown' || operation.returnEvent === null;
  return stays ? Number.POSITIVE_INFINITY : (operation.returnEvent ?? 0);
}

function lanesOf(operations: readonly Operation[]): Lane[] {
  const byClient = new Map<number, number[]>();
  for (const [index, { clientId }] of operations.entries()) {
    const own = byClient.get(clientId);
    if (own === undefined) byClient.set(clientId, [index]);
    else own.push(index);
  }
  return [...byClient]
    .sort(([a], [b]) => a - b)
    .map(([clientId, own]) => {
      let latest = 0;
      const latestEnds = own.map((index) => {
        const operation = operations[index];
        return (latest = operation === undefined ? latest : Math.max(latest, endEventOf(operation)));
      });
      return { clientId, operations: own, latestEnds };
    });
}

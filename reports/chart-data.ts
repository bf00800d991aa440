/**
 * What a history page carries for its charts, packed: one JSON value of a few dozen bytes per operation.
 *
 * Columns instead of objects, small differences instead of large numbers, repeated strings once. Everything
 * that can be computed from it (envelope, linearization points) is computed in the page. `unpackOperations`
 * gives back exactly what was packed.
 */

import type { Operation, OperationKind, OperationOutcome } from './operations.ts';
import type { TrackRows } from './track-rows.ts';

export interface ChartData {
  /** Times of the events as differences, in units of `1 / unitsPerMs` ms; null when the history has no times. */
  eventTimeDeltas: readonly number[] | null;
  unitsPerMs: 1 | 1000;
  eventCount: number;
  operations: PackedOperations;
  /** Indexes into the operations, in the order the checker placed them. */
  linearization: readonly number[] | null;
  /** Indexes of the operations a failure names, most telling first. */
  guilty: readonly number[];
  tracks: readonly TrackRows[];
}

/** Optional columns hold -1 (numbers, string indexes) for none, and are empty when no operation has any. */
export interface PackedOperations {
  count: number;
  strings: readonly string[];
  opIdDeltas: readonly number[];
  clientIds: readonly number[];
  /** Index into KINDS × OUTCOMES. */
  kindOutcomes: readonly number[];
  callEventDeltas: readonly number[];
  /** Return minus call; 0 for no return. */
  durations: readonly number[];
  recordCounts: readonly number[];
  tails: readonly number[];
  matchSeqNums: readonly number[];
  fencingTokens: readonly number[];
  setFencingTokens: readonly number[];
  streamHashes: readonly (string | 0)[];
  callNotes: readonly number[];
  returnNotes: readonly number[];
  gaveUpAtMs: readonly number[];
}

const KINDS: readonly OperationKind[] = ['append', 'read', 'check-tail'];
const OUTCOMES: readonly OperationOutcome[] = ['durable', 'rejected', 'unknown', 'answered', 'failed', 'open'];
const NONE = -1;

export function packOperations(operations: readonly Operation[]): PackedOperations {
  const strings = new Map<string, number>();
  const stringIndex = (text: string | null): number => {
    if (text === null) return NONE;
    const known = strings.get(text);
    if (known !== undefined) return known;
    strings.set(text, strings.size);
    return strings.size - 1;
  };
  const optional = (of: (operation: Operation) => number): number[] => dropIfAll(NONE, operations.map(of));
  const columns = {
    opIdDeltas: toDeltas(operations.map((o) => o.opId)),
    clientIds: operations.map((o) => o.clientId),
    kindOutcomes: operations.map((o) => KINDS.indexOf(o.kind) * OUTCOMES.length + OUTCOMES.indexOf(o.outcome)),
    callEventDeltas: toDeltas(operations.map((o) => o.callEvent)),
    durations: operations.map((o) => (o.returnEvent === null ? 0 : o.returnEvent - o.callEvent)),
    recordCounts: operations.map((o) => o.recordCount),
    tails: optional((o) => o.endSeqNum ?? NONE),
    matchSeqNums: optional((o) => o.matchSeqNum ?? NONE),
    fencingTokens: optional((o) => stringIndex(o.fencingToken)),
    setFencingTokens: optional((o) => stringIndex(o.setFencingToken)),
    streamHashes: dropIfAll<string | 0>(
      0,
      operations.map((o) => o.streamHash ?? 0),
    ),
    callNotes: optional((o) => stringIndex(o.callNote)),
    returnNotes: optional((o) => stringIndex(o.returnNote)),
    gaveUpAtMs: optional((o) => o.gaveUpAtMs ?? NONE),
  };
  return { count: operations.length, strings: [...strings.keys()], ...columns };
}

export function unpackOperations(packed: PackedOperations): Operation[] {
  const opIds = fromDeltas(packed.opIdDeltas);
  const callEvents = fromDeltas(packed.callEventDeltas);
  const numberAt = (column: readonly number[], i: number): number | null => {
    const value = column[i] ?? NONE;
    return value === NONE ? null : value;
  };
  const stringAt = (column: readonly number[], i: number): string | null => {
    const index = numberAt(column, i);
    return index === null ? null : (packed.strings[index] ?? null);
  };
  return Array.from({ length: packed.count }, (_, i) => {
    const callEvent = callEvents[i] ?? 0;
    const duration = packed.durations[i] ?? 0;
    const recordCount = packed.recordCounts[i] ?? 0;
    const tail = numberAt(packed.tails, i);
    const kindOutcome = packed.kindOutcomes[i] ?? 0;
    return {
      opId: opIds[i] ?? 0,
      clientId: packed.clientIds[i] ?? 0,
      kind: KINDS[Math.floor(kindOutcome / OUTCOMES.length)] ?? 'append',
      outcome: OUTCOMES[kindOutcome % OUTCOMES.length] ?? 'unknown',
      callEvent,
      returnEvent: duration === 0 ? null : callEvent + duration,
      startSeqNum: tail === null ? null : tail - recordCount,
      endSeqNum: tail,
      recordCount,
      matchSeqNum: numberAt(packed.matchSeqNums, i),
      fencingToken: stringAt(packed.fencingTokens, i),
      setFencingToken: stringAt(packed.setFencingTokens, i),
      streamHash: packed.streamHashes[i] || null,
      callNote: stringAt(packed.callNotes, i),
      returnNote: stringAt(packed.returnNotes, i),
      gaveUpAtMs: numberAt(packed.gaveUpAtMs, i),
    };
  });
}

/** Whole milliseconds if all times are, else microseconds: integers either way, so that sums stay exact. */
export function packTimes(timesMs: readonly number[] | null): Pick<ChartData, 'eventTimeDeltas' | 'unitsPerMs'> {
  if (timesMs === null) return { eventTimeDeltas: null, unitsPerMs: 1 };
  const unitsPerMs = timesMs.every(Number.isInteger) ? 1 : 1000;
  return { eventTimeDeltas: toDeltas(timesMs.map((ms) => Math.round(ms * unitsPerMs))), unitsPerMs };
}

export function unpackTimes(data: Pick<ChartData, 'eventTimeDeltas' | 'unitsPerMs'>): number[] | null {
  if (data.eventTimeDeltas === null) return null;
  return fromDeltas(data.eventTimeDeltas).map((units) => units / data.unitsPerMs);
}

function toDeltas(values: readonly number[]): number[] {
  return values.map((value, i) => value - (i === 0 ? 0 : (values[i - 1] ?? 0)));
}

function fromDeltas(deltas: readonly number[]): number[] {
  let sum = 0;
  return deltas.map((delta) => (sum += delta));
}

function dropIfAll<T>(none: T, column: T[]): T[] {
  return column.every((value) => value === none) ? [] : column;
}

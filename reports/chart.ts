/**
 * A history as its page needs it: paired into operations, and the part of it that is carried packed for the charts. Pure.
 */

import type { History } from '../checker/history.ts';
import type { RunFailure, TrackMark, TrackMessage, TrackSpan } from '../scenarios/run.ts';
import { type ChartData, packOperations, packOrder, packTimes } from './chart-data.ts';
import { packDeltas } from './columns.ts';
import { evidenceOf } from './evidence.ts';
import { type LastWords, lastWordsOf, rivalsAt } from './last-words.ts';
import { messagesOf, packMessages } from './messages.ts';
import { eventTimesOf, type Operation, operationsOf } from './operations.ts';
import { packRecordHashes } from './record-hashes.ts';
import { trackRowsOf } from './track-rows.ts';
import { windowOf } from './window.ts';

export interface Chart {
  /** All of them, whatever part of them the page carries. */
  operations: readonly Operation[];
  eventCount: number;
  /** Indexes of the operations that the failure names, most telling first. */
  guilty: readonly number[];
  timesMs: readonly number[] | null;
  lastWords: LastWords | null;
  /** Who took himself for the owner when the most telling operation returned, though somebody else had taken over. */
  rivals: readonly string[];
  /** What the trace of a failure shows to be wrong by itself. */
  evidence: readonly string[];
  data: ChartData;
}

export function chartOf(source: {
  history: History;
  failure: RunFailure | null;
  linearization: readonly number[] | null;
  partialOrders: readonly (readonly number[])[];
  tracks: readonly TrackSpan[];
  marks: readonly TrackMark[];
  messages: readonly TrackMessage[] | null;
}): Chart {
  const { history } = source;
  const operations = operationsOf(history);
  const timesMs = eventTimesOf(history);
  const guilty = indexesOf(operations, source.failure?.opIds ?? []);
  const window = windowOf(operations, history.length, guilty);
  const carried = window?.operations ?? operations;
  const placeOf = (event: number): number => window?.events[event] ?? event;
  const times = window === null || timesMs === null ? timesMs : window.events.map((event) => timesMs[event] ?? 0);
  const data: ChartData = {
    ...packTimes(times),
    eventCount: window?.events.length ?? history.length,
    operations: packOperations(carried),
    linearization: source.linearization === null ? null : packOrder(indexesOf(carried, source.linearization)),
    guilty: indexesOf(carried, source.failure?.opIds ?? []),
    partialOrders: source.partialOrders.map((opIds) => packOrder(indexesOf(carried, opIds))),
    tracks: timesMs === null ? [] : trackRowsOf(source.tracks),
    messages: source.messages === null ? null : packMessages(messagesOf(source.messages, source.tracks)),
    recordHashes: packRecordHashes(history, carried, placeOf),
    window:
      window === null
        ? null
        : { baseline: window.baseline, overview: window.overview, events: packDeltas(window.events) },
  };
  const { tracks, marks } = source;
  const returnedAt = operations[guilty[0] ?? -1]?.returnEvent ?? null;
  return {
    ...{ operations, eventCount: history.length, guilty, timesMs, data },
    lastWords: lastWordsOf(operations, timesMs, tracks),
    rivals: returnedAt === null || timesMs === null ? [] : rivalsAt(tracks, timesMs[returnedAt] ?? 0),
    evidence: source.failure === null ? [] : evidenceOf({ operations, timesMs, tracks, marks, guilty }),
  };
}

function indexesOf(operations: readonly Operation[], opIds: readonly number[]): number[] {
  const indexes = new Map(operations.map((operation, index) => [operation.opId, index]));
  return opIds.flatMap((opId) => indexes.get(opId) ?? []);
}

/**
 * What had just happened when something that must always hold did not: the last faults, crashes and takeovers before that
 * moment, and the operations that were under way. For failures that name no operations themselves. Pure.
 */

import type { TrackSpan } from '../scenarios/run.ts';
import { formatNumber } from './figures.ts';
import type { Operation } from './operations.ts';

export interface LastWords {
  /** Milliseconds into the run. */
  atMs: number;
  /** `15,390 ms: crash node-2 (faults)`, the newest first. */
  lines: readonly string[];
  /** Indexes: what was under way then, else what had returned last; the newest first. */
  operations: readonly number[];
}

const LINES_MAX = 5;
const OPERATIONS_MAX = 4;
/** The tracks that tell a story; calls of the store and probes are too many. */
const TELLING = /^(faults|host )/;

/** Null when the moment is not known. */
export function lastWordsOf(
  operations: readonly Operation[],
  timesMs: readonly number[] | null,
  tracks: readonly TrackSpan[],
): LastWords | null {
  const atMs = tracks.find(({ track }) => track === 'failures')?.startMs;
  if (atMs === undefined || timesMs === null) return null;
  return { atMs, lines: linesBefore(tracks, atMs), operations: operationsAt(operations, timesMs, atMs) };
}

function linesBefore(tracks: readonly TrackSpan[], atMs: number): string[] {
  return tracks
    .filter(({ track, startMs, label }) => TELLING.test(track) && startMs <= atMs && label !== 'down')
    .sort((a, b) => b.startMs - a.startMs)
    .slice(0, LINES_MAX)
    .map(({ track, label, startMs, endMs }) => {
      const host = track.startsWith('host ') && !label.includes(track.slice(5)) ? `${track.slice(5)}: ` : '';
      const until = endMs > startMs && endMs < atMs ? `, until ${formatNumber(endMs)} ms` : '';
      return `${formatNumber(startMs)} ms: ${host}${label}${until}`;
    });
}

function operationsAt(operations: readonly Operation[], timesMs: readonly number[], atMs: number): number[] {
  const indexes = operations
    .map((operation, index) => ({ operation, index }))
    .filter(({ operation: { callEvent } }) => (timesMs[callEvent] ?? 0) <= atMs);
  const open = indexes.filter(({ operation: { returnEvent, gaveUpAtMs, outcome } }) => {
    const isBack = returnEvent !== null && (timesMs[returnEvent] ?? 0) < atMs;
    return gaveUpAtMs === null && outcome !== 'unknown' && !isBack;
  });
  const newest = open.length > 0 ? open : indexes;
  return newest
    .map(({ index }) => index)
    .reverse()
    .slice(0, OPERATIONS_MAX);
}

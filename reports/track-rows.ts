/**
 * Tracks of the simulator as rows of boxes: which spans share a track, in which row of it each one lies.
 *
 * Pure. Spans that overlap get rows of their own, up to a limit; faults come first, then hosts, then storage,
 * then whatever else was recorded. Sorting is stable and by start time, so equal runs give equal rows.
 */

import type { TrackSpan } from '../scenarios/run.ts';

export const TONES = ['neutral', 'good', 'warn', 'bad'] as const satisfies readonly TrackSpan['tone'][];

/** Start ms, end ms, index into TONES, row, label, detail (empty for none), when it took effect at the store. */
export type PackedSpan = readonly [number, number, number, number, string, string, (readonly number[])?];

export interface TrackRows {
  name: string;
  rowCount: number;
  /** Ascending by start. */
  spans: readonly PackedSpan[];
}

/** More rows than this are unreadable; what does not fit shares the last one. */
const ROWS_MAX = 8;
/** Room a point event takes in its row, so that two at the same moment lie in different rows. */
const MARK_MS = 0.001;
/** What comes first: what went wrong, then who did what, then every small thing. */
const RANKS = ['failures', 'faults', 'host', 'slots', 'storage', 'sessions', 'probes'];

export function trackRowsOf(spans: readonly TrackSpan[]): TrackRows[] {
  const byTrack = new Map<string, TrackSpan[]>();
  for (const span of spans) {
    const ofTrack = byTrack.get(span.track);
    if (ofTrack === undefined) byTrack.set(span.track, [span]);
    else ofTrack.push(span);
  }
  return [...byTrack]
    .sort(([a], [b]) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
    .map(([name, ofTrack]) => packTrack(name, ofTrack));
}

function packTrack(name: string, spans: readonly TrackSpan[]): TrackRows {
  const rowEndsMs: number[] = [];
  const packed = spans
    .toSorted((a, b) => a.startMs - b.startMs)
    .map((span): PackedSpan => {
      // Probes are many and points: one row of them, to be told apart by zooming in.
      const row = name.startsWith('probes') ? 0 : freeRow(rowEndsMs, span.startMs);
      const endMs = Math.max(span.endMs, span.startMs + MARK_MS);
      rowEndsMs[row] = Math.max(rowEndsMs[row] ?? endMs, endMs);
      const packed = [span.startMs, span.endMs, TONES.indexOf(span.tone), row, span.label, span.detail ?? ''] as const;
      return span.effectsMs === undefined ? packed : [...packed, span.effectsMs];
    });
  return { name, rowCount: rowEndsMs.length, spans: packed };
}

function freeRow(rowEndsMs: readonly number[], startMs: number): number {
  const free = rowEndsMs.findIndex((endMs) => endMs <= startMs);
  return free === -1 ? Math.min(rowEndsMs.length, ROWS_MAX - 1) : free;
}

function rankOf(track: string): number {
  const rank = RANKS.indexOf(track.split(' ')[0] ?? '');
  return rank === -1 ? RANKS.length : rank;
}

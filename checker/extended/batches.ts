/**
 * The batches of a stream as a chain of values that share what is before them: a state of the search holds its last one.
 *
 * Every batch also knows one further back (skew-binary jumps, after Myers), so that the one at a position is found in
 * logarithmic time however long the stream is.
 */

import type { Hash64 } from '../history.ts';
import { areOther } from './contents.ts';

export interface Batch {
  readonly start: number;
  readonly recordHashes: readonly Hash64[];
  /** Of all that a reader gets, where the recorder knows it. */
  readonly contentHashes: readonly Hash64[] | undefined;
  /** The latest call of its append and of those before it: its records are no older. */
  readonly calledMs: number;
  readonly before: Batch | null;
  readonly jump: Batch | null;
  readonly depth: number;
}

export function batchBehind(
  before: Batch | null,
  start: number,
  recordHashes: readonly Hash64[],
  contentHashes: readonly Hash64[] | undefined,
  calledMs = Number.NEGATIVE_INFINITY,
): Batch {
  const jump = before?.jump ?? null;
  const isPair = before !== null && jump !== null && before.depth - jump.depth === jump.depth - (jump.jump?.depth ?? 0);
  return {
    start,
    recordHashes,
    contentHashes,
    calledMs: Math.max(calledMs, before?.calledMs ?? calledMs),
    before,
    jump: isPair ? jump.jump : before,
    depth: (before?.depth ?? 0) + 1,
  };
}

/** The last batch that begins below `end`. */
export function batchBelow(last: Batch | null, end: number): Batch | null {
  let batch = last;
  while (batch !== null && batch.start >= end)
    batch = batch.jump !== null && batch.jump.start >= end ? batch.jump : batch.before;
  return batch;
}

/** Whether the records from `position` on are of batches called at the same times; both chains hold equally many records. */
export function areEquallyOld(one: Batch | null, other: Batch | null, position: number): boolean {
  let [a, b] = [one, other];
  // What both share is the same value, so the way back is as long as they differ.
  for (; a !== b; a = a.before, b = b.before) {
    if (a === null || b === null || a.start !== b.start || a.calledMs !== b.calledMs) return false;
    if (a.start <= position) return true;
  }
  return true;
}

/** The first position at which the records from `start` on are not those of the batches, or null. */
export function differenceFrom(
  last: Batch | null,
  start: number,
  recordHashes: readonly Hash64[],
  contentHashes: readonly Hash64[] | undefined,
): number | null {
  let batch = batchBelow(last, start + recordHashes.length);
  let found: number | null = null;
  for (; batch !== null && batch.start + batch.recordHashes.length > start; batch = batch.before)
    for (let i = batch.recordHashes.length - 1; i >= 0; i--) {
      const at = batch.start + i - start;
      if (at < 0 || at >= recordHashes.length) continue;
      if (recordHashes[at] !== batch.recordHashes[i] || areOther(contentHashes?.[at], batch.contentHashes?.[i]))
        found = batch.start + i;
    }
  return found;
}

/** The positions of [start, start + count) whose writers told no content. */
export function untoldIn(last: Batch | null, start: number, count: number): number[] {
  const positions: number[] = [];
  let batch = batchBelow(last, start + count);
  for (; batch !== null && batch.start + batch.recordHashes.length > start; batch = batch.before)
    if (batch.contentHashes === undefined)
      for (let i = 0; i < batch.recordHashes.length; i++) {
        const position = batch.start + i;
        if (position >= start && position < start + count) positions.push(position);
      }
  return positions;
}

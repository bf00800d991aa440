/**
 * The hashes of all records that appends carried, so that the page can follow the content of the stream along any order.
 *
 * Eight bytes a record: carried only where that keeps the page small. Pure.
 */

import type { History } from '../checker/history.ts';
import { ColumnReader, ColumnWriter } from './columns.ts';
import type { Operation } from './operations.ts';

/** Histories with more records than this per operation do without: they would double the page. */
const RECORDS_PER_OPERATION_MAX = 2;

/** Halves of the hashes, and where each operation's begin: those of operation i are [starts[i], starts[i + 1]). */
export interface RecordHashes {
  hi: Int32Array;
  lo: Int32Array;
  starts: Int32Array;
}

/** `events[i]` is the place in the history of the event that the operations call i. Null when there are too many. */
export function packRecordHashes(
  history: History,
  operations: readonly Operation[],
  placeOf: (event: number) => number,
): string | null {
  const total = operations.reduce((sum, { recordCount }) => sum + recordCount, 0);
  if (total > RECORDS_PER_OPERATION_MAX * operations.length + 64) return null;
  const writer = new ColumnWriter();
  for (const { callEvent } of operations) {
    const event = history[placeOf(callEvent)];
    if (event?.type !== 'call' || event.call.kind !== 'append') continue;
    for (const hash of event.call.recordHashes) {
      writer.word(Number(hash >> 32n) | 0);
      writer.word(Number(hash & 0xffff_ffffn) | 0);
    }
  }
  return writer.text();
}

export function unpackRecordHashes(packed: string, operations: readonly Operation[]): RecordHashes {
  const starts = new Int32Array(operations.length + 1);
  for (const [i, { recordCount }] of operations.entries()) starts[i + 1] = (starts[i] ?? 0) + recordCount;
  const total = starts.at(-1) ?? 0;
  const hi = new Int32Array(total);
  const lo = new Int32Array(total);
  const reader = new ColumnReader(packed);
  for (let i = 0; i < total; i++) {
    hi[i] = reader.word();
    lo[i] = reader.word();
  }
  return { hi, lo, starts };
}

/** 16 hex digits of one record's hash. */
export function hexOf(hi: number, lo: number): string {
  return (hi >>> 0).toString(16).padStart(8, '0') + (lo >>> 0).toString(16).padStart(8, '0');
}

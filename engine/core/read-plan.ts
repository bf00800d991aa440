/**
 * Where a unary read starts and how much it may return (S2 API contract §5.1-§5.3), decided against the
 * durable tail. Pure: the caller fetches the records.
 */

import { READ_METERED_BYTES_MAX, READ_RECORDS_MAX } from './limits.ts';
import type { StreamState } from './stream-state.ts';

export type ReadStart =
  | { kind: 'seq-num'; seqNum: number }
  | { kind: 'tail-offset'; offset: number }
  /** The first record with this timestamp or a later one. */
  | { kind: 'timestamp'; timestamp: number };

/** A start that is a number, or will be one without looking at records. */
export type NumberedStart = Exclude<ReadStart, { kind: 'timestamp' }>;

export interface ReadInput {
  start: ReadStart;
  /** A start beyond the tail is moved to the tail. */
  clamp: boolean;
  /** Limits as asked for; null is no limit of the caller's own. */
  count: number | null;
  meteredBytes: number | null;
}

export type ReadPlan =
  | { kind: 'records'; fromSeqNum: number; recordsMax: number; meteredBytesMax: number; belowTrim: boolean }
  /** Nothing there yet: S2's 416, which shows the tail. */
  | { kind: 'unwritten' };

export function planRead(stream: StreamState, input: ReadInput & { start: NumberedStart }): ReadPlan {
  const tail = stream.tail.seqNum;
  let from = input.start.kind === 'seq-num' ? input.start.seqNum : Math.max(0, tail - input.start.offset);
  if (from > tail) {
    if (!input.clamp) return { kind: 'unwritten' };
    from = tail;
  }
  if (from === tail) return { kind: 'unwritten' };
  return {
    kind: 'records',
    fromSeqNum: Math.max(from, stream.trimPoint),
    recordsMax: Math.min(input.count ?? READ_RECORDS_MAX, READ_RECORDS_MAX),
    meteredBytesMax: Math.min(input.meteredBytes ?? READ_METERED_BYTES_MAX, READ_METERED_BYTES_MAX),
    belowTrim: from < stream.trimPoint,
  };
}

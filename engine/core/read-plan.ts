/**
 * Where a read starts, how much it may return and when it ends (S2 API contract §5.1-§5.4), decided against the durable
 * tail. Pure: the caller fetches the records and knows the time.
 */

import { READ_METERED_BYTES_MAX, READ_RECORDS_MAX, READ_WAIT_MS_MAX } from './limits.ts';
import { meteredBytesOf, type SequencedRecord } from './record.ts';
import type { StreamState } from './stream-state.ts';

export type ReadStart =
  | { kind: 'seq-num'; seqNum: number }
  | { kind: 'tail-offset'; offset: number }
  /** The first record with this timestamp or a later one. */
  | { kind: 'timestamp'; timestamp: number };

export interface ReadInput {
  start: ReadStart;
  /** A start beyond the tail is moved to the tail. */
  clamp: boolean;
  /** Limits as asked for; null is no limit of the caller's own. */
  count: number | null;
  meteredBytes: number | null;
  /** The first record with this timestamp or a later one ends the read, and is not part of it. Null: none does. */
  untilTimestamp: number | null;
  /** How long to wait at the tail for a record, and for each one after that; null leaves it to the other limits. */
  waitMs: number | null;
}

/** A unary read is always bounded, whatever was asked for (§5.1). */
export function boundedRead(input: ReadInput): ReadInput {
  return {
    ...input,
    count: Math.min(input.count ?? READ_RECORDS_MAX, READ_RECORDS_MAX),
    meteredBytes: Math.min(input.meteredBytes ?? READ_METERED_BYTES_MAX, READ_METERED_BYTES_MAX),
    waitMs: input.waitMs === null ? null : Math.min(input.waitMs, READ_WAIT_MS_MAX),
  };
}

/** Does the read go on at the tail? One without any bound does for ever, another one as long as it may wait (§5.1). */
export function mayFollow({ count, meteredBytes: bytes, untilTimestamp, waitMs }: ReadInput): boolean {
  return (waitMs ?? 0) > 0 || (count === null && bytes === null && untilTimestamp === null);
}

export type StartPlan =
  | { kind: 'from'; seqNum: number }
  /** At the first record with this timestamp or a later one; at the tail when there is none any more. */
  | { kind: 'seek'; timestamp: number }
  /** Nothing there yet, and the read does not wait for it: S2's 416, which shows the tail. */
  | { kind: 'unwritten' };

/** §5.2. The number may lie below the trim point: what is not there is passed over silently. */
export function planStart({ tail }: Pick<StreamState, 'tail'>, input: ReadInput): StartPlan {
  const { start } = input;
  if (start.kind === 'timestamp' && start.timestamp <= tail.timestamp)
    return { kind: 'seek', timestamp: start.timestamp };
  const wanted = wantedSeqNum(start, tail.seqNum);
  if (wanted > tail.seqNum && !input.clamp) return { kind: 'unwritten' };
  const seqNum = Math.min(wanted, tail.seqNum);
  return seqNum === tail.seqNum && !mayFollow(input) ? { kind: 'unwritten' } : { kind: 'from', seqNum };
}

/** A timestamp that reaches here is later than every record. */
function wantedSeqNum(start: ReadStart, tail: number): number {
  switch (start.kind) {
    case 'seq-num':
      return start.seqNum;
    case 'tail-offset':
      return Math.max(0, tail - start.offset);
    case 'timestamp':
      return Infinity;
  }
}

/** What is left of a read's limits while its records are handed out, in batches of at most 1,000 records and 1 MiB. */
export class ReadAllowance {
  #records: number;
  #meteredBytes: number;
  readonly #untilTimestamp: number;
  #isReached = false;
  #takenBytes = 0;

  constructor({ count, meteredBytes: bytes, untilTimestamp }: ReadInput) {
    this.#records = count ?? Infinity;
    this.#meteredBytes = bytes ?? Infinity;
    this.#untilTimestamp = untilTimestamp ?? Infinity;
  }

  /** Limits of the next batch. */
  get batch(): { recordsMax: number; meteredBytesMax: number } {
    return {
      recordsMax: Math.min(this.#records, READ_RECORDS_MAX),
      meteredBytesMax: Math.min(this.#meteredBytes, READ_METERED_BYTES_MAX),
    };
  }

  /** Metered bytes of all records handed out. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** No record that follows may be handed out any more. */
  get isSpent(): boolean {
    return this.#isReached || this.#records <= 0 || this.#meteredBytes <= 0;
  }

  /** A record did not fit: the read is over. */
  refuse(): void {
    this.#isReached = true;
  }

  /** Those of `records` that may be handed out, which were fetched within the limits of `batch`. */
  take(records: readonly SequencedRecord[]): readonly SequencedRecord[] {
    const end = records.findIndex((record) => record.timestamp >= this.#untilTimestamp);
    this.#isReached = end >= 0;
    const taken = end < 0 ? records : records.slice(0, end);
    this.#records -= taken.length;
    const bytes = meteredBytesOf(taken);
    this.#meteredBytes -= bytes;
    this.#takenBytes += bytes;
    return taken;
  }
}

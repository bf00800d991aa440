/**
 * May this batch be appended to this stream, and what becomes of the stream? Decided synchronously against
 * the speculative state, in S2's order of checks (API contract §4.1 rows 8-10, §4.2, §4.3).
 */

import { assert } from './assert.ts';
import type { ChunkSpan } from './chunk.ts';
import { type AppendRecord, isCommand, parseCommand } from './record.ts';
import type { StampedBatch } from './stamped-batch.ts';
import type { StreamState } from './stream-state.ts';

export interface AppendInput {
  records: readonly AppendRecord[];
  /** The append succeeds only if the first record gets this number. */
  matchSeqNum: number | null;
  /** The append succeeds only if this token is in force. An append without one is never fenced off. */
  fencingToken: string | null;
}

/** Why a condition did not hold, with the state that contradicts it. */
export type ConditionFailure =
  | { kind: 'fencing-token-mismatch'; actual: string }
  | { kind: 'seq-num-mismatch'; actual: number };

/** A record's timestamp is not what the stream's configuration wants. */
export interface TimestampFailure {
  kind: 'timestamp-missing' | 'timestamp-too-large';
}

/** A batch with its numbers, timestamps and effects, ready for the log. */
export interface AdmittedChunk extends ChunkSpan {
  /** The token in force after the batch, if it changed it. */
  fencingToken: string | null;
  /** The trim point after the batch, if it moved it. */
  trimPoint: number | null;
  batch: StampedBatch;
  /** True when a timestamp had to be raised to the one before it. */
  timestampRaised: boolean;
}

export type Admission =
  | { kind: 'admitted'; chunk: AdmittedChunk }
  | { kind: 'refused'; failure: ConditionFailure | TimestampFailure };

/** `nowMs` is the wall clock, sampled once for the batch. The batch itself was validated before. */
export function admit(stream: StreamState, input: AppendInput, nowMs: number): Admission {
  if (input.fencingToken !== null && input.fencingToken !== stream.fencingToken) {
    return { kind: 'refused', failure: { kind: 'fencing-token-mismatch', actual: stream.fencingToken } };
  }
  if (input.matchSeqNum !== null && input.matchSeqNum !== stream.tail.seqNum) {
    return { kind: 'refused', failure: { kind: 'seq-num-mismatch', actual: stream.tail.seqNum } };
  }
  const stamps = stamp(stream, input.records, nowMs);
  if ('kind' in stamps) return { kind: 'refused', failure: stamps };
  return { kind: 'admitted', chunk: sequence(stream, input.records, stamps) };
}

function sequence(stream: StreamState, records: readonly AppendRecord[], stamps: Stamps): AdmittedChunk {
  assert(records.length > 0, 'an empty batch is refused before admission');
  const { fencingToken, trimPoint } = records.some(isCommand) ? commandEffects(stream, records) : NO_EFFECTS;
  return {
    firstSeqNum: stream.tail.seqNum,
    count: records.length,
    firstTimestamp: stamps.first,
    lastTimestamp: stamps.last,
    fencingToken,
    trimPoint,
    batch: { records, deltas: stamps.deltas },
    timestampRaised: stamps.raised,
  };
}

interface Stamps {
  first: number;
  last: number;
  /** See `StampedBatch`. */
  deltas: number[] | null;
  /** A timestamp had to be raised to the one before it. */
  raised: boolean;
}

/**
 * The client's timestamp or now, as the mode says; capped at now unless the stream is uncapped; and never below the one
 * before, which comes last, so a timestamp is ahead of now when the stream is.
 */
function stamp(
  { config: { timestampingMode, timestampingUncapped }, tail }: StreamState,
  records: readonly AppendRecord[],
  nowMs: number,
): Stamps | TimestampFailure {
  let runningMax = tail.timestamp;
  let first = 0;
  let raised = false;
  let deltas: number[] | null = null;
  for (let i = 0; i < records.length; i++) {
    const asked = (records[i] as AppendRecord).timestamp;
    if (asked === null && timestampingMode === 'client-require') return { kind: 'timestamp-missing' };
    let wanted = asked === null || timestampingMode === 'arrival' ? nowMs : asked;
    if (!timestampingUncapped) wanted = Math.min(wanted, nowMs);
    // What is stored is exact: beyond that a timestamp would become another one.
    if (wanted > Number.MAX_SAFE_INTEGER) return { kind: 'timestamp-too-large' };
    if (wanted < runningMax) raised = true;
    const before = runningMax;
    runningMax = Math.max(runningMax, wanted);
    if (i === 0) first = runningMax;
    else if (runningMax !== before) deltas ??= Array.from<number>({ length: i }).fill(0);
    if (i > 0) deltas?.push(runningMax - before);
  }
  return { first, last: runningMax, deltas, raised };
}

const NO_EFFECTS = { fencingToken: null, trimPoint: null };

/** Commands act record by record; the last fence wins, trims only move forward and never past themselves. */
function commandEffects(stream: StreamState, records: readonly AppendRecord[]) {
  const firstSeqNum = stream.tail.seqNum;
  let fencingToken: string | null = null;
  let trimPoint = stream.trimPoint;
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as AppendRecord;
    if (!isCommand(record)) continue;
    const command = parseCommand(record);
    assert(typeof command !== 'string', 'commands were validated before admission');
    if (command.op === 'fence') fencingToken = command.token;
    else trimPoint = Math.max(trimPoint, Math.min(command.trimPoint, firstSeqNum + index + 1));
  }
  return { fencingToken, trimPoint: trimPoint === stream.trimPoint ? null : trimPoint };
}

/**
 * May this batch be appended to this stream, and what becomes of the stream? Decided synchronously against
 * the speculative state, in S2's order of checks (API contract §4.1 rows 8-10, §4.2, §4.3).
 */

import { assert } from './assert.ts';
import type { ChunkFacts } from './chunk.ts';
import { AES_GCM_SEQ_NUM_MAX } from './limits.ts';
import { type AppendRecord, isCommand, meteredBytes, parseCommand } from './record.ts';
import { encodedLength, type StampedBatch } from './stamped-batch.ts';
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
interface TimestampFailure {
  kind: 'timestamp-missing' | 'timestamp-too-large';
}

/** Nonces are drawn at random, and of so few bits that a stream may not have as many records as there are numbers. */
interface NonceFailure {
  kind: 'nonces-spent';
  seqNumMax: number;
  attempted: number;
}

/** Why an append that could be decided has no effect. */
export type AppendFailure = ConditionFailure | TimestampFailure | NonceFailure;

/** A batch with its numbers, timestamps and effects: a chunk on its way into the log, where it is encoded. */
export interface AdmittedChunk extends ChunkFacts {
  batch: StampedBatch;
  /** Length of `batch` as it will be encoded. */
  batchBytes: number;
  /** True when a timestamp had to be raised to the one before it. */
  timestampRaised: boolean;
  /** The row it was admitted against. */
  before: StreamState;
  /** What the fold made of that row; null until somebody asked. */
  after: StreamState | null;
}

export interface Refusal {
  type: 'refused';
  failure: AppendFailure;
}

/**
 * `nowMs` is the wall clock, sampled once for the batch, and `arrivalMs` the same, but never below that of a batch before,
 * whatever its stream. The batch itself was validated before.
 */
export function admit(
  stream: StreamState,
  input: AppendInput,
  nowMs: number,
  arrivalMs: number,
): AdmittedChunk | Refusal {
  if (input.fencingToken !== null && input.fencingToken !== stream.fencingToken) {
    return { type: 'refused', failure: { kind: 'fencing-token-mismatch', actual: stream.fencingToken } };
  }
  if (input.matchSeqNum !== null && input.matchSeqNum !== stream.tail.seqNum) {
    return { type: 'refused', failure: { kind: 'seq-num-mismatch', actual: stream.tail.seqNum } };
  }
  if (stream.cipher === 'aes-256-gcm' && stream.tail.seqNum + input.records.length - 1 > AES_GCM_SEQ_NUM_MAX) {
    return sequenceWithNonces(stream, input.records, nowMs, arrivalMs);
  }
  return sequence(stream, input.records, nowMs, arrivalMs);
}

/** Record by record: what is wrong with an earlier one comes first. Commands are not sealed. */
function sequenceWithNonces(
  stream: StreamState,
  records: readonly AppendRecord[],
  nowMs: number,
  arrivalMs: number,
): AdmittedChunk | Refusal {
  const { seqNum } = stream.tail;
  const beyond = records.findIndex((record, i) => seqNum + i > AES_GCM_SEQ_NUM_MAX && !isCommand(record));
  if (beyond < 0) return sequence(stream, records, nowMs, arrivalMs);
  const before = beyond === 0 ? null : sequence(stream, records.slice(0, beyond), nowMs, arrivalMs);
  if (before?.type === 'refused') return before;
  const failure = { kind: 'nonces-spent', seqNumMax: AES_GCM_SEQ_NUM_MAX, attempted: seqNum + beyond } as const;
  return { type: 'refused', failure };
}

/**
 * The timestamp of a record is the client's or now, as the mode says; capped at now unless the stream is uncapped; and never
 * below the one before, which comes last, so a timestamp is ahead of now when the stream is.
 */
function sequence(
  stream: StreamState,
  records: readonly AppendRecord[],
  nowMs: number,
  arrivalMs: number,
): AdmittedChunk | Refusal {
  assert(records.length > 0, 'an empty batch is refused before admission');
  const { timestampingMode, timestampingUncapped } = stream.config;
  let runningMax = stream.tail.timestamp;
  let firstTimestamp = 0;
  let timestampRaised = false;
  let hasCommands = false;
  let { appendedBytes } = stream;
  let deltas: number[] | null = null;
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as AppendRecord;
    const asked = record.timestamp;
    if (asked === null && timestampingMode === 'client-require') return refused('timestamp-missing');
    let wanted = asked === null || timestampingMode === 'arrival' ? nowMs : asked;
    if (!timestampingUncapped) wanted = Math.min(wanted, nowMs);
    // What is stored is exact: beyond that a timestamp would become another one.
    if (wanted > Number.MAX_SAFE_INTEGER) return refused('timestamp-too-large');
    if (wanted < runningMax) timestampRaised = true;
    const before = runningMax;
    runningMax = Math.max(runningMax, wanted);
    if (i === 0) firstTimestamp = runningMax;
    else if (runningMax !== before) deltas ??= Array.from<number>({ length: i }).fill(0);
    if (i > 0) deltas?.push(runningMax - before);
    if (isCommand(record)) hasCommands = true;
    appendedBytes += meteredBytes(record);
  }
  const { fencingToken, trimPoint } = hasCommands ? commandEffects(stream, records) : NO_EFFECTS;
  const batch = { records, deltas };
  return {
    type: 'chunk',
    streamId: stream.id,
    firstSeqNum: stream.tail.seqNum,
    count: records.length,
    firstTimestamp,
    lastTimestamp: runningMax,
    arrivalMs,
    appendedBytes,
    fencingToken,
    trimPoint,
    batch,
    batchBytes: encodedLength(batch),
    timestampRaised,
    before: stream,
    after: null,
  };
}

function refused(kind: TimestampFailure['kind']): Refusal {
  return { type: 'refused', failure: { kind } };
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

/**
 * The invariants of the specification: what is true of every stream and of every answer, whatever happened before. Pure; each
 * function says in words what is broken, or null.
 *
 * They hold in the specification's own worlds (`spec.test.ts`) and are evaluated inside every simulated run on what servers
 * answer and on what is durable at its end (`scenarios/invariants/`).
 */

import type {
  AppendAck,
  AppendInput,
  AppendOutcome,
  ListQuery,
  ReadInput,
  SequencedRecord,
  StreamConfig,
  StreamPosition,
} from '../../engine/index.ts';

/** A stream, as far as the invariants look at it. */
export interface StreamFacts {
  config: StreamConfig;
  tail: StreamPosition;
  /** Records below are gone. */
  trimPoint: number;
  fencingToken: string;
  /** What is left, in order. */
  records: readonly { seqNum: number; timestamp: number; command: RecordCommand | null }[];
}

export type RecordCommand = { op: 'fence'; token: string } | { op: 'trim'; to: number };

type Refusal = Extract<AppendOutcome, { kind: 'rejected' }>['reason'];

// --- streams -----------------------------------------------------------------------------------------------

export function brokenStream({ config, tail, trimPoint, fencingToken, records }: StreamFacts): string | null {
  if (trimPoint > tail.seqNum) return `everything below ${trimPoint} is trimmed, and the tail is ${tail.seqNum}`;
  if (records.length !== tail.seqNum - trimPoint) {
    return `${records.length} records are left between the trim point ${trimPoint} and the tail ${tail.seqNum}`;
  }
  let before = 0;
  for (const [index, { seqNum, timestamp, command }] of records.entries()) {
    if (seqNum !== trimPoint + index) return `record ${seqNum} is where ${trimPoint + index} is due`;
    if (timestamp < before) return `timestamps run backwards from ${before} to ${timestamp} at record ${seqNum}`;
    before = timestamp;
    if (command?.op === 'trim' && Math.min(command.to, seqNum + 1) > trimPoint) {
      return `record ${seqNum} trims to ${command.to}, and the trim point is ${trimPoint}`;
    }
  }
  if (records.length > 0 && before !== tail.timestamp) {
    return `the last record is of ${before}, and the tail says ${tail.timestamp}`;
  }
  const fence = records.findLast(({ command }) => command?.op === 'fence')?.command;
  if (fence?.op === 'fence' && fence.token !== fencingToken) {
    return `the last fence set the token "${fence.token}", and "${fencingToken}" is in force`;
  }
  return config.retentionAgeS === 'infinite' || config.retentionAgeS > 0 ? null : 'its retention is of no time';
}

// --- appends -----------------------------------------------------------------------------------------------

export function brokenAck({ records, matchSeqNum }: AppendInput, { start, end, tail }: AppendAck): string | null {
  if (end.seqNum - start.seqNum !== records.length) {
    return `${records.length} records were acknowledged as ${start.seqNum}..${end.seqNum}`;
  }
  if (matchSeqNum !== null && matchSeqNum !== start.seqNum) {
    return `an append that match_seq_num allows at ${matchSeqNum} only was acknowledged at ${start.seqNum}`;
  }
  if (tail.seqNum < end.seqNum || tail.timestamp < end.timestamp) {
    return `the end of an acknowledgement, ${shown(end)}, is behind its tail, ${shown(tail)}`;
  }
  if (end.timestamp < start.timestamp)
    return `timestamps of a batch run backwards from ${shown(start)} to ${shown(end)}`;
  const isOfOneMoment = records.every(({ timestamp }) => timestamp === null);
  if (isOfOneMoment && start.timestamp !== end.timestamp) {
    return `a batch that claims no timestamps has those of two moments, ${start.timestamp} and ${end.timestamp}`;
  }
  return null;
}

/** A condition that is said to have failed did fail. */
export function brokenRefusal({ records, matchSeqNum, fencingToken }: AppendInput, reason: Refusal): string | null {
  switch (reason.kind) {
    case 'seq-num-mismatch':
      return matchSeqNum === null || matchSeqNum === reason.actual
        ? `an append for ${matchSeqNum ?? 'any number'} was refused because ${reason.actual} is next`
        : null;
    case 'fencing-token-mismatch':
      return fencingToken === null || fencingToken === reason.actual
        ? `an append with ${fencingToken === null ? 'no token' : `the token "${fencingToken}"`} was refused because "${reason.actual}" is in force`
        : null;
    case 'timestamp-missing':
      return records.every(({ timestamp }) => timestamp !== null)
        ? 'a batch in which every record has a timestamp was refused because one is missing'
        : null;
    default:
      return null;
  }
}

// --- reads -------------------------------------------------------------------------------------------------

/** `taken`: records and metered bytes that the read had returned before. */
export function brokenPage(
  { start, clamp, count, meteredBytes, untilTimestamp }: ReadInput,
  records: readonly SequencedRecord[],
  tail: StreamPosition | null,
  taken = { records: 0, meteredBytes: 0 },
): string | null {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return null;
  // Runs read thousands of records: this loop is what the invariants cost.
  for (let index = 1, before = first; index < records.length; index++) {
    const record = records[index] as SequencedRecord;
    if (record.seqNum !== before.seqNum + 1) return `record ${record.seqNum} follows ${before.seqNum}`;
    if (record.timestamp < before.timestamp) return `timestamps run backwards at record ${record.seqNum}`;
    before = record;
  }
  // One that may be moved to the tail begins before what was asked for, then.
  if (!clamp && start.kind === 'seq-num' && first.seqNum < start.seqNum) {
    return `a read from ${start.seqNum} returned ${first.seqNum}`;
  }
  if (!clamp && start.kind === 'timestamp' && first.timestamp < start.timestamp) {
    return `a read from timestamp ${start.timestamp} returned record ${first.seqNum} of ${first.timestamp}`;
  }
  if (untilTimestamp !== null && last.timestamp >= untilTimestamp) {
    return `a read until ${untilTimestamp} returned record ${last.seqNum} of ${last.timestamp}`;
  }
  const total = taken.records + records.length;
  if (count !== null && total > count) return `a read of ${count} records returned ${total}`;
  const bytes = meteredBytes === null ? 0 : records.reduce((sum, record) => sum + metered(record), taken.meteredBytes);
  if (meteredBytes !== null && bytes > meteredBytes) return `a read of ${meteredBytes} bytes returned ${bytes}`;
  return tail !== null && (tail.seqNum <= last.seqNum || tail.timestamp < last.timestamp)
    ? `record ${last.seqNum} was returned with the tail ${shown(tail)}`
    : null;
}

/** Nothing is written where it was to begin. */
export function brokenUnwritten({ start }: ReadInput, tail: StreamPosition): string | null {
  const isWritten =
    (start.kind === 'seq-num' && start.seqNum < tail.seqNum) ||
    (start.kind === 'timestamp' && start.timestamp <= tail.timestamp && tail.seqNum > 0) ||
    (start.kind === 'tail-offset' && start.offset > 0 && tail.seqNum > 0);
  return isWritten
    ? `a read from ${JSON.stringify(start)} was refused as unwritten with the tail ${shown(tail)}`
    : null;
}

export function metered({ headers, body }: Pick<SequencedRecord, 'headers' | 'body'>): number {
  return headers.reduce((sum, { name, value }) => sum + 2 + name.length + value.length, 8 + body.length);
}

// --- listings ----------------------------------------------------------------------------------------------

export function brokenListing({ prefix, startAfter, limit }: ListQuery, names: readonly string[]): string | null {
  if (names.length > limit) return `a listing of ${limit} names returned ${names.length}`;
  for (const [index, name] of names.entries()) {
    const before = names[index - 1] ?? startAfter;
    if (!name.startsWith(prefix)) return `a listing of "${prefix}" returned "${name}"`;
    if (before !== '' && compareBytes(before, name) >= 0) return `a listing returned "${name}" behind "${before}"`;
  }
  return null;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function shown({ seqNum, timestamp }: StreamPosition): string {
  return `${seqNum}@${timestamp}`;
}

/** The specification of appends and reads (S2 API contract §4.1-§4.5, §5.1-§5.5), of a stream that is there. */

import type { Batch, ReadRange } from './commands.ts';
import { commandOf, type SpecRecord, type Stream, tailOf } from './world.ts';

type Answer = Record<string, unknown>;
type Shown = Omit<SpecRecord, 'arrivedMs'> & { seqNum: number };

// --- appends -----------------------------------------------------------------------------------------------

/** The stream afterwards, and what the client is told. */
export function append(stream: Stream, { records, fencingToken, matchSeqNum }: Batch, nowMs: number): [Stream, Answer] {
  const refused = (reason: Answer): [Stream, Answer] => [stream, { kind: 'rejected', reason }];
  if (fencingToken !== null && fencingToken !== stream.fencingToken) {
    return refused({ kind: 'fencing-token-mismatch', actual: stream.fencingToken });
  }
  if (matchSeqNum !== null && matchSeqNum !== stream.records.length) {
    return refused({ kind: 'seq-num-mismatch', actual: stream.records.length });
  }
  const { timestampingMode: mode, timestampingUncapped: uncapped } = stream.config;
  if (mode === 'client-require' && records.some(({ timestamp }) => timestamp === null)) {
    return refused({ kind: 'timestamp-missing' });
  }
  let after: Stream = { ...stream, idleSinceMs: nowMs };
  for (const { timestamp: asked, ...record } of records) {
    const wished = mode === 'arrival' ? nowMs : (asked ?? nowMs);
    const timestamp = Math.max(uncapped ? wished : Math.min(wished, nowMs), tailOf(after).timestamp);
    after = afterCommand({ ...after, records: [...after.records, { ...record, timestamp, arrivedMs: nowMs }] }, record);
  }
  const start = { seqNum: stream.records.length, timestamp: after.records[stream.records.length]?.timestamp };
  const tail = tailOf(after);
  return [after, { kind: 'durable', ack: { start, end: tail, tail } }];
}

/** Batches of a session: behind the first that fails nothing has an effect or an answer. */
export function appendAll(stream: Stream, batches: readonly Batch[], nowMs: number): [Stream, Answer[]] {
  const [first, ...rest] = batches;
  if (first === undefined) return [stream, []];
  const [after, answer] = append(stream, first, nowMs);
  if (answer['kind'] !== 'durable') return [after, [answer]];
  const [last, answers] = appendAll(after, rest, nowMs);
  return [last, [answer, ...answers]];
}

/** A command acts on the stream that ends with it. */
function afterCommand(stream: Stream, record: Pick<SpecRecord, 'headers' | 'body'>): Stream {
  const command = commandOf(record);
  if (command === null) return stream;
  if (command.op === 'fence') return { ...stream, fencingToken: command.token };
  return { ...stream, trimPoint: Math.max(stream.trimPoint, Math.min(command.to, stream.records.length)) };
}

// --- reads -------------------------------------------------------------------------------------------------

/** One without any bound follows for ever, another one as long as it may wait. */
function mayFollow({ count, bytes, until, waitMs }: ReadRange): boolean {
  return (waitMs ?? 0) > 0 || (count === null && bytes === null && until === null);
}

/** The number a read begins at, which may be below what is left; null when nothing is written there yet (416). */
function startOf(stream: Stream, range: ReadRange): number | null {
  const tail = tailOf(stream);
  const { kind, seqNum, offset, timestamp } = range.start;
  if (kind === 'timestamp' && timestamp <= tail.timestamp) {
    const found = stream.records.findIndex((record, at) => at >= stream.trimPoint && record.timestamp >= timestamp);
    return found < 0 ? tail.seqNum : found;
  }
  const wanted = { 'seq-num': seqNum, 'tail-offset': Math.max(0, tail.seqNum - offset), timestamp: Infinity }[kind];
  if (wanted > tail.seqNum && !range.clamp) return null;
  return wanted >= tail.seqNum && !mayFollow(range) ? null : Math.min(wanted, tail.seqNum);
}

/** The limits of a read, or what is left of them. */
interface Limits {
  count: number;
  bytes: number;
  until: number;
}

function limitsOf({ count, bytes, until }: ReadRange): Limits {
  return { count: count ?? Infinity, bytes: bytes ?? Infinity, until: until ?? Infinity };
}

interface Taken {
  records: Shown[];
  left: Limits;
  /** A limit is reached: nothing more will be taken. */
  isOver: boolean;
}

/** The records from there on, as far as the limits go. */
function take(stream: Stream, from: number, limits: Limits): Taken {
  const records: Shown[] = [];
  let { count, bytes } = limits;
  for (let seqNum = Math.max(from, stream.trimPoint); seqNum < stream.records.length; seqNum++) {
    const { arrivedMs: _, ...record } = stream.records[seqNum] as SpecRecord;
    if (count === 0 || metered(record) > bytes || record.timestamp >= limits.until) {
      return { records, left: limits, isOver: true };
    }
    records.push({ seqNum, ...record });
    [count, bytes] = [count - 1, bytes - metered(record)];
  }
  const isOver = from < stream.records.length && (count === 0 || bytes === 0);
  return { records, left: { ...limits, count, bytes }, isOver };
}

/** One batch, waited for at the tail; and how long that took. */
export function read(stream: Stream, range: ReadRange): [Answer, number] {
  const bounded = {
    ...range,
    count: Math.min(range.count ?? 1000, 1000),
    bytes: Math.min(range.bytes ?? 2 ** 20, 2 ** 20),
  };
  const from = startOf(stream, bounded);
  if (from === null) return [{ kind: 'unwritten', tail: tailOf(stream) }, 0];
  const { records, isOver } = take(stream, from, limitsOf(bounded));
  const waits = records.length === 0 && !isOver;
  return [{ kind: 'batch', records }, waits ? (range.waitMs ?? 0) : 0];
}

/**
 * A read session during which others append, one batch at a time: the stream afterwards, the events the reader is told and
 * what the others are, and how long it took until the reader heard nothing more.
 */
export function follow(
  stream: Stream,
  { appended, ...range }: ReadRange & { appended: readonly Batch[] },
  nowMs: number,
): [Stream, Answer, number] {
  const from = startOf(stream, range);
  if (from === null) return [stream, { kind: 'unwritten', tail: tailOf(stream) }, 0];
  const events: Answer[] = [];
  const tell = (records: Shown[], tail: Answer | null) =>
    records.length > 0 && events.push({ kind: 'batch', records, tail });
  let { records, left, isOver } = take(stream, from, limitsOf(range));
  tell(records, null);
  isOver ||= !mayFollow(range) || range.waitMs === 0;
  if (!isOver) events.push({ kind: 'heartbeat', tail: tailOf(stream) });
  const appends: Answer[] = [];
  let after = stream;
  for (const batch of appended) {
    const shownTo = after.records.length;
    const [next, answer] = append(after, batch, nowMs);
    appends.push(answer);
    after = next;
    if (isOver || next.records.length === shownTo) continue;
    // Who follows is shown what came, even if it trimmed itself.
    ({ records, left, isOver } = take({ ...after, trimPoint: 0 }, shownTo, left));
    tell(records, tailOf(after));
  }
  return [after, { kind: 'open', events, appends }, isOver ? 0 : (range.waitMs ?? 0)];
}

function metered({ headers, body }: Pick<SpecRecord, 'headers' | 'body'>): number {
  const bytes = (text: string) => Buffer.byteLength(text, 'latin1');
  return 8 + headers.reduce((sum, [name, value]) => sum + 2 + bytes(name) + bytes(value), bytes(body));
}

/** The specification of one append and one read (S2 API contract §4.1-§4.3, §5.1-§5.4), of a stream that is there. */

import type { AppendCommand, ReadCommand } from './commands.ts';
import { type SpecRecord, type Stream, tailOf } from './world.ts';

type Answer = Record<string, unknown>;

/** The stream afterwards, and what the client is told. */
export function append(stream: Stream, command: AppendCommand, nowMs: number): [Stream, Answer] {
  const refused = (reason: Answer): [Stream, Answer] => [stream, { kind: 'rejected', reason }];
  const { fencingToken, matchSeqNum } = command;
  if (fencingToken !== null && fencingToken !== stream.fencingToken) {
    return refused({ kind: 'fencing-token-mismatch', actual: stream.fencingToken });
  }
  if (matchSeqNum !== null && matchSeqNum !== stream.records.length) {
    return refused({ kind: 'seq-num-mismatch', actual: stream.records.length });
  }
  const { timestampingMode: mode, timestampingUncapped: uncapped } = stream.config;
  if (mode === 'client-require' && command.records.some(({ timestamp }) => timestamp === null)) {
    return refused({ kind: 'timestamp-missing' });
  }
  let after = stream;
  for (const { timestamp: asked, ...record } of command.records) {
    const wished = mode === 'arrival' ? nowMs : (asked ?? nowMs);
    const timestamp = Math.max(uncapped ? wished : Math.min(wished, nowMs), tailOf(after).timestamp);
    after = afterCommand({ ...after, records: [...after.records, { ...record, timestamp }] }, record);
  }
  const start = { seqNum: stream.records.length, timestamp: after.records[stream.records.length]?.timestamp };
  const tail = tailOf(after);
  return [after, { kind: 'durable', ack: { start, end: tail, tail } }];
}

/** A command acts on the stream that ends with it. */
function afterCommand(stream: Stream, { headers, body }: Omit<SpecRecord, 'timestamp'>): Stream {
  const [only, ...more] = headers;
  if (only === undefined || more.length > 0 || only[0] !== '') return stream;
  if (only[1] === 'fence') return { ...stream, fencingToken: body };
  const wanted = Number(Buffer.from(body, 'latin1').readBigUInt64BE());
  return { ...stream, trimPoint: Math.max(stream.trimPoint, Math.min(wanted, stream.records.length)) };
}

/** A read that does not wait: `clamp` has no say in it, because at the tail it has nothing to answer. */
export function read(stream: Stream, { start, count, bytes, until }: ReadCommand): Answer {
  const tail = tailOf(stream);
  const unwritten = { kind: 'unwritten', tail };
  let from: number;
  if (start.kind === 'timestamp' && start.timestamp <= tail.timestamp) {
    const found = stream.records.findIndex(({ timestamp }) => timestamp >= start.timestamp);
    from = found < 0 ? tail.seqNum : found;
  } else {
    const wanted = {
      'seq-num': start.seqNum,
      'tail-offset': Math.max(0, tail.seqNum - start.offset),
      timestamp: Infinity,
    };
    from = wanted[start.kind];
    if (from >= tail.seqNum) return unwritten;
  }
  const records: Answer[] = [];
  let meteredBytes = 0;
  for (let seqNum = Math.max(from, stream.trimPoint); seqNum < tail.seqNum; seqNum++) {
    const record = stream.records[seqNum] as SpecRecord;
    meteredBytes += metered(record);
    if (
      records.length >= (count ?? 1000) ||
      meteredBytes > (bytes ?? 2 ** 20) ||
      record.timestamp >= (until ?? Infinity)
    )
      break;
    records.push({ seqNum, ...record });
  }
  return { kind: 'batch', records };
}

function metered({ headers, body }: SpecRecord): number {
  const bytes = (text: string) => Buffer.byteLength(text, 'latin1');
  return 8 + headers.reduce((sum, [name, value]) => sum + 2 + bytes(name) + bytes(value), bytes(body));
}

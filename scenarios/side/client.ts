/**
 * A client of one side stream over the simulated wire. Every call and every outcome is written into the history.
 *
 * Bytes travel as base64, because the payload of a trim is no text. What no server may answer, whatever the stream holds,
 * is a ProtocolViolation at once; everything else is for the judge.
 */

import { ProtocolViolation } from '../client.ts';
import { errorCode, type Exchange, field, NO_EFFECT, streamPath, type Wire } from '../wire.ts';
import {
  type Position,
  type SideCall,
  type SideConfig,
  type SideHistory,
  type SideOutcome,
  type SideRecord,
  type SideSeen,
  type ReadFrom,
  trimContent,
} from './history.ts';

/** Bytes of records as base64, both ways. */
export const BASE64: readonly [string, string] = ['s2-format', 'base64'];

const POLL_RECORDS = 100;

export class SideClient {
  readonly #wire: Wire;
  readonly #history: SideHistory;
  readonly #name: string;

  constructor(wire: Wire, history: SideHistory, name: string) {
    this.#wire = wire;
    this.#history = history;
    this.#name = name;
  }

  create(stream: string, token: string, { retentionAgeMs, emptyAgeMs }: SideConfig): Promise<SideOutcome> {
    return this.#recorded(stream, { kind: 'create', token, retentionAgeMs, emptyAgeMs }, async () => {
      const retention = retentionAgeMs === null ? { infinite: {} } : { age: retentionAgeMs / 1000 };
      const emptiness = emptyAgeMs === null ? {} : { delete_on_empty: { min_age_secs: emptyAgeMs / 1000 } };
      const config = { retention_policy: retention, ...emptiness };
      const exchange = await this.#wire.exchange('POST', '/v1/streams', { stream, config }, [
        ['s2-request-token', token],
      ]);
      const answer = answered(exchange, 201);
      if (answer === null) return unserved(exchange);
      const provision = answer.headers.get('s2-provision-result');
      if (provision !== 'created' && provision !== 'noop') {
        throw new ProtocolViolation(`a creation was answered with the provision result ${provision ?? 'none'}`);
      }
      return { kind: provision };
    });
  }

  delete(stream: string): Promise<SideOutcome> {
    return this.#recorded(stream, { kind: 'delete' }, async () => {
      const exchange = await this.#wire.exchange('DELETE', streamPath(stream, ''), null);
      return answered(exchange, 202) === null ? unserved(exchange) : { kind: 'deleted' };
    });
  }

  /** Switches deletion on empty off. */
  keepEmpty(stream: string): Promise<SideOutcome> {
    return this.#recorded(stream, { kind: 'keep-empty' }, async () => {
      const patch = { delete_on_empty: { min_age_secs: 0 } };
      const exchange = await this.#wire.exchange('PATCH', streamPath(stream, ''), patch);
      return answered(exchange, 200) === null ? unserved(exchange) : { kind: 'kept' };
    });
  }

  append(stream: string, records: readonly SideRecord[], matchSeqNum: number | null): Promise<SideOutcome> {
    return this.#recorded(stream, { kind: 'append', records, matchSeqNum }, async () => {
      const body = { records: records.map(toWire), ...(matchSeqNum !== null && { match_seq_num: matchSeqNum }) };
      const exchange = await this.#wire.exchange('POST', streamPath(stream, '/records'), body, [BASE64]);
      const answer = answered(exchange, 200);
      return answer === null ? unserved(exchange) : acknowledged(answer.body, records.length);
    });
  }

  /** One page. */
  read(stream: string, from: ReadFrom, count: number): Promise<SideOutcome> {
    return this.#recorded(stream, { kind: 'read', from, count }, async () => {
      const start = from.kind === 'seq-num' ? `seq_num=${from.seqNum}` : `timestamp=${from.timestamp}`;
      const target = streamPath(stream, `/records?${start}&count=${count}`);
      const exchange = await this.#wire.exchange('GET', target, null, [BASE64]);
      const behind = answered(exchange, 416);
      if (behind !== null) return { kind: 'at-tail', tail: position(field(behind.body, 'tail')) };
      const answer = answered(exchange, 200);
      return answer === null ? unserved(exchange) : pageOf(answer.body);
    });
  }

  /** One batch, waited for at the tail for that many seconds. */
  poll(stream: string, seqNum: number, waitS: number): Promise<SideOutcome> {
    const from = { kind: 'seq-num', seqNum } as const;
    return this.#recorded(stream, { kind: 'read', from, count: POLL_RECORDS, waits: true }, async () => {
      const target = streamPath(stream, `/records?seq_num=${seqNum}&count=${POLL_RECORDS}&wait=${waitS}`);
      const exchange = await this.#wire.exchange('GET', target, null, [BASE64]);
      const behind = answered(exchange, 416);
      if (behind !== null) return { kind: 'at-tail', tail: position(field(behind.body, 'tail')) };
      const answer = answered(exchange, 200);
      if (answer === null) return unserved(exchange);
      const page = pageOf(answer.body);
      return page.kind === 'page' && page.records.length === 0 ? { kind: 'nothing' } : page;
    });
  }

  checkTail(stream: string): Promise<SideOutcome> {
    return this.#recorded(stream, { kind: 'check-tail' }, async () => {
      const exchange = await this.#wire.exchange('GET', streamPath(stream, '/records/tail'), null);
      const answer = answered(exchange, 200);
      return answer === null ? unserved(exchange) : { kind: 'tail', tail: position(field(answer.body, 'tail')) };
    });
  }

  async #recorded(stream: string, call: SideCall, serve: () => Promise<SideOutcome>): Promise<SideOutcome> {
    this.#wire.roam();
    const operation = this.#history.called({ stream, client: this.#name, call });
    const outcome = await serve();
    this.#history.returned(operation, outcome);
    return outcome;
  }
}

type Answer = Extract<Exchange, { kind: 'answer' }>;

/** The answer if it is the wanted one. */
function answered(exchange: Exchange, status: number): Answer | null {
  return exchange.kind === 'answer' && exchange.status === status ? exchange : null;
}

/** An answer that is not the wanted one, or none at all. */
function unserved(exchange: Exchange): SideOutcome {
  if (exchange.kind === 'none') return { kind: exchange.sent ? 'unknown' : 'refused', code: exchange.code };
  const code = errorCode(exchange.body);
  if (code === 'stream_not_found') return { kind: 'absent' };
  if (code === 'stream_deletion_pending') return { kind: 'pending' };
  if (code === 'resource_already_exists') return { kind: 'exists' };
  if (code === 'basin_not_found') throw new ProtocolViolation('the basin of the side streams does not exist');
  const actual = field(exchange.body, 'seq_num_mismatch');
  if (exchange.status === 412 && typeof actual === 'number') return { kind: 'mismatch', actual };
  return { kind: NO_EFFECT.has(code) ? 'refused' : 'unknown', code };
}

function acknowledged(body: unknown, count: number): SideOutcome {
  const [start, end, tail] = ['start', 'end', 'tail'].map((name) => position(field(body, name))) as [
    Position,
    Position,
    Position,
  ];
  if (end.seqNum - start.seqNum !== count || end.timestamp < start.timestamp) {
    throw new ProtocolViolation(`${count} records were acknowledged as ${JSON.stringify(body)}`);
  }
  if (tail.seqNum < end.seqNum || tail.timestamp < end.timestamp) {
    throw new ProtocolViolation(`an acknowledgement shows a tail before its end: ${JSON.stringify(body)}`);
  }
  return { kind: 'appended', start, end };
}

/** Throws a ProtocolViolation for what is no page. */
export function pageOf(body: unknown): SideOutcome {
  const records = field(body, 'records');
  if (!Array.isArray(records)) throw new ProtocolViolation(`a read was answered with ${JSON.stringify(body)}`);
  return { kind: 'page', records: records.map(seen) };
}

function seen(item: unknown): SideSeen {
  const bytes = atob(text(field(item, 'body') ?? ''));
  const headers = field(item, 'headers');
  const command = Array.isArray(headers) && Array.isArray(headers[0]) ? atob(text((headers[0] as unknown[])[1])) : null;
  if (command !== null && command !== 'trim') throw new ProtocolViolation(`a record with the command ${command}`);
  return { ...position(item), content: command === null ? bytes : trimContent(pointOf(bytes)) };
}

function toWire(record: SideRecord): unknown {
  const timestamp = record.timestamp === null ? {} : { timestamp: record.timestamp };
  if (record.kind === 'data') return { body: btoa(record.body), ...timestamp };
  return { headers: [['', btoa('trim')]], body: btoa(payloadOf(record.point)), ...timestamp };
}

/** Eight bytes, the most significant first. */
function payloadOf(point: number): string {
  const digits = point.toString(16).padStart(16, '0');
  return (digits.match(/../g) ?? []).map((pair) => String.fromCharCode(Number.parseInt(pair, 16))).join('');
}

function pointOf(payload: string): number {
  let point = 0;
  for (let i = 0; i < payload.length; i++) point = point * 256 + payload.charCodeAt(i);
  return point;
}

export function position(value: unknown): Position {
  const [seqNum, timestamp] = [field(value, 'seq_num'), field(value, 'timestamp')];
  if (typeof seqNum !== 'number' || typeof timestamp !== 'number') {
    throw new ProtocolViolation(`a position without number and timestamp: ${JSON.stringify(value)}`);
  }
  return { seqNum, timestamp };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new ProtocolViolation(`a record with ${JSON.stringify(value)} for text`);
  return value;
}

/**
 * A client of one stream that knows only the wire (`wire.ts`).
 *
 * It checks what any client can check: acknowledged spans fit the batch, numbers are dense, timestamps never
 * decrease. A breach is a ProtocolViolation, not an outcome.
 */

import type { Clock } from '../engine/index.ts';
import {
  type AppendResult,
  type Batch,
  type CheckTailResult,
  ProtocolViolation,
  type ReadResult,
  type SeenRecord,
  type StreamClient,
  type ToldByAck,
} from './client.ts';
import {
  errorCode,
  type Exchange,
  field,
  NO_EFFECT,
  streamPath,
  type Transport,
  Wire,
  type WireOptions,
} from './wire.ts';

export interface WireClientOptions extends WireOptions {
  stream: string;
  /** `count` of the pages of a read; null leaves it to the server. */
  pageRecords: number | null;
}

export class WireClient implements StreamClient {
  readonly #wire: Wire;
  readonly #options: WireClientOptions;

  constructor(transport: Transport, clock: Clock, options: WireClientOptions) {
    this.#wire = new Wire(transport, clock, options);
    this.#options = options;
  }

  /** Creates the basin and the stream. True once both are known to exist. */
  async provision(requestToken: string): Promise<boolean> {
    const headers: [string, string][] = [['s2-request-token', requestToken]];
    const basin = await this.#wire.exchange('POST', '/v1/basins', { basin: this.#options.basin }, headers);
    if (!exists(basin)) return false;
    // S2's default would let records go after seven days, and clocks of hosts are wrong by more than that.
    const stream = { stream: this.#options.stream, config: { retention_policy: { infinite: {} } } };
    return exists(await this.#wire.exchange('POST', '/v1/streams', stream, headers));
  }

  get asked(): string | undefined {
    return this.#wire.asked;
  }

  async append(batch: Batch): Promise<AppendResult> {
    this.#wire.roam();
    const exchange = await this.#wire.exchange('POST', streamPath(this.#options.stream, '/records'), appendBody(batch));
    if (exchange.kind === 'none') {
      return { kind: exchange.sent ? 'unknown' : 'rejected', code: exchange.code };
    }
    if (exchange.status === 200) return acknowledged(exchange.body, batch.bodies.length);
    if (exchange.status === 412) return conditionFailed(exchange.body);
    const code = errorCode(exchange.body);
    return { kind: NO_EFFECT.has(code) ? 'rejected' : 'unknown', code };
  }

  async read(): Promise<ReadResult> {
    this.#wire.roam();
    const records: SeenRecord[] = [];
    for (;;) {
      const count = this.#options.pageRecords === null ? '' : `&count=${this.#options.pageRecords}`;
      const exchange = await this.#wire.exchange(
        'GET',
        streamPath(this.#options.stream, `/records?seq_num=${records.length}${count}`),
        null,
      );
      if (exchange.kind === 'none') return { kind: 'failed', code: exchange.code };
      if (exchange.status === 416) {
        const tail = tailOf(exchange.body);
        if (tail !== records.length) {
          throw new ProtocolViolation(`a read at ${records.length} was refused as unwritten with tail ${tail}`);
        }
        return { kind: 'read', tail, records };
      }
      if (exchange.status !== 200) return { kind: 'failed', code: errorCode(exchange.body) };
      takePage(records, exchange.body);
    }
  }

  async checkTail(): Promise<CheckTailResult> {
    this.#wire.roam();
    const exchange = await this.#wire.exchange('GET', streamPath(this.#options.stream, '/records/tail'), null);
    if (exchange.kind === 'none') return { kind: 'failed', code: exchange.code };
    if (exchange.status !== 200) return { kind: 'failed', code: errorCode(exchange.body) };
    return { kind: 'tail', tail: tailOf(exchange.body) };
  }
}

// --- requests --------------------------------------------------------------------------------------------

function appendBody(batch: Batch): unknown {
  const records = batch.bodies.map((body) =>
    batch.setFencingToken === null ? { body } : { headers: [['', 'fence']], body },
  );
  return {
    records,
    ...(batch.matchSeqNum !== null && { match_seq_num: batch.matchSeqNum }),
    ...(batch.fencingToken !== null && { fencing_token: batch.fencingToken }),
  };
}

// --- responses -------------------------------------------------------------------------------------------

function acknowledged(body: unknown, count: number): AppendResult {
  const start = field(field(body, 'start'), 'seq_num');
  const end = field(field(body, 'end'), 'seq_num');
  const tail = field(field(body, 'tail'), 'seq_num');
  if (typeof start !== 'number' || typeof end !== 'number' || typeof tail !== 'number') {
    throw new ProtocolViolation(`an acknowledgement without positions: ${JSON.stringify(body)}`);
  }
  if (end - start !== count) throw new ProtocolViolation(`${count} records were acknowledged as ${start}..${end}`);
  if (tail < end) throw new ProtocolViolation(`an acknowledgement up to ${end} shows the tail at ${tail}`);
  const told = toldBy(body, tail);
  return { kind: 'durable', startSeqNum: start, endSeqNum: end, ...(told !== null && { told }) };
}

/** Null when a timestamp is missing. */
function toldBy(body: unknown, tail: number): ToldByAck | null {
  const [first, last, latest] = ['start', 'end', 'tail'].map((name) => field(field(body, name), 'timestamp'));
  if (typeof first !== 'number' || typeof last !== 'number' || typeof latest !== 'number') return null;
  return { tail, tailTimestamp: latest, timestamps: [first, last] };
}

function takePage(records: SeenRecord[], body: unknown): void {
  const page = field(body, 'records');
  if (!Array.isArray(page) || page.length === 0) {
    throw new ProtocolViolation('a read below the tail returned no records: the tail counts some that nobody can read');
  }
  for (const item of page as unknown[]) {
    const seqNum = field(item, 'seq_num');
    const timestamp = field(item, 'timestamp');
    if (typeof seqNum !== 'number' || typeof timestamp !== 'number') {
      throw new ProtocolViolation(`a record without position: ${JSON.stringify(item)}`);
    }
    const previous = records[records.length - 1];
    if (seqNum !== records.length) {
      throw new ProtocolViolation(`record ${seqNum} was returned where ${records.length} was due`);
    }
    if (previous !== undefined && timestamp < previous.timestamp) {
      throw new ProtocolViolation(`timestamps run backwards from ${previous.timestamp} to ${timestamp} at ${seqNum}`);
    }
    const body = field(item, 'body') ?? '';
    if (typeof body !== 'string') throw new ProtocolViolation(`record ${seqNum} has a body that is not text`);
    records.push({ seqNum, timestamp, body });
  }
}

function tailOf(body: unknown): number {
  const tail = field(field(body, 'tail'), 'seq_num');
  if (typeof tail !== 'number') throw new ProtocolViolation(`a tail without position: ${JSON.stringify(body)}`);
  return tail;
}

function exists(exchange: Exchange): boolean {
  return (
    exchange.kind === 'answer' && (exchange.status === 201 || errorCode(exchange.body) === 'resource_already_exists')
  );
}

/** 412 names the condition that failed, with what is the case instead. */
export function conditionFailed(body: unknown): AppendResult & { kind: 'rejected' } {
  const tail = field(body, 'seq_num_mismatch');
  if (typeof tail === 'number') return { kind: 'rejected', code: 'seq_num_mismatch', actual: { tail } };
  const fencingToken = field(body, 'fencing_token_mismatch');
  if (typeof fencingToken === 'string') {
    return { kind: 'rejected', code: 'fencing_token_mismatch', actual: { fencingToken } };
  }
  throw new ProtocolViolation(`a failed condition without a name: ${JSON.stringify(body)}`);
}

/**
 * An S2 client that knows only the wire: JSON over HTTP as the S2 API contract has it, written and parsed here and
 * not with the engine's code, because a judge that shares code with the accused shares its bugs.
 *
 * It checks what any client can check: acknowledged spans fit the batch, numbers are dense, timestamps never
 * decrease. A breach is a ProtocolViolation, not an outcome.
 */

import type { Clock, HttpRequest, HttpResponse, NetworkError } from '../engine/index.ts';
import {
  type AppendResult,
  type Batch,
  type CheckTailResult,
  ProtocolViolation,
  type ReadResult,
  type SeenRecord,
  type StreamClient,
} from './client.ts';

export type Transport = (address: string, request: HttpRequest) => Promise<HttpResponse>;

export interface WireClientOptions {
  /** Servers that may own the store; the client moves on to the next when one does not answer or refuses. */
  addresses: readonly string[];
  /** Which of them the next operation goes to, for a client that asks any of them; null for one that stays. */
  roam: (() => number) | null;
  basin: string;
  stream: string;
  /** Patience with one request, in milliseconds. */
  timeoutMs: number;
  /** `count` of the pages of a read; null leaves it to the server. */
  pageRecords: number | null;
}

/** An HTTP answer, or the lack of one. `sent` false: certainly nothing reached the server. */
type Exchange = { kind: 'answer'; status: number; body: unknown } | { kind: 'none'; sent: boolean; code: string };

// Reasons given to abort, so that no exception with a stack is made for each request.
const GIVEN_UP = 'the client gave up';
const ANSWERED = 'answered';

/** Codes that promise no side effect (S2 API contract §1.7). */
const NO_EFFECT = new Set([
  'bad_header',
  'bad_json',
  'bad_path',
  'bad_query',
  'basin_not_found',
  'stream_not_found',
  'stream_deletion_pending',
  'basin_deletion_pending',
  'resource_already_exists',
  'transaction_conflict',
  'invalid',
  'rate_limited',
  'not_implemented',
  'hot_server',
  'server_draining',
]);

export class WireClient implements StreamClient {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #options: WireClientOptions;
  #server = 0;

  constructor(transport: Transport, clock: Clock, options: WireClientOptions) {
    this.#transport = transport;
    this.#clock = clock;
    this.#options = options;
  }

  /** Creates the basin and the stream. True once both are known to exist. */
  async provision(requestToken: string): Promise<boolean> {
    const headers: [string, string][] = [['s2-request-token', requestToken]];
    const basin = await this.#exchange('POST', '/v1/basins', { basin: this.#options.basin }, headers);
    if (!exists(basin)) return false;
    return exists(await this.#exchange('POST', '/v1/streams', { stream: this.#options.stream }, headers));
  }

  async append(batch: Batch): Promise<AppendResult> {
    this.#roam();
    const exchange = await this.#exchange('POST', this.#path('/records'), appendBody(batch));
    if (exchange.kind === 'none') {
      return { kind: exchange.sent ? 'unknown' : 'rejected', code: exchange.code };
    }
    if (exchange.status === 200) return acknowledged(exchange.body, batch.bodies.length);
    if (exchange.status === 412) return { kind: 'rejected', code: conditionCode(exchange.body) };
    const code = errorCode(exchange.body);
    return { kind: NO_EFFECT.has(code) ? 'rejected' : 'unknown', code };
  }

  async read(): Promise<ReadResult> {
    this.#roam();
    const records: SeenRecord[] = [];
    for (;;) {
      const count = this.#options.pageRecords === null ? '' : `&count=${this.#options.pageRecords}`;
      const exchange = await this.#exchange('GET', this.#path(`/records?seq_num=${records.length}${count}`), null);
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
    this.#roam();
    const exchange = await this.#exchange('GET', this.#path('/records/tail'), null);
    if (exchange.kind === 'none') return { kind: 'failed', code: exchange.code };
    if (exchange.status !== 200) return { kind: 'failed', code: errorCode(exchange.body) };
    return { kind: 'tail', tail: tailOf(exchange.body) };
  }

  // --- exchange ------------------------------------------------------------------------------------------

  async #exchange(method: string, target: string, body: unknown, extra: [string, string][] = []): Promise<Exchange> {
    const headers = new Map([['s2-basin', this.#options.basin], ...extra]);
    if (body !== null) headers.set('content-type', 'application/json');
    const bytes = body === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body));
    const abort = new AbortController();
    const request: HttpRequest = { method, target, headers, body: once(bytes), signal: abort.signal };
    const patience = new AbortController();
    const late = this.#clock.sleep(this.#options.timeoutMs, patience.signal).then((): Exchange => {
      if (!patience.signal.aborted) abort.abort(GIVEN_UP);
      return { kind: 'none', sent: true, code: 'timeout' };
    });
    const exchange = await Promise.race([this.#send(request), late]);
    patience.abort(ANSWERED);
    if (exchange.kind === 'none' || exchange.status === 502 || exchange.status === 503) this.#tryNextServer();
    return exchange;
  }

  async #send(request: HttpRequest): Promise<Exchange> {
    try {
      const response = await this.#transport(this.#address(), request);
      const text = new TextDecoder().decode(await collect(response.body));
      return { kind: 'answer', status: response.status, body: text === '' ? null : parseJson(text) };
    } catch (error) {
      if (!isNetworkError(error)) throw error;
      return { kind: 'none', sent: error.sent, code: error.code };
    }
  }

  #address(): string {
    return this.#options.addresses[this.#server % this.#options.addresses.length] as string;
  }

  #roam(): void {
    if (this.#options.roam !== null) this.#server = this.#options.roam();
  }

  #tryNextServer(): void {
    this.#server++;
  }

  #path(rest: string): string {
    return `/v1/streams/${encodeURIComponent(this.#options.stream)}${rest}`;
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

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
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
  return { kind: 'durable', startSeqNum: start, endSeqNum: end };
}

function takePage(records: SeenRecord[], body: unknown): void {
  const page = field(body, 'records');
  if (!Array.isArray(page) || page.length === 0) {
    throw new ProtocolViolation('a read below the tail returned no records');
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
function conditionCode(body: unknown): string {
  if (typeof field(body, 'seq_num_mismatch') === 'number') return 'seq_num_mismatch';
  if (typeof field(body, 'fencing_token_mismatch') === 'string') return 'fencing_token_mismatch';
  throw new ProtocolViolation(`a failed condition without a name: ${JSON.stringify(body)}`);
}

function errorCode(body: unknown): string {
  const code = field(body, 'code');
  return typeof code === 'string' ? code : 'unreadable';
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolViolation(`a whole response body is not JSON: ${text.slice(0, 80)}`);
  }
}

async function collect(body: HttpResponse['body']): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

function isNetworkError(error: unknown): error is NetworkError {
  return error instanceof Error && 'sent' in error && 'code' in error;
}

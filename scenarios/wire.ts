/**
 * HTTP requests as clients of the simulation send them: JSON over the wire of the S2 API contract, written and parsed here
 * and not with the engine's code, because a judge that shares code with the accused shares its bugs.
 *
 * One wire belongs to one client: it asks one server until that one does not answer or refuses, then the next.
 */

import type { Clock, HttpRequest, HttpResponse, NetworkError } from '../engine/index.ts';
import { ProtocolViolation } from './client.ts';
import { Patience } from './patience.ts';
import { codedBody, decodedBody, type WireCoding } from './wire-coding.ts';

export type Transport = (address: string, request: HttpRequest) => Promise<HttpResponse>;

export interface WireOptions {
  /** Servers that may own the store; the client moves on to the next when one does not answer or refuses. */
  addresses: readonly string[];
  /** Which of them the next operation goes to, for a client that asks any of them; null for one that stays. */
  roam: (() => number) | null;
  basin: string;
  /** Patience with one request, in milliseconds. */
  timeoutMs: number;
  /** Another server answered than the time before. */
  moved?: () => void;
  /** How bodies are compressed, both ways; null or absent: not at all. */
  coding?: WireCoding | null;
}

/** An HTTP answer, or the lack of one. `sent` false: certainly nothing reached the server. */
export type Exchange =
  | { kind: 'answer'; status: number; headers: ReadonlyMap<string, string>; body: unknown }
  | { kind: 'none'; sent: boolean; code: string };

// A reason given to abort, so that no exception with a stack is made.
const GIVEN_UP = 'the client gave up';

/** Codes that promise no side effect (S2 API contract §1.7). */
export const NO_EFFECT: ReadonlySet<string> = new Set([
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

export class Wire {
  readonly #transport: Transport;
  readonly #patience: Patience;
  /** Of requests that were answered. */
  readonly #unused: AbortController[] = [];
  readonly #options: WireOptions;
  #server = 0;
  /** Who answered last. */
  #answeredBy: number | null = null;
  /** Who was asked last. */
  asked: string | undefined;

  constructor(transport: Transport, clock: Clock, options: WireOptions) {
    this.#transport = transport;
    this.#patience = new Patience(clock, options.timeoutMs);
    this.#options = options;
  }

  /** The server that the next request goes to. */
  get asks(): string {
    const { addresses } = this.#options;
    return addresses[this.#server % addresses.length] as string;
  }

  /** To be called at the start of an operation: a roaming client chooses its server. */
  roam(): void {
    if (this.#options.roam !== null) this.#server = this.#options.roam();
  }

  /** `body` is sent as JSON; null sends none. Never rejects for anything the world can do. */
  async exchange(
    method: string,
    target: string,
    body: unknown,
    extra: readonly (readonly [string, string])[] = [],
  ): Promise<Exchange> {
    const headers = new Map([['s2-basin', this.#options.basin], ...extra]);
    if (body !== null) headers.set('content-type', 'application/json');
    const text = body === null ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body));
    const { coding } = this.#options;
    const bytes = coding == null ? text : codedBody(coding, text, headers);
    // A signal that did not abort serves again: making one is slow.
    const abort = this.#unused.pop() ?? new AbortController();
    const request: HttpRequest = { method, target, headers, body: once(bytes), signal: abort.signal };
    let answered = (): void => {};
    const late = new Promise<Exchange>((resolve) => {
      answered = this.#patience.within(() => {
        abort.abort(GIVEN_UP);
        resolve({ kind: 'none', sent: true, code: 'timeout' });
      });
    });
    const exchange = await Promise.race([this.#send(request), late]);
    answered();
    if (!abort.signal.aborted) this.#unused.push(abort);
    if (exchange.kind === 'none' || exchange.status === 502 || exchange.status === 503) this.#server++;
    else this.#answered();
    return exchange;
  }

  #answered(): void {
    const server = this.#server % this.#options.addresses.length;
    if (this.#answeredBy !== null && this.#answeredBy !== server) this.#options.moved?.();
    this.#answeredBy = server;
  }

  async #send(request: HttpRequest): Promise<Exchange> {
    try {
      this.asked = this.asks;
      const response = await this.#transport(this.asked, request);
      const { status, headers } = response;
      const body = decodedBody(this.#options.coding ?? null, await collect(response.body), headers);
      const text = new TextDecoder().decode(body);
      return { kind: 'answer', status, headers, body: text === '' ? null : parseJson(text) };
    } catch (error) {
      if (!isNetworkError(error)) throw error;
      return { kind: 'none', sent: error.sent, code: error.code };
    }
  }
}

/** `/v1/streams/{stream}` and what follows. */
export function streamPath(stream: string, rest: string): string {
  return `/v1/streams/${encodeURIComponent(stream)}${rest}`;
}

export function errorCode(body: unknown): string {
  const code = field(body, 'code');
  return typeof code === 'string' ? code : 'unreadable';
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
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

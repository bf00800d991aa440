/**
 * Requests with access tokens, over the wire of a client of the simulation. Every answer goes through the book when it is
 * delivered, chunk by chunk; what an operation says beyond that is held to the scope of its token here.
 */

import type { Clock, HttpResponse } from '../../engine/index.ts';
import { ProtocolViolation } from '../client.ts';
import { isNetworkError, openEvents } from '../sessions/event-source.ts';
import { type Exchange, field, streamPath, type Transport, Wire, type WireOptions } from '../wire.ts';
import { type HeldToken, markOf, type TokenBook } from './book.ts';
import { BASIN, saidFor, STREAMS, WIDER } from './scopes.ts';

/** How a token comes. */
export function bearer(secret: string): [string, string][] {
  return [['authorization', `Bearer ${secret}`]];
}

const EVERYTHING = { read: true, write: true };

/** The body that asks for a token, which reaches no ids but those that begin with `ids`. */
export function wish(
  id: string,
  streams: unknown,
  more: { autoPrefix: boolean; expiresAtMs: number | null; ids: string | null },
): unknown {
  const { autoPrefix, expiresAtMs, ids } = more;
  const op_groups = { account: EVERYTHING, basin: EVERYTHING, stream: EVERYTHING };
  return {
    id,
    auto_prefix_streams: autoPrefix,
    ...(expiresAtMs !== null && { expires_at: new Date(expiresAtMs).toISOString() }),
    scope: { basins: { exact: BASIN }, streams, access_tokens: ids === null ? null : { prefix: ids }, op_groups },
  };
}

/** A transport that shows the book everything that comes back to requests with one of its tokens. */
export function overheard(transport: Transport, book: TokenBook, nowMs: () => number): Transport {
  return async (address, request) => {
    const secret = (request.headers.get('authorization') ?? '').slice('Bearer '.length);
    const token = book.ofSecret(secret);
    const sentMs = nowMs();
    const response = await transport(address, request);
    if (token === null) return response;
    book.answered(token, sentMs, response.status, address);
    return { ...response, body: looked(response.body, (text) => book.delivered(token, text, request.target)) };
  };
}

/** Calls `look` with the text up to each chunk. */
function looked(body: HttpResponse['body'], look: (text: string) => void): HttpResponse['body'] {
  if (body instanceof Uint8Array) {
    look(new TextDecoder().decode(body));
    return body;
  }
  return chunksLooked(body, look);
}

async function* chunksLooked(
  body: AsyncIterable<Uint8Array>,
  look: (text: string) => void,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    look(text);
    yield chunk;
  }
}

/** Longest time that a session is listened to. */
const SESSION_MS_MAX = 20_000;

export class Holder {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #wire: Wire;
  readonly #book: TokenBook;
  readonly #noted: (probe: 'token.denied-beyond' | 'token.wider-denied' | 'token.read-ended') => void;
  readonly #below: (bound: number) => number;

  constructor(
    transport: Transport,
    clock: Clock,
    options: WireOptions,
    means: { book: TokenBook; noted: (probe: string) => void; below: (bound: number) => number },
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#wire = new Wire(transport, clock, options);
    this.#book = means.book;
    this.#noted = means.noted;
    this.#below = means.below;
  }

  /** One operation with this token. */
  async act(token: HeldToken): Promise<void> {
    this.#wire.roam();
    const stream = STREAMS[this.#below(STREAMS.length)] ?? 'a';
    switch (this.#below(10)) {
      case 0:
      case 1:
      case 2:
        return this.#append(token, stream);
      case 3:
        return this.#read(token, stream, 'seq_num=0');
      case 4:
        return this.#read(token, stream, 'tail_offset=0&wait=3');
      case 5:
        return this.#list(token);
      case 6:
        return this.#issueWider(token);
      case 7:
      case 8:
        return this.#follow(token, stream);
      default:
        return this.#read(token, stream, null);
    }
  }

  async #append(token: HeldToken, stream: string): Promise<void> {
    const said = saidFor(token.scope, stream) ?? stream;
    const whole = token.scope.namespace + said;
    const body = { records: [{ body: markOf(whole, this.#book.appendBegins()) }] };
    this.#judged(token, whole, await this.#ask(token, 'POST', streamPath(said, '/records'), body));
  }

  /** A read, or with no query a look at the tail. */
  async #read(token: HeldToken, stream: string, query: string | null): Promise<void> {
    const said = saidFor(token.scope, stream) ?? stream;
    const path = streamPath(said, query === null ? '/records/tail' : `/records?${query}`);
    const wasGood = token.refusedMs === Infinity && token.revokedMs === Infinity;
    const exchange = await this.#ask(token, 'GET', path, null);
    this.#judged(token, token.scope.namespace + said, exchange);
    const waited = query?.includes('wait') === true && wasGood;
    if (waited && exchange.kind === 'answer' && exchange.status === 401) this.#noted('token.read-ended');
  }

  /** A session from the beginning, until it ends or for a while; the book hears every chunk. */
  async #follow(token: HeldToken, stream: string): Promise<void> {
    const said = saidFor(token.scope, stream) ?? stream;
    const session = new AbortController();
    const timer = new AbortController();
    const enough = this.#clock.sleep(this.#below(SESSION_MS_MAX), timer.signal).then(() => session.abort('enough'));
    const target = streamPath(said, '/records?seq_num=0');
    const request = { basin: BASIN, target, headers: bearer(token.secret), signal: session.signal };
    try {
      const opened = await openEvents(this.#transport, this.#wire.asks, request);
      if (opened.kind === 'answer') return;
      for await (const { name, data } of opened.events) {
        if (name === 'error' && data.includes('"authn"')) this.#noted('token.read-ended');
      }
    } catch (error) {
      if (!isNetworkError(error)) throw error;
    } finally {
      timer.abort('over');
      await enough;
    }
  }

  /** All that it reaches and nothing else; names that others are told of come through the book. */
  async #list(token: HeldToken): Promise<void> {
    const exchange = await this.#ask(token, 'GET', '/v1/streams', null);
    if (exchange.kind === 'none' || exchange.status !== 200) return;
    const names = ((field(exchange.body, 'streams') ?? []) as unknown[]).map((row) => String(field(row, 'name')));
    const missing = token.scope.reached.find((stream) => !names.includes(saidFor(token.scope, stream) ?? ''));
    if (missing !== undefined) throw new ProtocolViolation(`token ${token.id} was not shown its own stream ${missing}`);
    await this.#ask(token, 'GET', '/v1/access-tokens', null);
  }

  async #issueWider(token: HeldToken): Promise<void> {
    // Within a namespace the empty prefix is the whole of it, and no further.
    if (token.scope.namespace !== '') return;
    const id = `${token.id}.${this.#below(1000)}`;
    const only = { autoPrefix: false, expiresAtMs: null, ids: null };
    const exchange = await this.#ask(token, 'POST', '/v1/access-tokens', wish(id, WIDER, only));
    if (exchange.kind === 'none') return;
    if (exchange.status < 300) throw new ProtocolViolation(`token ${token.id} issued one that reaches beyond itself`);
    if (exchange.status === 403) this.#noted('token.wider-denied');
  }

  /** Held to the scope: beyond it nothing is let in, within it nothing is denied. */
  #judged(token: HeldToken, whole: string, exchange: Exchange): void {
    if (exchange.kind === 'none') return;
    const { status } = exchange;
    const isReached = token.scope.namespace !== '' || token.scope.reached.includes(whole);
    if (isReached && status === 403) {
      throw new ProtocolViolation(`token ${token.id} was denied ${whole}, which is within its scope`);
    }
    if (isReached) return;
    if (status === 403) return this.#noted('token.denied-beyond');
    if (status < 300 || [404, 412, 416].includes(status)) {
      throw new ProtocolViolation(`token ${token.id} was let in to ${whole}, which is beyond its scope`);
    }
  }

  #ask(token: HeldToken, method: string, path: string, body: unknown): Promise<Exchange> {
    return this.#wire.exchange(method, path, body, bearer(token.secret));
  }
}

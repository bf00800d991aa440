/**
 * Who asks, and what that opens: from the `authorization` of a request to the engine its access token grants. A request
 * that is not let in here reaches no handler, and is answered in the same way whatever there is in the store.
 */

import { mayEver, permits } from '../core/access.ts';
import type { Operation } from '../core/operations.ts';
import type { Engine, Grant, Operations } from '../engine.ts';
import type { Clock, HttpRequest, HttpResponse } from '../ports.ts';
import type { Endpoint } from './endpoints.ts';
import { errorResponse, rejection, unauthenticated } from './errors.ts';
import { GrantedEngine } from './granted-engine.ts';
import { GrantedTokens } from './granted-tokens.ts';
import { KnownCredentials } from './known-credentials.ts';
import { appendProtocol, readProtocol } from './mime.ts';
import { NO_LIMITS, type TokenLimits, TokenMeter } from './token-limits.ts';

/** What a request was let in to. */
export interface Admitted {
  engine: Operations;
  tokens: GrantedTokens;
  /** With a body that counts. */
  request: HttpRequest;
  /** With a body that counts, and a session that is over when it ends. */
  answered(response: HttpResponse): HttpResponse;
  /** Nothing was answered. */
  failed(): void;
}

/** The engine and its tokens as one token sees them. */
type View = Pick<Admitted, 'engine' | 'tokens'>;

export class AccessControl {
  readonly #meter: TokenMeter;
  readonly #known = new KnownCredentials();
  /** Made once for each grant; a view remembers nothing, and looks at its token with every call. */
  readonly #views = new WeakMap<Grant, View>();

  constructor(clock: Pick<Clock, 'monoMs' | 'sleep'>, limits: TokenLimits = NO_LIMITS) {
    this.#meter = new TokenMeter(clock, limits);
  }

  /** Lets the request in, or answers it: in the same turn where the connection came with this token before. */
  admit(
    engine: Engine,
    request: HttpRequest,
    endpoint: Endpoint,
  ): Admitted | HttpResponse | Promise<Admitted | HttpResponse> {
    const credentials = request.headers.get('authorization');
    const known = credentials === undefined ? null : this.#known.grantOf(engine, request, credentials);
    return known === null ? this.#find(engine, request, endpoint) : this.#judge(engine, known, request, endpoint);
  }

  /** Null when whoever asks may see the metrics of the process, which stand beside the API; else the answer. */
  async metricsRefusal(engine: Engine | null, request: HttpRequest): Promise<HttpResponse | null> {
    if (engine === null) return errorResponse('hot_server', 'the server is taking over the store; try again soon');
    const found = await this.#grantOf(engine, request);
    if ('status' in found) return found;
    const isPermitted = permits(found.token, 'account-metrics');
    return isPermitted ? null : rejection({ kind: 'not-permitted', operation: 'account-metrics' });
  }

  async #find(engine: Engine, request: HttpRequest, endpoint: Endpoint): Promise<Admitted | HttpResponse> {
    const found = await this.#grantOf(engine, request);
    return 'status' in found ? found : this.#judge(engine, found, request, endpoint);
  }

  /** The token that came with the request, or why there is none. */
  async #grantOf(engine: Engine, request: HttpRequest): Promise<Grant | HttpResponse> {
    const { headers } = request;
    const credentials = headers.get('authorization');
    if (credentials === undefined) {
      return unauthenticated('missing access token: `Authorization: Bearer TOKEN` carries it');
    }
    const secret = secretIn(credentials);
    if (secret === null) return unauthenticated('`Authorization` has to be `Bearer` and an access token');
    const found = await engine.authenticate(secret);
    if (found.kind !== 'grant') return rejection(found.reason);
    this.#known.found(engine, request, credentials, found.grant);
    return found.grant;
  }

  #judge(engine: Engine, grant: Grant, request: HttpRequest, endpoint: Endpoint): Admitted | HttpResponse {
    const missing = missingOperation(grant, endpoint);
    if (missing !== null) return rejection({ kind: 'not-permitted', operation: missing });
    const view = this.#viewOf(engine, grant);
    // Field by field: to spread an object is among the dearest things that a small request does.
    const { engine: seen, tokens } = view;
    if (!this.#meter.counts) return { engine: seen, tokens, request, answered: asItIs, failed: nothing };
    const { id } = grant.token;
    const waitMs = this.#meter.admit(id);
    if (waitMs > 0) return limited('the access token has asked for too much', waitMs);
    const isSession = opensSession(endpoint, request);
    if (isSession && !this.#meter.open(id)) {
      return limited('the access token has as many open sessions as it may', SESSION_RETRY_MS);
    }
    return this.#counted(view, grant, request, isSession);
  }

  #viewOf(engine: Engine, grant: Grant): View {
    let view = this.#views.get(grant);
    if (view === undefined) {
      view = { engine: new GrantedEngine(engine, grant), tokens: new GrantedTokens(engine, grant) };
      this.#views.set(grant, view);
    }
    return view;
  }

  #counted(view: View, grant: Grant, request: HttpRequest, isSession: boolean): Admitted {
    const { id } = grant.token;
    const count = (bytes: number) => this.#meter.charge(id, bytes);
    // A session whose token is gone owes nothing: it has to hear of that now.
    const ended = new AbortController();
    const end = () => ended.abort('ended');
    const unwatch = isSession ? grant.onEnd(end) : nothing;
    const pace = isSession ? () => this.#meter.settled(id, ended.signal) : null;
    let isOver = !isSession;
    const over = () => {
      if (!isOver) this.#meter.closed(id);
      isOver = true;
      unwatch();
      end();
    };
    request.signal?.addEventListener('abort', over, { once: true });
    return {
      ...view,
      request: { ...request, body: watched(request.body, count, pace, nothing) },
      answered: (response) => {
        const { body } = response;
        if (!(body instanceof Uint8Array)) return { ...response, body: watched(body, count, pace, over) };
        count(body.length);
        over();
        return response;
      },
      failed: over,
    };
  }
}

function asItIs(response: HttpResponse): HttpResponse {
  return response;
}

/** When one of many sessions ends nobody knows. */
const SESSION_RETRY_MS = 1_000;

/** Null when it is not a token that is borne. Without a pattern that captures, because it is done with every request. */
function secretIn(credentials: string): string | null {
  if (credentials.slice(0, BEARER.length).toLowerCase() !== BEARER) return null;
  const secret = credentials.slice(BEARER.length).trim();
  return secret === '' || /\s/.test(secret) ? null : secret;
}

const BEARER = 'bearer ';

/** What the endpoint needs and the token permits nowhere: then nothing else of the request has to be looked at. */
function missingOperation({ token }: Grant, { needs, any }: Endpoint): Operation | null {
  if (any === true && needs.some((operation) => mayEver(token, operation))) return null;
  return needs.find((operation) => !mayEver(token, operation)) ?? null;
}

function opensSession({ name }: Endpoint, { headers }: HttpRequest): boolean {
  if (name === 'read') return readProtocol(headers).kind !== 'unary';
  return name === 'append' && appendProtocol(headers).kind === 'session';
}

function limited(message: string, waitMs: number): HttpResponse {
  const { status, body } = errorResponse('rate_limited', message);
  const headers = new Map([
    ['content-type', 'application/json'],
    ['retry-after-ms', String(waitMs)],
    ['retry-after', String(Math.ceil(waitMs / 1000))],
  ]);
  return { status, headers, body };
}

/**
 * The chunks, counted as they pass, and slower where there were too many: what is owed is paid before the next is asked for,
 * so that none lies here while its token ends. `over` is called when they end, however they do, and if nobody ever asks for
 * the first.
 */
function watched(
  chunks: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
  pace: (() => Promise<void>) | null,
  over: () => void,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const iterator = chunks[Symbol.asyncIterator]();
      return {
        next: async () => {
          let isMore = false;
          try {
            await pace?.();
            const next = await iterator.next();
            isMore = next.done !== true;
            if (next.done !== true) count(next.value.length);
            return next;
          } finally {
            if (!isMore) over();
          }
        },
        return: async () => {
          try {
            return (await iterator.return?.()) ?? { done: true, value: undefined };
          } finally {
            over();
          }
        },
      };
    },
  };
}

function nothing(): void {}

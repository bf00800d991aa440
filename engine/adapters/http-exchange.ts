/**
 * One request and its response, the same over HTTP/1.1 and HTTP/2: what an exchange offers, and the loop that
 * lets a handler answer it.
 *
 * Bodies flow both ways at the speed of the slower side. Nobody waits for a peer that is gone: the handler's
 * signal aborts, its request body throws, and its response body is told to stop.
 */

import type { Writable } from 'node:stream';

import type { HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';
import type { Refusal } from './http-framing.ts';
import { BodyOverloadError, type HttpLoad } from './http-load.ts';
import { BodySilenceError, PeerGoneError, RequestBody, type BodySource } from './http-request-body.ts';

/** How one protocol does what the loop below needs. */
export interface Exchange extends BodySource {
  protocol: 'http/1.1' | 'h2';
  /** What it shares with the other exchanges of its peer. */
  connection: object;
  method: string;
  target: string;
  headers: ReadonlyMap<string, string>;
  outgoing: Writable;
  /** Calls `listener`, at least once, when the peer is gone before it had the whole response. */
  onGone(listener: () => void): void;
  /** Calls `listener` once, when the response is out or cut. */
  onClosed(listener: () => void): void;
  /** Sends status and headers now; with `bodiless`, also ends the response. */
  sendHead(status: number, headers: ReadonlyMap<string, string>, bodiless: boolean): void;
  /** Ends the exchange so that the peer can see the response is not complete. */
  cut(): void;
  /** The response is out; gets rid of what the handler did not read of the request. */
  dropUnread(): void;
}

export interface ExchangeRules {
  /** Longest pause in a request body while nothing of the response was sent. */
  bodySilenceMsMax: number;
  /** The same for the whole body. */
  bodyMsMax: number;
  /** How long the peer may take for one chunk of the response, which is about a MiB at most. */
  sendMsMax: number;
  load: HttpLoad;
  /** What is answered also when the server is full, because a supervisor decides by it. */
  isAlwaysServed: (target: string) => boolean;
  /** A name for the request that no other has, in the response's `x-request-id` and in every log line about it. */
  requestId: () => string;
  onError: (error: unknown, request: RequestName) => void;
  /** Called once for each exchange, when handler and response are both over. */
  onEnd: (report: ExchangeReport) => void;
}

/** What may be said of a request in a log: nothing of its headers or its body. */
export interface RequestName {
  id: string;
  method: string;
  /** Path and query as on the wire. */
  target: string;
}

export interface ExchangeReport extends RequestName {
  protocol: Exchange['protocol'];
  /** Null when there was nobody to answer any more. */
  status: number | null;
  /** Whether the response was cut: the peer left or was too slow, or the handler failed half way. */
  cut: boolean;
  /** Whether the response was a stream of chunks. */
  isSession: boolean;
  durationMs: number;
}

/** Lets `handler` answer, or says why it does not when there is a `refusal`. Never rejects. */
export async function answer(
  handler: HttpHandler,
  exchange: Exchange,
  rules: ExchangeRules,
  refusal: Refusal | null,
): Promise<void> {
  const { method, target, protocol, connection, outgoing } = exchange;
  const startMs = performance.now();
  const isAdmitted = rules.load.begin(connection) || rules.isAlwaysServed(target);
  const name: RequestName = { id: rules.requestId(), method, target };
  const closed = new Promise<void>((resolve) => exchange.onClosed(resolve));
  // Whoever writes to a broken connection learns it by `close`.
  outgoing.on('error', () => undefined);
  const reason = refusal ?? (isAdmitted ? null : FULL);
  const answered = reason === null ? await handle(handler, exchange, rules, name) : refuse(exchange, reason, name.id);
  watchEnd(exchange, rules);
  await closed;
  rules.load.end(connection);
  const cut = !outgoing.writableFinished;
  rules.onEnd({ ...name, ...answered, protocol, cut, durationMs: performance.now() - startMs });
}

/** What was answered: the status that was sent, null when none was. */
type Answered = Pick<ExchangeReport, 'status' | 'isSession'>;

async function handle(
  handler: HttpHandler,
  exchange: Exchange,
  rules: ExchangeRules,
  name: RequestName,
): Promise<Answered> {
  const { method, target, headers, connection } = exchange;
  const peer = new Peer();
  exchange.onGone(() => peer.leave());
  const { load, bodySilenceMsMax: silenceMsMax, bodyMsMax: wholeMsMax } = rules;
  const body = new RequestBody(exchange, { load, silenceMsMax, wholeMsMax });
  const answered: Answered = { status: null, isSession: false };
  try {
    const request: HttpRequest = {
      // A HEAD is a GET whose response is not sent (RFC 9110 §9.3.2).
      method: method === 'HEAD' ? 'GET' : method,
      target,
      headers,
      body,
      connection,
      get signal() {
        return peer.signal;
      },
    };
    const response = await handler(request);
    if (!peer.isGone) answered.status = response.status;
    answered.isSession = !(response.body instanceof Uint8Array);
    body.unhold();
    await send(response, exchange, { peer, rules, id: name.id });
  } catch (error) {
    body.unhold();
    if (peer.isGone || error instanceof PeerGoneError) {
      exchange.cut();
      return answered;
    }
    const isPeers = error instanceof BodySilenceError || error instanceof BodyOverloadError;
    if (!isPeers) rules.onError(error, name);
    answered.status = sendError(error, exchange, name.id) ?? answered.status;
  }
  body.release();
  exchange.dropUnread();
  return answered;
}

interface Sending {
  peer: Peer;
  rules: ExchangeRules;
  id: string;
}

async function send(response: HttpResponse, exchange: Exchange, sending: Sending): Promise<void> {
  const { peer, id } = sending;
  const { status, body } = response;
  const isWhole = body instanceof Uint8Array;
  const headers = new Map(response.headers);
  headers.set(REQUEST_ID, id);
  const hasBody = status >= 200 && status !== 204 && status !== 304;
  if (isWhole && hasBody && !headers.has('content-length')) headers.set('content-length', String(body.length));
  const bodiless = exchange.method === 'HEAD' || !hasBody || (isWhole && body.length === 0);
  if (peer.isGone || bodiless) {
    if (!peer.isGone) exchange.sendHead(status, headers, true);
    if (!isWhole) await body[Symbol.asyncIterator]().return?.();
    return;
  }
  exchange.sendHead(status, headers, false);
  if (isWhole) exchange.outgoing.end(body);
  else await pump(body, exchange, sending);
}

/** Writes the chunks as fast as the peer takes them, and stops the source when the peer is gone. */
async function pump(body: AsyncIterable<Uint8Array>, exchange: Exchange, sending: Sending): Promise<void> {
  const { outgoing } = exchange;
  const { peer, rules } = sending;
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await peer.whileThere(chunks.next());
    if (next === 'gone') {
      // Not awaited: the source may be waiting for something that takes long. It learns of it by its signal.
      chunks.return?.().catch(() => undefined);
      return;
    }
    if (next.done === true) break;
    if (next.value.length > 0 && !outgoing.write(next.value)) await drained(exchange, rules);
  }
  outgoing.end();
}

/** Whether there is still somebody to answer. The signal is made only for handlers that look at it. */
class Peer {
  isGone = false;
  #controller: AbortController | null = null;
  #interrupt: () => void = () => undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.isGone) this.#controller.abort();
    return this.#controller.signal;
  }

  leave(): void {
    this.isGone = true;
    this.#controller?.abort();
    this.#interrupt();
  }

  /** Settles as `promise` does, or as soon as the peer is gone. One call at a time. */
  whileThere<T>(promise: Promise<T>): Promise<T | 'gone'> {
    return new Promise((resolve, reject) => {
      // Not a race with one lasting promise: that would remember every chunk of a long session.
      this.#interrupt = () => resolve('gone');
      if (this.isGone) this.#interrupt();
      promise.then(resolve, reject);
    });
  }
}

/** Resolves when more can be written, or nothing ever again: a peer that takes nothing for so long is given up. */
function drained(exchange: Exchange, rules: ExchangeRules): Promise<void> {
  const { outgoing } = exchange;
  return new Promise((resolve) => {
    if (outgoing.destroyed) return resolve();
    outgoing.on('drain', finish);
    outgoing.on('close', finish);
    const taken = waitForReader(exchange, rules);

    function finish(): void {
      taken();
      outgoing.removeListener('drain', finish);
      outgoing.removeListener('close', finish);
      resolve();
    }
  });
}

/** The last of a response is on its way; whoever does not take it is given up. */
function watchEnd(exchange: Exchange, rules: ExchangeRules): void {
  const { outgoing } = exchange;
  if (!outgoing.destroyed && !outgoing.writableFinished) exchange.onClosed(waitForReader(exchange, rules));
}

/** Cuts a response that is not taken in time, or whose bytes are wanted for others. Returns what ends the wait. */
function waitForReader(exchange: Exchange, { sendMsMax, load }: ExchangeRules): () => void {
  const deadline = setTimeout(() => exchange.cut(), sendMsMax);
  const forget = load.waits(exchange.outgoing.writableLength, () => exchange.cut());
  return () => {
    clearTimeout(deadline);
    forget();
  };
}

const REQUEST_ID = 'x-request-id';

/** Nothing was begun, and the client may try again. */
const FULL: Refusal = { status: 429, code: 'rate_limited', message: 'the server has too many requests under way' };

/** What can be read in two ways is the last of its connection: nobody knows where the next request begins. */
function refuse(exchange: Exchange, { status, code, message }: Refusal, id: string): Answered {
  sendWhole(exchange, status, { code, message }, id, status !== FULL.status);
  exchange.dropUnread();
  return { status, isSession: false };
}

/** Returns the status that was sent, null when it was too late for one. */
function sendError(error: unknown, exchange: Exchange, id: string): number | null {
  // With a response half sent, the only honest thing left is to show that it is not whole.
  if (exchange.headSent()) {
    exchange.cut();
    return null;
  }
  if (error instanceof BodySilenceError) {
    sendWhole(exchange, 408, { code: 'request_timeout', message: 'the request body did not arrive in time' }, id, true);
    return 408;
  }
  if (error instanceof BodyOverloadError) {
    sendWhole(exchange, 429, { code: 'rate_limited', message: error.message }, id);
    return 429;
  }
  const message = `the server met an unexpected error; its log says more of request ${id}`;
  sendWhole(exchange, 500, { code: 'other', message }, id);
  return 500;
}

/** An error's body goes out in one chunk: clients take the first for all there is. */
function sendWhole(
  exchange: Exchange,
  status: number,
  error: { code: string; message: string },
  id: string,
  isLast = false,
): void {
  const body = Buffer.from(JSON.stringify(error));
  const headers = new Map([
    ['content-type', 'application/json'],
    ['content-length', String(body.length)],
    [REQUEST_ID, id],
  ]);
  if (isLast) headers.set('connection', 'close');
  const bodiless = exchange.method === 'HEAD';
  exchange.sendHead(status, headers, bodiless);
  if (!bodiless) exchange.outgoing.end(body);
}

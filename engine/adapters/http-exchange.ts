/**
 * One request and its response, the same over HTTP/1.1 and HTTP/2: what an exchange offers, and the loop that
 * lets a handler answer it.
 *
 * Bodies flow both ways at the speed of the slower side. Nobody waits for a peer that is gone: the handler's
 * signal aborts, its request body throws, and its response body is told to stop.
 */

import type { Writable } from 'node:stream';

import type { HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';
import { BodySilenceError, PeerGoneError, RequestBody, type BodySource } from './http-request-body.ts';

/** How one protocol does what the loop below needs. */
export interface Exchange extends BodySource {
  method: string;
  target: string;
  headers: ReadonlyMap<string, string>;
  outgoing: Writable;
  /** Calls `listener`, at least once, when the peer is gone before it had the whole response. */
  onGone(listener: () => void): void;
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
  onError: (error: unknown, request: { method: string; target: string }) => void;
}

/** Lets `handler` answer. Never rejects. */
export async function answer(handler: HttpHandler, exchange: Exchange, rules: ExchangeRules): Promise<void> {
  const { method, target, headers, outgoing } = exchange;
  const peer = new Peer();
  exchange.onGone(() => peer.leave());
  // Whoever writes to a broken connection learns it by `close`.
  outgoing.on('error', () => undefined);
  const body = new RequestBody(exchange, rules.bodySilenceMsMax);
  try {
    const request: HttpRequest = {
      // A HEAD is a GET whose response is not sent (RFC 9110 §9.3.2).
      method: method === 'HEAD' ? 'GET' : method,
      target,
      headers,
      body,
      get signal() {
        return peer.signal;
      },
    };
    await send(await handler(request), exchange, peer);
  } catch (error) {
    if (peer.isGone || error instanceof PeerGoneError) return exchange.cut();
    if (!(error instanceof BodySilenceError)) rules.onError(error, { method, target });
    sendError(error, exchange);
  }
  body.release();
  exchange.dropUnread();
}

async function send(response: HttpResponse, exchange: Exchange, peer: Peer): Promise<void> {
  const { status, body } = response;
  const isWhole = body instanceof Uint8Array;
  const headers = new Map(response.headers);
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
  else await pump(body, exchange.outgoing, peer);
}

/** Writes the chunks as fast as the peer takes them, and stops the source when the peer is gone. */
async function pump(body: AsyncIterable<Uint8Array>, outgoing: Writable, peer: Peer): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await peer.whileThere(chunks.next());
    if (next === 'gone') {
      // Not awaited: the source may be waiting for something that takes long. It learns of it by its signal.
      chunks.return?.().catch(() => undefined);
      return;
    }
    if (next.done === true) break;
    if (next.value.length > 0 && !outgoing.write(next.value)) await drained(outgoing);
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

/** Resolves when more can be written, or nothing ever again. */
function drained(outgoing: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed) return resolve();
    outgoing.on('drain', finish);
    outgoing.on('close', finish);

    function finish(): void {
      outgoing.removeListener('drain', finish);
      outgoing.removeListener('close', finish);
      resolve();
    }
  });
}

function sendError(error: unknown, exchange: Exchange): void {
  // With a response half sent, the only honest thing left is to show that it is not whole.
  if (exchange.headSent()) return exchange.cut();
  const isSilence = error instanceof BodySilenceError;
  const [status, code, message] = isSilence
    ? [408, 'request_timeout', 'the request body did not arrive in time']
    : [500, 'other', 'the server met an unexpected error; its log says more'];
  const body = Buffer.from(JSON.stringify({ code, message }));
  const headers = new Map([
    ['content-type', 'application/json'],
    ['content-length', String(body.length)],
  ]);
  if (isSilence) headers.set('connection', 'close');
  const bodiless = exchange.method === 'HEAD';
  exchange.sendHead(status, headers, bodiless);
  if (!bodiless) exchange.outgoing.end(body);
}

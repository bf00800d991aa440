/**
 * One request and its response, the same over HTTP/1.1 and HTTP/2: what an exchange offers, and the loop that
 * lets a handler answer it.
 *
 * Bodies flow both ways at the speed of the slower side. Nobody waits for a peer that is gone: the handler's
 * signal aborts, its request body throws, and its response body is told to stop.
 */

import type { Readable, Writable } from 'node:stream';

import type { HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';

/** How one protocol does what the loop below needs. */
export interface Exchange {
  method: string;
  target: string;
  headers: ReadonlyMap<string, string>;
  incoming: Readable;
  outgoing: Writable;
  /** Calls `listener`, at least once, when the peer is gone before it had the whole response. */
  onGone(listener: () => void): void;
  /** Whether the request body ended before its end. Asked when nothing more comes. */
  truncated(): boolean;
  headSent(): boolean;
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

/** The peer went away in the middle of its request. */
class PeerGoneError extends Error {}

/** The peer stopped sending in the middle of its request. */
class BodySilenceError extends Error {}

/** Lets `handler` answer. Never rejects. */
export async function answer(handler: HttpHandler, exchange: Exchange, rules: ExchangeRules): Promise<void> {
  const { method, target, headers, outgoing } = exchange;
  const gone = new AbortController();
  exchange.onGone(() => gone.abort(new PeerGoneError('the peer is gone')));
  // Whoever writes to a broken connection learns it by `close`.
  outgoing.on('error', () => undefined);
  try {
    const request: HttpRequest = {
      // A HEAD is a GET whose response is not sent (RFC 9110 §9.3.2).
      method: method === 'HEAD' ? 'GET' : method,
      target,
      headers,
      body: bodyOf(exchange, rules.bodySilenceMsMax),
      signal: gone.signal,
    };
    await send(await handler(request), exchange, gone.signal);
  } catch (error) {
    if (gone.signal.aborted || error instanceof PeerGoneError) return exchange.cut();
    if (!(error instanceof BodySilenceError)) rules.onError(error, { method, target });
    sendError(error, exchange);
  }
  exchange.dropUnread();
}

async function send(response: HttpResponse, exchange: Exchange, gone: AbortSignal): Promise<void> {
  const { status, body } = response;
  const isWhole = body instanceof Uint8Array;
  const headers = new Map(response.headers);
  const hasBody = status >= 200 && status !== 204 && status !== 304;
  if (isWhole && hasBody && !headers.has('content-length')) headers.set('content-length', String(body.length));
  const bodiless = exchange.method === 'HEAD' || !hasBody || (isWhole && body.length === 0);
  if (gone.aborted || bodiless) {
    if (!gone.aborted) exchange.sendHead(status, headers, true);
    if (!isWhole) await body[Symbol.asyncIterator]().return?.();
    return;
  }
  exchange.sendHead(status, headers, false);
  if (isWhole) exchange.outgoing.end(body);
  else await pump(body, exchange.outgoing, gone);
}

/** Writes the chunks as fast as the peer takes them, and stops the source when the peer is gone. */
async function pump(body: AsyncIterable<Uint8Array>, outgoing: Writable, gone: AbortSignal): Promise<void> {
  const chunks = body[Symbol.asyncIterator]();
  const { promise: aborted, dispose } = whenAborted(gone);
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), aborted]);
      if (next === 'aborted') {
        // Not awaited: the source may be waiting for something that takes long. It learns of it by its signal.
        chunks.return?.().catch(() => undefined);
        return;
      }
      if (next.done === true) break;
      if (next.value.length > 0 && !outgoing.write(next.value)) await drained(outgoing);
    }
    outgoing.end();
  } finally {
    dispose();
  }
}

function whenAborted(signal: AbortSignal): { promise: Promise<'aborted'>; dispose: () => void } {
  let listener: () => void = () => undefined;
  const promise = new Promise<'aborted'>((resolve) => {
    listener = () => resolve('aborted');
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener);
  });
  return { promise, dispose: () => signal.removeEventListener('abort', listener) };
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

/** The request body. Abandoning it leaves the connection in order; see `dropUnread`. */
async function* bodyOf(exchange: Exchange, silenceMsMax: number): AsyncGenerator<Uint8Array> {
  const chunks = exchange.incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  let waiting = false;
  try {
    for (;;) {
      waiting = true;
      const next = await withinSilence(chunks.next(), exchange, silenceMsMax);
      waiting = false;
      if (next.done === true) break;
      yield next.value;
    }
  } catch (error) {
    if (error instanceof BodySilenceError) throw error;
    throw new PeerGoneError('the peer went away in the middle of its request', { cause: error });
  } finally {
    if (!waiting) await chunks.return?.();
  }
  if (exchange.truncated()) throw new PeerGoneError('the request ended before its end');
}

/**
 * A request that was not answered at all must go on sending. Once a response has begun the exchange is a
 * session, which may rest as long as it likes.
 */
function withinSilence<T>(arriving: Promise<T>, exchange: Exchange, msMax: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (!exchange.headSent()) reject(new BodySilenceError(`no byte of the request body came for ${msMax} ms`));
    }, msMax);
    arriving.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

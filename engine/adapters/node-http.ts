/**
 * Serves an HttpHandler on a TCP port: HTTP/1.1 and HTTP/2 side by side, with prior knowledge in plain text, by agreement
 * under TLS.
 *
 * Nothing is decided here: paths, methods and errors are the handler's. What is kept here is the connection:
 * deadlines against peers that say or take nothing, limits on how much there is at once, backpressure both ways, and an end
 * that lets answers finish.
 */

import { randomBytes } from 'node:crypto';
import type * as http from 'node:http';
import * as http2 from 'node:http2';
import * as net from 'node:net';

import type { HttpHandler } from '../ports.ts';
import { HttpConnections } from './http-connections.ts';
import { answer, type ExchangeReport, type ExchangeRules, type RequestName } from './http-exchange.ts';
import { http1Refusal, http2Refusal, malformedAnswer } from './http-framing.ts';
import { createListener, type HttpListener, renewIdentity, type TlsIdentity, type TlsRules } from './http-listener.ts';
import { HttpLoad } from './http-load.ts';
import { http1Exchange, http2Exchange } from './http-protocols.ts';
import { type Flood, guardSession } from './http2-guard.ts';

export type { TlsIdentity, TlsRules } from './http-listener.ts';

const MIB = 1024 * 1024;

/** Streams a peer may have open on one HTTP/2 connection. */
const STREAMS_MAX = 100;

/** Requests of one connection with a handler at work, those included whose stream was reset. */
const CONNECTION_REQUESTS_MAX = 2 * STREAMS_MAX;

/**
 * Memory of one HTTP/2 connection above which Node refuses it new streams, in MB. It counts answers on their way,
 * so the default of 10 would refuse a peer that reads a dozen full batches at once.
 */
const CONNECTION_MEMORY_MB = 256;

/** What a peer may send ahead of the handler's reading, for one stream and for one connection. */
const STREAM_WINDOW_BYTES = MIB;
const CONNECTION_WINDOW_BYTES = 10 * MIB;

export interface HttpServerOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Called for every error a handler throws; the peer gets a 500 without details. */
  onError: (error: unknown, request: RequestName) => void;
  /** Called when handler and response of a request are both over. */
  onEnd?: (report: ExchangeReport) => void;
  /** Called when a peer was turned away: the server has all the connections it may have, or the peer flooded it. */
  onTurnedAway?: (why: 'connections' | Flood) => void;
  /** Paths that are answered also when the server is full. Default: none. */
  alwaysServed?: readonly string[];
  /** Serves TLS with this; plain text without. */
  tls?: TlsRules;
  /** From the connection, or the first byte of a further request, to the end of the head. Default 15 s. */
  headMsMax?: number;
  /** Longest pause in a request body while nothing was answered yet. Default 30 s. */
  bodySilenceMsMax?: number;
  /** Longest time such a body may take as a whole. Default 60 s. */
  bodyMsMax?: number;
  /** How long a peer may take for one chunk of an answer. Default 60 s. */
  sendMsMax?: number;
  /** A connection without a request is closed after this time. Default 75 s. */
  idleMsMax?: number;
  /** How long a write of a client that ended its side is waited for. Default 30 s. */
  halfClosedMsMax?: number;
  /** Default 10,000. */
  connectionsMax?: number;
  /** Requests and sessions under way, of all connections together. Default 20,000. */
  requestsMax?: number;
  /** Bytes of request bodies that are not whole yet, of all requests together. Default 256 MiB. */
  bodyBytesMax?: number;
  /** Bytes of answers that wait to be taken, of all requests together. Default 512 MiB. */
  unsentBytesMax?: number;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  /** Requests and sessions under way. */
  readonly requests: number;
  /** Bytes of request bodies that are not whole yet. */
  readonly bodyBytes: number;
  /** Bytes of answers that wait to be taken. */
  readonly unsentBytes: number;
  /** Under TLS: new connections get this certificate. */
  renew(identity: TlsIdentity): void;
  /**
   * Still takes connections, so that whoever asks is told, but keeps none longer than its exchange. Resolves when no
   * exchange is under way, or after `drainMs`.
   */
  drain(drainMs: number): Promise<void>;
  /**
   * Takes no further connections, lets exchanges under way finish for at most `drainMs` (default 10 s), then
   * cuts the rest. Resolves when no connection is left. Calling it again can only shorten the wait.
   */
  close(drainMs?: number): Promise<void>;
}

/** Resolves when the port is open; rejects with Node's error (`EADDRINUSE`, `EACCES`, …) when it can not be. */
export async function serveHttp(handler: HttpHandler, options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, tls, onError, onEnd = () => undefined, onTurnedAway = () => undefined } = options;
  const { headMsMax = 15_000, bodySilenceMsMax = 30_000, bodyMsMax = 60_000, sendMsMax = 60_000 } = options;
  const { idleMsMax = 75_000, halfClosedMsMax = 30_000, connectionsMax = 10_000 } = options;
  const { requestsMax = 20_000, bodyBytesMax = 256 * MIB, unsentBytesMax = 512 * MIB } = options;
  const connectionRequestsMax = CONNECTION_REQUESTS_MAX;
  const load = new HttpLoad({ connectionRequestsMax, requestsMax, bodyBytesMax, unsentBytesMax });
  const requestId = requestIds();
  const alwaysServed = new Set(options.alwaysServed);
  const rules: ExchangeRules = {
    onError,
    onEnd,
    requestId,
    bodySilenceMsMax,
    bodyMsMax,
    sendMsMax,
    load,
    isAlwaysServed: (target) => alwaysServed.has(target),
  };
  const sessions = new Set<http2.ServerHttp2Session>();
  const connections = new HttpConnections(halfClosedMsMax);

  const h2 = http2.createServer({
    maxSessionMemory: CONNECTION_MEMORY_MB,
    settings: { maxConcurrentStreams: STREAMS_MAX, initialWindowSize: STREAM_WINDOW_BYTES },
  });
  h2.on('session', (session: http2.ServerHttp2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    guardSession(session, { idleMsMax, onFlood: onTurnedAway });
    if (connections.closing) session.close();
    session.on(
      'stream',
      (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, _: number, raw: string[]) => {
        void answer(handler, http2Exchange(stream, headers, session), rules, http2Refusal(headers, raw));
      },
    );
  });

  const listener = createListener({
    headMsMax,
    idleMsMax,
    connectionsMax,
    tls: tls ?? null,
    onTransport: (socket) => connections.arrived(socket),
    onConnection: (socket) => connections.opened(socket),
    onHttp2: (socket) => {
      connections.isHttp2(socket);
      // An HTTP/1.1 client may end its side and still be answered; an HTTP/2 one that ends its side is gone.
      socket.allowHalfOpen = false;
      h2.emit('connection', socket);
    },
  });
  listener.on('drop', () => onTurnedAway('connections'));
  listener.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    const mayBeRefused = (): boolean => !request.complete && !response.headersSent;
    const life = connections.exchange(request.socket, request.method ?? 'GET', mayBeRefused);
    void answer(handler, http1Exchange(request, response, life), rules, http1Refusal(request));
  });
  listener.on('clientError', (error: Error & { code?: string }, socket: net.Socket) => {
    // Behind a last request is nothing to be understood (RFC 9112 §9.6), and the answer to that one is still to go out.
    if (error.code === 'HPE_CLOSED_CONNECTION') return;
    if (socket.writable && connections.mayBeRefused(socket)) socket.write(malformedAnswer(error.code));
    socket.destroySoon();
  });
  await listening(listener, host, port);

  let closed: Promise<void> | undefined;
  const startClosing = (): void => {
    if (connections.closing) return;
    connections.startClosing();
    for (const session of sessions) session.close();
  };
  const stopListening = (): Promise<void> =>
    new Promise((resolve) => {
      // Not the method of `http.Server`: that one also destroys connections whose response is still on its way.
      net.Server.prototype.close.call(listener, () => resolve());
    });
  return {
    host,
    port: (listener.address() as net.AddressInfo).port,
    get connections() {
      return connections.size;
    },
    get requests() {
      return load.requests;
    },
    get bodyBytes() {
      return load.bodyBytes;
    },
    get unsentBytes() {
      return load.unsentBytes;
    },
    renew: (identity) => renewIdentity(listener, { ...tls, ...identity }),
    drain: async (drainMs) => {
      startClosing();
      let giveUp: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, drainMs)));
      await Promise.race([load.whenIdle(), over]);
      clearTimeout(giveUp);
    },
    close: async (drainMs = 10_000) => {
      startClosing();
      closed ??= stopListening();
      const cut = setTimeout(() => connections.cutAll(), drainMs);
      await closed;
      clearTimeout(cut);
      listener.close();
    },
  };
}

/** Names that differ between requests, and between servers and their restarts. */
function requestIds(): () => string {
  const server = randomBytes(4).toString('hex');
  let count = 0;
  return () => `${server}-${(count += 1).toString(36)}`;
}

function listening(server: HttpListener, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

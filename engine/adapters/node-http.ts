/**
 * Serves an HttpHandler on a TCP port, HTTP/1.1 and cleartext HTTP/2 (prior knowledge) side by side.
 *
 * Nothing is decided here: paths, methods and errors are the handler's. What is kept here is the connection:
 * deadlines against peers that say nothing, backpressure both ways, and an end that lets answers finish.
 */

import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as net from 'node:net';

import type { HttpHandler } from '../ports.ts';
import { answer, type ExchangeRules } from './http-exchange.ts';
import { splitProtocols } from './http-preface.ts';
import { http1Exchange, http2Exchange } from './http-protocols.ts';

/** Streams a peer may have open on one HTTP/2 connection. */
const STREAMS_MAX = 100;

/**
 * Memory of one HTTP/2 connection above which Node refuses it new streams, in MB. It counts answers on their way,
 * so the default of 10 would refuse a peer that reads a dozen full batches at once.
 */
const CONNECTION_MEMORY_MB = 256;

/** What a peer may send ahead of the handler's reading, for one stream and for one connection. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 10 * 1024 * 1024;

export interface HttpServerOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Called for every error a handler throws; the peer gets a 500 without details. */
  onError: (error: unknown, request: { method: string; target: string }) => void;
  /** From the connection, or the first byte of a further request, to the end of the head. Default 15 s. */
  headMsMax?: number;
  /** Longest pause in a request body while nothing was answered yet. Default 30 s. */
  bodySilenceMsMax?: number;
  /** A connection without a request is closed after this time. Default 75 s. */
  idleMsMax?: number;
}

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /**
   * Takes no further connections, lets exchanges under way finish for at most `drainMs` (default 10 s), then
   * cuts the rest. Resolves when no connection is left. Calling it again can only shorten the wait.
   */
  close(drainMs?: number): Promise<void>;
}

/** Resolves when the port is open; rejects with Node's error (`EADDRINUSE`, `EACCES`, …) when it can not be. */
export async function serveHttp(handler: HttpHandler, options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, onError, headMsMax = 15_000, bodySilenceMsMax = 30_000, idleMsMax = 75_000 } = options;
  const rules: ExchangeRules = { onError, bodySilenceMsMax };
  const sessions = new Set<http2.ServerHttp2Session>();
  /** All connections, with the number of HTTP/1.1 exchanges under way on each. */
  const sockets = new Map<net.Socket, number>();
  const http2Sockets = new WeakSet<net.Socket>();
  let closing = false;

  const http1 = http.createServer({
    headersTimeout: headMsMax,
    // Would count until the end of the body and cut sessions; `bodySilenceMsMax` does the part that is wanted.
    requestTimeout: 0,
    keepAliveTimeout: idleMsMax,
    connectionsCheckingInterval: Math.max(20, Math.min(1000, headMsMax / 4)),
  });
  http1.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { socket } = request;
    sockets.set(socket, (sockets.get(socket) ?? 0) + 1);
    response.on('close', () => {
      const left = (sockets.get(socket) ?? 1) - 1;
      if (sockets.has(socket)) sockets.set(socket, left);
      if (closing && left === 0) socket.destroySoon();
    });
    void answer(
      handler,
      http1Exchange(request, response, () => closing),
      rules,
    );
  });

  const h2 = http2.createServer({
    maxSessionMemory: CONNECTION_MEMORY_MB,
    settings: { maxConcurrentStreams: STREAMS_MAX, initialWindowSize: STREAM_WINDOW_BYTES },
  });
  h2.on('session', (session: http2.ServerHttp2Session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    closeWhenIdle(session, idleMsMax);
  });
  h2.on('stream', (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => {
    void answer(handler, http2Exchange(stream, headers), rules);
  });

  splitProtocols(http1, {
    onHttp2: (socket) => {
      http2Sockets.add(socket);
      // An HTTP/1.1 client may end its side and still be answered; an HTTP/2 one that ends its side is gone.
      socket.allowHalfOpen = false;
      h2.emit('connection', socket);
    },
    decideMsMax: headMsMax,
  });
  http1.on('connection', (socket: net.Socket) => {
    sockets.set(socket, 0);
    socket.on('close', () => sockets.delete(socket));
  });
  await listening(http1, host, port);

  function startClosing(): Promise<void> {
    closing = true;
    for (const session of sessions) session.close();
    for (const [socket, exchanges] of sockets) {
      if (exchanges === 0 && !http2Sockets.has(socket)) socket.destroy();
    }
    return new Promise((resolve) => {
      // Not the method of `http.Server`: that one also destroys connections whose response is still on its way.
      net.Server.prototype.close.call(http1, () => resolve());
    });
  }

  let closed: Promise<void> | undefined;
  return {
    host,
    port: (http1.address() as net.AddressInfo).port,
    close: async (drainMs = 10_000) => {
      closed ??= startClosing();
      const cut = setTimeout(() => {
        for (const socket of sockets.keys()) socket.destroy();
      }, drainMs);
      await closed;
      clearTimeout(cut);
      http1.close();
    },
  };
}

/** Ends a connection that has carried no frame for `idleMsMax` and has no stream open. */
function closeWhenIdle(session: http2.ServerHttp2Session, idleMsMax: number): void {
  let streams = 0;
  session.on('stream', (stream) => {
    streams += 1;
    stream.on('close', () => (streams -= 1));
  });
  session.setTimeout(idleMsMax, () => {
    if (streams === 0) session.close();
    else session.setTimeout(idleMsMax);
  });
}

function listening(server: http.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

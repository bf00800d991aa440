/**
 * Servers on the loopback interface and clients of both protocols, for directed tests of the HTTP adapter over real
 * sockets.
 */

import { once } from 'node:events';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach } from 'vitest';

import { type HttpServer, type HttpServerOptions, serveHttp } from '../adapters/node-http.ts';
import type { HttpHandler, HttpResponse } from '../ports.ts';

export const HOST = '127.0.0.1';

/** What a test file has of its own: everything it opens ends with the test that opened it. */
interface HttpBench {
  serve: (handler: HttpHandler, options?: Partial<HttpServerOptions>) => Promise<HttpServer>;
  /** A connection that speaks bytes. */
  connectRaw: (server: HttpServer) => Promise<{ socket: net.Socket; received: () => string }>;
  connectHttp2: (server: HttpServer, options?: http2.ClientSessionOptions) => http2.ClientHttp2Session;
  /** What servers reported during this test. */
  errors: unknown[];
  /** Called when the test is over, before its servers are closed. */
  closers: (() => void)[];
}

/** To be called once, at the top of a test file. */
export function httpBench(): HttpBench {
  const servers: HttpServer[] = [];
  const errors: unknown[] = [];
  const closers: (() => void)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0)) close();
    await Promise.all(servers.splice(0).map((server) => server.close(0)));
    errors.length = 0;
  });

  return {
    errors,
    closers,
    serve: async (handler, options = {}) => {
      const onError = (error: unknown): void => void errors.push(error);
      const server = await serveHttp(handler, { host: HOST, port: 0, onError, ...options });
      servers.push(server);
      return server;
    },
    connectRaw: async (server) => {
      const socket = net.connect({ host: HOST, port: server.port, allowHalfOpen: true });
      closers.push(() => socket.destroy());
      let received = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return { socket, received: () => received };
    },
    connectHttp2: (server, options = {}) => {
      const session = http2.connect(urlOf(server), options);
      session.on('error', () => undefined);
      closers.push(() => session.destroy());
      return session;
    },
  };
}

export function urlOf(server: HttpServer, path = '/'): string {
  return `http://${HOST}:${server.port}${path}`;
}

export function respond(
  body: string | HttpResponse['body'],
  status = 200,
  headers: [string, string][] = [],
): HttpResponse {
  return { status, headers: new Map(headers), body: typeof body === 'string' ? Buffer.from(body) : body };
}

/** Says what it was asked, as JSON. */
export const mirror: HttpHandler = async (request) => {
  const body = (await whole(request.body)).toString();
  const { method, target } = request;
  return respond(JSON.stringify({ method, target, body, headers: Object.fromEntries(request.headers) }));
};

/** A body to its end. */
export async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

interface Http2Answer {
  headers: http2.IncomingHttpHeaders;
  body: Buffer;
}

/** One request and its whole answer. */
export async function callHttp2(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body: Uint8Array | string = '',
): Promise<Http2Answer> {
  const stream = session.request(headers, { endStream: body.length === 0 });
  const response = once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>;
  // Listened to from the start: an answer without a body may be over before anybody could begin to iterate.
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = once(stream, 'end');
  if (body.length > 0) stream.end(body);
  const [received] = await response;
  await ended;
  return { headers: received, body: Buffer.concat(chunks) };
}

/** Looks again and again for 10 s; `what` completes the sentence when it was in vain. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 5) {
    if (waitedMs > 10_000) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
}

/** HTTP/1.1 and HTTP/2 of Node as exchanges: what differs between the two is here and nowhere else. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';

import type { Http1Life } from './http-connections.ts';
import type { Exchange } from './http-exchange.ts';

/** Headers that speak about one HTTP/1.1 connection and are forbidden in HTTP/2 (RFC 9113 §8.2.2). */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

export function http1Exchange(request: IncomingMessage, response: ServerResponse, life: Http1Life): Exchange {
  response.on('close', () => life.close());
  return {
    protocol: 'http/1.1',
    connection: request.socket,
    method: request.method ?? 'GET',
    target: originForm(request.url ?? '/'),
    headers: headerMap(request.headers),
    incoming: request,
    outgoing: response,
    onGone: (listener) => {
      life.onClosed(() => {
        if (!response.writableFinished) listener();
      });
    },
    onClosed: (listener) => life.onClosed(listener),
    truncated: () => !request.complete,
    headSent: () => response.headersSent,
    sendHead: (status, headers, bodiless) => {
      if (life.isLast) response.setHeader('connection', 'close');
      for (const [name, value] of headers) response.setHeader(name, value);
      response.writeHead(status);
      if (bodiless) response.end();
      else if (!headers.has('content-length')) response.flushHeaders();
    },
    cut: () => response.destroy(),
    dropUnread: () => {
      if (request.readableEnded || request.destroyed) return;
      if (request.complete) request.resume();
      else drop(request);
    },
  };
}

export function http2Exchange(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  session: ServerHttp2Session,
): Exchange {
  return {
    protocol: 'h2',
    // A stream that was reset with its request has none any more.
    connection: session,
    method: headers[':method'] ?? 'GET',
    target: originForm(headers[':path'] ?? '/'),
    headers: headerMap(headers),
    incoming: stream,
    outgoing: stream,
    onGone: (listener) => {
      // Node shows a stream a turn after its request came in, and says nothing of a reset that came with it.
      if (stream.aborted || stream.destroyed) listener();
      // Comes for resets and broken connections alike, and only while the response is not complete.
      else stream.on('aborted', listener);
    },
    onClosed: (listener) => {
      if (stream.destroyed) listener();
      else stream.on('close', listener);
    },
    // A reset stream reports a clean end to its reader.
    truncated: () => stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR,
    headSent: () => stream.headersSent,
    sendHead: (status, sent, bodiless) => {
      if (stream.destroyed) return;
      const own = [...sent].filter(([name]) => !CONNECTION_HEADERS.has(name));
      stream.respond({ ':status': status, ...Object.fromEntries(own) }, { endStream: bodiless });
    },
    // Not `close`, which marks the end of the body before it resets, so that half an answer passes for a whole one.
    cut: () => void stream.destroy(new Error('the exchange was cut')),
    dropUnread: () => {
      if (stream.readableEnded || stream.destroyed) return;
      // Node keeps a closed stream, and with it the connection, until what had arrived was read.
      stream.resume();
      // RFC 9113 §8.1: a complete response, then a reset without error, asks the peer to stop sending.
      if (stream.writableFinished) stream.close(constants.NGHTTP2_NO_ERROR);
      else stream.on('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
    },
  };
}

/** Of a body nobody wanted, so much is taken before its sender is cut off. */
const DROPPED_BYTES_MAX = 8 * 1024 * 1024;
const DROPPED_MS_MAX = 5_000;

/**
 * The rest of a body is read and thrown away, so that the connection can be used again, and so that the client is still
 * there to read why. Not for ever: a GiB that was refused is nobody's business.
 */
function drop(request: IncomingMessage): void {
  let left = DROPPED_BYTES_MAX;
  const deadline = setTimeout(() => request.destroy(), DROPPED_MS_MAX);
  const over = (): void => clearTimeout(deadline);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.on('end', over);
  request.on('close', over);
  // Whoever abandoned the body half read left it at rest.
  request.resume();
}

function headerMap(headers: IncomingHttpHeaders): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(':')) continue;
    map.set(name, typeof value === 'string' ? value : value.join(', '));
  }
  const authority = headers[':authority'];
  if (authority !== undefined && !map.has('host')) map.set('host', authority);
  return map;
}

/** Proxies send the whole URL as the target (RFC 9112 §3.2.2); handlers see path and query. */
function originForm(target: string): string {
  if (target.startsWith('/') || !/^https?:\/\//i.test(target)) return target;
  const path = target.slice(target.indexOf('//') + 2);
  const at = path.search(/[/?]/);
  if (at === -1) return '/';
  return path[at] === '/' ? path.slice(at) : `/${path.slice(at)}`;
}

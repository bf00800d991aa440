/**
 * Clients that speak plain text to a port that speaks TLS: they are told so, or sent to the same place under `https:`.
 *
 * The first byte tells: a TLS connection begins with a handshake record (RFC 8446 §5.1), no request does. Nothing that such
 * a client asks for is done, and what it gave away on the way, a token for instance, is not taken as given.
 */

import * as http from 'node:http';
import type * as net from 'node:net';

/** Content type of a handshake record. */
const HANDSHAKE = 22;

export interface PlaintextRules {
  /** Whether a client that tells its host is sent there; otherwise, and without a host, it is refused. */
  redirects: boolean;
  /** For the first byte, and again for the whole exchange; then the connection is cut. */
  msMax: number;
}

/** Diverts connections of `listener` that do not begin with TLS. What speaks TLS finds every byte where it was. */
export function divertPlaintext(listener: net.Server, { redirects, msMax }: PlaintextRules): void {
  const tlsListeners = listener.listeners('connection') as ((socket: net.Socket) => void)[];
  listener.removeAllListeners('connection');
  const refuser = http.createServer({ keepAlive: false }, (request, response) => {
    const to = redirects ? securePlaceOf(request) : null;
    response.setHeader('connection', 'close');
    if (to === null) refuse(response);
    else response.writeHead(308, { location: to, 'content-length': 0 }).end();
    request.resume();
  });
  refuser.on('clientError', (_, socket) => socket.destroy());
  listener.on('connection', (socket: net.Socket) => {
    const deadline = setTimeout(() => socket.destroy(), msMax);
    socket.once('close', () => clearTimeout(deadline));
    socket.on('error', () => undefined);
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return socket.destroy();
      socket.unshift(first);
      // The socket leaves its reading mode only after this turn.
      setImmediate(() => {
        if (first[0] !== HANDSHAKE) return void refuser.emit('connection', socket);
        clearTimeout(deadline);
        for (const tls of tlsListeners) tls.call(listener, socket);
      });
    });
  });
}

/** Only of what can be nothing else than a host and a path of it; null of everything else. */
function securePlaceOf({ headers: { host = '' }, url = '' }: http.IncomingMessage): string | null {
  const isHost = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/.test(host);
  return isHost && url.startsWith('/') ? `https://${host}${url}` : null;
}

/** RFC 9110 §15.5.22 and RFC 2817 §4.2: what it takes to be served. */
function refuse(response: http.ServerResponse): void {
  const body = JSON.stringify({ code: 'tls_required', message: 'this server speaks TLS; ask it under https:' });
  const headers = { upgrade: 'TLS/1.2, HTTP/1.1', connection: 'upgrade, close', 'content-type': 'application/json' };
  response.writeHead(426, { ...headers, 'content-length': body.length }).end(body);
}

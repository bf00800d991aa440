/**
 * The port itself: a plain or a TLS server of Node's that tells HTTP/2 from HTTP/1.1 and hands the former on.
 *
 * In plain text the first bytes tell (`http-preface.ts`), under TLS what client and server agreed on (ALPN, RFC 7301). It is an
 * HTTP/1.1 server in either case, so that Node's own limits on heads hold.
 */

import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { HEAD_BYTES_MAX } from './http-framing.ts';
import { divertPlaintext } from './http-plaintext.ts';
import { splitProtocols } from './http-preface.ts';

/** What a server proves itself with, in PEM. */
export interface TlsIdentity {
  cert: string | Buffer;
  key: string | Buffer;
}

export interface TlsRules extends TlsIdentity {
  /** Default TLSv1.2. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** What becomes of clients that speak plain text. Default `refuse`. */
  plaintext?: 'refuse' | 'redirect';
}

export interface ListenerRules {
  headMsMax: number;
  idleMsMax: number;
  connectionsMax: number;
  tls: TlsRules | null;
  /** A TCP connection is there whose TLS handshake is to come. */
  onTransport: (socket: Socket) => void;
  /** A connection is there, its protocol not known yet. */
  onConnection: (socket: Socket) => void;
  onHttp2: (socket: Socket) => void;
}

export type HttpListener = http.Server | https.Server;

export function createListener(rules: ListenerRules): HttpListener {
  const { headMsMax, idleMsMax, connectionsMax, tls, onTransport, onConnection, onHttp2 } = rules;
  const options: http.ServerOptions = {
    headersTimeout: headMsMax,
    maxHeaderSize: HEAD_BYTES_MAX,
    insecureHTTPParser: false,
    // Would count until the end of the body and cut sessions; `RequestBody` does the part that is wanted.
    requestTimeout: 0,
    keepAliveTimeout: idleMsMax,
    connectionsCheckingInterval: Math.max(20, Math.min(1000, headMsMax / 4)),
    // A peer that vanished without a word is noticed by the system, also while a session has nothing to say.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    noDelay: true,
  };
  const listener: HttpListener =
    tls === null
      ? http.createServer(options)
      : https.createServer({
          ...options,
          ...secured(tls),
          ALPNProtocols,
          handshakeTimeout: headMsMax,
          allowHalfOpen: true,
        });
  // Node ends its side as soon as the client ended its own, also with answers outstanding. Not in its documentation, but
  // as old as its HTTP server; `http-connections.ts` does what this leaves to be done.
  Object.assign(listener, { httpAllowHalfOpen: true });
  listener.maxConnections = connectionsMax;
  // Above it Node leaves headers out without a word; `http-framing.ts` refuses.
  listener.maxHeadersCount = 0;
  if (tls === null) splitProtocols(listener, { onHttp2, decideMsMax: headMsMax });
  else {
    splitByAgreement(listener, onHttp2);
    divertPlaintext(listener, { redirects: tls.plaintext === 'redirect', msMax: headMsMax });
    listener.on('connection', onTransport);
  }
  listener.on(tls === null ? 'connection' : 'secureConnection', onConnection);
  return listener;
}

/** From now on handshakes get another certificate; connections that are there stay as they are. */
export function renewIdentity(listener: HttpListener, tls: TlsRules): void {
  if (listener instanceof https.Server) listener.setSecureContext(secured(tls));
}

const ALPNProtocols = ['h2', 'http/1.1'];

function secured({ cert, key, minVersion = 'TLSv1.2' }: TlsRules) {
  return { cert, key, minVersion };
}

function splitByAgreement(listener: HttpListener, onHttp2: (socket: Socket) => void): void {
  const http1Listeners = listener.listeners('secureConnection') as ((socket: Socket) => void)[];
  listener.removeAllListeners('secureConnection');
  listener.on('secureConnection', (socket: TLSSocket) => {
    // An error that comes between two owners must not bring the process down.
    socket.on('error', () => undefined);
    if (socket.alpnProtocol === 'h2') onHttp2(socket);
    else for (const http1 of http1Listeners) http1.call(listener, socket);
  });
}

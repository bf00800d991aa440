/**
 * One cleartext port for HTTP/1.1 and HTTP/2 with prior knowledge.
 *
 * The first bytes of a connection tell: HTTP/2 begins with a fixed preface (RFC 9113 §3.4) that no HTTP/1.1
 * request begins with. Bytes are looked at until they differ from it or it is complete, then put back, and the
 * protocol's own listener takes over. The `http.Server` owns the port, so its limits and `close` hold for all.
 */

import type * as http from 'node:http';
import type { Socket } from 'node:net';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Diverts HTTP/2 connections of `server` to `onHttp2`. A connection undecided after `decideMsMax` is destroyed. */
export function splitProtocols(
  server: http.Server,
  { onHttp2, decideMsMax }: { onHttp2: (socket: Socket) => void; decideMsMax: number },
): void {
  const http1Listeners = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    sniff(socket, decideMsMax, (isHttp2) => {
      if (isHttp2 === null) socket.destroy();
      else if (isHttp2) onHttp2(socket);
      else for (const listener of http1Listeners) listener.call(server, socket);
    });
  });
}

/** Calls `decided` once: true for HTTP/2, false for anything else, null when the connection ended or hung. */
function sniff(socket: Socket, msMax: number, decided: (isHttp2: boolean | null) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const deadline = setTimeout(() => decide(null), msMax);
  const giveUp = (): void => decide(null);
  socket.on('readable', look);
  for (const event of ['end', 'error', 'close']) socket.on(event, giveUp);

  function look(): void {
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) return;
    seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes]);
    const compared = Math.min(seen.length, PREFACE.length);
    if (!seen.subarray(0, compared).equals(PREFACE.subarray(0, compared))) decide(false);
    else if (compared === PREFACE.length) decide(true);
  }

  function decide(isHttp2: boolean | null): void {
    clearTimeout(deadline);
    socket.removeListener('readable', look);
    for (const event of ['end', 'error', 'close']) socket.removeListener(event, giveUp);
    // An error that comes between two owners must not bring the process down.
    socket.on('error', () => undefined);
    if (isHttp2 === null) return decided(null);
    socket.unshift(seen);
    // The socket leaves its reading mode only after this turn. Node's parser, when it takes a socket over before
    // that, can not stop it any more: a body nobody reads would pile up in memory.
    setImmediate(() => decided(isHttp2));
  }
}

/**
 * Clients that mean no good, each over its own sockets on the loopback interface. Every one ends by itself, says what became of
 * it, and calls it a violation when the server let it go on for ever or fell for it; also when the run is over meanwhile.
 */

import * as http2 from 'node:http2';
import * as net from 'node:net';
import { LOAD_BASIN, pause, type Violations } from './clients.ts';

export interface Abuse {
  host: string;
  port: number;
  stream: string;
  /** A stream with more records than any buffer on the way holds. */
  bulk: string;
  /** How much of it, from a few for a slice to thousands. */
  times: number;
  /** The run is over. */
  signal: AbortSignal;
  violations: Violations;
}

const MIB = 1024 * 1024;

/** The server takes 8 MiB of a body that it has refused; more lies in buffers on the way. */
const REFUSED_MIB_MAX = 64;

/** The server of a run gives such clients 1.5 s; on a busy machine it takes longer until it comes to it. */
const BORNE_MS_MAX = 180_000;

/** All of them, by name; each returns what it saw. */
export const ABUSES: Readonly<Record<string, (abuse: Abuse) => Promise<string>>> = {
  'stops reading': stopsReading,
  'a byte at a time': byteAtATime,
  'connects and resets': connectsAndResets,
  'a body without end': endlessBody,
  'rapid resets': rapidResets,
  'ping flood': (abuse) => controlFlood(abuse, '0000080600000000000000000000000000'),
  'settings flood': (abuse) => controlFlood(abuse, '000000040000000000'),
};

/** Reads a stream from its start and takes nothing, over both protocols, until the server has had enough of it. */
async function stopsReading({ host, port, bulk, times, violations }: Abuse): Promise<string> {
  const target = `/v1/streams/${bulk}/records?seq_num=0`;
  let cut = 0;
  const sockets = Array.from({ length: times }, () => {
    const socket = connected(host, port);
    socket.pause();
    socket.on('close', () => (cut += 1));
    socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\ns2-basin: ${LOAD_BASIN}\r\naccept: text/event-stream\r\n\r\n`);
    return socket;
  });
  const session = connected2(host, port);
  const stalled = Array.from({ length: Math.min(times, 90) }, () =>
    session
      .request({ ':path': target, 's2-basin': LOAD_BASIN, 'content-type': 's2s/proto' })
      .on('error', () => undefined)
      .on('close', () => (cut += 1))
      .pause(),
  );
  const all = sockets.length + stalled.length;
  await until(() => {
    // A socket that is not read hears of its end only when it writes. HTTP passes over empty lines.
    for (const socket of sockets) if (!socket.destroyed) socket.write('\r\n');
    return cut === all;
  });
  if (cut < all) violations.push(`${all - cut} readers that took nothing were borne with`);
  const seen = `${cut} of ${all} readers that took nothing were cut`;
  for (const socket of sockets) socket.destroy();
  for (const each of stalled) each.destroy();
  session.destroy();
  return seen;
}

/** Heads and bodies a byte at a time, for as long as the server listens to it. */
async function byteAtATime({ host, port, stream, times, violations }: Abuse): Promise<string> {
  const head = `POST /v1/streams/${stream}/records HTTP/1.1\r\nhost: x\r\ns2-basin: ${LOAD_BASIN}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n`;
  let ended = 0;
  const sockets = Array.from({ length: times }, (_, i) => {
    const socket = connected(host, port);
    // Every other one is as slow with its head.
    if (i % 2 === 0) socket.write(head);
    socket.on('close', () => (ended += 1));
    socket.resume();
    return { socket, rest: i % 2 === 0 ? ' '.repeat(100_000) : head };
  });
  let at = 0;
  await until(() => {
    for (const { socket, rest } of sockets) if (!socket.destroyed) socket.write(rest[at] ?? ' ');
    at += 1;
    return ended === times;
  });
  if (ended < times) violations.push(`${times - ended} slow writers were borne with`);
  for (const { socket } of sockets) socket.destroy();
  return `${ended} of ${times} slow writers were turned away`;
}

/** Connections that break at once, or behind half a request. */
async function connectsAndResets({ host, port, times, signal }: Abuse): Promise<string> {
  const wanted = times * 100;
  let count = 0;
  while (count < wanted && !signal.aborted) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connected(host, port);
        await new Promise((resolve) => socket.on('connect', resolve).on('close', resolve));
        if (count % 3 > 0)
          socket.write('POST /v1/basins HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab'.slice(0, 20 * (count % 4)));
        socket.resetAndDestroy();
        count += 1;
      }),
    );
  }
  return `${count} connections were reset`;
}

/**
 * A unary body of 1 GiB, announced or not: it has to be refused long before its end. Who sends on meanwhile is cut off, and
 * may lose the answer with the connection (RFC 9112 §9.6).
 */
async function endlessBody({ host, port, stream, violations }: Abuse): Promise<string> {
  const seen: string[] = [];
  for (const framing of ['content-length: 1073741824', 'transfer-encoding: chunked']) {
    const socket = connected(host, port);
    let answer = '';
    let isOver = false;
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1').slice(0, 200)));
    socket.on('close', () => (isOver = true));
    socket.write(
      `POST /v1/streams/${stream}/records HTTP/1.1\r\nhost: x\r\ns2-basin: ${LOAD_BASIN}\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`,
    );
    const chunk = framing.startsWith('transfer')
      ? Buffer.from(`100000\r\n${' '.repeat(MIB)}\r\n`)
      : Buffer.alloc(MIB, ' ');
    let sentMib = 0;
    while (sentMib < 1024 && !isOver && !/ 4\d\d /.test(answer)) {
      const isTaken = socket.write(chunk);
      sentMib += 1;
      if (!isTaken) await Promise.race([new Promise((taken) => socket.once('drain', taken)), pause(2_000)]);
    }
    const isRefused = answer === '' ? isOver && sentMib < REFUSED_MIB_MAX : / 4\d\d /.test(answer);
    if (!isRefused) violations.push(`a body of ${sentMib} MiB was answered ${answer.slice(0, 40)}`);
    seen.push(`${sentMib} MiB`);
    socket.destroy();
  }
  return `bodies of 1 GiB were refused after ${seen.join(' and ')}`;
}

/** CVE-2023-44487: requests that are reset in the packet behind their own. */
async function rapidResets({ host, port, times, violations }: Abuse): Promise<string> {
  const session = connected2(host, port);
  let sent = 0;
  const wanted = Math.max(20_000, times * 1_000);
  while (!session.destroyed && sent < wanted) {
    for (let i = 0; i < 50 && !session.destroyed; i += 1, sent += 1) {
      const request = session.request({ ':path': '/v1/basins' }).on('error', () => undefined);
      request.close(http2.constants.NGHTTP2_CANCEL);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (sent >= wanted) violations.push(`${sent} rapid resets were borne with`);
  session.destroy();
  return `the connection was ended after ${sent} rapid resets`;
}

/** Frames that ask for nothing but an answer. */
async function controlFlood({ host, port, violations }: Abuse, frameHex: string): Promise<string> {
  const socket = connected(host, port);
  const flood = Buffer.from(frameHex.repeat(100), 'hex');
  socket.resume();
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Buffer.from('000000040000000000', 'hex'));
  let sent = 0;
  while (!socket.destroyed && sent < 100_000) {
    if (!socket.write(flood)) await Promise.race([new Promise((taken) => socket.once('drain', taken)), pause(1_000)]);
    sent += 100;
    await new Promise((resolve) => setImmediate(resolve));
  }
  // A server that is busy hears late of what was sent.
  await until(() => socket.destroyed);
  if (!socket.destroyed) violations.push(`${sent} frames of a flood were borne with`);
  socket.destroy();
  return `the connection was ended after ${sent} frames`;
}

function connected(host: string, port: number): net.Socket {
  return net.connect({ host, port }).on('error', () => undefined);
}

function connected2(host: string, port: number): http2.ClientHttp2Session {
  return http2.connect(`http://${host}:${port}`).on('error', () => undefined);
}

/** Looks every so often, until it is so, or a server on a busy machine had its time. */
async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + BORNE_MS_MAX;
  while (!isSo() && performance.now() < deadlineMs) await pause(300);
}

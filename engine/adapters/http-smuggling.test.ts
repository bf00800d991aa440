/**
 * Requests that a proxy in front and this server could read differently, as bytes on real connections: each is refused, and
 * nothing that is hidden in one ever reaches a handler.
 */

import { once } from 'node:events';

import { afterEach, describe, expect, test } from 'vitest';

import type { HttpHandler } from '../ports.ts';
import { httpBench, respond, until, urlOf, whole } from '../testing/http-bench.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  framesOf,
  headerBlock,
  type HeaderPairs,
  PREFACE,
} from '../testing/http2-frames.ts';
import type { HttpServer } from './node-http.ts';

const { serve, connectRaw, errors } = httpBench();

/** Method, target and body of what reached a handler. */
let seen: string[] = [];

const handler: HttpHandler = async ({ method, target, body }) => {
  seen.push(`${method} ${target} ${(await whole(body)).toString()}`.trim());
  return respond('taken');
};

afterEach(() => {
  seen = [];
  expect(errors).toEqual([]);
});

const HIDDEN = 'GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n';
const LIMITS = { headMsMax: 300, bodySilenceMsMax: 300, idleMsMax: 300 };

describe('over HTTP/1.1', () => {
  /** What is answered to these bytes until the connection ends. */
  async function answersTo(bytes: string): Promise<{ server: HttpServer; text: string; statuses: number[] }> {
    const server = await serve(handler, LIMITS);
    const { socket, received } = await connectRaw(server);
    socket.write(bytes, 'latin1');
    await once(socket, 'end');
    return {
      server,
      text: received(),
      statuses: [...received().matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, n]) => Number(n)),
    };
  }

  const chunked = (size: string) => `transfer-encoding: chunked\r\n\r\n${size}\r\na\r\n0\r\n\r\n`;

  test.each([
    ['a length and chunks', `content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`, 400],
    ['chunks and a length', `transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n${HIDDEN}`, 400],
    ['two lengths', `content-length: 0\r\ncontent-length: 4\r\n\r\nabcd${HIDDEN}`, 400],
    ['the same length twice', `content-length: 4\r\ncontent-length: 4\r\n\r\nabcd${HIDDEN}`, 400],
    ['a list of lengths', `content-length: 4, 4\r\n\r\nabcd${HIDDEN}`, 400],
    ['a length with a sign', 'content-length: +4\r\n\r\nabcd', 400],
    ['a hexadecimal length', 'content-length: 0x4\r\n\r\nabcd', 400],
    ['a length above every number', 'content-length: 99999999999999999999999\r\n\r\nabcd', 400],
    ['an empty length', 'content-length: \r\n\r\nabcd', 400],
    ['a space before the colon of a length', 'content-length : 4\r\n\r\nabcd', 400],
    ['a space before the colon of a coding', 'transfer-encoding : chunked\r\n\r\n0\r\n\r\n', 400],
    ['a folded coding', `transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n${HIDDEN}`, 400],
    ['a folded line', 'x-a: b\r\n c\r\n\r\n', 400],
    ['a line feed alone', 'x: y\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a carriage return alone', 'x: y\rtransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a vertical tab before a coding', 'transfer-encoding:\u000bchunked\r\n\r\n0\r\n\r\n', 400],
    ['a zero byte', 'x: a\0b\r\n\r\n', 400],
    ['a control character', 'x: a\u007fb\r\n\r\n', 400],
    ['a coding behind chunks', 'transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n', 400],
    [
      'chunks and then another coding',
      `transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['chunks twice', 'transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a coding that only looks like chunks', 'transfer-encoding: xchunked\r\n\r\n0\r\n\r\n', 501],
    ['the coding identity', `transfer-encoding: identity\r\n\r\n${HIDDEN}`, 501],
    ['gzip before chunks', 'transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 501],
    ['a chunk size with a prefix', chunked('0x1'), 400],
    ['a chunk size with a space', chunked('1 '), 400],
    ['a chunk size with a sign', chunked('-1'), 400],
    ['a chunk size above every number', chunked('ffffffffffffffff1'), 400],
    ['a line feed in an extension of a chunk', chunked('1;a\nb'), 400],
    ['a chunk that is longer than it says', 'transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n', 400],
    ['an endless extension of a chunk', chunked(`1;${'a'.repeat(20_000)}`), 413],
    ['a length behind the last chunk', `${chunked('1').slice(0, -2)}content-length: 5\r\n\r\n${HIDDEN}`, 400],
    ['endless trailers', `${chunked('1').slice(0, -2)}x: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['two hosts', 'host: y\r\n\r\n', 400],
    ['two tokens', 'authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n', 400],
    ['two types', 'content-type: text/plain\r\ncontent-type: s2s/proto\r\n\r\n', 400],
    ['16 KiB of a header', `x: ${'y'.repeat(16 * 1024)}\r\n\r\n`, 431],
    ['129 lines', `${'a: b\r\n'.repeat(128)}\r\n`, 431],
    ['2500 lines, and the token behind them', `${'a:\r\n'.repeat(2500)}authorization: z\r\n\r\n`, 431],
  ])('%s is refused, and the connection ends', async (_, rest, status) => {
    const { statuses, server } = await answersTo(`POST / HTTP/1.1\r\nhost: x\r\n${rest}`);
    expect(statuses).toEqual([status]);
    expect(seen).toEqual([]);
    expect((await fetch(urlOf(server))).status, 'others are served').toBe(200);
  });

  test.each([
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a version of its own', 'GET / HTTP/2.0\r\nhost: x\r\n\r\n', 505],
    ['no version', 'GET /\r\n\r\n', 505],
    ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['a control character in its path', 'GET /a\u0001b HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a byte that is no ASCII in its path', 'GET /a\u00e9b HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a line feed in its path', 'GET /a\nb HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a path of 16 KiB', `GET /${'y'.repeat(16 * 1024)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    ['half a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n\r\n', 400],
  ])('a request with %s is refused, and the connection ends', async (_, bytes, status) => {
    expect((await answersTo(bytes)).statuses).toEqual([status]);
    expect(seen).toEqual([]);
  });

  test('a wish for a tunnel ends the connection, one for another protocol is not heard', async () => {
    expect((await answersTo('CONNECT other:443 HTTP/1.1\r\nhost: x\r\n\r\n')).text).toBe('');
    const upgrade = 'connection: upgrade, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n';
    expect((await answersTo(`GET /one HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n`)).statuses).toEqual([200]);
    expect(seen).toEqual(['GET /one']);
  });

  test('a request in the body of another is a body', async () => {
    const bytes = `GET /outer HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`;
    expect((await answersTo(bytes)).statuses).toEqual([200]);
    expect(seen).toEqual([`GET /outer ${HIDDEN}`.trim()]);
  });

  test('what comes behind the last request of a connection is not heard, and that one is answered', async () => {
    const { statuses } = await answersTo(`GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n${HIDDEN}`);
    expect(statuses).toEqual([200]);
    expect(seen).toEqual(['GET /last']);
  });

  test('a refusal of what follows never passes for the answer to a request that came whole', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const server = await serve(async () => (await gate, respond('taken')));
    const { socket, received } = await connectRaw(server);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi\0\0\0');
    await once(socket, 'end');
    expect(received(), 'its client can not know what became of it').toBe('');
    release();
    await until(() => server.requests === 0, 'the handler is over');
  });
});

describe('over HTTP/2', () => {
  const GET: HeaderPairs = [
    [':method', 'GET'],
    [':path', '/'],
    [':scheme', 'http'],
    [':authority', 'x'],
  ];
  const POST: HeaderPairs = [[':method', 'POST'], ...GET.slice(1)];
  const whole2 = (pairs: HeaderPairs) => frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headerBlock(pairs));
  const open = (pairs: HeaderPairs) => frame(FRAME.headers, END_HEADERS, 1, headerBlock(pairs));
  const instead = (name: string, value: string) => whole2(GET.map(([n, v]) => [n, n === name ? value : v]));
  const without = (name: string) => whole2(GET.filter(([n]) => n !== name));
  const many = (count: number) => Array.from({ length: count }, (_, i) => [`a${i}`, 'b'] as const);

  /** How stream 1 or the connection ended: a reset's or a goaway's code, or a status. */
  async function endOf(...frames: Buffer[]): Promise<string> {
    const server = await serve(handler, LIMITS);
    const { socket } = await connectRaw(server);
    let bytes = Buffer.alloc(0);
    socket
      .setEncoding('latin1')
      .on('data', (chunk: string) => (bytes = Buffer.concat([bytes, Buffer.from(chunk, 'latin1')])));
    socket.write(Buffer.concat([PREFACE, ...frames]));
    const ended = once(socket, 'end');
    const end = await Promise.race([ended.then(() => 'closed'), answered()]);
    expect((await fetch(urlOf(server), { method: 'PUT' })).status, 'others are served').toBe(200);
    return end;

    async function answered(): Promise<string> {
      let said: string | null = null;
      await until(() => (said = saidIn(bytes)) !== null, 'something is said');
      return said ?? '';
    }
  }

  function saidIn(bytes: Buffer): string | null {
    for (const { type, stream, payload } of framesOf(bytes)) {
      if (type === FRAME.reset && stream === 1) return `reset ${payload.readUInt32BE(0)}`;
      if (type === FRAME.goaway) return `goaway ${payload.readUInt32BE(4)}`;
      // The status is the first of a head: one of the seven that have an index, or a literal of three digits.
      if (type === FRAME.headers) return payload[0] === 0x88 ? 'status 200' : 'status 4xx';
    }
    return null;
  }

  test.each([
    ['a header of the connection', whole2([...GET, ['connection', 'close']]), 'reset 1'],
    ['keep-alive', whole2([...GET, ['keep-alive', '1']]), 'reset 1'],
    ['proxy-connection', whole2([...GET, ['proxy-connection', 'x']]), 'reset 1'],
    ['a transfer-encoding', whole2([...GET, ['transfer-encoding', 'chunked']]), 'reset 1'],
    ['an upgrade', whole2([...GET, ['upgrade', 'h2c']]), 'reset 1'],
    ['te other than trailers', whole2([...GET, ['te', 'gzip']]), 'reset 1'],
    ['a capital in a name', whole2([...GET, ['X-Upper', 'a']]), 'reset 1'],
    ['a status', whole2([...GET, [':status', '200']]), 'reset 1'],
    ['another protocol', whole2([...GET, [':protocol', 'websocket']]), 'reset 1'],
    ['two methods', whole2([...GET, [':method', 'POST']]), 'reset 1'],
    ['a pseudo header behind others', whole2([...GET.slice(1), ['a', 'b'], [':method', 'GET']]), 'reset 1'],
    ['no path', without(':path'), 'reset 1'],
    ['no method', without(':method'), 'reset 1'],
    ['nobody it is for', without(':authority'), 'reset 1'],
    ['an empty path', instead(':path', ''), 'reset 1'],
    ['a path that does not begin with a slash', instead(':path', 'http://y/p'), 'reset 1'],
    ['a space in its path', instead(':path', '/ HTTP/1.1'), 'reset 1'],
    ['line ends in its path', instead(':path', '/ HTTP/1.1\r\nhost: y\r\n\r\nGET /hidden'), 'reset 1'],
    ['a zero byte in its path', instead(':path', '/a\0b'), 'reset 1'],
    ['line ends in its method', instead(':method', `GET / HTTP/1.1\r\nhost: x\r\n\r\nGET`), 'reset 1'],
    ['a space in its method', instead(':method', 'GET /hidden'), 'reset 1'],
    ['line ends in its scheme', instead(':scheme', 'http\r\n'), 'reset 1'],
    ['line ends in its authority', instead(':authority', 'x\r\ny: z'), 'reset 1'],
    ['a tunnel', instead(':method', 'CONNECT'), 'reset 1'],
    ['a length and no body', whole2([...GET, ['content-length', '5']]), 'reset 1'],
    ['a negative length', whole2([...GET, ['content-length', '-1']]), 'reset 1'],
    ['two hosts', whole2([...GET, ['host', 'y']]), 'status 4xx'],
    ['two tokens', whole2([...GET, ['authorization', 'Bearer a'], ['authorization', 'Bearer b']]), 'status 4xx'],
    ['two types', whole2([...GET, ['content-type', 'a/a'], ['content-type', 's2s/proto']]), 'status 4xx'],
    ['129 lines', whole2([...GET, ...many(125)]), 'reset 11'],
  ])('a request with %s is refused', async (_, bytes, end) => {
    expect(await endOf(bytes)).toBe(end);
    expect(seen).toEqual(['PUT /']);
  });

  test.each([
    ['shorter than its length', '5', 'abc', 'reset 1'],
    ['longer than its length', '2', 'abc', 'reset 1'],
    ['of a length with a sign', '+3', 'abc', 'reset 1'],
  ])('a body %s is refused', async (_, length, body, end) => {
    const head = open([...POST, ['content-length', length]]);
    expect(await endOf(head, frame(FRAME.data, END_STREAM, 1, body))).toBe(end);
    expect(seen).toEqual(['PUT /']);
  });

  test('a body of two lengths is refused', async () => {
    const head = open([...POST, ['content-length', '3'], ['content-length', '3']]);
    expect(await endOf(head, frame(FRAME.data, END_STREAM, 1, 'abc'))).toBe('reset 1');
  });

  test('trailers can not change the request', async () => {
    const data = frame(FRAME.data, 0, 1, 'abc');
    const trailers = (pairs: HeaderPairs) => frame(FRAME.headers, END_HEADERS | END_STREAM, 1, headerBlock(pairs));
    expect(await endOf(open(POST), data, trailers([[':path', '/hidden']]))).toBe('reset 1');
    expect(await endOf(open(POST), data, trailers([['authorization', 'Bearer a']]))).toBe('status 200');
    expect(seen).toEqual(['PUT /', 'POST / abc', 'PUT /']);
  });

  test('more than 16 KiB of headers are refused, however many frames they come in', async () => {
    const part = (n: number, isLast = false) =>
      frame(FRAME.continuation, isLast ? END_HEADERS : 0, 1, headerBlock([[`x${n}`, 'y'.repeat(9000)]]));
    const head = frame(FRAME.headers, END_STREAM, 1, headerBlock(GET));
    expect(await endOf(head, part(1), part(2, true))).toBe('status 4xx');
    expect(seen).toEqual(['PUT /']);
  });

  test('header lines that hold line ends or control characters are left out, and no other line is made of them', async () => {
    let headers: ReadonlyMap<string, string> = new Map();
    const server = await serve(async (request) => ((headers = request.headers), respond('taken')));
    const { socket, received } = await connectRaw(server);
    const lines: HeaderPairs = [
      ['a', 'b\r\nauthorization: Bearer x'],
      ['c', 'd\ne: f'],
      ['g\r\nh', 'i'],
      ['j', 'k\0l'],
      ['m n', 'o'],
      ['p', 'q'],
    ];
    socket.write(Buffer.concat([PREFACE, whole2([...GET, ...lines])]));
    await until(() => received().includes('taken'), 'it is answered');
    expect(Object.fromEntries(headers)).toEqual({ host: 'x', p: 'q' });
  });

  test.each([
    ['a head that something else comes into', [frame(FRAME.headers, 0, 1, headerBlock(GET)), whole2(GET)]],
    ['a head in endless empty parts', floodOf(frame(FRAME.continuation, 0, 1), frame(FRAME.headers, 0, 1, ''))],
    ['a body in endless empty parts', floodOf(frame(FRAME.data, 0, 1), open(POST))],
    ['a stream of the wrong number', [frame(FRAME.headers, 5, 2, headerBlock(GET))]],
    ['a body of no stream', [frame(FRAME.data, 1, 0, 'x')]],
    ['a frame that is too large', [Buffer.from('008000000000000001', 'hex')]],
    ['a broken head', [frame(FRAME.headers, 5, 1, Buffer.alloc(5, 0xff))]],
    ['a table of headers above the limit', [frame(FRAME.headers, 5, 1, Buffer.from('3fe1ffff7f', 'hex'))]],
    ['a window above the limit', [frame(FRAME.windowUpdate, 0, 0, Buffer.from('7fffffff', 'hex'))]],
    ['a promise', [frame(FRAME.pushPromise, 4, 1, Buffer.from('00000002', 'hex'))]],
    ['HTTP/1.1', [Buffer.from(HIDDEN)]],
  ])('%s ends the connection, and no other', async (_, frames) => {
    expect(await endOf(...frames)).toMatch(/^(goaway|closed)/);
    expect(seen).toEqual(['PUT /']);
  });

  function floodOf(part: Buffer, first: Buffer): Buffer[] {
    return [first, Buffer.concat(Array.from({ length: 3000 }, () => part))];
  }

  test('a connection that Node says nothing more of is over in time, and its requests with it', async () => {
    const server = await serve(handler, LIMITS);
    const { socket } = await connectRaw(server);
    // Data of a stream that was never opened, while another waits for its body.
    socket.write(Buffer.concat([PREFACE, open(POST), frame(FRAME.data, END_STREAM, 99, 'abc')]));
    await until(() => server.requests === 1, 'the request is under way');
    socket.destroy();
    await until(() => server.requests === 0 && server.connections === 0, 'nothing is left');
  });

  test('a connection whose head never ends is over in time', async () => {
    const server = await serve(handler, LIMITS);
    const { socket } = await connectRaw(server);
    socket.write(Buffer.concat([PREFACE, frame(FRAME.headers, 0, 1, headerBlock(GET))]));
    const timer = setInterval(() => socket.write(frame(FRAME.ping, 0, 0, 'pingping')), 20);
    await once(socket, 'end');
    clearInterval(timer);
    expect(seen).toEqual([]);
  });
});

/** Bodies both ways over real sockets: whole, at the speed of the slower side, and silent ones. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import type * as http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import type { HttpHandler } from '../ports.ts';
import { callHttp2, httpBench, mirror, respond, until, urlOf, whole } from '../testing/http-bench.ts';

const { serve, connectRaw, connectHttp2, errors } = httpBench();

/** Sends back what comes, as it comes. */
const echo: HttpHandler = async (request) => respond(request.body);

const MIB = 1024 * 1024;

/** A client that may queue much itself. */
const ROOMY: http2.ClientSessionOptions = { maxSessionMemory: 1000 };

describe('bodies', () => {
  test('of 16 MiB arrive unchanged both ways over HTTP/1.1', async () => {
    const server = await serve(echo);
    const body = randomBytes(16 * MIB);
    const response = await fetch(urlOf(server), { method: 'POST', body });
    expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), body)).toBe(0);
  });

  test('of 16 MiB arrive unchanged both ways over HTTP/2', async () => {
    const server = await serve(echo);
    const body = randomBytes(16 * MIB);
    const answer = await callHttp2(connectHttp2(server, ROOMY), { ':method': 'POST', ':path': '/' }, body);
    expect(Buffer.compare(answer.body, body)).toBe(0);
  });

  test('answer while the request is still open, over HTTP/1.1 and HTTP/2', async () => {
    const server = await serve(echo);
    const request = http.request(urlOf(server), { method: 'POST' });
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const stream = connectHttp2(server).request({ ':method': 'POST', ':path': '/' });
    await once(stream, 'response');
    for (const duplex of [
      { out: request, back: response },
      { out: stream, back: stream },
    ]) {
      const iterator = duplex.back[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      for (const word of ['ping', 'pong', 'ping']) {
        duplex.out.write(word);
        expect((await iterator.next()).value?.toString()).toBe(word);
      }
      duplex.out.end();
      expect((await iterator.next()).done).toBe(true);
    }
  });

  test('are produced only as fast as a slow client reads them', async () => {
    let produced = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; produced < 4000; produced += 1) yield chunk;
    }
    const chunk = randomBytes(64 * 1024);
    const server = await serve(async () => respond(endless()));
    const request = http.get(urlOf(server));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const stream = connectHttp2(server).request({ ':path': '/' });
    await once(stream, 'response');
    await sleep(150);
    const before = produced;
    expect(before, 'of 4000 chunks').toBeLessThan(1000);
    await sleep(100);
    expect(produced, 'nothing more while nobody reads').toBe(before);
    stream.close();
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(bytes).toBeGreaterThan(before);
    expect(produced).toBe(4000);
  });

  test('that a peer is slow to read do not keep it from asking for more', async () => {
    const body = randomBytes(MIB);
    const server = await serve(async () => respond(body));
    const session = connectHttp2(server, ROOMY);
    const streams: http2.ClientHttp2Stream[] = [];
    for (let count = 0; count < 60; count += 1) {
      const stream = session.request({ ':path': '/' });
      await once(stream, 'response');
      streams.push(stream);
    }
    for (const stream of streams) expect((await whole(stream)).length).toBe(MIB);
  });

  test('are taken only as fast as the handler reads them', async () => {
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const server = await serve(async ({ body }) => {
      await gate;
      return respond(String((await whole(body)).length));
    });
    const chunk = randomBytes(64 * 1024);
    const calls = [
      http.request(urlOf(server), { method: 'POST' }),
      connectHttp2(server).request({ ':method': 'POST' }),
    ];
    const answers = calls.map((call) => once(call, 'response') as Promise<[http.IncomingMessage]>);
    const sent = calls.map(() => 0);
    const sending = calls.map(async (call, index) => {
      for (; sent[index]! < 48 * MIB; sent[index]! += chunk.length) if (!call.write(chunk)) await once(call, 'drain');
      call.end();
    });
    await sleep(200);
    expect(Math.max(...sent), 'most of it is still with the client').toBeLessThan(24 * MIB);
    go();
    await Promise.all(sending);
    expect((await whole((await answers[0]!)[0])).toString()).toBe(String(48 * MIB));
    expect((await whole(calls[1] as http2.ClientHttp2Stream)).toString()).toBe(String(48 * MIB));
  });

  test('that a handler gives up half way are taken no further until it answers, and their connection goes on', async () => {
    let given!: () => void;
    const gate = new Promise<void>((resolve) => (given = resolve));
    const server = await serve(async ({ method, body }) => {
      if (method === 'GET') return respond('next');
      await body[Symbol.asyncIterator]().next();
      await body[Symbol.asyncIterator]().return?.();
      await gate;
      return respond('enough');
    });
    const { socket, received } = await connectRaw(server);
    const chunk = Buffer.alloc(MIB);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${7 * MIB}\r\n\r\n`);
    for (let i = 0; i < 7; i += 1) socket.write(chunk);
    await sleep(100);
    expect(socket.writableLength, 'bytes that wait with the client').toBeGreaterThan(MIB);
    given();
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await until(() => received().includes('next'), 'the request behind it was answered');
    expect(received()).toContain('enough');
  });

  test('that fall silent before anything was answered get a 408', async () => {
    const server = await serve(mirror, { bodySilenceMsMax: 60 });
    const { socket, received } = await connectRaw(server);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    await once(socket, 'end');
    expect(received()).toMatch(/^HTTP\/1\.1 408 [^]*"code":"request_timeout"/);
    const stream = connectHttp2(server).request({ ':method': 'POST', ':path': '/' });
    stream.write('half');
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(408);
    expect(errors).toEqual([]);
  });

  test('that are read after the answer was given throw instead of ending early', async () => {
    let later!: Promise<Buffer>;
    const server = await serve(async ({ body }) => {
      later = whole(body);
      later.catch(() => undefined);
      return respond('too early');
    });
    const { socket, received } = await connectRaw(server);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    await until(() => received().includes('too early'), 'the answer came');
    await expect(later).rejects.toThrow(/over before the body was read/);
  });

  test('may rest for as long as they like once an answer has begun', async () => {
    const server = await serve(echo, { bodySilenceMsMax: 30 });
    const stream = connectHttp2(server).request({ ':method': 'POST', ':path': '/' });
    await once(stream, 'response');
    await sleep(120);
    stream.end('late');
    expect((await whole(stream)).toString()).toBe('late');
  });
});

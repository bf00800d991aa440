/** Clients that mean no good, or look like it: each costs itself, and others are served throughout. */

import { once } from 'node:events';
import * as http2 from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, test } from 'vitest';

import type { HttpHandler } from '../ports.ts';
import { httpBench, mirror, respond, until, urlOf, whole } from '../testing/http-bench.ts';
import type { HttpServer } from './node-http.ts';

const { serve, connectRaw, connectHttp2, errors } = httpBench();

const MIB = 1024 * 1024;

afterEach(() => expect(errors).toEqual([]));

/** Others are served as if nothing were. */
async function expectServed(server: HttpServer): Promise<void> {
  expect((await fetch(urlOf(server))).status).toBe(200);
}

/** Waits for one word of the body, then answers with what came until the body ends, one late chunk for each. */
const lateEcho: HttpHandler = async (request) => {
  async function* late(): AsyncGenerator<Uint8Array> {
    for await (const chunk of request.body) {
      await sleep(60);
      yield chunk;
    }
  }
  return request.method === 'GET' ? mirror(request) : respond(late());
};

describe('a client that ends its side', () => {
  test('behind its last input still gets every answer of its session', async () => {
    const server = await serve(lateEcho);
    const { socket, received } = await connectRaw(server);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    await until(() => received().includes('200'), 'the session is open');
    socket.write('3\r\none\r\n');
    await sleep(5);
    socket.end('3\r\ntwo\r\n0\r\n\r\n');
    await once(socket, 'close');
    expect(received()).toMatch(/one[^]*two[^]*0\r\n\r\n$/);
    await until(() => server.requests === 0 && server.connections === 0, 'nothing is left');
  });

  test('in the middle of its body is gone', async () => {
    let threw = false;
    const server = await serve(async ({ body }) => {
      await whole(body).catch(() => (threw = true));
      return respond('for nobody');
    });
    const { socket } = await connectRaw(server);
    socket.end('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n');
    await until(() => threw, 'the handler is told');
    await until(() => server.requests === 0, 'nothing is left');
  });

  test('and waits for what never comes is given up', async () => {
    const server = await serve(
      ({ signal }) => new Promise((resolve) => signal!.addEventListener('abort', () => resolve(respond('late')))),
      { halfClosedMsMax: 50 },
    );
    for (const method of ['GET', 'POST']) {
      const { socket } = await connectRaw(server);
      socket.end(`${method} / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`);
      await once(socket, 'close');
    }
    await until(() => server.requests === 0, 'both handlers are over');
  });
});

describe('a client that takes nothing', () => {
  const endless: HttpHandler = async (request) => {
    async function* zeros(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(MIB);
    }
    if (request.target === '/endless') return respond(zeros());
    return request.target === '/large' ? respond(Buffer.alloc(64 * MIB)) : mirror(request);
  };

  test.each(['/endless', '/large'])('of %s is cut in time, over HTTP/1.1 and HTTP/2', async (path) => {
    const server = await serve(endless, { sendMsMax: 150 });
    const { socket } = await connectRaw(server);
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    const stream = connectHttp2(server).request({ ':path': path });
    stream.on('error', () => undefined);
    stream.pause();
    await until(() => server.requests === 2, 'both are under way');
    await expectServed(server);
    await until(() => server.requests === 0, 'both were cut');
  });

  test('gives way to others when all that is not taken is too much, the longest wait first', async () => {
    const server = await serve(endless, { unsentBytesMax: 5 * MIB });
    const cut: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const stream = connectHttp2(server).request({ ':path': '/endless' });
      stream.on('error', () => undefined).on('close', () => void cut.push(i));
      stream.pause();
      await until(() => server.unsentBytes > Math.min(i, 4) * MIB, 'it is waited for');
    }
    await until(() => cut.length === 3, 'three were cut');
    expect(cut).toEqual([0, 1, 2]);
    expect(server.unsentBytes).toBeLessThanOrEqual(5 * MIB);
    await expectServed(server);
  });

  test('but asks on is answered in order and no further', async () => {
    let begun = 0;
    const server = await serve(
      async (request) => {
        if (request.target === '/') return mirror(request);
        begun += 1;
        return respond(Buffer.alloc(MIB));
      },
      { sendMsMax: 300 },
    );
    const { socket } = await connectRaw(server);
    socket.pause();
    socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(3_000));
    await until(() => begun > 0, 'the first is under way');
    await sleep(100);
    expect(begun).toBeLessThanOrEqual(200);
    await expectServed(server);
    await until(() => server.requests === 0, 'all were cut');
  });
});

describe('a client that gives a byte at a time', () => {
  test('of its body is answered 408 in time, however it keeps on', async () => {
    const server = await serve(mirror, { bodySilenceMsMax: 100, bodyMsMax: 200 });
    const { socket, received } = await connectRaw(server);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n');
    const timer = setInterval(() => socket.write('x'), 20);
    await until(() => received().includes('408'), 'it is refused');
    clearInterval(timer);
    expect(received()).toContain('"code":"request_timeout"');
    await expectServed(server);
  });

  test('of a session that was answered may go on', async () => {
    const server = await serve(async (request) => respond(request.body), { bodySilenceMsMax: 50, bodyMsMax: 100 });
    const { socket, received } = await connectRaw(server);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    for (let i = 0; i < 8; i += 1) {
      socket.write(`1\r\n${i}\r\n`);
      await sleep(25);
    }
    await until(() => received().includes('\r\n7\r\n'), 'the last byte is back');
  });
});

test('a client that sends on behind its answer is cut off', async () => {
  const server = await serve(async () => respond('enough', 422));
  const { socket, received } = await connectRaw(server);
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${1024 * MIB}\r\n\r\n`);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  let sentMib = 0;
  for (; sentMib < 200 && !socket.destroyed; sentMib += 1) {
    if (!socket.write(Buffer.alloc(MIB))) await Promise.race([once(socket, 'drain'), closed]).catch(() => undefined);
  }
  await closed;
  expect(received()).toMatch(/^HTTP\/1\.1 422 /);
  expect(sentMib).toBeLessThan(100);
  expect((await fetch(urlOf(server))).status, 'others are served').toBe(422);
});

describe('a server that is full', () => {
  const waiting: HttpHandler = async (request) => {
    if (request.target === '/wait') await once(request.signal!, 'abort');
    return mirror(request);
  };

  test('of connections turns the next one away, and says so to its operator', async () => {
    const turnedAway: string[] = [];
    const server = await serve(mirror, { connectionsMax: 2, onTurnedAway: (why) => void turnedAway.push(why) });
    const held = [await connectRaw(server), await connectRaw(server)];
    await until(() => server.connections === 2, 'both are there');
    const { socket } = await connectRaw(server);
    await once(socket, 'end');
    expect(turnedAway).toEqual(['connections']);
    held[0]?.socket.destroy();
    await until(() => server.connections === 1, 'one left');
    await expectServed(server);
  });

  test('of requests refuses the next one with 429, before its handler begins', async () => {
    const server = await serve(waiting, { requestsMax: 2, alwaysServed: ['/health'] });
    const session = connectHttp2(server);
    const held = [0, 1].map(() => session.request({ ':path': '/wait' }).on('error', () => undefined));
    await until(() => server.requests === 2, 'two are under way');
    const refused = await fetch(urlOf(server), { method: 'POST', body: 'x'.repeat(100_000) });
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'rate_limited' }]);
    expect(refused.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-\w+$/);
    expect((await fetch(urlOf(server, '/health'))).status, 'whoever watches it is told how it is').toBe(200);
    for (const stream of held) stream.destroy();
    await until(() => server.requests === 0, 'they are over');
    await expectServed(server);
  });

  test('of half-sent bodies refuses the next bytes with 429, and is free again when they are gone', async () => {
    const server = await serve(mirror, { bodyBytesMax: 100_000 });
    const { socket } = await connectRaw(server);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 90001\r\n\r\n${'x'.repeat(90_000)}`);
    await until(() => server.bodyBytes === 90_000, 'the first is held');
    const refused = await fetch(urlOf(server), { method: 'POST', body: 'x'.repeat(20_000) });
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'rate_limited' }]);
    await expectServed(server);
    socket.destroy();
    await until(() => server.bodyBytes === 0, 'nothing is held');
    expect((await fetch(urlOf(server), { method: 'POST', body: 'x'.repeat(20_000) })).status).toBe(200);
  });
});

describe('over HTTP/2', () => {
  test('requests that are reset at once end the connection before they pile up, and no other', async () => {
    const turnedAway: string[] = [];
    let atWork = 0;
    let atWorkMax = 0;
    const server = await serve(
      async (request) => {
        if (request.target === '/') return mirror(request);
        atWorkMax = Math.max(atWorkMax, (atWork += 1));
        await sleep(200);
        atWork -= 1;
        return respond('for nobody');
      },
      { onTurnedAway: (why) => void turnedAway.push(why) },
    );
    const session = connectHttp2(server);
    let sent = 0;
    while (!session.destroyed && sent < 20_000) {
      for (let i = 0; i < 50 && !session.destroyed; i += 1, sent += 1) {
        const stream = session.request({ ':path': '/reset' });
        stream.on('error', () => undefined);
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(session.destroyed, `after ${sent} requests`).toBe(true);
    expect(atWorkMax).toBeLessThanOrEqual(200);
    await expectServed(server);
    await until(() => server.requests === 0, 'all handlers are over');
  });

  test.each([
    ['pings', '000008 06 00 00000000 0000000000000000'],
    ['settings', '000000 04 00 00000000'],
  ])('a flood of %s ends the connection, and no other', async (kind, frame) => {
    const turnedAway: string[] = [];
    const server = await serve(mirror, { onTurnedAway: (why) => void turnedAway.push(why) });
    const { socket } = await connectRaw(server);
    const frames = Buffer.from(frame.replaceAll(' ', ''), 'hex');
    const flood = Buffer.concat(Array.from({ length: 200 }, () => frames));
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from('000000040000000000', 'hex')]),
    );
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (let i = 0; i < 20 && !socket.destroyed; i += 1) {
      socket.write(flood);
      await sleep(5);
    }
    await closed;
    expect(turnedAway).toEqual([kind]);
    await expectServed(server);
  });

  test('a connection that only pings is idle', async () => {
    const server = await serve(mirror, { idleMsMax: 150 });
    const session = connectHttp2(server);
    const timer = setInterval(() => session.destroyed || session.ping(() => undefined), 20);
    await once(session, 'close');
    clearInterval(timer);
  });
});

test('a request has a name of its own in its answer, and in the report of its end', async () => {
  const ids: string[] = [];
  const server = await serve(mirror, {
    onEnd: ({ id, status, method, cut }) => void ids.push(`${id} ${method} ${status} ${cut}`),
  });
  const names = await Promise.all([0, 1].map(async () => (await fetch(urlOf(server))).headers.get('x-request-id')));
  expect(new Set(names).size).toBe(2);
  await until(() => ids.length === 2, 'both are reported');
  expect(new Set(ids)).toEqual(new Set(names.map((name) => `${name} GET 200 false`)));
});

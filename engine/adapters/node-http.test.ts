/** Real sockets on the loopback interface: both protocols, bodies both ways, peers that behave badly, the end. */

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { HttpHandler, HttpRequest, HttpResponse } from '../ports.ts';
import { serveHttp, type HttpServer, type HttpServerOptions } from './node-http.ts';

const HOST = '127.0.0.1';
const MIB = 1024 * 1024;

/** A client that may queue much itself. */
const ROOMY: http2.ClientSessionOptions = { maxSessionMemory: 1000 };

let servers: HttpServer[];
let errors: unknown[];
let closers: (() => void)[];

beforeEach(() => {
  servers = [];
  errors = [];
  closers = [];
});

afterEach(async () => {
  for (const close of closers) close();
  await Promise.all(servers.map((server) => server.close(0)));
});

async function serve(handler: HttpHandler, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const onError = (error: unknown): void => void errors.push(error);
  const server = await serveHttp(handler, { host: HOST, port: 0, onError, ...options });
  servers.push(server);
  return server;
}

function urlOf(server: HttpServer, path = '/'): string {
  return `http://${HOST}:${server.port}${path}`;
}

function respond(body: string | HttpResponse['body'], status = 200, headers: [string, string][] = []): HttpResponse {
  return { status, headers: new Map(headers), body: typeof body === 'string' ? Buffer.from(body) : body };
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Says what it was asked, as JSON. */
const mirror: HttpHandler = async (request) => {
  const body = (await whole(request.body)).toString();
  const { method, target } = request;
  return respond(JSON.stringify({ method, target, body, headers: Object.fromEntries(request.headers) }));
};

/** Sends back what comes, as it comes. */
const echo: HttpHandler = async (request) => respond(request.body);

/** A connection that speaks bytes. */
async function connectRaw(server: HttpServer): Promise<{ socket: net.Socket; received: () => string }> {
  const socket = net.connect({ host: HOST, port: server.port, allowHalfOpen: true });
  closers.push(() => socket.destroy());
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, received: () => received };
}

function connectHttp2(server: HttpServer, options: http2.ClientSessionOptions = {}): http2.ClientHttp2Session {
  const session = http2.connect(urlOf(server), options);
  session.on('error', () => undefined);
  closers.push(() => session.destroy());
  return session;
}

interface Http2Answer {
  headers: http2.IncomingHttpHeaders;
  body: Buffer;
}

async function callHttp2(
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

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 5) {
    if (waitedMs > 10_000) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
}

describe('a request over HTTP/1.1', () => {
  test('reaches the handler with method, target, lower-case headers and body', async () => {
    const server = await serve(mirror);
    const response = await fetch(urlOf(server, '/v1/streams/a%2Fb?x=1&y=%20'), {
      method: 'POST',
      headers: { 'S2-Basin': 'my-basin', 'Content-Type': 'application/json' },
      body: '{"a":1}',
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      method: 'POST',
      target: '/v1/streams/a%2Fb?x=1&y=%20',
      body: '{"a":1}',
      headers: { 's2-basin': 'my-basin', 'content-type': 'application/json', host: `${HOST}:${server.port}` },
    });
  });

  test('is answered with the status, headers and length the handler gave', async () => {
    const server = await serve(async () => respond('made', 201, [['s2-provision-result', 'created']]));
    const response = await fetch(urlOf(server));
    expect(response.status).toBe(201);
    expect(response.headers.get('s2-provision-result')).toBe('created');
    expect(response.headers.get('content-length')).toBe('4');
    expect(await response.text()).toBe('made');
  });

  test('answered without a body says that its length is zero, but not with 204 or 304', async () => {
    const server = await serve(async ({ target }) => respond('', Number(target.slice(1))));
    for (const [status, length] of [
      [202, '0'],
      [200, '0'],
      [404, '0'],
      [204, null],
      [304, null],
    ] as const) {
      const response = await fetch(urlOf(server, `/${status}`));
      expect(response.status).toBe(status);
      expect(response.headers.get('content-length'), String(status)).toBe(length);
      expect(await response.text()).toBe('');
    }
  });

  test('by HEAD gets what GET would get, without the body', async () => {
    const bodies: Record<string, () => HttpResponse['body']> = {
      '/whole': () => Buffer.from('twelve bytes'),
      '/stream': () => chunksOf(['a', 'b']),
    };
    const server = await serve(async ({ method, target }) => respond(bodies[target]!(), method === 'GET' ? 200 : 405));
    const response = await fetch(urlOf(server, '/whole'), { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('12');
    expect(await response.text()).toBe('');
    expect((await fetch(urlOf(server, '/stream'), { method: 'HEAD' })).status).toBe(200);
    expect(await (await fetch(urlOf(server, '/whole'))).text()).toBe('twelve bytes');
  });

  test('with the whole URL as its target reaches the handler as path and query', async () => {
    const server = await serve(mirror);
    const { socket, received } = await connectRaw(server);
    socket.write('GET http://somewhere.example/v1/basins?limit=2 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await once(socket, 'end');
    expect(received()).toContain('"target":"/v1/basins?limit=2"');
  });

  test('that is not HTTP gets a 400 and the end of the connection', async () => {
    const server = await serve(mirror);
    const { socket, received } = await connectRaw(server);
    socket.write('what is this?\r\n\r\n');
    await once(socket, 'end');
    expect(received()).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('follows another on the same connection, also when its body was not read', async () => {
    let connections = 0;
    const server = await serve(async ({ target, body }) => {
      if (target === '/partly') for await (const _ of body) break;
      return respond(target);
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => agent.destroy());
    for (const path of ['/unread', '/partly', '/unread', '/last']) {
      const request = http.request(urlOf(server, path), { agent, method: 'POST' });
      request.on('socket', (socket) => socket.listenerCount('connect') > 0 && (connections += 1));
      request.end(randomBytes(MIB));
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      expect((await whole(response)).toString()).toBe(path);
    }
    expect(connections).toBe(1);
  });
});

describe('a request over HTTP/2 with prior knowledge', () => {
  test('reaches the handler on the same port', async () => {
    const server = await serve(mirror);
    const session = connectHttp2(server);
    const answer = await callHttp2(
      session,
      { ':method': 'POST', ':path': '/v1/basins?x=1', 's2-basin': 'my-basin' },
      'hello',
    );
    expect(answer.headers[':status']).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({
      method: 'POST',
      target: '/v1/basins?x=1',
      body: 'hello',
      headers: { 's2-basin': 'my-basin', host: `${HOST}:${server.port}` },
    });
    expect(await (await fetch(urlOf(server))).json(), 'HTTP/1.1 beside it').toMatchObject({ method: 'GET' });
  });

  test('shares its connection with many others', async () => {
    const server = await serve(mirror);
    const session = connectHttp2(server);
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, index) =>
        callHttp2(session, { ':method': 'PUT', ':path': `/${index}` }, `body ${index}`),
      ),
    );
    for (const [index, { body }] of answers.entries()) {
      expect(JSON.parse(body.toString())).toMatchObject({ target: `/${index}`, body: `body ${index}` });
    }
  });

  test('may be answered with 100 streams at once and hears so', async () => {
    const session = connectHttp2(await serve(mirror));
    const [settings] = (await once(session, 'remoteSettings')) as [http2.Settings];
    expect(settings.maxConcurrentStreams).toBe(100);
  });

  test('is answered without the headers HTTP/2 forbids', async () => {
    const server = await serve(async () =>
      respond('x', 200, [
        ['connection', 'close'],
        ['x-kept', 'yes'],
      ]),
    );
    const { headers } = await callHttp2(connectHttp2(server), { ':path': '/' });
    expect(headers).toMatchObject({ ':status': 200, 'x-kept': 'yes', 'content-length': '1' });
    expect(headers.connection).toBeUndefined();
  });

  test('by HEAD and with an empty answer ends at once', async () => {
    const server = await serve(async ({ target }) => {
      // In one process with its server the client of Node 22 loses the head of an answer that comes at once.
      await sleep(20);
      return target === '/empty' ? respond('', 202) : respond('twelve bytes');
    });
    const session = connectHttp2(server);
    const head = await callHttp2(session, { ':method': 'HEAD', ':path': '/' });
    expect([head.headers[':status'], head.headers['content-length'], head.body.length]).toEqual([200, '12', 0]);
    const empty = await callHttp2(session, { ':path': '/empty' });
    expect([empty.headers[':status'], empty.body.length]).toEqual([202, 0]);
  });

  test('is told to stop sending when it was answered without being read', async () => {
    const server = await serve(async () => respond('enough', 422));
    const session = connectHttp2(server);
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.write(randomBytes(64 * 1024));
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(422);
    expect((await whole(stream)).toString()).toBe('enough');
    await until(() => stream.closed, 'the stream is closed');
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_NO_ERROR);
    expect((await callHttp2(session, { ':path': '/' })).headers[':status'], 'the connection lives on').toBe(422);
  });
});

test('a session over HTTP/2 that ends with something unread leaves nothing of its connection behind', async () => {
  const server = await serve(async ({ body }) =>
    respond(
      (async function* () {
        for await (const chunk of body) {
          yield chunk;
          // More comes while nobody reads any more.
          await new Promise((resume) => setTimeout(resume, 100));
          return;
        }
      })(),
    ),
  );
  const session = connectHttp2(server);
  const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
  stream.on('error', () => undefined);
  stream.write('one');
  await once(stream, 'data');
  stream.write('two');
  await once(stream, 'close');
  session.destroy();
  const began = performance.now();
  await server.close(2000);
  expect(performance.now() - began).toBeLessThan(1500);
});

describe('the first bytes of a connection', () => {
  test('may come one at a time, in either protocol', async () => {
    const server = await serve(mirror);
    const session = connectHttp2(server, { createConnection: () => dribbling(server.port, 60) });
    expect((await callHttp2(session, { ':path': '/h2' })).headers[':status']).toBe(200);

    const { socket, received } = await connectRaw(server);
    socket.setNoDelay(true);
    for (const character of 'PUT /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi') {
      socket.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await once(socket, 'end');
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
    expect(received()).toContain('"target":"/slow","body":"hi"');
  });

  test('may hold several requests and be followed by the end', async () => {
    const server = await serve(async ({ target }) => respond(target));
    const { socket, received } = await connectRaw(server);
    socket.end('GET /one HTTP/1.1\r\nhost: x\r\n\r\nGET /two HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await once(socket, 'end');
    expect(received()).toMatch(/\/one[^]*\/two$/);
  });

  test.each([
    ['nothing', ''],
    ['half a preface', 'PRI * HTTP/2.0\r\n'],
    ['half a head', 'GET / HTTP/1.1\r\nhost: x\r\n'],
  ])('that are %s are waited for only so long', async (_, bytes) => {
    const server = await serve(mirror, { headMsMax: 80 });
    const { socket } = await connectRaw(server);
    socket.write(bytes);
    const startMs = performance.now();
    await once(socket, 'end');
    expect(performance.now() - startMs).toBeGreaterThan(50);
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(await (await fetch(urlOf(server))).json()).toMatchObject({ method: 'GET' });
  });

  test('followed by a reset hurt nobody', async () => {
    const server = await serve(mirror);
    for (const bytes of ['', 'P', 'PRI * HTTP/2.0', 'GET /', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\0\0\0']) {
      const { socket } = await connectRaw(server);
      if (bytes.length > 0) socket.write(bytes);
      await sleep(2);
      socket.resetAndDestroy();
    }
    expect(await (await fetch(urlOf(server))).json()).toMatchObject({ method: 'GET' });
    expect(errors).toEqual([]);
  });
});

/** A client connection that sends its first `slowBytes` bytes in packets of one. */
function dribbling(port: number, slowBytes: number): net.Socket {
  const socket = net.connect({ host: HOST, port, noDelay: true });
  const write = socket.write.bind(socket) as (chunk: Buffer, callback?: () => void) => boolean;
  const queue: Buffer[] = [];
  let sent = 0;
  let busy = false;
  // The HTTP/2 client takes the handle of a socket it knows; a stream it does not know is written to as a stream.
  const proxy = new Proxy(socket, {
    get: (target, name) => {
      if (name === '_handle') return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
  socket.write = ((chunk: Buffer, encoding?: unknown, callback?: () => void) => {
    queue.push(Buffer.from(chunk));
    (typeof encoding === 'function' ? (encoding as () => void) : callback)?.();
    void flush();
    return true;
  }) as typeof socket.write;
  return proxy;

  async function flush(): Promise<void> {
    if (busy) return;
    busy = true;
    for (let chunk = queue.shift(); chunk !== undefined; chunk = queue.shift()) {
      for (; chunk.length > 0 && sent < slowBytes; sent += 1, chunk = chunk.subarray(1)) {
        write(chunk.subarray(0, 1));
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (chunk.length > 0) write(chunk);
    }
    busy = false;
  }
}

async function* chunksOf(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

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

describe('a client that goes away', () => {
  /** Runs one request whose client leaves while the handler waits; what the handler saw of it. */
  async function leaving(
    leave: (server: HttpServer, arrival: Promise<void>) => Promise<void>,
  ): Promise<{ aborted: boolean; bodyThrew: boolean }> {
    const seen = { aborted: false, bodyThrew: false };
    let arrive!: () => void;
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    const server = await serve(async (request: HttpRequest) => {
      arrive();
      request.signal?.addEventListener('abort', () => (seen.aborted = true));
      await whole(request.body).catch(() => (seen.bodyThrew = true));
      await until(() => seen.aborted, 'the signal aborts');
      return respond('for nobody');
    });
    await leave(server, arrival);
    await until(() => seen.aborted, 'the handler hears of it');
    expect(errors).toEqual([]);
    expect((await fetch(urlOf(await serve(mirror)))).status).toBe(200);
    return seen;
  }

  test('while its answer is prepared aborts the signal, not the body it sent whole', async () => {
    const seen = await leaving(async (server, arrival) => {
      const controller = new AbortController();
      const call = fetch(urlOf(server), { method: 'POST', body: 'whole', signal: controller.signal });
      await arrival;
      await sleep(30);
      controller.abort();
      await expect(call).rejects.toThrow(/abort/);
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: false });
  });

  test('in the middle of its body lets the body throw, over HTTP/1.1', async () => {
    const seen = await leaving(async (server, arrival) => {
      const { socket } = await connectRaw(server);
      socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
      await arrival;
      socket.destroy();
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: true });
  });

  test('in the middle of its body lets the body throw, when its HTTP/2 stream is reset', async () => {
    const seen = await leaving(async (server, arrival) => {
      const stream = connectHttp2(server).request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => undefined);
      stream.write('half');
      await arrival;
      stream.destroy();
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: true });
  });

  test('in the middle of its body lets the body throw, when its HTTP/2 connection breaks', async () => {
    const seen = await leaving(async (server, arrival) => {
      const session = connectHttp2(server);
      const stream = session.request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => undefined);
      stream.write('half');
      await arrival;
      session.destroy();
    });
    expect(seen).toEqual({ aborted: true, bodyThrew: true });
  });

  test('in the packet of its request aborts the signal as well, over HTTP/2', async () => {
    let told = false;
    const server = await serve(async ({ signal }) => {
      if (!signal!.aborted) await once(signal!, 'abort');
      told = true;
      return respond('for nobody');
    });
    const { socket } = await connectRaw(server);
    const settings = '000000 04 00 00000000';
    const getRoot = '000006 01 05 00000001 828684 410178';
    const cancel = '000004 03 00 00000001 00000008';
    const frames = Buffer.from(`${settings}${getRoot}${cancel}`.replaceAll(' ', ''), 'hex');
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frames]));
    await until(() => told, 'the handler is told');
  });

  test('lets a streamed answer stop, also one that waits for something', async () => {
    for (const isHttp2 of [false, true]) {
      let stopped = false;
      async function* ticking(signal: AbortSignal): AsyncGenerator<Uint8Array> {
        try {
          yield Buffer.from('first');
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          yield Buffer.from('for nobody');
        } finally {
          stopped = true;
        }
      }
      const server = await serve(async ({ signal }) => respond(ticking(signal!)));
      if (isHttp2) {
        const stream = connectHttp2(server).request({ ':path': '/' });
        await once(stream, 'data');
        stream.destroy();
      } else {
        const request = http.get(urlOf(server)).on('error', () => undefined);
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        await once(response, 'data');
        response.on('error', () => undefined);
        request.destroy();
      }
      await until(() => stopped, 'the answer stops');
    }
    expect(errors).toEqual([]);
  });
});

describe('a handler that throws', () => {
  test('is reported, and answered by a 500 that gives nothing away', async () => {
    const secret = new Error('the password is swordfish');
    const server = await serve(async () => {
      throw secret;
    });
    const response = await fetch(urlOf(server));
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'other' });
    expect(text).not.toContain('swordfish');
    const answer = await callHttp2(connectHttp2(server), { ':path': '/' });
    expect([answer.headers[':status'], JSON.parse(answer.body.toString()).code]).toEqual([500, 'other']);
    expect(errors).toEqual([secret, secret]);
  });

  test('in the middle of its answer leaves the client with a broken one, not with half a one', async () => {
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      await sleep(20);
      throw new Error('planted');
    }
    const server = await serve(async () => respond(breaking()));
    await expect(fetch(urlOf(server)).then((response) => response.text())).rejects.toThrow();
    const stream = connectHttp2(server).request({ ':path': '/' });
    stream.on('error', () => undefined);
    await whole(stream).catch(() => undefined);
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_INTERNAL_ERROR);
    expect(errors).toHaveLength(2);
    expect((await fetch(urlOf(await serve(mirror)))).status).toBe(200);
  });
});

describe('opening', () => {
  test('a port that is in use is rejected with its code', async () => {
    const { port } = await serve(mirror);
    await expect(serveHttp(mirror, { host: HOST, port, onError: () => undefined })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('closing', () => {
  test('waits for answers under way, refuses new connections, and ends idle ones', async () => {
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const server = await serve(async ({ target }) => {
      if (target === '/slow') await gate;
      return respond(target);
    });
    const agent = new http.Agent({ keepAlive: true });
    closers.push(() => agent.destroy());
    const [idle] = (await once(http.get(urlOf(server, '/idle'), { agent }), 'response')) as [http.IncomingMessage];
    await whole(idle);
    const { socket: silent } = await connectRaw(server);
    const session = connectHttp2(server);
    const slow1 = fetch(urlOf(server, '/slow')).then((response) => response.text());
    const slow2 = callHttp2(session, { ':path': '/slow' });
    await sleep(50);

    let closed = false;
    const closing = server.close(5000).then(() => (closed = true));
    await once(silent, 'end');
    await expect(fetch(urlOf(server))).rejects.toThrow();
    expect(closed).toBe(false);
    release();
    expect(await slow1).toBe('/slow');
    expect((await slow2).body.toString()).toBe('/slow');
    const startMs = performance.now();
    await closing;
    expect(performance.now() - startMs, 'idle connections do not hold it up').toBeLessThan(2000);
  });

  test('lets a slow client have all of an answer that was already given', async () => {
    const body = randomBytes(16 * MIB);
    const server = await serve(async () => respond(body));
    const request = http.get(urlOf(server));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    const stream = connectHttp2(server).request({ ':path': '/' });
    await once(stream, 'response');
    const closing = server.close(8000);
    await sleep(50);
    expect(Buffer.compare(await whole(response), body)).toBe(0);
    expect(Buffer.compare(await whole(stream), body)).toBe(0);
    await closing;
  });

  test('cuts what is not finished in time, and tells its handler', async () => {
    let aborted = 0;
    const server = await serve(async ({ signal }) => {
      await new Promise((resolve) => signal!.addEventListener('abort', resolve));
      aborted += 1;
      return respond('for nobody');
    });
    const call = fetch(urlOf(server));
    const stream = connectHttp2(server).request({ ':path': '/' });
    stream.on('error', () => undefined);
    await sleep(50);
    const startMs = performance.now();
    await Promise.all([server.close(100), expect(call).rejects.toThrow()]);
    expect(performance.now() - startMs).toBeLessThan(3000);
    await until(() => aborted === 2, 'both handlers were told');
    expect(errors).toEqual([]);
  });

  test('a second time only shortens the wait', async () => {
    const server = await serve(() => new Promise(() => undefined));
    const call = fetch(urlOf(server));
    await sleep(30);
    const startMs = performance.now();
    await Promise.all([server.close(60_000), server.close(10), expect(call).rejects.toThrow()]);
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

test('an idle connection is closed after its time, in either protocol', async () => {
  const server = await serve(mirror, { idleMsMax: 60 });
  const session = connectHttp2(server);
  await callHttp2(session, { ':path': '/' });
  const { socket, received } = await connectRaw(server);
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await Promise.all([once(socket, 'end'), once(session, 'close')]);
  expect(received()).toMatch(/^HTTP\/1\.1 200 /);
});

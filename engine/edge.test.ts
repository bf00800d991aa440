/**
 * The API at its edge, over real sockets: bodies that grow when they are unpacked, values that come back in answers, and clients
 * that are slow on purpose. The connection itself is in `adapters/http-abuse.test.ts` and `adapters/http-smuggling.test.ts`.
 */

import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';

import type { HttpServerOptions } from './adapters/node-http.ts';
import { systemCompression } from './adapters/system-compression.ts';
import { createApi } from './api/routes.ts';
import { FrameDecoder, messageFrame } from './api/s2s-frames.ts';
import { withCors } from './server/cors.ts';
import { BASIN, batch, engineBench, record, STREAM } from './testing/engine-bench.ts';
import { callHttp2, httpBench, until, urlOf } from './testing/http-bench.ts';
import { END_HEADERS, FRAME, frame, headerBlock, PREFACE } from './testing/http2-frames.ts';

const { serve, connectHttp2, connectRaw, errors } = httpBench();
const compression = await systemCompression();

const MIB = 1024 * 1024;
const RECORDS = `/v1/streams/${STREAM}/records`;

afterEach(() => expect(errors).toEqual([]));

async function bench(options: Partial<HttpServerOptions> = {}) {
  const made = await engineBench();
  const api = createApi(() => made.engine, { compression });
  return { ...made, server: await serve(withCors(api), options) };
}

describe.each(['gzip', 'zstd'] as const)('a bomb of %s', (coding) => {
  const bomb = Buffer.from(compression[coding].compress(new Uint8Array(64 * MIB)));

  /** 16 bombs at once, of a GiB together; returns how much memory came to be held. */
  async function grown(work: () => Promise<void>): Promise<number> {
    const before = process.memoryUsage().rss;
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss - before)), 5);
    await Promise.all(Array.from({ length: 16 }, work));
    clearInterval(timer);
    return peak / MIB;
  }

  test.each([
    ['application/json', 'bad_json'],
    ['application/protobuf', 'bad_proto'],
  ])('as a body of %s is refused before it is unpacked', async (type, code) => {
    const made = await bench();
    const { server } = made;
    const headers = { 's2-basin': BASIN, 'content-type': type, 'content-encoding': coding };
    const grownMib = await grown(async () => {
      const response = await fetch(urlOf(server, RECORDS), { method: 'POST', headers, body: bomb });
      const message = `the request body can not be decompressed to at most ${2 * MIB} bytes`;
      expect([response.status, await response.json()]).toEqual([400, { code, message }]);
    });
    expect(grownMib).toBeLessThan(200);
    expect(await made.bodies()).toBe('unwritten');
  });

  test('as a frame of a session ends the session, and appends nothing', async () => {
    const made = await bench();
    const { server } = made;
    const grownMib = await grown(async () => {
      const client = connectHttp2(server);
      const frames = messageFrame(bomb.subarray(0, Math.min(bomb.length, 2 * MIB - 1)), coding);
      const headers = { ':method': 'POST', ':path': RECORDS, 's2-basin': BASIN, 'content-type': 's2s/proto' };
      const { body } = await callHttp2(client, headers, frames);
      const decoder = new FrameDecoder();
      decoder.push(body);
      const terminal = decoder.next();
      if (terminal?.kind !== 'terminal') throw new Error('the session has no end');
      const message = `the frame can not be decompressed by ${coding}`;
      expect([terminal.status, JSON.parse(Buffer.from(terminal.body).toString())]).toEqual([
        400,
        { code: 'bad_frame', message },
      ]);
    });
    expect(grownMib).toBeLessThan(200);
    expect(await made.bodies()).toBe('unwritten');
  });
});

test('a hundred thousand empty members of gzip in one body cost no time that others would miss', async () => {
  const { server } = await bench();
  const members = Buffer.concat(Array.from({ length: 100_000 }, () => EMPTY_MEMBER)).subarray(0, 2 * MIB);
  const headers = { 's2-basin': BASIN, 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const startMs = performance.now();
  const response = await fetch(urlOf(server, RECORDS), { method: 'POST', headers, body: members });
  expect(response.status).toBe(400);
  expect(performance.now() - startMs).toBeLessThan(2_000);
});

const EMPTY_MEMBER = gzipSync(new Uint8Array());

describe('a value of the request that comes back in the answer', () => {
  test.each([
    ['a quote', 'https://a"b'],
    ['bytes that are no ASCII', 'https://\u00e9\u00ff'],
    ['markup', '<script>alert(1)</script>'],
    ['what looks encoded', 'https://x%0d%0aset-cookie:%20a=b'],
    ['4 KiB', `https://${'x'.repeat(4096)}`],
  ])('of an origin is one header and nothing else: %s', async (_, origin) => {
    const { server } = await bench();
    const { socket, received } = await connectRaw(server);
    const head = `host: x\r\norigin: ${origin}\r\naccess-control-request-method: ${origin}\r\n`;
    socket.write(`OPTIONS /v1/streams HTTP/1.1\r\n${head}access-control-request-headers: ${origin}\r\n`, 'latin1');
    socket.write('connection: close\r\n\r\n');
    await until(() => received().includes('\r\n\r\n'), 'it is answered');
    const [status, ...lines] = (received().split('\r\n\r\n')[0] ?? '').split('\r\n');
    expect(status).toBe('HTTP/1.1 200 OK');
    expect(lines).toContain(`access-control-allow-origin: ${origin}`);
    expect(lines.filter((line) => line.startsWith('set-cookie'))).toEqual([]);
    expect(lines.map((line) => line.split(':')[0]?.toLowerCase()).sort()).toEqual(
      [
        ...['allow-origin', 'allow-credentials', 'expose-headers', 'allow-methods', 'allow-headers', 'max-age'].map(
          (name) => `access-control-${name}`,
        ),
        ...['connection', 'content-length', 'date', 'vary', 'x-request-id'],
      ].sort(),
    );
  });

  test('of a name is JSON, whatever is in it', async () => {
    const { server } = await bench();
    const name = '"},\r\n<script>\u0000\u2028';
    const headers = { 's2-basin': BASIN };
    const response = await fetch(urlOf(server, `/v1/streams/${encodeURIComponent(name)}`), { headers });
    expect(response.headers.get('content-type')).toBe('application/json');
    const { code, message } = (await response.json()) as { code: string; message: string };
    expect([response.status, code]).toEqual([404, 'stream_not_found']);
    expect(message).toContain(name);
  });

  test('of a record is never an event, a field or a frame of its own', async () => {
    const { engine, server } = await bench();
    const hostile = 'a\r\n\r\nevent: error\r\ndata: {"code":"x"}\r\n\r\nid: 7';
    await engine.append(BASIN, STREAM, batch([record(hostile)]));
    const response = await fetch(urlOf(server, `${RECORDS}?seq_num=0&count=1`), {
      headers: { 's2-basin': BASIN, accept: 'text/event-stream' },
    });
    const events = (await response.text()).split('\n').filter((line) => line.startsWith('event:'));
    expect(events).toEqual(['event: batch']);
  });
});

describe('a client that is slow on purpose', () => {
  const head = [
    [':method', 'POST'],
    [':path', RECORDS],
    [':scheme', 'http'],
    [':authority', 'x'],
    ['s2-basin', BASIN],
    ['content-type', 'application/json'],
  ] as const;

  test('with its body over HTTP/2 is answered 408 in time, and another on the same connection is served', async () => {
    const { server } = await bench({ bodySilenceMsMax: 100, bodyMsMax: 200 });
    const client = connectHttp2(server);
    const slow = client.request({ ...Object.fromEntries(head), ':scheme': 'http' }, { endStream: false });
    const answered = new Promise<unknown>((resolve) => slow.on('response', (headers) => resolve(headers[':status'])));
    slow.on('error', () => undefined);
    const timer = setInterval(() => slow.write(' '), 20);
    expect((await callHttp2(client, { ':path': '/health' })).headers[':status']).toBe(200);
    expect(await answered).toBe(408);
    clearInterval(timer);
  });

  test('that opens no window for an answer is cut in time, and holds no more than one batch meanwhile', async () => {
    const { engine, server } = await bench({ sendMsMax: 200 });
    for (let i = 0; i < 8; i += 1) await engine.append(BASIN, STREAM, batch('x'.repeat(MIB - 100)));
    const { socket } = await connectRaw(server);
    const get = head.map(([name, value]) => {
      if (name === ':method') return [name, 'GET'] as const;
      return [name, name === ':path' ? `${RECORDS}?seq_num=0` : value] as const;
    });
    // SETTINGS_INITIAL_WINDOW_SIZE is 0: not one byte of a body may be sent.
    const closedWindow = frame(FRAME.settings, 0, 0, Buffer.from('000400000000', 'hex'));
    const request = frame(
      FRAME.headers,
      END_HEADERS | 1,
      1,
      headerBlock([...get.slice(0, 5), ['accept', 'text/event-stream']]),
    );
    socket.write(Buffer.concat([PREFACE, closedWindow, request]));
    await until(() => server.unsentBytes > 0, 'it is waited for');
    expect(server.unsentBytes).toBeLessThan(3 * MIB);
    await until(() => server.requests === 0, 'it was cut');
    expect((await fetch(urlOf(server, '/health'))).status).toBe(200);
  });

  test('with many connections of half a head each gives all of them up in time', async () => {
    const { server } = await bench({ headMsMax: 200 });
    const ends: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i += 1) {
      const { socket } = await connectRaw(server);
      ends.push(once(socket, 'end'));
      socket.write(['GET /v1/basins HTTP/1.1\r\nx-', 'PRI * HT', '', '\r\n'][i % 4] ?? '');
    }
    expect((await fetch(urlOf(server, '/health'))).status, 'others are served').toBe(200);
    await Promise.all(ends);
    await until(() => server.connections <= 1, 'only the one that asked is left');
  });
});

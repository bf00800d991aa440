/** Content codings over real sockets, in both protocols: bodies of every size both ways, and sessions that stay plain. */

import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { systemCompression } from './adapters/system-compression.ts';
import { createApi } from './api/routes.ts';
import { BASIN, batch, engineBench, STREAM } from './testing/engine-bench.ts';
import { callHttp2, httpBench, urlOf, whole } from './testing/http-bench.ts';

const { serve, connectHttp2, connectRaw } = httpBench();
const compression = await systemCompression();
const MIB = 1024 * 1024;
const RECORDS = `/v1/streams/${STREAM}/records`;

async function bench() {
  const made = await engineBench();
  const server = await serve(createApi(() => made.engine, { compression }));
  return { ...made, server };
}

/** Half noise, half not: compressible, and not to nothing. */
function text(length: number): string {
  return randomBytes(Math.ceil(length / 4))
    .toString('hex')
    .padEnd(length, 'x');
}

describe.each(['gzip', 'zstd'] as const)('%s', (coding) => {
  const codec = compression[coding];
  const append = (body: string) => Buffer.from(codec.compress(Buffer.from(JSON.stringify({ records: [{ body }] }))));

  test.each([1_100, 70_000, MIB - 8])('of %i bytes arrives and comes back over HTTP/2', async (length) => {
    const { server } = await bench();
    const client = connectHttp2(server);
    const body = text(length);
    const common = { ':path': `${RECORDS}?seq_num=0`, 's2-basin': BASIN, 'accept-encoding': coding };
    const sent = { ...common, 'content-encoding': coding, 'content-type': 'application/json' };
    const appended = await callHttp2(client, { ...sent, ':path': RECORDS, ':method': 'POST' }, append(body));
    expect(appended.headers[':status']).toBe(200);
    const { headers, body: coded } = await callHttp2(client, common);
    expect(headers).toMatchObject({ 'content-encoding': coding, vary: 'accept-encoding' });
    expect(headers['content-length']).toBe(String(coded.length));
    expect(coded.length).toBeLessThan(length);
    const read = JSON.parse(Buffer.from(codec.decompress(coded, 2 * MIB) ?? []).toString()) as { records: unknown[] };
    expect(read.records).toMatchObject([{ seq_num: 0, body }]);
  });

  test('and protobuf together', async () => {
    const { engine, server } = await bench();
    await engine.append(BASIN, STREAM, batch(text(3_000)));
    const accepts = { accept: 'application/protobuf', 'accept-encoding': coding };
    const plain = await callHttp2(connectHttp2(server), {
      ...{ ':path': `${RECORDS}?seq_num=0`, 's2-basin': BASIN, accept: accepts.accept },
    });
    const coded = await callHttp2(connectHttp2(server), {
      ...{ ':path': `${RECORDS}?seq_num=0`, 's2-basin': BASIN, ...accepts },
    });
    expect(Buffer.from(codec.decompress(coded.body, MIB) ?? [])).toEqual(plain.body);
  });
});

test('over HTTP/1.1 a client that understands gzip reads what was appended', async () => {
  const { engine, server } = await bench();
  const body = text(200_000);
  await engine.append(BASIN, STREAM, batch(body));
  // The fetch of Node asks for gzip by itself and takes it off again.
  const response = await fetch(urlOf(server, `${RECORDS}?seq_num=0`), { headers: { 's2-basin': BASIN } });
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(await response.json()).toMatchObject({ records: [{ body }] });
});

test('over HTTP/1.1 a length is said, of the bytes that go out', async () => {
  const { engine, server } = await bench();
  await engine.append(BASIN, STREAM, batch('x'.repeat(50_000)));
  const { socket, received } = await connectRaw(server);
  const head = ['host: h', `s2-basin: ${BASIN}`, 'accept-encoding: zstd', 'connection: close'].join('\r\n');
  socket.end(`GET ${RECORDS}?seq_num=0 HTTP/1.1\r\n${head}\r\n\r\n`);
  await whole(socket).catch(() => null);
  const [headers = '', body = ''] = received().split('\r\n\r\n', 2);
  expect(headers.toLowerCase()).toContain('content-encoding: zstd');
  const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
  expect(received().length - headers.length - 4).toBe(length);
  expect(length).toBeLessThan(1_000);
  expect(body.length).toBeGreaterThan(0);
});

test('events arrive one by one and plain, whatever the client accepts', async () => {
  const { engine, server } = await bench();
  const gone = new AbortController();
  const response = await fetch(urlOf(server, `${RECORDS}?seq_num=0`), {
    headers: { 's2-basin': BASIN, accept: 'text/event-stream', 'accept-encoding': 'gzip, zstd' },
    signal: gone.signal,
  });
  expect(response.headers.get('content-encoding')).toBeNull();
  expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let seen = '';
  for (const name of ['first', 'second']) {
    const body = name.padEnd(2_000, '.');
    await engine.append(BASIN, STREAM, batch(body));
    while (!seen.includes(body)) seen += Buffer.from((await reader.read()).value ?? []).toString();
  }
  gone.abort();
});

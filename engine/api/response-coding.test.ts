/** Which responses go out compressed, in which coding, and what never is. */

import { describe, expect, test } from 'vitest';

import { systemCompression } from '../adapters/system-compression.ts';
import { engineBench, BASIN, batch, record, STREAM } from '../testing/engine-bench.ts';
import { createApi } from './routes.ts';
import { preferredCoding } from './response-coding.ts';

const compression = await systemCompression();
const LARGE_MAX = 1 << 24;

async function* nothing(): AsyncIterable<Uint8Array> {}

/** One stream with records of about `bytes` bytes in JSON, and a request to read it. */
async function bench(bodyLength: number, options: { compression?: typeof compression } = { compression }) {
  const { engine } = await engineBench();
  await engine.append(BASIN, STREAM, batch([record('x'.repeat(bodyLength))]));
  const api = createApi(() => engine, options);
  return (headers: Record<string, string> = {}, target = `/v1/streams/${STREAM}/records?seq_num=0&count=1`) =>
    api({
      method: 'GET',
      target,
      headers: new Map(Object.entries({ 's2-basin': BASIN, ...headers })),
      body: nothing(),
    });
}

describe('a whole body', () => {
  test.each(['gzip', 'zstd'] as const)('is compressed by %s, and is what it was', async (coding) => {
    const read = await bench(5_000);
    const plain = await read();
    const coded = await read({ 'accept-encoding': coding });
    expect(Object.fromEntries(coded.headers)).toEqual({
      ...{ 'content-type': 'application/json', 'content-encoding': coding, vary: 'accept-encoding' },
    });
    const bytes = coded.body as Uint8Array;
    expect(bytes.length).toBeLessThan(200);
    expect(compression[coding].decompress(bytes, LARGE_MAX)).toEqual(plain.body);
  });

  test('in protobuf is compressed as well, and so is an error', async () => {
    const read = await bench(5_000);
    const coded = await read({ accept: 'application/protobuf', 'accept-encoding': 'zstd' });
    expect(coded.headers.get('content-type')).toBe('application/protobuf');
    expect(coded.headers.get('content-encoding')).toBe('zstd');
    const long = `/v1/streams/${'n'.repeat(512)}/records?seq_num=0`;
    const error = await (await bench(1))({ 'accept-encoding': 'gzip', 's2-basin': 'basin-nobody-has' }, long);
    expect([error.status, error.headers.get('content-encoding')]).toEqual([404, undefined]);
  });

  test('of 1024 bytes goes out as it is, one of 1025 does not', async () => {
    const read = await bench(0);
    const frame = ((await read()).body as Uint8Array).length + ',"body":""'.length;
    for (const [length, coding] of [
      [1024, undefined],
      [1025, 'gzip'],
    ] as const) {
      const response = await (await bench(length - frame))({ 'accept-encoding': 'gzip' });
      const bytes = response.body as Uint8Array;
      const size = coding === undefined ? bytes.length : compression.gzip.decompress(bytes, LARGE_MAX)?.length;
      expect([size, response.headers.get('content-encoding')]).toEqual([length, coding]);
    }
  });

  test('goes out as it is to who asks for nothing, or for what there is none of, and says that it varies', async () => {
    const read = await bench(5_000);
    for (const headers of [{}, { 'accept-encoding': 'br' }, { 'accept-encoding': 'gzip;q=0' }]) {
      const response = await read(headers);
      expect([response.headers.get('content-encoding'), response.headers.get('vary')]).toEqual([
        ...[undefined, 'accept-encoding'],
      ]);
    }
  });

  test('is never compressed by a server without compression', async () => {
    const read = await bench(5_000, {});
    expect((await read({ 'accept-encoding': 'gzip' })).headers.has('content-encoding')).toBe(false);
  });
});

test.each([
  ['events', { accept: 'text/event-stream' }],
  ['frames', { 'content-type': 's2s/proto' }],
])('%s are never compressed as a whole, and nobody on the way may do it or hold them back', async (_, headers) => {
  const read = await bench(5_000);
  const response = await read({ ...headers, 'accept-encoding': 'zstd, gzip' });
  expect(response.body).not.toBeInstanceOf(Uint8Array);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    ...{ 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' },
  });
  expect(response.headers.has('content-encoding')).toBe(false);
  expect(response.headers.has('vary')).toBe(false);
});

test.each<[string, string | null]>([
  ['', null],
  ['gzip', 'gzip'],
  ['GZip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['zstd', 'zstd'],
  ['gzip, zstd', 'zstd'],
  ['gzip, deflate, br', 'gzip'],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'gzip'],
  ['gzip;q=0.5, zstd;q=0.4', 'gzip'],
  ['zstd;q=0, gzip', 'gzip'],
  ['gzip;q=0', null],
  ['gzip;q=0.000', null],
  ['*', 'zstd'],
  ['*, zstd;q=0', 'gzip'],
  ['*;q=0', null],
  ['identity', null],
  ['identity;q=0, gzip;q=0.1', 'gzip'],
  ['identity;q=1, gzip;q=0.5', null],
  ['identity, gzip', 'gzip'],
  ['gzip;q=2', null],
  ['gzip;q=x', null],
  ['gzip ; q=0.5 , zstd ; q=0.9', 'zstd'],
  [',,gzip', 'gzip'],
])('a client that accepts %j gets %s', (accept, coding) => {
  expect(preferredCoding(accept)).toBe(coding);
});

/** The cache of ranges: never a byte wrong, never a byte too many kept, never a byte fetched twice at once. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { PersistentStore } from '../log/persistent-store.ts';
import { DENIED, manualPorts, settled } from '../testing/manual-ports.ts';
import { BlockCache } from './block-cache.ts';

const KEY = 'seg/0000000001-0000000001';

function cacheOf(size: number, tunables = { cacheBlockBytes: 10, cacheBytesMax: 1000 }) {
  const ports = manualPorts();
  const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7);
  ports.blobs.objects.set(KEY, bytes);
  const store = new PersistentStore(ports, { retryMsMin: 1, retryMsMax: 2 }, 'takeover.store-retried');
  const cache = new BlockCache(store, tunables, ports.telemetry);
  const gets = () => ports.blobs.calls.map((call) => [call.range?.start, call.range?.end]);
  return { ports, cache, gets, bytes, object: { key: KEY, bytes: size } };
}

test('any sequence of ranges gives the object’s bytes, and never more is kept than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      fc.record({ cacheBlockBytes: fc.integer({ min: 1, max: 80 }), cacheBytesMax: fc.constantFrom(0, 50, 150, 1000) }),
      fc.array(fc.tuple(fc.nat(299), fc.nat(299)), { maxLength: 30 }),
      async (size, tunables, ranges) => {
        const { cache, bytes, object } = cacheOf(size, tunables);
        for (const [a, b] of ranges) {
          const start = Math.min(a, b) % size;
          const end = Math.max(start + 1, Math.min(size, Math.max(a, b)));
          expect(await cache.read(object, start, end)).toEqual(bytes.slice(start, end));
          await settled();
          expect(cache.bytes).toBeLessThanOrEqual(tunables.cacheBytesMax);
        }
      },
    ),
    { numRuns: 60 },
  );
});

describe('requests', () => {
  test('what is in memory is answered in the same turn, without one', async () => {
    const { cache, gets, object, bytes } = cacheOf(95);
    await cache.read(object, 5, 25);
    expect(cache.read(object, 12, 29)).toEqual(bytes.slice(12, 29));
    expect(gets()).toEqual([[0, 30]]);
    expect(cache.bytes).toBe(30);
  });

  test('neighbours that are missing come with one, and what is there is not fetched again', async () => {
    const { cache, gets, object } = cacheOf(95);
    await cache.read(object, 40, 50);
    await cache.read(object, 10, 95);
    expect(gets()).toEqual([
      [40, 50],
      [10, 40],
      [50, 95],
    ]);
  });

  test('readers that ask for the same at once share one', async () => {
    const { ports, cache, gets, object, bytes } = cacheOf(95);
    ports.blobs.holds = () => true;
    const ranges = [
      [0, 20],
      [5, 30],
      [12, 18],
    ] as const;
    const answers = ranges.map(async ([start, end]) => cache.read(object, start, end));
    for (const call of ports.blobs.held()) await call.complete();
    expect(await Promise.all(answers)).toEqual([bytes.slice(0, 20), bytes.slice(5, 30), bytes.slice(12, 18)]);
    expect(gets()).toEqual([
      [0, 20],
      [20, 30],
    ]);
  });

  test('ahead of a reader fill the cache and tell nobody when they fail', async () => {
    const { ports, cache, gets, object, bytes } = cacheOf(95);
    expect(cache.prefetch(object, 20, 200)).toBe(true);
    await settled();
    expect(cache.read(object, 30, 95)).toEqual(bytes.slice(30, 95));
    expect(cache.prefetch(object, 20, 200)).toBe(false);
    ports.blobs.objects.clear();
    expect(cache.prefetch(object, 0, 20)).toBe(true);
    await settled();
    expect(gets()).toEqual([
      [20, 95],
      [0, 20],
    ]);
  });
});

test('a fetch ahead waits until the nearer half of its range is used up', async () => {
  const { cache, gets, object } = cacheOf(200);
  cache.prefetch(object, 0, 60);
  for (let start = 10; start <= 60; start += 10) cache.prefetch(object, start, start + 60);
  await settled();
  expect(gets()).toEqual([
    [0, 60],
    [60, 90],
    [90, 120],
  ]);
});

test('no more than a quarter of the cache is on its way for readers that have not asked', async () => {
  const { ports, cache, gets, object } = cacheOf(1_000, { cacheBlockBytes: 10, cacheBytesMax: 200 });
  ports.blobs.holds = () => true;
  expect(cache.prefetch(object, 0, 40)).toBe(true);
  expect(cache.prefetch(object, 100, 120)).toBe(true);
  expect(cache.prefetch(object, 200, 220)).toBe(false);
  void cache.read(object, 300, 310);
  expect(gets()).toHaveLength(3);
  ports.blobs.holds = () => false;
  for (const call of ports.blobs.held()) await call.complete();
  await settled();
  expect(cache.prefetch(object, 200, 220)).toBe(true);
});

describe('failures', () => {
  test('an object that is not there is SegmentGone, and is looked for anew the next time', async () => {
    const { ports, cache, object, bytes } = cacheOf(95);
    ports.blobs.objects.clear();
    await expect(cache.read(object, 0, 20)).rejects.toThrow(`${KEY} is gone`);
    ports.blobs.objects.set(KEY, bytes);
    expect(await cache.read(object, 0, 20)).toEqual(bytes.slice(0, 20));
  });

  test('a refusal is not remembered', async () => {
    const { ports, cache, object, bytes } = cacheOf(95);
    ports.blobs.holds = () => true;
    const refused = expect(cache.read(object, 0, 20)).rejects.toThrow('denies access');
    for (const call of ports.blobs.held()) await call.reply({ kind: 'failed', fault: DENIED });
    await refused;
    ports.blobs.holds = () => false;
    expect(await cache.read(object, 0, 20)).toEqual(bytes.slice(0, 20));
    expect(cache.bytes).toBe(20);
  });

  test('an object of another length is damaged', async () => {
    const { ports, cache, object, bytes } = cacheOf(95);
    ports.blobs.objects.set(KEY, bytes.slice(0, 90));
    await expect(cache.read(object, 0, 20)).rejects.toThrow(
      `${KEY}, byte 20: bytes 0-20 of 95 were asked for; the store has 90`,
    );
  });
});

describe('letting go', () => {
  test('the block that was used longest ago goes first', async () => {
    const { cache, gets, object } = cacheOf(95, { cacheBlockBytes: 10, cacheBytesMax: 20 });
    await cache.read(object, 0, 10);
    await cache.read(object, 10, 20);
    await cache.read(object, 0, 10);
    await cache.read(object, 20, 30);
    expect(cache.read(object, 0, 10)).toBeInstanceOf(Uint8Array);
    expect(cache.read(object, 10, 20)).toBeInstanceOf(Promise);
    expect(gets()).toHaveLength(4);
  });

  test('a forgotten object is out of memory, also what was on its way', async () => {
    const { ports, cache, object, bytes } = cacheOf(95);
    await cache.read(object, 0, 50);
    ports.blobs.holds = () => true;
    const late = cache.read(object, 50, 60);
    cache.forget(KEY);
    expect(cache.bytes).toBe(0);
    for (const call of ports.blobs.held()) await call.complete();
    expect(await late).toEqual(bytes.slice(50, 60));
    expect(cache.bytes).toBe(0);
  });

  test('a block holds no more memory than it shows', async () => {
    const { cache, object } = cacheOf(95);
    await cache.read(object, 0, 95);
    const block = cache.read(object, 31, 38);
    expect(block instanceof Uint8Array && block.buffer.byteLength).toBe(10);
  });
});

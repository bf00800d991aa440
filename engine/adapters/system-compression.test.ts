/** Compression under hostile input: what comes back is right or null, and never larger than allowed. */

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { systemCompression, wasmZstd } from './system-compression.ts';

const MIB = 1024 * 1024;
const { gzip, zstd } = await systemCompression();
const wasm = await wasmZstd();

describe.each([
  ['gzip', gzip],
  ['zstd', zstd],
  ['zstd from WebAssembly', wasm],
])('%s', (_, codec) => {
  test('gives back what was compressed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(200), (bytes, repeats) => {
        const long = new Uint8Array(bytes.length * (repeats + 1));
        for (let i = 0; i <= repeats; i++) long.set(bytes, i * bytes.length);
        expect(Buffer.compare(codec.decompress(codec.compress(long), long.length) as Uint8Array, long)).toBe(0);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test('takes what fits the limit exactly and nothing larger', () => {
    const small = codec.compress(new Uint8Array(MIB));
    expect(small.length).toBeLessThan(2000);
    expect(codec.decompress(small, MIB)).toHaveLength(MIB);
    expect(codec.decompress(small, MIB - 1)).toBeNull();
    expect(codec.decompress(small, 0)).toBeNull();
  });

  test('of 64 MiB in 70 kB is null, without 64 MiB of memory', () => {
    const bomb = codec.compress(new Uint8Array(64 * MIB));
    const before = process.memoryUsage().arrayBuffers;
    expect(codec.decompress(bomb, 2 * MIB)).toBeNull();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * MIB);
  });

  test('of damaged, cut or foreign bytes is null or within the limit, never an error', () => {
    const good = codec.compress(new TextEncoder().encode('what was sent, '.repeat(50)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(good.length),
        (edits, length) => {
          const bytes = good.slice();
          for (const [at, value] of edits) bytes[at] = value;
          expect(codec.decompress(bytes.subarray(0, length), 1000)?.length ?? 0).toBeLessThanOrEqual(1000);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
    expect(codec.decompress(new Uint8Array(), 1000)).toBeNull();
    expect(codec.decompress(Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 1000)).toBeNull();
  });
});

test('WebAssembly is made ready once, whoever asks', async () => {
  expect(await wasmZstd()).toBe(wasm);
});

test('a zstd frame that claims too much is refused by its claim', () => {
  // Magic, single segment with an eight-byte size of 2^40, one empty last block.
  const frame = Buffer.from('28b52ffd' + 'e0' + '0000000000010000' + '010000', 'hex');
  expect(wasm.decompress(frame, 2 * MIB)).toBeNull();
});

test('a zstd frame without a size is taken up to the limit', () => {
  // Magic, window of 1 kB, no size; one last run-length block of 1,000 bytes `a`.
  const frame = Buffer.from('28b52ffd' + '00' + '00' + '431f00' + '61', 'hex');
  for (const codec of [zstd, wasm]) {
    expect(codec.decompress(frame, 1000)).toHaveLength(1000);
    expect(codec.decompress(frame, 999)).toBeNull();
  }
});

test('gzip of several members is one text', () => {
  const members = Buffer.concat([gzipSync('one '), gzipSync('two')]);
  expect(Buffer.from(gzip.decompress(members, 100) as Uint8Array).toString()).toBe('one two');
});

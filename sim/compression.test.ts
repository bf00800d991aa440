/** The pinned codings: any library reads what they make, they read it back, and the bytes are the same for ever. */

import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { wasmZstd } from '../engine/adapters/system-compression.ts';
import { pinnedCompression } from './compression.ts';

const wasm = await wasmZstd();
const { gzip, zstd } = pinnedCompression;

/** Runs, repetitions and noise, across the limits of matches and blocks. */
const text = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.constantFrom(1, 1, 2, 9, 300, 4_000)), {
    maxLength: 8,
  })
  .map(
    (parts) => new Uint8Array(Buffer.concat(parts.flatMap(([bytes, times]) => Array<Uint8Array>(times).fill(bytes)))),
  );

describe.each([
  ['gzip', gzip, (bytes: Uint8Array) => gunzipSync(bytes)],
  ['zstd', zstd, (bytes: Uint8Array) => wasm.decompress(bytes, 1 << 24)],
])('%s', (_, codec, official) => {
  test('is read by a library and by itself, up to the limit and not beyond', () => {
    fc.assert(
      fc.property(text, (bytes) => {
        const small = codec.compress(bytes);
        expect(Buffer.compare(official(small) ?? Buffer.alloc(1), bytes)).toBe(0);
        expect(Buffer.compare(codec.decompress(small, bytes.length) as Uint8Array, bytes)).toBe(0);
        if (bytes.length > 0) expect(codec.decompress(small, bytes.length - 1)).toBeNull();
      }),
      { numRuns: 150 },
    );
  });

  test('of damaged or cut bytes is null, or no more than the limit', () => {
    const good = codec.compress(new TextEncoder().encode('what was sent, '.repeat(50) + 'a'.repeat(500)));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(good.length),
        (edits, length) => {
          const bytes = good.slice();
          for (const [at, value] of edits) bytes[at] = value;
          expect(codec.decompress(bytes.subarray(0, length), 2_000)?.length ?? 0).toBeLessThanOrEqual(2_000);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('makes less of repetition', async () => {
    const run = new Uint8Array(5_000).fill(97);
    expect(codec.compress(run).length).toBeLessThan(300);
    expect(await codec.compressBody(run)).toEqual(codec.compress(run));
  });
});

test('the bytes are pinned: they are part of every trace', () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i % 7 === 0 ? 97 : (i * i) % 251));
  const hash = (made: Uint8Array) => createHash('sha256').update(made).digest('hex').slice(0, 16);
  expect([hash(gzip.compress(bytes)), hash(zstd.compress(bytes))]).toEqual([
    ...['ccf4aa8dcd7ebd68', 'f8f201a641052c5c'],
  ]);
});

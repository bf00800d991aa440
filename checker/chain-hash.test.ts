/** The chain hash against the vectors published with S2's tool, against the real XXH3, and against itself backwards. */

import { createXXHash3 } from 'hash-wasm';
import { describe, expect, test } from 'vitest';
import { chain, chainAll, ChainHash, highHalf, lowHalf, solve, toBigint, unchain } from './chain-hash.ts';
import { seededRandom } from './testing/random.ts';
import { createBodyHasher } from './xxh3.ts';

const hashBody = await createBodyHasher();
const hashText = (text: string): bigint => hashBody(new TextEncoder().encode(text));

describe('the chain hash', () => {
  test('gives the published values for foo, bar and baz', () => {
    expect(hashText('foo')).toBe(0xab6e5f64077e7d8an);
    const afterFoo = chain(0n, hashText('foo'));
    const afterBar = chain(afterFoo, hashText('bar'));
    expect(afterFoo).toBe(0x4d2b003ee417c3a5n);
    expect(afterBar).toBe(0x132e5d5dd7936eddn);
    expect(chain(afterBar, hashText('baz'))).toBe(0x732ee99abc5002ffn);
    expect(chainAll(['foo', 'bar', 'baz'].map(hashText))).toBe(0x732ee99abc5002ffn);
  });

  test('is XXH3-64 of the eight bytes of the record hash, seeded with the chain so far', async () => {
    const random = seededRandom(1);
    const words = [0n, 1n, 2n ** 64n - 1n, 2n ** 63n, 0xffffffffn, 2n ** 32n];
    while (words.length < 40) words.push(random.u64());
    for (const before of words) {
      const xxh3 = await createXXHash3(lowHalf(before) >>> 0, highHalf(before) >>> 0);
      for (const record of words) {
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setBigUint64(0, record, true);
        expect(chain(before, record)).toBe(BigInt(`0x${xxh3.init().update(bytes).digest('hex')}`));
      }
    }
  });

  test('runs backwards: unchain and solve undo chain on twenty thousand random pairs', () => {
    const random = seededRandom(2);
    for (let i = 0; i < 20_000; i++) {
      const before = random.u64();
      const record = random.u64();
      const after = chain(before, record);
      expect(unchain(after, record)).toBe(before);
      expect(solve(before, after)).toBe(record);
    }
  });

  test('takes a range off in the order that undoes putting it on', () => {
    const random = seededRandom(3);
    const hi = Int32Array.from({ length: 50 }, () => highHalf(random.u64()));
    const lo = Int32Array.from({ length: 50 }, () => lowHalf(random.u64()));
    const state = new ChainHash(7, -9);
    state.appendRange(hi, lo, 10, 40);
    state.removeRange(hi, lo, 10, 40);
    expect([state.hi, state.lo]).toEqual([7, -9]);
  });

  test('keeps 64-bit words exact in halves', () => {
    for (const word of [0n, 2n ** 64n - 1n, 0x8000000080000000n, 0x123456789abcdef0n])
      expect(toBigint(highHalf(word), lowHalf(word))).toBe(word);
  });
});

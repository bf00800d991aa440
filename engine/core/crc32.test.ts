/** The checksum of short and of joined pieces is the one zlib computes of the whole. */

import { crc32 } from 'node:zlib';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { crc32Joined, crc32Of } from './crc32.ts';

const pieces = fc.uint8Array({ maxLength: 300 });

test('a piece of a buffer has the checksum zlib gives it, wherever it stands', () => {
  fc.assert(
    fc.property(pieces, pieces, pieces, (before, piece, behind) => {
      const all = Uint8Array.of(...before, ...piece, ...behind);
      expect(crc32Of(all, before.length, before.length + piece.length)).toBe(crc32(piece));
    }),
  );
});

test('two pieces in a row have the checksum of the whole, empty ones too', () => {
  fc.assert(
    fc.property(pieces, pieces, (first, second) => {
      const whole = crc32(Uint8Array.of(...first, ...second));
      expect(crc32Joined(crc32(first), crc32(second), second.length)).toBe(whole);
    }),
  );
});

test('a long piece joins as a short one does', () => {
  const long = new Uint8Array(5_000_001).map((_, i) => i * 7);
  expect(crc32Joined(crc32(long.subarray(0, 77)), crc32(long.subarray(77)), long.length - 77)).toBe(crc32(long));
});

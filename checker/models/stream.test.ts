/** The stream's states as the general search keeps them. */

import { expect, test } from 'vitest';
import { streamModel } from './stream.ts';

test('streams that differ in nothing but their token have different hashes', () => {
  const { hash } = streamModel();
  const tokens = [null, ...Array.from({ length: 1_000 }, (_, n) => `token ${n}`)];
  const hashes = new Set(tokens.map((fencingToken) => hash!({ tail: 7, hi: 1, lo: 2, fencingToken })));
  expect(hashes.size).toBe(tokens.length);
});

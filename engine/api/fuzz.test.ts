/** A slice of the nightly fuzzing of every decoder, with a seed: no crash, no hang, only the declared errors. */

import { expect, test } from 'vitest';

import { fuzz } from '../testing/fuzz/fuzz.ts';
import { TARGETS } from '../testing/fuzz/targets.ts';

test('twelve thousand mutated inputs end in a value or in a declared error', async () => {
  const { inputs, ends } = await fuzz(1, 12_000);
  expect(inputs).toBe(12_000);
  // Fuzzing that is always refused, or never, tests nothing.
  for (const { name } of TARGETS) {
    const ways = [...ends.keys()].filter((end) => end.startsWith(`${name}: `));
    expect(ways.length, name).toBeGreaterThan(1);
  }
});

test('every good input is taken by its decoder', async () => {
  const dice = { below: () => 0 };
  for (const target of TARGETS.filter(({ name }) => name === 'protobuf' || name === 'frames')) {
    for (const seed of target.seeds) expect(await target.check(seed, dice), target.name).toMatch(/^(taken|invalid)$/);
  }
});

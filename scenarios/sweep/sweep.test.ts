/** Bookkeeping of sweeps: which runs, what is shown. */

import { expect, test } from 'vitest';
import { progressText } from './progress.ts';
import { runNames } from './run-names.ts';
import { Tally } from './tally.ts';
import { seedResult } from './testing/seed-result.ts';

const profiles = ['quiet', 'lossy', 'crash'];

test('shards cover every seed once, whatever their number', () => {
  const all = [...runNames({ from: 100, end: 137, profiles, shard: 0, shards: 1 })];
  for (const shards of [2, 3, 7]) {
    const parts = Array.from({ length: shards }, (_, shard) => [
      ...runNames({ from: 100, end: 137, profiles, shard, shards }),
    ]);
    const merged = parts.flat().toSorted((a, b) => Number(a.seed) - Number(b.seed));
    expect(merged).toEqual(all);
  }
});

test('a seed has the same profile in every sweep over the same profiles', () => {
  const profileOf = (from: number, shards: number) =>
    [...runNames({ from, end: 60, profiles, shard: 0, shards })].find(({ seed }) => seed === '57')?.profile;
  expect(profileOf(0, 1)).toBe(profileOf(57, 1));
  expect(profileOf(54, 3)).toBe(profileOf(0, 1));
});

test('an endless range goes on for ever', () => {
  const names = runNames({ from: 5, end: Infinity, profiles, shard: 1, shards: 2 });
  expect([names.next().value, names.next().value]).toMatchObject([{ seed: '6' }, { seed: '8' }]);
});

test('the progress line says seeds, rate, operations, speed, failures and probes', () => {
  const tally = new Tally();
  const result = seedResult({ counts: { operations: 150 }, simulatedMs: 60_000, probes: { 'a.b': 2 } });
  tally.add(result);
  tally.add({ ...result, seed: '2', failure: { kind: 'liveness', signature: 's', message: 'm', opIds: [] } });
  expect(progressText(tally, { runs: 10, timeMs: null, probeCount: 5 }, 2_000)).toBe(
    '2 s 2/10 seeds 1/s | 300 ops checked | 60x | 1 failed | probes 1/5',
  );
});

/** Side streams in whole runs: the same in every repetition, judged, and really trimmed, deleted and created again. */

import { expect, test } from 'vitest';
import { drawPlan, PROFILES } from '../plan.ts';
import { runSeed } from '../run-seed.ts';

const size = { clients: 2, operationsPerClient: 10 };

/** The first seeds of the profile whose runs have side streams. */
function seedsWithSide(profile: 'storage' | 'swarm', count: number): string[] {
  const seeds: string[] = [];
  for (let seed = 0; seeds.length < count; seed++) {
    if (drawPlan(String(seed), profile, {}).side !== null) seeds.push(String(seed));
  }
  return seeds;
}

test('a quarter of the storage runs and an eighth of the swarm have side streams, other profiles have none', () => {
  for (const profile of PROFILES) {
    let runs = 0;
    for (let seed = 0; seed < 1_000; seed++) if (drawPlan(String(seed), profile, {}).side !== null) runs++;
    const [low, high] = { storage: [200, 300], swarm: [90, 160] }[profile as string] ?? [0, 0];
    expect(runs, profile).toBeGreaterThanOrEqual(low as number);
    expect(runs, profile).toBeLessThanOrEqual(high as number);
  }
});

test(
  'what happens to side streams is the same in every repetition, and the engine passes',
  { timeout: 60_000 },
  async () => {
    const [seed] = seedsWithSide('storage', 1) as [string];
    const first = await runSeed({ seed, profile: 'storage', size, record: true });
    const again = await runSeed({ seed, profile: 'storage', size, record: true });
    expect(first.failure).toBeNull();
    expect(first.sideLines?.length).toBeGreaterThan(20);
    expect(again.sideLines).toEqual(first.sideLines);
    expect(again.traceHash).toBe(first.traceHash);
  },
);

test(
  'a few runs are enough to trim, delete, create again, read the new life and see records expire',
  { timeout: 60_000 },
  async () => {
    const lit = new Set<string>();
    for (const profile of ['storage', 'swarm'] as const) {
      for (const seed of seedsWithSide(profile, 3)) {
        const run = await runSeed({ seed, profile, size });
        expect(run.failure, `${profile} ${seed}`).toBeNull();
        for (const probe of Object.keys(run.probes)) lit.add(probe);
      }
    }
    for (const probe of [
      'append.trim',
      'side.recreated',
      'side.read-second-life',
      'side.read-over-trim',
      'side.all-expired',
    ]) {
      expect(lit).toContain(probe);
    }
  },
);

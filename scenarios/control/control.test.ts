/** Clients of the control plane in whole runs: the same in every repetition, judged, and really racing. */

import { expect, test } from 'vitest';
import { drawPlan, type Profile, PROFILES } from '../plan.ts';
import { runSeed } from '../run-seed.ts';

const size = { clients: 1, operationsPerClient: 5 };

/** The first seeds of the profile whose runs have clients of the control plane. */
function seedsWithControl(profile: Profile, count: number): string[] {
  const seeds: string[] = [];
  for (let seed = 0; seeds.length < count; seed++) {
    if (drawPlan(String(seed), profile, {}).control !== null) seeds.push(String(seed));
  }
  return seeds;
}

test('a sixth of the runs about takeovers, crashes and doubt have them, and of the swarm', () => {
  for (const profile of PROFILES) {
    let runs = 0;
    for (let seed = 0; seed < 1_000; seed++) if (drawPlan(String(seed), profile, {}).control !== null) runs++;
    const sixth = [120, 220];
    const expected = { crash: sixth, ambiguous: sixth, failover: sixth, swarm: [150, 260] };
    const [low, high] = (expected as Record<string, number[]>)[profile] ?? [0, 0];
    expect(runs, profile).toBeGreaterThanOrEqual(low as number);
    expect(runs, profile).toBeLessThanOrEqual(high as number);
  }
});

test('what happens is the same in every repetition, and the engine passes', { timeout: 60_000 }, async () => {
  const [seed] = seedsWithControl('failover', 1) as [string];
  const first = await runSeed({ seed, profile: 'failover', size, record: true });
  const again = await runSeed({ seed, profile: 'failover', size, record: true });
  expect(first.failure).toBeNull();
  expect(first.sideLines?.length).toBeGreaterThan(20);
  expect(again.sideLines).toEqual(first.sideLines);
  expect(again.traceHash).toBe(first.traceHash);
});

test('a few runs are enough for the common races', { timeout: 60_000 }, async () => {
  const lit = new Set<string>();
  for (const seed of seedsWithControl('ambiguous', 5)) {
    const run = await runSeed({ seed, profile: 'ambiguous', size });
    expect(run.failure, seed).toBeNull();
    for (const probe of Object.keys(run.probes)) lit.add(probe);
  }
  for (const probe of [
    'control.creations-raced',
    'control.created-again',
    'control.change-met-birth',
    'control.deletion-met-append',
    'control.listing-met-change',
    'control.audited',
  ]) {
    expect(lit).toContain(probe);
  }
});

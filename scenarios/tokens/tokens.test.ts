/** Clients with access tokens, in runs of all moods: nothing fails, and every row about tokens is visited. */

import { expect, test } from 'vitest';

import { drawPlan, type Profile } from '../plan.ts';
import { runSeed } from '../run-seed.ts';
import { TOKENS_PROBES } from './book.ts';
import type { TokensPlan } from './plan.ts';

const TOKENS: TokensPlan = {
  tokens: 6,
  holders: 2,
  operationsPerHolder: 30,
  expiringEvery: 2,
  lifeMsMax: 4_000,
  thinkMsMax: 300,
};

function run(seed: string, profile: Profile) {
  const plan = { ...drawPlan(seed, profile, { clients: 1, operationsPerClient: 3 }), tokens: TOKENS };
  return runSeed({ seed, profile, plan });
}

test('every row about tokens is visited, and nothing fails', async () => {
  const lit = new Set<string>();
  for (const [seed, profile] of [['8', 'failover'] as const, ['6', 'skew'] as const, ['4', 'failover'] as const]) {
    const record = await run(seed, profile);
    expect(record.failure, `${seed}/${profile}`).toBeNull();
    for (const probe of Object.keys(record.probes)) lit.add(probe);
  }
  for (const probe of Object.keys(TOKENS_PROBES)) expect(lit).toContain(probe);
});

test('the same run twice is the same to the last event', async () => {
  const [one, other] = [await run('9', 'skew'), await run('9', 'skew')];
  expect(one.traceHash).toBe(other.traceHash);
});

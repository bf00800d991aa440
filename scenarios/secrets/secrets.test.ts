/** The client that encrypts, in runs of all moods: secrets stay where they belong, and every row about keys is visited. */

import { expect, test } from 'vitest';

import { INVARIANT_PROBES } from '../invariants/crew.ts';
import { drawPlan, type Profile } from '../plan.ts';
import { runSeed } from '../run-seed.ts';
import { MARK } from './client.ts';
import { SECRETS_PROBES } from './crew.ts';
import type { SecretsPlan } from './plan.ts';

const SECRETS: SecretsPlan = {
  cipher: 'aegis-256',
  appends: 12,
  batchRecordsMax: 3,
  bodyBytesMax: 40,
  otherKeyEvery: 2,
  thinkMsMax: 500,
  isWrittenAnew: true,
  givesTime: true,
  movedEvery: 2,
};

async function run(seed: string, profile: Profile, cipher: SecretsPlan['cipher'] = 'aegis-256') {
  const lines: string[] = [];
  const plan = { ...drawPlan(seed, profile, { clients: 1, operationsPerClient: 3 }), secrets: { ...SECRETS, cipher } };
  let objects: ReadonlyMap<string, Uint8Array> = new Map();
  const record = await runSeed({
    ...{ seed, profile, plan, record: true },
    onTraceLine: (line) => lines.push(line),
    onEnd: (world) => (objects = world.store.objects()),
  });
  return { record, lines, objects };
}

test('every row about keys is visited, and nothing fails', async () => {
  const lit = new Set<string>();
  for (const [seed, profile] of [
    ...[['2', 'crash'] as const, ['4', 'failover'] as const, ['3', 'damage'] as const, ['3', 'swarm'] as const],
  ]) {
    const cipher = Number(seed) % 2 === 0 ? 'aes-256-gcm' : 'aegis-256';
    const { record } = await run(seed, profile, cipher);
    expect(record.failure, `${seed}/${profile}`).toBeNull();
    for (const probe of Object.keys(record.probes)) lit.add(probe);
  }
  const probes = [...Object.keys(SECRETS_PROBES), ...Object.keys(INVARIANT_PROBES)];
  for (const probe of probes) expect(lit).toContain(probe);
});

test('store, trace, history and record of a run have no plaintext and no key in them', async () => {
  const { record, lines, objects } = await run('4', 'failover');
  expect(record.failure).toBeNull();
  expect(record.probes['append.sealed']).toBeGreaterThan(5);
  const told = [...lines, JSON.stringify(record)].join('\n');
  const stored = [...objects.values()].map((bytes) => Buffer.from(bytes).toString('latin1')).join('\n');
  // 44 characters of base64 that end in one `=` are a key: 32 bytes.
  for (const text of [told, stored]) {
    expect(text).not.toContain(MARK);
    expect(text).not.toMatch(/(^|[^A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/);
  }
  expect(lines.length).toBeGreaterThan(100);
  expect(stored).toContain('secret-basin');
});

test('the same run twice is the same to the last event', async () => {
  const [one, other] = [await run('9', 'crash'), await run('9', 'crash')];
  expect(one.record.traceHash).toBe(other.record.traceHash);
});

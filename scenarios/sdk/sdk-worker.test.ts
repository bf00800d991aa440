/** Runs in which one client is the official SDK. */

import { expect, test } from 'vitest';
import { createBodyHasher, formatEvent } from '../../checker/index.ts';
import { judge } from '../judge.ts';
import { runLinearizable } from '../linearizable.ts';
import { drawPlan, type Profile } from '../plan.ts';

const hashBody = await createBodyHasher();

async function runOf(seed: string, profile: Profile, sdkClients = 1) {
  const plan = { ...drawPlan(seed, profile, { clients: 2, operationsPerClient: 30 }), sdkClients };
  const { world, history } = await runLinearizable({ seed, plan, hashBody, record: false });
  expect(judge(world, history).failure).toBeNull();
  return { hash: world.trace.hash(), history: history.map(formatEvent), probes: world.probes.counts() };
}

test('its operations are in the judged history, and the run repeats byte for byte, whatever ran in between', async () => {
  const first = await runOf('7', 'lossy');
  await runOf('8', 'failover', 0);
  await runOf('8', 'failover');
  expect(await runOf('7', 'lossy')).toEqual(first);
  expect((await runOf('7', 'lossy', 0)).hash).not.toBe(first.hash);
});

test('retries by itself what certainly had no effect, and gives up in time', async () => {
  const lit = new Set<string>();
  for (const seed of ['1', '2', '3']) {
    for (const name of Object.keys((await runOf(seed, 'failover')).probes)) lit.add(name);
  }
  expect([...lit]).toEqual(expect.arrayContaining(['sdk.append-retried', 'sdk.tail-retried', 'sdk.gave-up']));
});

test('alone, without faults, appends, reads and asks for the tail', async () => {
  const plan = {
    ...drawPlan('1', 'quiet', { clients: 1, operationsPerClient: 40 }),
    sdkClients: 1,
    sessionWriters: 0,
    followers: 0,
  };
  const { world, history } = await runLinearizable({ seed: '1', plan, hashBody, record: false });
  expect(judge(world, history).failure).toBeNull();
  const returns = new Set(history.flatMap((event) => (event.type === 'return' ? [event.return.kind] : [])));
  expect([...returns]).toEqual(expect.arrayContaining(['append-success', 'read-success', 'check-tail-success']));
});

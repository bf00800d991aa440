/** Runs in which one client is the official SDK, and another follows the stream with it. */

import { expect, test } from 'vitest';
import { createBodyHasher, formatEvent } from '../../checker/index.ts';
import { judge } from '../judge.ts';
import { runLinearizable } from '../linearizable.ts';
import { drawPlan, type Profile } from '../plan.ts';
import { SDK_PROBES } from './sdk-probes.ts';

const hashBody = await createBodyHasher();

async function runOf(seed: string, profile: Profile, count = 1) {
  const plan = {
    ...drawPlan(seed, profile, { clients: 2, operationsPerClient: 30 }),
    sdkClients: count,
    sdkFollowers: count,
    sdkSessionWriters: count,
  };
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

test('it retries by itself what certainly had no effect, gives up in time, and goes on with a session that broke', async () => {
  const lit = new Set<string>();
  const names: [string, Profile][] = [
    ['5', 'crash'],
    ['3', 'failover'],
    ['2', 'failover'],
  ];
  for (const [seed, profile] of names) {
    for (const name of Object.keys((await runOf(seed, profile)).probes)) if (name.startsWith('sdk.')) lit.add(name);
  }
  expect([...lit]).toEqual(expect.arrayContaining(Object.keys(SDK_PROBES)));
});

test('alone, without faults, it appends, reads and asks for the tail, and needs no second try', async () => {
  const plan = {
    ...drawPlan('1', 'quiet', { clients: 1, operationsPerClient: 40 }),
    ...{ sdkClients: 1, sdkFollowers: 1, sdkSessionWriters: 0, sessionWriters: 0, followers: 0 },
  };
  const { world, history } = await runLinearizable({ seed: '1', plan, hashBody, record: false });
  expect(judge(world, history).failure).toBeNull();
  const returns = new Set(history.flatMap((event) => (event.type === 'return' ? [event.return.kind] : [])));
  expect([...returns]).toEqual(expect.arrayContaining(['append-success', 'read-success', 'check-tail-success']));
  expect(Object.keys(world.probes.counts()).filter((name) => name.startsWith('sdk.'))).toEqual([]);
});

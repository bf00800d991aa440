/** Servers are unavailable when they have to be, in time, and never without a reason. */

import { describe, expect, test } from 'vitest';
import { type Engine, ENGINE_DEFAULTS } from '../../engine/index.ts';
import { World } from '../../sim/index.ts';
import { simplestPlan } from '../cases/simpler-plans.ts';
import { runSeed } from '../run-seed.ts';
import { BLACKOUTS } from './blackouts.ts';
import { Excuses } from './excuses.ts';

const PLAN = { ...simplestPlan('crash'), servers: 2 };

describe('a healed world', () => {
  test.each(BLACKOUTS)(
    'whose store goes away (%s) has servers that say so in time, and works when it is back',
    async (blackout) => {
      const plan = { ...PLAN, blackouts: [blackout] };
      const { failure, probes } = await runSeed({ seed: '1', profile: 'crash', plan });
      expect(failure).toBeNull();
      expect(probes).toHaveProperty([`blackout.${blackout}`]);
      expect(probes).toHaveProperty(['excuse.store']);
    },
  );

  test('works without the servers that stay dead for ever', async () => {
    const { failure, probes } = await runSeed({
      seed: '1',
      profile: 'crash',
      plan: { ...PLAN, servers: 3, leftDead: 2 },
    });
    expect(failure).toBeNull();
    expect(probes).toHaveProperty(['server.left-dead'], 2);
  });
});

describe('a server that says it is unavailable', () => {
  const refusing = (kind: string) =>
    ({ checkTail: async () => ({ kind: 'rejected', reason: { kind } }) }) as unknown as Engine;

  test.each(['unavailable', 'not-owner'])('fails the run when nothing excuses that it is %s', async (kind) => {
    const world = new World({ seed: '1', profile: 'excuses' });
    await new Excuses(world, ENGINE_DEFAULTS).seen(refusing(kind), world.host('node-1').name).checkTail('b', 's');
    expect(world.failure?.message).toMatch(`node-1 answered checkTail with "${kind}" after 0 ms without a reason`);
  });

  test('is excused by a store that failed it a moment ago', async () => {
    const world = new World({
      seed: '1',
      profile: 'excuses',
      probes: [{ name: 'excuse.store', sentence: '', required: false, row: null }],
    });
    const excuses = new Excuses(world, ENGINE_DEFAULTS);
    world.store.setOutage(true);
    let isDone = false;
    world.host('node-1').start(async ({ blobs }) => {
      await blobs.get('wal/0');
      await excuses.seen(refusing('unavailable'), 'node-1').checkTail('b', 's');
      isDone = true;
    });
    await world.run(() => isDone);
    expect(world.failure).toBeNull();
    expect(world.probes.count('excuse.store')).toBe(1);
  });
});

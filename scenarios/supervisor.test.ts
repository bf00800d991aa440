/** Servers that end by themselves come back; the others are left alone. */

import { expect, test } from 'vitest';
import { type Program, QUIET, World } from '../sim/index.ts';
import { Supervisor } from './supervisor.ts';

/** A host with a program under a supervisor. */
function supervised(program: Program) {
  const world = new World({ seed: '1', profile: 'test', faults: QUIET });
  const supervisor = new Supervisor(world);
  const host = world.host('node-1');
  supervisor.run(host, program);
  return { world, supervisor, host };
}

const endsAt =
  (afterMs: number): Program =>
  async ({ clock }) => {
    await clock.sleep(afterMs);
    return 4;
  };

const runTo = (world: World, untilMs: number) => world.run(() => false, { untilMs });

test('a server that ended is started again, every time, within seconds', async () => {
  const { world, host } = supervised(endsAt(1_000));
  await runTo(world, 60_000);
  expect(world.failure).toBeNull();
  // One second up and at most five down.
  expect(host.generation).toBeGreaterThanOrEqual(10);
});

test('a server that was crashed is left to whoever crashed it', async () => {
  const { world, host } = supervised(async () => {});
  await runTo(world, 100);
  host.crash();
  await runTo(world, 60_000);
  expect(host.generation).toBe(1);
});

test('a server that somebody else started meanwhile is not started twice', async () => {
  const { world, host } = supervised(async ({ clock }, { generation }) => {
    if (generation > 1) return;
    await clock.sleep(10);
    return 4;
  });
  await runTo(world, 50);
  expect(host.isUp).toBe(false);
  host.restart();
  await runTo(world, 60_000);
  expect(world.failure).toBeNull();
  expect(host.generation).toBe(2);
});

test('once the world is healed a loser leaves the winner twenty seconds', async () => {
  const { world, supervisor, host } = supervised(endsAt(1_000));
  supervisor.healed();
  await runTo(world, 20_000);
  expect(host.isUp).toBe(false);
  await runTo(world, 21_500);
  expect(host.generation).toBe(2);
});

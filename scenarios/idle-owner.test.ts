/** In the simulation: an owner without traffic ends when another takes over, and an idle one costs next to nothing. */

import { expect, test } from 'vitest';
import { ENGINE_DEFAULTS, type Engine, openEngine } from '../engine/index.ts';
import { World } from '../sim/index.ts';
import { probeCatalogue } from './probes.ts';

const { idleProofMs } = ENGINE_DEFAULTS.log;
const HOUR_MS = 3_600_000;

/** A host that becomes the owner and does nothing. */
function idleOwner(world: World, host: string): () => Engine | null {
  let owner: Engine | null = null;
  world.host(host).start(async (ports) => void (owner = await openEngine(ports)));
  return () => owner;
}

test('an idle owner ends within the interval after another took over', async () => {
  const world = new World({ seed: '1', profile: 'test', probes: probeCatalogue() });
  const first = idleOwner(world, 'node-1');
  await world.run(() => first() !== null);
  const second = idleOwner(world, 'node-2');
  await world.run(() => second() !== null);
  const takenMs = world.nowMs;
  expect(first()?.end).toBeNull();
  await world.run(() => first()?.end !== null, { untilMs: takenMs + HOUR_MS });
  expect(first()?.end).toEqual({ kind: 'fenced', byEpoch: 2 });
  expect(world.nowMs - takenMs).toBeLessThan(idleProofMs + 1_000);
  expect(second()?.end).toBeNull();
  expect(world.failure).toBeNull();
});

test('an idle owner asks once an interval, and a run comes to its rest all the same', async () => {
  const world = new World({ seed: '1', profile: 'test', probes: probeCatalogue() });
  const owner = idleOwner(world, 'node-1');
  await world.run(() => owner() !== null);
  await world.run(() => false, { untilMs: world.nowMs + HOUR_MS });
  const looks = world.probes.counts()['log.watch.asked'] ?? 0;
  expect(looks).toBeLessThanOrEqual(HOUR_MS / idleProofMs);
  expect(looks).toBeGreaterThan(HOUR_MS / idleProofMs / 2);
  expect(owner()?.undurableBytes).toBe(0);
});

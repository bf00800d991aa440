/** On a store that breaks its promises a server stops and says why; one that goes on fails the run. */

import { describe, expect, test } from 'vitest';
import type { BlobStore } from '../../engine/index.ts';
import { type Program, QUIET, World } from '../../sim/index.ts';
import { probeCatalogue } from '../probes.ts';
import { runSeed } from '../run-seed.ts';
import { foreignObjects } from './foreign-store.ts';
import { StorageGhost } from './ghost.ts';
import { Intruder } from './intruder.ts';
import { onceTried } from './tried.ts';

const ALWAYS = [1, 1] as const;

function hostileWorld(faults: Partial<typeof QUIET>): World {
  return new World({ seed: '1', profile: 'test', faults: { ...QUIET, ...faults }, probes: probeCatalogue() });
}

test.each([
  ['12', 'store.refused-as-unfit'],
  ['3', 'damage.named'],
])('seed %s passes because a server refused: %s', async (seed, probe) => {
  const { failure, probes } = await runSeed({ seed, profile: 'hostile', size: { clients: 2, operationsPerClient: 8 } });
  expect(failure).toBeNull();
  expect(probes).toHaveProperty([probe]);
});

describe('a server that tries its store out', () => {
  const opened: string[] = [];
  const server: Program = async () => void opened.push('opened');

  test('opens one that keeps its promises, and none that ignores conditions', async () => {
    for (const conditionsIgnored of [[0, 1] as const, ALWAYS]) {
      const world = hostileWorld({ conditionsIgnored });
      world.host('node-1').start(onceTried(server, world));
      await world.run(() => false);
      expect(world.failure).toBeNull();
      expect(world.probes.count('store.refused-as-unfit')).toBe(conditionsIgnored === ALWAYS ? 1 : 0);
    }
    expect(opened).toEqual(['opened']);
  });

  test('and finds an unfit one fit fails the run', async () => {
    const world = hostileWorld({ conditionsIgnored: ALWAYS });
    // What it hears of the store is what another, sound one would say.
    const known = new Set<string>();
    const kept = (blobs: BlobStore): BlobStore => ({
      ...blobs,
      putIfAbsent: async (key, parts) => {
        if (known.has(key)) return { kind: 'refused' };
        known.add(key);
        return blobs.putIfAbsent(key, parts);
      },
    });
    const tried = onceTried(server, world);
    world.host('node-1').start((ports, process) => tried({ ...ports, blobs: kept(ports.blobs) }, process));
    await world.run(() => false);
    expect(world.failure?.message).toBe('a store that ignores conditions was found fit');
  });
});

test('a server that deletes what it does not know fails the run', async () => {
  const foreign = await foreignObjects();
  const lost: string[] = [];
  for (let seed = 0; seed < 12; seed++) {
    const world = new World({
      ...{ seed: String(seed), profile: 'test', probes: probeCatalogue() },
      faults: { ...QUIET, foreignObject: ALWAYS },
    });
    const ghost = new StorageGhost((key) => world.store.peek(key), { violated: () => {}, noted: () => {} });
    const intruder = new Intruder(world, ghost, foreign);
    world.host('node-1').start(async ({ blobs }) => {
      await blobs.put('format', [new Uint8Array(1)]);
      const page = await blobs.list('');
      if (page.kind === 'page') await blobs.delete(page.blobs.map(({ key }) => key));
    });
    await world.run(() => false);
    intruder.atRest();
    if (world.failure !== null) lost.push(world.failure.message);
  }
  expect(lost.length).toBeGreaterThan(0);
  for (const message of lost) expect(message).toMatch(/^a server deleted what it does not know: /);
});

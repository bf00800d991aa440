/** The audit passes a store that is as it should be, and says what is wrong with one that is not. */

import { expect, test } from 'vitest';
import { ENGINE_DEFAULTS, type Engine, openEngine } from '../../engine/index.ts';
import { World } from '../../sim/index.ts';
import { probeCatalogue } from '../probes.ts';
import { StorageAudit } from './audit.ts';
import { StorageGhost } from './ghost.ts';

const BASIN = 'audited-basin';

/** An owner that made some checkpoints, and the audit of its store; `extra` objects nobody of ours wrote. */
async function audited(
  extra: readonly string[],
  claim: (state: Engine['state']) => Engine['state'] = (state) => state,
) {
  const world = new World({ seed: '1', profile: 'test', probes: probeCatalogue() });
  const ghost = new StorageGhost((key) => world.store.peek(key), {
    violated: (message) => world.fail('invariant', message),
    noted: () => {},
  });
  world.store.onEffect((effect) => ghost.saw(effect));
  const audit = new StorageAudit({ world, ghost, tunables: ENGINE_DEFAULTS, basin: BASIN, older: ['newest', 'first'] });
  let owner: Engine | null = null;
  let isDone = false;
  world.host('node-1').start(async (ports) => {
    const engine = await openEngine(ports);
    await engine.createBasin(BASIN, null);
    for (const stream of ['first-stream', 'second-stream', 'third-stream']) {
      await engine.createStream(BASIN, stream, null);
      if (stream !== 'third-stream') await engine.flush();
    }
    owner = engine;
    isDone = true;
  });
  await world.run(() => isDone);
  world.store.load(new Map(extra.map((key) => [key, new Uint8Array([1])])));
  const { end, state, undurableBytes, unflushedBytes } = owner as unknown as Engine;
  const seen = { end, undurableBytes, unflushedBytes, state: claim(state) } as Engine;
  await audit.run([seen]);
  return { message: world.failure?.message ?? null, probes: world.probes.counts() };
}

test('a sound store passes, and every start there is was compared', async () => {
  const { message, probes } = await audited([]);
  expect(message).toBeNull();
  expect(probes).toMatchObject({ 'audit.owner': 1, 'audit.two-publications': 1, 'audit.whole-log': 1 });
});

test('what a dead owner left goes away', async () => {
  const { message, probes } = await audited(['seg/0000000000-0000000001', 'meta/0000000000-0000000002']);
  expect(message).toBeNull();
  expect(probes).toHaveProperty('collect.orphan-deleted');
});

test('an object that nobody needs and nobody deletes is named', async () => {
  const { message } = await audited(['seg/0000009999-0000000001']);
  expect(message).toMatch(/^1 objects stay that nobody needs, after \d+ rounds: seg\/0000009999-0000000001/);
});

test('an owner in another state than its log is a finding', async () => {
  const { message } = await audited([], (state) => ({ ...state, hash: '0123456789abcdef' }));
  expect(message).toMatch(/^the state of the owner at the end of the run is 0123456789abcdef at slot \d+, of whoever/);
});

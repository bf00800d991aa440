/** What `gc --dry-run` names on a store in use is never anything that a start would read: judged by our own walk. */

import { expect, test } from 'vitest';
import { ENGINE_DEFAULTS, type Engine, openEngine } from '../../engine/index.ts';
import { planGarbage } from '../../engine/main.ts';
import { World } from '../../sim/index.ts';
import { probeCatalogue } from '../probes.ts';
import { walkStore } from './walk.ts';

const BASIN = 'dry-run-basin';
type Look = Parameters<typeof planGarbage>[0];

/** Records in several streams, one of them trimmed, one deleted, and checkpoints between. */
async function busy(engine: Engine, round: number): Promise<void> {
  await engine.createBasin(BASIN, null);
  for (const stream of ['alpha', 'beta', `gone-${round}`]) {
    await engine.createStream(BASIN, stream, null);
    const body = new Uint8Array(3_000).fill(round);
    const records = [{ timestamp: null, headers: [], body }];
    await engine.append(BASIN, stream, { records, matchSeqNum: null, fencingToken: null });
  }
  await engine.flush();
  await engine.deleteStream(BASIN, `gone-${round}`);
}

test('nothing it names is reachable, at any moment of two owners', async () => {
  const world = new World({ seed: '1', profile: 'test', probes: probeCatalogue() });
  const keys = new Set<string>();
  world.store.onEffect(({ kind, key }) => void (kind === 'put' ? keys.add(key) : keys.delete(key)));
  const get = (key: string) => world.store.peek(key);
  const listed = (prefix: string) => [...keys].filter((key) => key.startsWith(prefix)).toSorted();
  const look = (compute: Look['compute']): Look => ({
    store: {
      get: async (key, range) => {
        const bytes = get(key);
        if (bytes === undefined) return { kind: 'absent' };
        return { kind: 'found', bytes: bytes.slice(range?.start, range?.end), size: bytes.length };
      },
      list: async (prefix, after = '') =>
        listed(prefix)
          .filter((key) => key > after)
          .map((key) => ({ key, size: get(key)?.length ?? 0 })),
    },
    compute,
    telemetry: { event: () => {} },
  });
  let named = 0;
  let done = 0;
  const segments = { ...ENGINE_DEFAULTS.segments, ownSegmentBytes: 1_024, overlayRowsMax: 1, pageRows: 2 };
  for (const host of ['node-1', 'node-2']) {
    world.host(host).start(async (ports) => {
      const engine = await openEngine(ports, { ...ENGINE_DEFAULTS, segments });
      for (let round = 0; round < 4; round++) {
        const working = busy(engine, round);
        let isOver = false;
        void working.then(() => (isOver = true));
        while (!isOver) {
          const plan = await planGarbage(look(ports.compute));
          const { reachable, problems } = walkStore(get, listed('pub/'));
          expect(problems).toEqual([]);
          expect(plan.garbage.filter(({ key }) => reachable.has(key) || key === 'format')).toEqual([]);
          named += plan.garbage.length;
          await ports.clock.sleep(1);
        }
      }
      await engine.stop();
      done++;
    });
    await world.run(() => done === (host === 'node-1' ? 1 : 2));
    expect(world.failure).toBeNull();
  }
  expect(named).toBeGreaterThan(20);
});

/**
 * What a start from a copy of the store comes to: the real engine opened in a quiet world of its own, which leaves the
 * store it was copied from alone. Runs between two runs of that other world, never inside one.
 */

import { type Engine, type EngineTunables, openEngine } from '../../engine/index.ts';
import { World } from '../../sim/index.ts';

export type Recovery = { kind: 'recovered'; state: Engine['state'] } | { kind: 'failed'; message: string };

/** Far longer than a takeover takes when nothing goes wrong. */
const TAKEOVER_MS_MAX = 600_000;

/** `objects`: what the copy holds, by key. */
export async function recover(objects: ReadonlyMap<string, Uint8Array>, tunables: EngineTunables): Promise<Recovery> {
  const world = new World({ seed: 'recovery', profile: 'recovery', storeSpeed: 'folder', objects });
  let state: Engine['state'] | null = null;
  world.host('recovery').start(async (ports) => {
    const engine = await openEngine(ports, tunables);
    // Its own upkeep begins in a later event.
    state = engine.state;
  });
  const end = await world.run(() => state !== null, { untilMs: TAKEOVER_MS_MAX });
  if (state !== null) return { kind: 'recovered', state };
  return { kind: 'failed', message: world.failure?.message ?? `the takeover did not end: ${end}` };
}

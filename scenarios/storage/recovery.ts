/**
 * What a start from a copy of the store comes to, and what such an engine says when it is asked: the real engine opened in a
 * quiet world of its own, which leaves the store it was copied from alone. Runs between two runs of that other world, never
 * inside one.
 */

import { type Engine, type EngineTunables, openEngine } from '../../engine/index.ts';
import { World } from '../../sim/index.ts';

export type Recovery = { kind: 'recovered'; state: Engine['state'] } | { kind: 'failed'; message: string };
export type Visit<Result> = { kind: 'done'; result: Result } | { kind: 'failed'; message: string };

/** Far longer than a takeover, and what is asked of it then, takes when nothing goes wrong. */
const TAKEOVER_MS_MAX = 600_000;

/** `objects`: what the copy holds, by key. */
export async function recover(objects: ReadonlyMap<string, Uint8Array>, tunables: EngineTunables): Promise<Recovery> {
  // Its own upkeep begins in a later event.
  const visit = await visitCopy(objects, tunables, async ({ state }) => state);
  return visit.kind === 'done' ? { kind: 'recovered', state: visit.result } : visit;
}

/** What `ask` comes to with an engine that was started on the copy. */
export async function visitCopy<Result>(
  objects: ReadonlyMap<string, Uint8Array>,
  tunables: EngineTunables,
  ask: (engine: Engine) => Promise<Result>,
): Promise<Visit<Result>> {
  const world = new World({ seed: 'recovery', profile: 'recovery', storeSpeed: 'folder', objects });
  let done: { result: Result } | null = null;
  world.host('recovery').start(async (ports) => {
    done = { result: await ask(await openEngine(ports, tunables)) };
  });
  const end = await world.run(() => done !== null, { untilMs: TAKEOVER_MS_MAX });
  // Assigned in the program, where the compiler does not look.
  const visited = done as { result: Result } | null;
  if (visited !== null) return { kind: 'done', result: visited.result };
  return { kind: 'failed', message: world.failure?.message ?? `the takeover did not end: ${end}` };
}

/**
 * The objects of another Tailrace store, for runs in which some of them come to lie in ours: a copy that went to the wrong
 * place. Made by the real engine in a quiet world of its own, the same bytes every time.
 */

import { ENGINE_DEFAULTS, type Engine, openEngine } from '../../engine/index.ts';
import { World } from '../../sim/index.ts';

/** Every object that the store ever had, by key. */
export type ForeignObjects = ReadonlyMap<string, Uint8Array>;

const BASIN = 'other-basin';
const STREAM = 'stream-1';
/** So many slots have data; ours get less far. */
const BATCHES = 300;
const FLUSH_EVERY = 60;
const UNTIL_MS = 600_000;

// The same bytes for every run, and of nobody's run.
let made: Promise<ForeignObjects> | null = null;

/** Between two runs, never inside one: it is a run of its own when it is asked for first. */
export function foreignObjects(): Promise<ForeignObjects> {
  return (made ??= make());
}

async function make(): Promise<ForeignObjects> {
  const world = new World({ seed: 'foreign', profile: 'foreign', storeSpeed: 'folder' });
  const objects = new Map<string, Uint8Array>();
  world.store.onEffect(({ kind, key }) => {
    const bytes = world.store.peek(key);
    if (kind === 'put' && bytes !== undefined) objects.set(key, bytes);
  });
  let isDone = false;
  world.host('foreign').start(async (ports) => {
    await fill(await openEngine(ports, ENGINE_DEFAULTS));
    isDone = true;
  });
  await world.run(() => isDone, { untilMs: UNTIL_MS });
  if (!isDone) throw new Error(`assertion: the other store was not made: ${world.failure?.message ?? 'it takes long'}`);
  return objects;
}

async function fill(engine: Engine): Promise<void> {
  await engine.createBasin(BASIN, null);
  await engine.createStream(BASIN, STREAM, null);
  for (let batch = 0; batch < BATCHES; batch++) {
    const body = new TextEncoder().encode(`of another store, ${batch}`);
    const records = [{ timestamp: null, headers: [], body }];
    await engine.append(BASIN, STREAM, { records, matchSeqNum: null, fencingToken: null });
    if (batch % FLUSH_EVERY === 0) await engine.flush();
  }
}

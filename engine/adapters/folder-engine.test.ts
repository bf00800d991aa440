/**
 * An engine on a folder on a simulated disk, another one that takes over from it, and a power failure after every
 * step of both: the next start finds all that was acknowledged or shown, and nothing that was said to be void.
 */

import { expect, test } from 'vitest';

import { type Engine, openEngine } from '../engine.ts';
import { BASIN, batch, FROM_START, STREAM } from '../testing/engine-bench.ts';
import { PROMPT } from '../testing/log-bench.ts';
import { type ManualPorts, manualPorts } from '../testing/manual-ports.ts';
import { stepByStep } from '../testing/step-by-step.ts';
import { seededDice } from '../testing/seeded-dice.ts';
import { SimulatedFiles } from '../testing/simulated-files.ts';
import { ENGINE_DEFAULTS } from '../tunables.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';

const SCHEDULES = 8;
/** The power fails after every so many steps, from another first one in each schedule. */
const STRIDE = 8;
/** Each owner appends in two chains of so many; the second owner starts when the first has so many, by schedule. */
const CHAIN = 4;

interface Told {
  /** Bodies that were acknowledged, by sequence number. */
  acknowledged: Map<number, string>;
  void: Set<string>;
  /** The longest history anybody was shown. */
  shown: string[];
  /** What the last engine that started found. */
  recovered: string[] | null;
}

/** Everything that runs on one disk. */
class World {
  readonly files: SimulatedFiles;
  readonly #clocks: ManualPorts['clock'][] = [];
  readonly #waiters = new Map<number, () => void>();
  readonly told: Told = { acknowledged: new Map(), void: new Set(), shown: [], recovered: null };

  constructor(seed: number) {
    this.files = new SimulatedFiles(seededDice(seed, 'engine'));
  }

  async engine(seed: number): Promise<Engine> {
    const ports = manualPorts({ seed });
    this.#clocks.push(ports.clock);
    const blobs = await openFolderBlobStore('/data', this.files.process().files);
    return openEngine({ ...ports, blobs }, { ...ENGINE_DEFAULTS, log: PROMPT });
  }

  /** Runs what `work` needs, at most `stepsMax` steps. Returns how many were left, 0 when they did not suffice. */
  run(work: Promise<void>, stepsMax: number): Promise<number> {
    return stepByStep(this.files, this.#clocks, work, stepsMax);
  }

  /** Resolves when so many appends were acknowledged, at once for none. */
  acknowledged(count: number): Promise<void> {
    if (count === 0) return Promise.resolve();
    return new Promise((reached) => this.#waiters.set(count, reached));
  }

  /** One owner's life: reads what is there, appends, and stops bothering when somebody else owns the store. */
  async live(name: string, engine: Engine): Promise<void> {
    await engine.createBasin(BASIN, null);
    await engine.createStream(BASIN, STREAM, null);
    await this.look(engine);
    await Promise.all(['a', 'b'].map((chain) => this.#appendChain(engine, `${name}-${chain}`)));
    await this.look(engine);
  }

  async #appendChain(engine: Engine, name: string): Promise<void> {
    for (let count = 0; count < CHAIN; count += 1) {
      const body = `${name}-${count}`;
      const outcome = await engine.append(BASIN, STREAM, batch(body));
      if (outcome.kind === 'durable') this.told.acknowledged.set(outcome.ack.start.seqNum, body);
      this.#waiters.get(this.told.acknowledged.size)?.();
      if (outcome.kind === 'rejected') this.told.void.add(body);
    }
  }

  async look(engine: Engine): Promise<string[] | null> {
    const outcome = await engine.read(BASIN, STREAM, FROM_START);
    if (outcome.kind !== 'batch') return null;
    const bodies = outcome.records.map((record) => Buffer.from(record.body).toString());
    const [shorter, longer] =
      bodies.length < this.told.shown.length ? [bodies, this.told.shown] : [this.told.shown, bodies];
    expect(longer.slice(0, shorter.length), 'one history for everybody').toEqual(shorter);
    this.told.shown = longer;
    return bodies;
  }
}

/** Two owners, the second one started while the first is at work. Returns the steps that were left. */
function twoOwners(world: World, schedule: number, stepsMax: number): Promise<number> {
  const first = world.engine(1).then((engine) => world.live('first', engine));
  const second = world
    .acknowledged(schedule % (2 * CHAIN))
    .then(async () => world.live('second', await world.engine(2)));
  return world.run(
    Promise.all([first, second]).then(() => undefined),
    stepsMax,
  );
}

/** A start after the power failure; what it shows must agree with everything told before. */
async function recover(world: World, seed: number): Promise<void> {
  const work = world.engine(seed).then(async (engine) => {
    world.told.recovered = (await world.look(engine)) ?? [];
  });
  const left = await world.run(work, 5_000);
  expect(left, 'a start ends').toBeGreaterThan(0);
  const { recovered, acknowledged, shown, void: lost } = world.told;
  for (const [seqNum, body] of acknowledged) expect(recovered?.[seqNum], `acknowledged as ${seqNum}`).toBe(body);
  expect(recovered!.length, 'nothing that was shown is gone').toBeGreaterThanOrEqual(shown.length);
  expect(recovered!.filter((body) => lost.has(body))).toEqual([]);
}

test('a power failure after any step of two owners loses nothing that was acknowledged or shown', async () => {
  let acknowledged = 0;
  for (let seed = 0; seed < SCHEDULES; seed += 1) {
    for (let steps = seed % STRIDE; ; steps += STRIDE) {
      const world = new World(seed);
      const left = await twoOwners(world, seed, steps);
      world.files.powerFail();
      await recover(world, 3);
      acknowledged += world.told.acknowledged.size;
      // And once more, so that what the recovery itself wrote is put to the test.
      world.files.powerFail();
      await recover(world, 4);
      if (left > 0) break;
    }
  }
  expect(acknowledged).toBeGreaterThan(500);
});

test('a full disk ends the engine with the remedy, and nothing that was acknowledged is lost', async () => {
  const world = new World(1);
  let end: string | null = null;
  const work = world.engine(1).then(async (engine) => {
    const life = world.live('first', engine);
    await world.acknowledged(2);
    world.files.faultOf = (step) => (step === 'writev' ? { errno: 'ENOSPC' } : null);
    const ended = await engine.ended;
    end = ended.kind === 'store-refused' ? ended.fault.message : ended.kind;
    await life;
  });
  expect(await world.run(work, 5_000)).toBeGreaterThan(0);
  expect(end).toMatch(/cannot write wal\/\d+ in \/data: there is no room left \(ENOSPC\); free space/);
  expect(world.told.acknowledged.size).toBeLessThan(2 * CHAIN);
  world.files.faultOf = () => null;
  await recover(world, 2);
});

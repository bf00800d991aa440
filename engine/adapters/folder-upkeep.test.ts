/**
 * Checkpoints, merges and collections on a folder on a simulated disk, a rival that takes over, and a power failure
 * after any step of it: the next start has everything that was acknowledged, and the state that the log leads to from
 * slot 0, of which the disk keeps only the end.
 */

import { expect, test } from 'vitest';

import { type Engine, openEngine } from '../engine.ts';
import type { BlobStore } from '../ports.ts';
import { EngineLife, TINY } from '../testing/engine-life.ts';
import { type ManualPorts, manualPorts, settled } from '../testing/manual-ports.ts';
import { stepByStep } from '../testing/step-by-step.ts';
import { seededDice } from '../testing/seeded-dice.ts';
import { SimulatedFiles } from '../testing/simulated-files.ts';
import { replayWhole } from '../testing/whole-log.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';

const SCHEDULES = 2;
/** The power fails after every so many steps, from another first one in each schedule. */
const STRIDE = 79;
const APPENDS = 9;
const STEPS_MAX = 50_000;

class World {
  readonly life = new EngineLife();
  /** Every log object that was said to be durable, or was found by somebody. */
  readonly ever = new Map<string, Uint8Array>();
  readonly events = new Map<string, number>();
  readonly files: SimulatedFiles;
  readonly #clocks: ManualPorts['clock'][] = [];
  #begin: (() => void) | null = null;

  constructor(seed: number) {
    this.files = new SimulatedFiles(seededDice(seed, 'upkeep'));
  }

  async engine(seed: number): Promise<Engine> {
    const ports = manualPorts({ seed });
    this.#clocks.push(ports.clock);
    const telemetry = { event: (name: string) => void this.events.set(name, (this.events.get(name) ?? 0) + 1) };
    const blobs = this.#kept(await openFolderBlobStore('/data', this.files.process().files));
    return openEngine({ ...ports, blobs, telemetry }, TINY);
  }

  #kept(store: BlobStore): BlobStore {
    const keep = (key: string, bytes: Uint8Array): void => {
      if (!this.ever.has(key)) this.ever.set(key, bytes.slice());
    };
    return {
      put: (key, parts) => store.put(key, parts),
      putIfAbsent: async (key, parts) => {
        const bytes = new Uint8Array(Buffer.concat(parts));
        const outcome = await store.putIfAbsent(key, parts);
        if (outcome.kind === 'done') keep(key, bytes);
        return outcome;
      },
      get: async (key, range) => {
        const outcome = await store.get(key, range);
        if (outcome.kind === 'found' && range === undefined) keep(key, outcome.bytes);
        return outcome;
      },
      list: (prefix, after, limit) => store.list(prefix, after, limit),
      delete: (keys) => store.delete(keys),
    };
  }

  /** Lets calls happen until `work` is over, at most so many. Returns how many were left. */
  run(work: Promise<unknown>, stepsMax: number): Promise<number> {
    return stepByStep(this.files, this.#clocks, work, stepsMax, () => {
      if (this.life.acknowledged >= APPENDS) this.#begin?.();
    });
  }

  /** What was begun and nobody waits for: upkeep after the last append. */
  async rest(): Promise<void> {
    for (let steps = 0; steps < STEPS_MAX && this.files.step(); steps++) await settled();
  }

  /** Two owners, the second one started while the first is at work. */
  twoOwners(): Promise<unknown> {
    const first = this.engine(1).then((engine) => this.life.live(engine, 'first', APPENDS));
    const begun = new Promise<void>((begin) => (this.#begin = begin));
    const second = begun.then(async () => this.life.live(await this.engine(2), 'second', APPENDS));
    return Promise.all([first, second]);
  }

  /** A start after the power failure. */
  async recover(seed: number, what: string): Promise<void> {
    const work = this.engine(seed).then(async (engine) => {
      await this.rest();
      const { end, hash } = replayWhole(this.ever);
      expect(engine.state, what).toMatchObject({ slot: end, hash });
      expect(await this.life.contradictions(engine), what).toEqual([]);
    });
    expect(await this.run(work, STEPS_MAX), 'a start ends').toBeGreaterThan(0);
  }
}

test('a power failure at any step of checkpoints, merges and collections loses nothing and leads to the state of the log', async () => {
  const seen = { failures: 0, acknowledged: 0, published: 0, edits: 0, collected: 0 };
  for (let seed = 0; seed < SCHEDULES; seed++) {
    for (let steps = (seed * STRIDE) / SCHEDULES; ; steps += STRIDE) {
      const world = new World(seed);
      const left = await world.run(world.twoOwners(), steps);
      world.files.powerFail();
      await world.recover(3, `schedule ${seed}, step ${steps}`);
      // And once more, so that what the recovery itself wrote is put to the test.
      world.files.powerFail();
      await world.recover(4, `schedule ${seed}, step ${steps}, again`);
      seen.failures++;
      seen.acknowledged += world.life.acknowledged;
      const { events } = world;
      seen.published += events.get('publication.written') ?? 0;
      seen.edits += (events.get('compact.merged') ?? 0) + (events.get('compact.dead-dropped') ?? 0);
      seen.collected += events.get('collect.completed') ?? 0;
      if (left > 0) break;
    }
  }
  expect(seen.failures).toBeGreaterThan(25);
  expect(seen.acknowledged).toBeGreaterThan(100);
  expect(seen.edits).toBeGreaterThan(5);
  expect(seen.collected).toBeGreaterThan(30);
});

/**
 * Processes that die at every call to the store, with checkpoints, compaction and collection under way, and during a
 * takeover: the next one has everything that was acknowledged, and the state that the log alone leads to from slot 0.
 */

import { describe, expect, test } from 'vitest';

import { openEngine } from './engine.ts';
import { EngineLife, TINY } from './testing/engine-life.ts';
import { type ManualPorts, manualPorts, settled } from './testing/manual-ports.ts';
import { seededDice } from './testing/seeded-dice.ts';
import { KeptObjects, replayWhole, type WholeReplay } from './testing/whole-log.ts';
import type { Random } from './ports.ts';

const SCHEDULES = 4;
/** A crash after every so many calls, from another first one in each schedule. */
const STRIDE = 5;
const APPENDS = 8;

/** Calls end one after the other, in the order the dice choose, until so many have ended or nothing is left to do. */
async function run(ports: ManualPorts, dice: Random, callsMax: number): Promise<number> {
  for (let calls = 0; calls < callsMax; calls++) {
    await settled();
    for (let waits = 0; ports.blobs.held().length === 0; waits++) {
      if (waits === 4) return calls;
      await ports.clock.advance(5);
    }
    const held = ports.blobs.held();
    await held[dice.below(held.length)]?.complete();
  }
  return callsMax;
}

/** The process is gone; each request under way has reached the store or never will. */
function die(ports: ManualPorts, dice: Random): void {
  for (const call of ports.blobs.held()) if (dice.below(2) === 0) call.effect();
}

function heldPorts(objects: KeptObjects, seed: number): ManualPorts {
  const ports = manualPorts({ objects, seed });
  ports.blobs.holds = () => true;
  return ports;
}

interface Crash {
  objects: KeptObjects;
  life: EngineLife;
  /** Calls that ended before; fewer than asked for when the life was over by itself. */
  calls: number;
}

/** A life in an empty store that ends after `callsMax` calls. */
async function crashAfter(callsMax: number, schedule: number): Promise<Crash> {
  const dice = seededDice(schedule, 'crash');
  const [objects, life] = [new KeptObjects(), new EngineLife()];
  const ports = heldPorts(objects, 1);
  void openEngine(ports, TINY).then((engine) => life.live(engine, 'first', APPENDS));
  const calls = await run(ports, dice, callsMax);
  die(ports, dice);
  return { objects, life, calls };
}

/** Two owners one after the other, undisturbed; both must have the state of the whole log. */
async function recover({ objects, life }: Crash, what: string): Promise<WholeReplay> {
  const engine = await openEngine(manualPorts({ objects, seed: 8 }), TINY);
  await settled();
  const replay = replayWhole(objects.ever);
  expect(engine.state, what).toMatchObject({ slot: replay.end, hash: replay.hash });
  expect(await life.contradictions(engine), what).toEqual([]);
  await life.live(engine, 'second', 2);
  expect(await engine.flush(), what).toBe(true);
  await settled();
  const next = await openEngine(manualPorts({ objects, seed: 9 }), TINY);
  await settled();
  expect(next.state.hash, what).toBe(replayWhole(objects.ever).hash);
  expect(await life.contradictions(next), what).toEqual([]);
  return replay;
}

test('a crash at any call of checkpoints, merges and collections loses nothing and leads to the state of the log', async () => {
  const seen = { crashes: 0, acknowledged: 0, editsBeforeInstall: 0, collected: 0 };
  for (let schedule = 0; schedule < SCHEDULES; schedule++) {
    for (let calls = schedule % STRIDE; ; calls += STRIDE) {
      const crash = await crashAfter(calls, schedule);
      const { editsBeforeInstall } = await recover(crash, `schedule ${schedule}, call ${calls}`);
      seen.crashes++;
      seen.acknowledged += crash.life.acknowledged;
      seen.editsBeforeInstall += editsBeforeInstall;
      seen.collected += crash.objects.ever.size - crash.objects.size;
      if (crash.calls < calls) break;
    }
  }
  expect(seen.crashes).toBeGreaterThan(80);
  expect(seen.acknowledged).toBeGreaterThan(500);
  expect(seen.editsBeforeInstall).toBeGreaterThan(5);
  expect(seen.collected).toBeGreaterThan(1_000);
});

describe('a takeover that dies', () => {
  test('at any call, and the next one too, leaves a store that the third one recovers whole', async () => {
    let deaths = 0;
    for (const [schedule, calls] of [40, 110, 10_000].entries()) {
      const before = await crashAfter(calls, schedule);
      for (let at = 0; ; at++) {
        const dice = seededDice(1_000 * schedule + at, 'takeover');
        const objects = before.objects.copy();
        let owned = false;
        for (const [seed, callsMax] of [[2, at] as const, [3, dice.below(at + 1)] as const]) {
          const ports = heldPorts(objects, seed);
          const opening = openEngine(ports, TINY).then(() => (owned = true));
          opening.catch(() => {});
          await run(ports, dice, callsMax);
          die(ports, dice);
          deaths++;
        }
        await recover(
          { ...before, life: before.life.copy(), objects },
          `schedule ${schedule}, call ${at} of the takeover`,
        );
        if (owned && at > 12) break;
      }
    }
    expect(deaths).toBeGreaterThan(100);
  });
});

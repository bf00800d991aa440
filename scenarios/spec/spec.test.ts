/**
 * The engine answers as the specification does, over long random sequences of commands without faults. A sequence that
 * tells them apart shrinks to a handful of commands.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ENGINE_DEFAULTS, openEngine } from '../../engine/index.ts';
import { PROMPT } from '../../engine/testing/log-bench.ts';
import { manualPorts, settled, type StoredObjects } from '../../engine/testing/manual-ports.ts';
import { sequences } from './arbitrary.ts';
import type { Command } from './commands.ts';
import { step, TOMBSTONE_MS } from './spec.ts';
import { ask, type Subject } from './subject.ts';
import type { World } from './world.ts';

const START_MS = 1_700_000_000_000;
const COMMANDS_MAX = 250;
/** About 11,000 commands; `.ci/run` asks for more than 100,000. */
const RUNS = Number(process.env['SPEC_RUNS'] ?? 100);

/** A server on these objects, whose clocks show `nowMs`. */
async function openSubject(objects: StoredObjects, seed: number, nowMs: number): Promise<Subject> {
  const ports = manualPorts({ objects, seed });
  ports.clock.stepWall(nowMs - ports.clock.wallMs());
  const engine = await openEngine(ports, { ...ENGINE_DEFAULTS, log: PROMPT, tombstoneMs: TOMBSTONE_MS });
  return { engine, wait: (ms) => ports.clock.advance(ms), settle: settled };
}

/** How many commands were compared. */
async function compare(commands: readonly Command[]): Promise<number> {
  const objects: StoredObjects = new Map();
  let subject = await openSubject(objects, 1, START_MS);
  let world: World = { nowMs: START_MS, basins: new Map() };
  for (const [at, command] of commands.entries()) {
    const [next, expected] = step(world, command);
    world = next;
    if (command.do === 'restart') {
      await subject.engine.stop();
      subject = await openSubject(objects, at + 2, world.nowMs);
      continue;
    }
    expect(await ask(subject, command), `command ${at}: ${JSON.stringify(command)}`).toEqual(expected);
  }
  await subject.engine.stop();
  return commands.length;
}

test('the engine answers every command as the specification does', { timeout: 600_000 }, async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(sequences(COMMANDS_MAX), async (commands) => {
      compared += await compare(commands);
    }),
    { numRuns: RUNS },
  );
  // CI has 1,000 runs, which are about 112,000 commands.
  expect(compared).toBeGreaterThan(RUNS < 1_000 ? 0 : 100_000);
});

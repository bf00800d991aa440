/**
 * The engine answers as the specification does, over long random sequences of commands without faults. A sequence that
 * tells them apart shrinks to a handful of commands. The invariants of the specification hold in its worlds and in what the
 * engine answers.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ENGINE_DEFAULTS, type EngineEvent, openEngine } from '../../engine/index.ts';
import { PROMPT } from '../../engine/testing/log-bench.ts';
import { type ManualClock, manualPorts, settled, type StoredObjects } from '../../engine/testing/manual-ports.ts';
import { Overheard } from '../invariants/overheard.ts';
import { TOMBSTONE_MS } from './ages.ts';
import { type Sequence, sequences } from './arbitrary.ts';
import { MOMENT_MS } from './commands.ts';
import { step } from './spec.ts';
import { ask, passMoment, type Subject } from './subject.ts';
import { brokenStream } from './invariants.ts';
import { factsOf, newWorld, type World } from './world.ts';

const START_MS = 1_700_000_000_000;
const COMMANDS_MAX = 250;
/** About 6,000 commands; `.ci/run` asks for more than 100,000. */
const RUNS = Number(process.env['SPEC_RUNS'] ?? 50);
/** What the engine has to have met in so many commands. */
const MET: readonly EngineEvent[] = [
  'append.rejected.timestamp',
  'append.timestamp-raised',
  'append.pipelined',
  'basin.deleted',
  'compact.merged',
  'read.followed',
  'read.below-trim',
  'retention.clock-ahead',
  'retention.trimmed',
  'stream.auto-created',
  'stream.deleted-on-empty',
  'takeover.from-checkpoint',
];
/** Events of all engines. */
const met = new Set<EngineEvent>();

/** A server on these objects, whose clocks show `nowMs`. */
async function openSubject(
  objects: StoredObjects,
  seed: number,
  nowMs: number,
  isLong: boolean,
  overheard: Overheard,
): Promise<Subject> {
  const ports = manualPorts({ objects, seed });
  ports.clock.stepWall(nowMs - ports.clock.wallMs());
  // Retention leaves a merged record until its neighbours may go, too: where days pass, nothing is merged.
  const sharedSegmentsMax = isLong ? 64 : 1;
  const segments = { ...ENGINE_DEFAULTS.segments, retentionIntervalMs: 10, sharedSegmentsMax };
  const tunables = { ...ENGINE_DEFAULTS, log: PROMPT, segments, tombstoneMs: TOMBSTONE_MS, emptySweepMs: 100 };
  const engine = await openEngine(ports, tunables);
  void engine.ended.then(() => ports.telemetry.events.forEach(({ name }) => met.add(name)));
  return { engine: overheard.engine(engine), wait: (ms) => passed(ports.clock, ms), settle: settled };
}

/** The last of it step by step, so that what is due only begins then can end. */
async function passed(clock: ManualClock, ms: number): Promise<void> {
  await clock.jump(ms - MOMENT_MS);
  await clock.advance(MOMENT_MS);
}

/** What is wrong with the specification itself. */
function brokenIn({ basins }: World): string[] {
  const streams = [...basins.values()].flatMap((basin) => [...basin.streams.values()]);
  return streams.map((stream) => brokenStream(factsOf(stream))).filter((words) => words !== null);
}

/** How many commands were compared. */
async function compare({ isLong, commands }: Sequence): Promise<number> {
  const objects: StoredObjects = new Map();
  const broken: string[] = [];
  let world = newWorld(START_MS);
  const overheard = new Overheard(
    (words) => {
      if (words !== null) broken.push(words);
    },
    () => world.nowMs,
  );
  let subject = await openSubject(objects, 1, START_MS, isLong, overheard);
  for (const [at, command] of commands.entries()) {
    const [next, expected] = step(world, command);
    if (command.do === 'restart') {
      await subject.engine.stop();
      subject = await openSubject(objects, at + 2, world.nowMs, isLong, overheard);
      await passMoment(subject);
    } else {
      expect(await ask(subject, command), `command ${at}: ${JSON.stringify(command)}`).toEqual(expected);
    }
    world = next;
    expect([...broken, ...brokenIn(world)], `after command ${at}: ${JSON.stringify(command)}`).toEqual([]);
  }
  await subject.engine.stop();
  return commands.length;
}

test('the engine answers every command as the specification does', { timeout: 600_000 }, async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(sequences(COMMANDS_MAX), async (sequence) => {
      compared += await compare(sequence);
    }),
    { numRuns: RUNS },
  );
  if (RUNS < 1_000) return;
  expect(compared).toBeGreaterThan(100_000);
  expect(MET.filter((event) => !met.has(event))).toEqual([]);
});

/**
 * How fast simulated runs are, on one core, with trace hash, guard and history on. The floor of each row is a fixed loop of
 * integer arithmetic in the same process, so that ratios of two machines, and of a loaded one, can be compared; `RATCHET` holds
 * what a build may not fall below.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES } from '../scenarios/plan.ts';
import { runSeed } from '../scenarios/run-seed.ts';
import { World } from '../sim/index.ts';
import { median, type Row } from './table.ts';

/** Steps of the reference loop; about 30 ms. */
const REFERENCE_STEPS = 20_000_000;
const QUEUED = 1_000;
const KERNEL_EVENTS = 1_000_000;
/** Before anything is measured: code that is compiled while it is measured tells of the compiler. */
const WARM_RUNS = 60;
const RUNS = 60;
const SWEEP_SECONDS = 60;

/** Ratios to a million steps of the reference loop a second; half of what was measured when they were set. */
const RATCHET = { kernel: 0.0009, runs: 0.00001 } as const;

export const SIM_PARTS = { kernel, runs, size, sweep };

/** What CI holds a build to, in a few seconds. */
export const RATCHET_PARTS = { sim: ratchet };

async function ratchet(): Promise<Row[]> {
  for (let seed = 0; seed < WARM_RUNS; seed++) await runSeed({ seed: `warm-${seed}`, profile: profileOf(seed) });
  await sleepers(KERNEL_EVENTS / 4, true);
  const reference = referenceSteps();
  const all = await measured(profileOf);
  return [
    ratio('kernel, against the reference loop', await sleepers(KERNEL_EVENTS, true), reference, RATCHET.kernel),
    ratio('whole simulation, against the reference loop', all.events / all.seconds, reference, RATCHET.runs),
  ];
}

/** Events of promise handlers alone: many sleepers, nothing else. */
async function kernel(): Promise<Row[]> {
  const reference = referenceSteps();
  await sleepers(KERNEL_EVENTS / 4, true);
  const guarded = Math.max(await sleepers(KERNEL_EVENTS, true), await sleepers(KERNEL_EVENTS, true));
  const bare = Math.max(await sleepers(KERNEL_EVENTS, false), await sleepers(KERNEL_EVENTS, false));
  return [
    {
      what: 'kernel alone, promise handlers, 1,000 queued',
      value: guarded / 1e6,
      unit: 'M events/s',
      goal: { of: 'value', bound: 'at least', than: 2 },
    },
    ratio('kernel, against the reference loop', guarded, reference, RATCHET.kernel),
    {
      what: 'guard, share of an event of the kernel',
      value: Math.max(0, 100 * (1 - guarded / bare)),
      unit: '%',
      goal: { of: 'value', bound: 'at most', than: 10 },
    },
  ];
}

/** Events a second. */
async function sleepers(events: number, guard: boolean): Promise<number> {
  const world = new World({ seed: 'bench', profile: 'bench', guard });
  world.host('sleepers').start(async ({ clock }) => {
    const sleeper = async (i: number): Promise<never> => {
      for (;;) await clock.sleep(1 + (i % 7));
    };
    await Promise.all(Array.from({ length: QUEUED }, (_, i) => sleeper(i)));
  });
  const startedMs = performance.now();
  await world.run(() => false, { eventsMax: events });
  return (events / (performance.now() - startedMs)) * 1000;
}

/** Whole runs as sweeps draw them. */
async function runs(): Promise<Row[]> {
  for (let seed = 0; seed < WARM_RUNS; seed++) await runSeed({ seed: `warm-${seed}`, profile: profileOf(seed) });
  const reference = referenceSteps();
  const quiet = await measured(() => 'quiet');
  const swarm = await measured(() => 'swarm');
  const all = await measured(profileOf);
  return [
    rate('whole simulation, all profiles', all.events / all.seconds / 1000, 'k events/s', 300),
    rate('quiet', quiet.operations / quiet.seconds / 1000, 'k operations/s', 20),
    rate('swarm', swarm.operations / swarm.seconds / 1000, 'k operations/s', 5),
    rate('swarm, simulated : wall', swarm.simulatedMs / 1000 / swarm.seconds, ': 1', 1_000),
    { what: 'one run, all profiles', value: (all.seconds * 1000) / RUNS, unit: 'ms' },
    ratio('whole simulation, against the reference loop', all.events / all.seconds, reference, RATCHET.runs),
  ];
}

/** The shape of S2's own collector in CI. */
async function size(): Promise<Row[]> {
  const times: number[] = [];
  for (let seed = 0; seed < RUNS; seed++) {
    const startedMs = performance.now();
    await runSeed({ seed: String(seed), profile: 'quiet', size: { clients: 3, operationsPerClient: 50 } });
    times.push(performance.now() - startedMs);
  }
  const value = median(times.slice(RUNS / 3));
  return [
    {
      what: '3 clients x 50 operations, one seed, median',
      value,
      unit: 'ms',
      goal: { of: 'value', bound: 'at most', than: 20 },
    },
  ];
}

/** Seeds of a whole minute on two processes, as a pull request would have them; needs a build. */
async function sweep(): Promise<Row[]> {
  const out = mkdtempSync(join(tmpdir(), 'tailrace-bench-'));
  const program = join(process.cwd(), 'dist/scenarios/main.js');
  const args = ['sim', 'sweep', '--seeds', '0..1000000', '--time', `${SWEEP_SECONDS}s`, '--jobs', '2', '--out', out];
  const text = execFileSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [, seeds] = /(\d+)(?: of \d+)? seeds/.exec(text) ?? [];
  return [rate(`seeds in ${SWEEP_SECONDS} s on 2 processes`, Number(seeds), 'seeds', 5_000)];
}

function profileOf(seed: number): string {
  return PROFILES[seed % PROFILES.length]!;
}

async function measured(profileFor: (seed: number) => string) {
  const sum = { events: 0, operations: 0, simulatedMs: 0, seconds: 0 };
  const startedMs = performance.now();
  for (let seed = 0; seed < RUNS; seed++) {
    const { events, counts, simulatedMs } = await runSeed({ seed: String(seed), profile: profileFor(seed) });
    sum.events += events;
    sum.operations += counts.operations;
    sum.simulatedMs += simulatedMs;
  }
  sum.seconds = (performance.now() - startedMs) / 1000;
  return sum;
}

/** Steps a second, the best of three. */
function referenceSteps(): number {
  const speeds = [1, 2, 3].map(() => {
    const startedMs = performance.now();
    let h = 1;
    for (let i = 0; i < REFERENCE_STEPS; i++) h = (Math.imul(h ^ (i >>> 3), 0x85ebca6b) + (h >>> 13)) | 0;
    const ms = performance.now() - startedMs;
    // Never so, but the compiler can not know that nobody looks.
    return h === 42 && ms === 0 ? 0 : (REFERENCE_STEPS / ms) * 1000;
  });
  return Math.max(...speeds);
}

function rate(what: string, value: number, unit: string, than: number): Row {
  return { what, value, unit, goal: { of: 'value', bound: 'at least', than } };
}

function ratio(what: string, value: number, reference: number, than: number): Row {
  const floor = { what: 'steps of a fixed loop', value: reference / 1e6 };
  return { what, value: value / 1e6, unit: 'M/s', floor, goal: { of: 'ratio', bound: 'at least', than } };
}

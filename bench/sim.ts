/**
 * How fast simulated runs are, on one core, with trace hash, guard and history on. The floor of each row is a fixed loop of
 * integer arithmetic in the same process, so that ratios of two machines, and of a loaded one, can be compared; `RATCHET` holds
 * what a build may not fall below.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENGINE_DEFAULTS, type EngineTunables } from '../engine/index.ts';
import { drawPlan, type Plan, PROFILES, type RunSize } from '../scenarios/plan.ts';
import { runSeed } from '../scenarios/run-seed.ts';
import { type AloneRun, engineAlone } from './engine-alone.ts';
import { hashAndGuard, kernel, sleepers } from './sim-kernel.ts';
import { median, type Row } from './table.ts';

/** Steps of the reference loop; about 30 ms. */
const REFERENCE_STEPS = 20_000_000;
const KERNEL_EVENTS = 1_000_000;
/** Before anything is measured: code that is compiled while it is measured tells of the compiler, which is busy until then. */
const WARM_RUNS = 200;
const RATCHET_WARM_RUNS = 60;
const RUNS = 60;
/** Runs in which what each run costs before its first operation is little against the operations. */
const LONG_RUNS = 5;
const LONG = { clients: 3, operationsPerClient: 150 };
const SWEEP_SECONDS = 60;

/** Ratios to a million steps of the reference loop a second; half of what was measured when they were set. */
const RATCHET = { kernel: 0.0009, runs: 0.00001 } as const;

export const SIM_PARTS = { kernel, runs, size, sweep };

/** What CI holds a build to, in a few seconds. */
export const RATCHET_PARTS = { sim: ratchet };

async function ratchet(): Promise<Row[]> {
  await warm(RATCHET_WARM_RUNS);
  await sleepers(KERNEL_EVENTS / 4, true);
  const reference = referenceSteps();
  const all = await measured(profileOf);
  return [
    ratio('kernel, against the reference loop', await sleepers(KERNEL_EVENTS, true), reference, RATCHET.kernel),
    ratio('whole simulation, against the reference loop', all.events / all.seconds, reference, RATCHET.runs),
  ];
}

/** Whole runs as sweeps draw them. */
async function runs(): Promise<Row[]> {
  await warm(WARM_RUNS);
  const reference = referenceSteps();
  const quiet = await measured(() => 'quiet');
  const long = await measured(() => 'quiet', LONG_RUNS, LONG);
  const swarm = await measured(() => 'swarm');
  const all = await measured(profileOf);
  return [
    rate('whole simulation, all profiles', all.events / all.seconds / 1000, 'k events/s', 300),
    rate('quiet', quiet.operations / quiet.seconds / 1000, 'k operations/s', 20),
    { what: '- events of an operation', value: quiet.events / quiet.operations, unit: 'events' },
    { what: '- runs of 3 x 150 operations', value: long.operations / long.seconds / 1000, unit: 'k operations/s' },
    { what: '- events of an operation', value: long.events / long.operations, unit: 'events' },
    rate('swarm', swarm.operations / swarm.seconds / 1000, 'k operations/s', 5),
    rate('swarm, simulated : wall', swarm.simulatedMs / 1000 / swarm.seconds, ': 1', 1_000),
    { what: 'one run, all profiles', value: (all.seconds * 1000) / RUNS, unit: 'ms' },
    ratio('whole simulation, against the reference loop', all.events / all.seconds, reference, RATCHET.runs),
    ...(await hashAndGuard()),
  ];
}

/** The shape of S2's own collector in CI, and what is left of it when the clients do next to nothing. */
async function size(): Promise<Row[]> {
  const collector = { clients: 3, operationsPerClient: 50 };
  return [
    {
      what: '3 clients x 50 operations and nobody else, one seed, median',
      value: await medianMs(collector, withoutOthers),
      unit: 'ms',
      goal: { of: 'value', bound: 'at most', than: 20 },
    },
    { what: '- with followers, sessions, the SDK and others, as drawn', value: await medianMs(collector), unit: 'ms' },
    {
      what: '1 client x 1 operation, with the others',
      value: await medianMs({ clients: 1, operationsPerClient: 1 }),
      unit: 'ms',
    },
    ...(await alone('as runs draw them', (seed) => drawPlan(String(seed), 'quiet', {}).tunables)),
    ...(await alone('of production', () => ENGINE_DEFAULTS)),
  ];
}

/** The same work without anything simulated, in processor time. */
async function alone(which: string, tunables: (seed: number) => EngineTunables): Promise<Row[]> {
  const ofRuns: AloneRun[] = [];
  for (let seed = 0; seed < RUNS; seed++) ofRuns.push(await engineAlone(tunables(seed), 50));
  const warm = ofRuns.slice(RUNS / 3);
  const sum = (of: (run: AloneRun) => number): number => warm.reduce((total, run) => total + of(run), 0);
  const operations = sum((run) => run.operations);
  return [
    { what: `engine alone, 3 x 50, tunables ${which}`, value: sum((run) => run.cpuMs) / warm.length, unit: 'ms CPU' },
    { what: '- an operation', value: (1000 * sum((run) => run.cpuMs)) / operations, unit: 'µs CPU' },
    { what: '- calls of the store', value: sum((run) => run.storeCalls) / operations, unit: 'an operation' },
  ];
}

/** Nobody but the clients that do one operation at a time over the wire. */
function withoutOthers(plan: Plan): Plan {
  const none = { sdkClients: 0, sessionWriters: 0, followers: 0, crowd: 0, sdkSessionWriters: 0, sdkFollowers: 0 };
  return { ...plan, ...none, goesToLimits: false, side: null, control: null, usage: null, secrets: null, tokens: null };
}

async function medianMs(size: RunSize, planned: (plan: Plan) => Plan = (plan) => plan): Promise<number> {
  const times: number[] = [];
  for (let seed = 0; seed < RUNS; seed++) {
    const startedMs = performance.now();
    const name = String(seed);
    await runSeed({ seed: name, profile: 'quiet', plan: planned(drawPlan(name, 'quiet', size)) });
    times.push(performance.now() - startedMs);
  }
  return median(times.slice(RUNS / 3));
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

async function warm(runs: number): Promise<void> {
  for (let seed = 0; seed < runs; seed++) await runSeed({ seed: `warm-${seed}`, profile: profileOf(seed) });
}

/** `size` as drawn, unless it is given. */
async function measured(profileFor: (seed: number) => string, runs = RUNS, size: Partial<RunSize> = {}) {
  const sum = { events: 0, operations: 0, simulatedMs: 0, seconds: 0 };
  const startedMs = performance.now();
  for (let seed = 0; seed < runs; seed++) {
    const { events, counts, simulatedMs } = await runSeed({ seed: String(seed), profile: profileFor(seed), size });
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

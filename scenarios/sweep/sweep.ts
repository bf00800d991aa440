/**
 * Many runs over many processes, merged into one record. Stops when the seeds or the time are used up, or when
 * the user interrupts, and always ends with what it has.
 */

import type { EventEmitter } from 'node:events';
import { availableParallelism, cpus } from 'node:os';
import { buildName } from '../build-name.ts';
import { PLANT } from '../plant-name.ts';
import { probeCatalogue } from '../probes.ts';
import { reproLine, withBuild } from '../repro-line.ts';
import { SCENARIO } from '../run-seed.ts';
import type { RunSize } from '../plan.ts';
import type { SweepRecord } from '../run.ts';
import { type HarnessError, openErrors } from './harness-errors.ts';
import { byName } from './merge.ts';
import { ProgressLine } from './progress.ts';
import type { RunName } from './protocol.ts';
import { ResultsFile } from './results-file.ts';
import { runNames, type RunRange } from './run-names.ts';
import { Tally } from './tally.ts';
import { runPool } from './worker-pool.ts';
import { judgesProbes } from './verdict.ts';

/** Runs handed to a worker at once: enough to keep it busy, few enough to stop soon. */
const SLICE_RUNS_MAX = 8;
const SLICE_MS = 400;

export interface SweepOptions {
  range: RunRange;
  /** Wall time after which no more runs are handed out, or null. */
  timeMs: number | null;
  jobs: number;
  /** This program, whose `sim worker` does the runs. */
  program: string;
  size: Partial<RunSize>;
  /** Longest wall time of one run. */
  silenceMsMax: number;
  /** Where results are written as they come, and which are there already; null keeps them in memory. */
  resultsPath: string | null;
  /** Who says that it is to stop. */
  signals: EventEmitter;
  /** Called once, before the first run, with a look at what there is so far. */
  onStart?: (soFar: () => SweepRecord) => Promise<void>;
}

export interface SweepOutcome {
  record: SweepRecord;
  /** Why not all results are in the results file; null when they are. */
  resultsError: unknown;
}

export async function sweep(options: SweepOptions): Promise<SweepOutcome> {
  const startedAt = new Date().toISOString();
  const startedMs = performance.now();
  const tally = new Tally();
  const head = {
    format: 'tailrace-results/2',
    scenario: SCENARIO,
    build: buildName(),
    plant: PLANT,
    nodeVersion: process.version,
    startedAt,
    machine: machineName(),
    size: options.size,
    range: options.range,
  } as const;
  const file = options.resultsPath === null ? null : new ResultsFile(options.resultsPath, head);
  const harnessErrors: HarnessError[] = [...(file?.before?.harnessErrors ?? [])];
  for (const result of file?.before?.results ?? []) tally.add(result);
  const probes = probeCatalogue();
  const { from, end, shards } = options.range;
  const runs = end === Infinity ? null : Math.max(0, Math.ceil((end - from - options.range.shard) / shards));
  const progress = new ProgressLine(tally, { runs, timeMs: options.timeMs, probeCount: probes.length });
  const stop = stopSignal(options.timeMs, options.signals);
  const names = notYetDone(runNames(options.range), file);
  const soFar = (isOver: boolean): SweepRecord => ({
    format: 'tailrace-sweep/1',
    scenario: SCENARIO,
    build: head.build,
    nodeVersion: head.nodeVersion,
    startedAt: file?.before?.head.startedAt ?? startedAt,
    wallMs: Math.round(performance.now() - startedMs) + (file?.before?.wallMs ?? 0),
    jobs: options.jobs,
    machines: [head.machine],
    ...interruption(stop.interruptedBy(), runs, tally),
    runsPlanned: runs,
    results: tally.results.toSorted(byName),
    probes,
    judgesProbes: isOver && judgesProbes(tally.results),
    harnessErrors: openErrors(harnessErrors, tally.results),
  });
  await options.onStart?.(() => soFar(false));

  await runPool({
    jobs: options.jobs,
    worker: [options.program, 'sim', 'worker'],
    size: options.size,
    silenceMsMax: options.silenceMsMax,
    nextSlice: () => (stop.isDue() ? [] : takeUpTo(names, sliceRuns(tally))),
    onResult: (result) => {
      tally.add(result);
      file?.result(result);
      if (result.failure !== null) {
        progress.say(`FAILED seed ${result.seed} profile ${result.profile}: ${result.failure.message.split('\n')[0]}`);
      }
    },
    onBroken: (run, message) => {
      const broken = withBuild({ ...run, message, repro: reproLine(run, options.size) });
      harnessErrors.push(broken);
      file?.broken(broken);
      progress.say(`HARNESS ERROR seed ${run.seed} profile ${run.profile}: ${message.split('\n')[0]}`);
    },
  }).finally(() => {
    progress.close();
    stop.release();
  });

  file?.end(Math.round(performance.now() - startedMs), options.jobs);
  return { record: soFar(true), resultsError: file?.error ?? null };
}

/** What people compare speeds by: system, architecture, processors. */
function machineName(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `${process.platform} ${process.arch}, ${availableParallelism()} of ${model}`;
}

type Interruption = NonNullable<SweepRecord['interruptedBy']>;

interface Stop {
  isDue: () => boolean;
  interruptedBy: () => Interruption | null;
  release: () => void;
}

/** Due once the time is used up, the user pressed Ctrl-C or the machine is wanted back; a second Ctrl-C ends the process as usual. */
function stopSignal(timeMs: number | null, signals: EventEmitter): Stop {
  const deadlineMs = timeMs === null ? Infinity : performance.now() + timeMs;
  let by: Interruption | null = null;
  const interrupt = (signal: Interruption) => {
    by = signal;
    process.stderr.write('\nstopping after the runs under way; press Ctrl-C again to quit at once\n');
  };
  signals.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return {
    isDue: () => by !== null || performance.now() >= deadlineMs,
    interruptedBy: () => by,
    release: () => signals.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}

/** One that came when everything was done interrupted nothing. */
function interruption(
  by: Interruption | null,
  runs: number | null,
  { results }: Tally,
): Pick<SweepRecord, 'interruptedBy'> {
  return by === null || (runs !== null && results.length >= runs) ? {} : { interruptedBy: by };
}

/** As many runs as take about `SLICE_MS`; one while nobody knows how long they take. */
function sliceRuns({ results, runMs }: Tally): number {
  if (results.length === 0) return 1;
  const meanMs = Math.max(runMs / results.length, 1);
  return Math.max(1, Math.min(SLICE_RUNS_MAX, Math.floor(SLICE_MS / meanMs)));
}

function* notYetDone(names: Iterable<RunName>, file: ResultsFile | null): Generator<RunName> {
  for (const name of names) if (file === null || !file.has(name)) yield name;
}

function takeUpTo(names: Generator<RunName>, count: number): RunName[] {
  const out: RunName[] = [];
  while (out.length < count) {
    const next = names.next();
    if (next.done === true) break;
    out.push(next.value);
  }
  return out;
}

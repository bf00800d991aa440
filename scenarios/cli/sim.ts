/** `tailrace sim …`: run, sweep, repro, meta. Exit codes: 0 pass, 1 failed, 2 nondeterminism, 3 harness, 4 probes dark. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { countArgument, durationArgument, profileArgument, seedRangeArgument, shardArgument } from '../arguments.ts';
import { writeBundle } from '../bundle.ts';
import { green, red } from '../colours.ts';
import { diffCommand, explainCommand, reproCase, type ReproCaseOptions, shrinkCommand, stopping } from './cases.ts';
import { InputError } from './input-error.ts';
import { type Profile, PROFILES, type RunSize } from '../plan.ts';
import type { RunFailure, RunRecord, SweepRecord } from '../run.ts';

const EXIT_FAILED = 1;
const EXIT_NONDETERMINISM = 2;
const EXIT_HARNESS = 3;
const EXIT_OF_SWEEP = {
  ok: 0,
  failed: EXIT_FAILED,
  'harness errors': EXIT_HARNESS,
  'nothing ran': EXIT_HARNESS,
  'probes dark': 4,
} as const;
const EXIT_CODES =
  '\nExit codes: 0 pass, 1 a run failed, 2 nondeterminism (meta) or bad arguments, 3 harness errors,\n' +
  '4 a required probe stayed dark (large sweeps over all profiles).';

/** Pages written for failing runs of a sweep; each shows another signature. */
const FAILURE_PAGES_MAX = 8;

interface SizeOptions {
  clients?: number;
  ops?: number;
}

interface RunOptions extends SizeOptions {
  seed: string;
  profile: Profile;
  out: string;
}

export function simCommand(): Command {
  const sim = new Command('sim')
    .description('run the engine in the deterministic simulator')
    .addHelpText('after', EXIT_CODES);
  sim.addCommand(runCommand());
  sim.addCommand(sweepCommand());
  sim.addCommand(reproCommand());
  sim.addCommand(shrinkCommand());
  sim.addCommand(explainCommand());
  sim.addCommand(diffCommand());
  sim.addCommand(metaCommand());
  sim.addCommand(probesCommand());
  sim.addCommand(fingerprintCommand(), { hidden: true });
  sim.addCommand(huntCommand(), { hidden: true });
  sim.addCommand(workerCommand(), { hidden: true });
  return sim;
}

// --- run, repro ------------------------------------------------------------------------------------------

function runCommand(): Command {
  return oneRun(new Command('run').description('run one seed, check its history and write its page')).action(
    async (options: RunOptions) => {
      const { run, wallMs } = await runOnce(options, true);
      printRun(run, wallMs);
      const bundle = writeBundle(options.out, run);
      console.log(`page     ${bundle.page}`);
      if (run.failure !== null) {
        console.log(`\nto repeat: ${run.repro}`);
        process.exitCode = EXIT_FAILED;
      }
    },
  );
}

function reproCommand(): Command {
  return aRun(
    new Command('repro')
      .description('run one seed, or one case, again, bit for bit; exit 1 if it fails again')
      .argument('[case]', 'a .simcase file')
      .option('--seed <seed>', 'number, word or commit id')
      .option('--trace', 'print every event of the run')
      .option('--until <event>', 'stop in the inspector before this event', countArgument)
      .option('--break <site>', 'stop in the inspector at each choice of this site')
      .option('--force', 'take the verdict of a case as it is, though this build does something else'),
  ).action(async (file: string | undefined, options: Partial<RunOptions> & ReproCaseOptions) => {
    if (file !== undefined) return reproCase(file, options);
    const { seed } = options;
    if (seed === undefined) throw new InputError('give --seed, or a .simcase file');
    const run = { ...(options as RunOptions), seed };
    await repro(run, await stopping(options));
  });
}

async function repro(options: RunOptions, hooks: Awaited<ReturnType<typeof stopping>>): Promise<void> {
  const { run, wallMs } = await runOnce(options, true, hooks);
  printRun(run, wallMs);
  if (run.failure === null) return;
  console.log(`page     ${writeBundle(options.out, run).page}`);
  process.exitCode = EXIT_FAILED;
}

function oneRun(command: Command): Command {
  return aRun(command.requiredOption('--seed <seed>', 'number, word or commit id'));
}

function aRun(command: Command): Command {
  return sized(command)
    .addHelpText('after', EXIT_CODES)
    .option('--profile <profile>', `one of ${PROFILES.join(', ')}`, profileArgument, 'swarm')
    .option('--out <folder>', 'where the run is written', '.runs');
}

async function runOnce(
  options: RunOptions,
  record: boolean,
  { onTraceLine, onChoice }: Partial<Awaited<ReturnType<typeof stopping>>> = {},
) {
  const { runSeed } = await import('../run-seed.ts');
  const startedMs = performance.now();
  const size = sizeOf(options);
  const run = await runSeed({
    seed: options.seed,
    profile: options.profile,
    size,
    record,
    ...(onTraceLine !== undefined && { onTraceLine }),
    ...(onChoice !== undefined && { world: { onChoice } }),
  });
  return { run, wallMs: performance.now() - startedMs };
}

function printRun(run: RunRecord, wallMs: number): void {
  const { counts } = run;
  console.log(
    `seed     ${run.seed}  profile ${run.profile}  scenario ${run.scenario}${run.plant === null ? '' : `  planted bug: ${run.plant}`}`,
  );
  console.log(`trace    ${run.traceHash}`);
  console.log(
    `run      ${run.events} events, ${(run.simulatedMs / 1000).toFixed(1)} s simulated in ${wallMs.toFixed(0)} ms, ` +
      `${Object.keys(run.probes).length} probes lit`,
  );
  console.log(
    `history  ${counts.operations} operations: ${counts.appendsDurable} appends durable, ${counts.appendsRejected} rejected, ` +
      `${counts.appendsUnknown} unknown, ${counts.reads} reads, ${counts.checkTails} check-tails, ${unansweredOf(counts)} reads and check-tails without an answer; ${counts.faults} faults`,
  );
  if (run.sideLines !== undefined) console.log(`side     ${run.sideLines.length} operations on streams beside it`);
  if (run.failure === null) console.log(`verdict  ${green('ok')}`);
  else console.log(`verdict  ${red('FAILED')} (${labelOf(run.failure)}): ${run.failure.message}`);
}

/** Reads and check-tails that failed or never returned: whatever is counted nowhere else. */
function unansweredOf(counts: RunRecord['counts']): number {
  const { operations, appendsDurable, appendsRejected, appendsUnknown, reads, checkTails } = counts;
  return operations - appendsDurable - appendsRejected - appendsUnknown - reads - checkTails;
}

/** `linearizability, stale-tail`; a signature that repeats the message is left out. */
function labelOf({ kind, signature }: RunFailure): string {
  return kind === 'linearizability' ? `${kind}, ${signature}` : kind;
}

// --- sweep -----------------------------------------------------------------------------------------------

interface SweepCommandOptions extends SizeOptions {
  seeds?: { from: number; end: number };
  time?: number;
  profile?: Profile;
  jobs: number;
  shard: { shard: number; shards: number };
  out: string;
  watchdog: number;
}

function sweepCommand(): Command {
  return sized(new Command('sweep').description('run many seeds in parallel and merge what they show'))
    .addHelpText('after', EXIT_CODES)
    .option('--seeds <A..B>', 'seeds from A up to, but not including, B', seedRangeArgument)
    .option(
      '--time <duration>',
      'hand out no more runs after this long, e.g. 30s or 10m (fresh seeds unless --seeds)',
      durationArgument,
    )
    .option(
      '--profile <profile>',
      `only this one of ${PROFILES.join(', ')}; all of them in turn otherwise`,
      profileArgument,
    )
    .option('--jobs <n>', 'processes', countArgument, availableParallelism())
    .addOption(
      new Option('--shard <i/n>', 'do only the i-th of n parts (i from 0)')
        .argParser(shardArgument)
        .default({ shard: 0, shards: 1 }, '0/1'),
    )
    .addOption(
      new Option('--watchdog <duration>', 'longest wall time of one run')
        .argParser(durationArgument)
        .default(60_000, '60s'),
    )
    .option('--out <folder>', 'where the page and the record are written', '.runs')
    .action(async (options: SweepCommandOptions, command: Command) => {
      if (options.seeds === undefined && options.time === undefined) {
        command.error('error: give --seeds A..B, --time DURATION or both', { exitCode: EXIT_HARNESS });
      }
      process.exitCode = await runSweep(options);
    });
}

async function runSweep(options: SweepCommandOptions): Promise<number> {
  const [{ sweep }, { summaryText }, { verdictOf }, { renderSweep }] = await Promise.all([
    import('../sweep/sweep.ts'),
    import('../sweep/summary.ts'),
    import('../sweep/verdict.ts'),
    import('../../reports/index.ts'),
  ]);
  // Fresh seeds: any number will do, and the failing ones are printed.
  const { from, end } = options.seeds ?? { from: Math.floor(Math.random() * 1e9), end: Infinity };
  const profiles = options.profile === undefined ? PROFILES : [options.profile];
  const { record, tally } = await sweep({
    range: { from, end, profiles, ...options.shard },
    timeMs: options.time ?? null,
    jobs: options.jobs,
    size: sizeOf(options),
    silenceMsMax: options.watchdog,
  });
  const folder = join(options.out, `sweep-${record.startedAt.replaceAll(/[:.]/g, '-')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sweep.json'), `${JSON.stringify(record)}\n`);
  console.log(summaryText(record, tally));
  // Last, because it runs failing seeds again.
  const page = join(folder, 'index.html');
  writeFileSync(page, renderSweep(record, { runLinks: await writeFailurePages(folder, record, options) }));
  console.log(`\npage: ${page}`);
  return EXIT_OF_SWEEP[verdictOf(record)];
}

/** Runs one seed of each failing signature again, this time with everything the page shows. */
async function writeFailurePages(
  folder: string,
  record: SweepRecord,
  options: SizeOptions,
): Promise<Record<string, string>> {
  const links: Record<string, string> = {};
  const shown = new Set<string>();
  for (const { seed, profile, failure } of record.results) {
    if (failure === null || shown.has(failure.signature) || shown.size >= FAILURE_PAGES_MAX) continue;
    shown.add(failure.signature);
    const { run } = await runOnce({ ...options, seed, profile: profile as Profile, out: folder }, true);
    writeBundle(folder, run);
    links[`${seed}/${profile}`] = `${profile}-${seed}/history.html`;
  }
  return links;
}

// --- meta, worker ----------------------------------------------------------------------------------------

function metaCommand(): Command {
  return oneRun(
    new Command('meta')
      .description('determinism check: the same seed under many circumstances must give the same bytes')
      .option('--node <path...>', 'further Node.js binaries to compare with'),
  ).action(async (options: RunOptions & { node?: string[] }) => {
    const { metaCheck } = await import('../meta.ts');
    for (const node of options.node ?? []) {
      if (!existsSync(node)) throw new InputError(`--node ${node}: no such file`);
    }
    const equal = await metaCheck({ ...options, size: sizeOf(options), nodes: options.node ?? [] }, (line) =>
      console.log(line),
    );
    if (!equal) process.exitCode = EXIT_NONDETERMINISM;
  });
}

function probesCommand(): Command {
  return new Command('probes')
    .description('what a sweep visited: rows of the fault catalogue, and every probe with hits and first seed')
    .argument('<sweep.json>', 'the record a sweep wrote beside its page')
    .action(async (file: string) => {
      const [{ probeTable }, { readInput }, { parseRecord }] = await Promise.all([
        import('../probe-table.ts'),
        import('./check.ts'),
        import('./parse-record.ts'),
      ]);
      const text = readInput(file);
      if (text === null) process.exitCode = EXIT_HARNESS;
      else console.log(probeTable(parseRecord<SweepRecord>(file, text, 'tailrace-sweep/1')));
    });
}

/** What `meta` runs in other processes. */
function fingerprintCommand(): Command {
  return oneRun(new Command('fingerprint')).action(async (options: RunOptions) => {
    const { printFingerprint } = await import('../meta.ts');
    await printFingerprint({ ...options, size: sizeOf(options), nodes: [] });
  });
}

/** What the test of planted bugs runs: seeds in order until one fails, the result as one line of JSON. */
function huntCommand(): Command {
  return new Command('hunt')
    .requiredOption('--seeds <A..B>', 'seeds to try', seedRangeArgument)
    .option('--profile <profile>', 'only this one; all of them in turn otherwise', profileArgument)
    .action(async ({ seeds, profile }: { seeds: { from: number; end: number }; profile?: Profile }) => {
      const { hunt } = await import('../hunt.ts');
      console.log(
        JSON.stringify(await hunt(seeds.from, seeds.end - seeds.from, profile === undefined ? PROFILES : [profile])),
      );
    });
}

function workerCommand(): Command {
  return new Command('worker').action(async () => {
    const { serveAsWorker } = await import('../sweep/worker.ts');
    serveAsWorker();
  });
}

// --- shared ----------------------------------------------------------------------------------------------

function sized(command: Command): Command {
  return command
    .option('--clients <n>', 'clients of the judged stream (default: drawn)', countArgument)
    .option('--ops <n>', 'operations per client (default: drawn)', countArgument);
}

function sizeOf({ clients, ops }: SizeOptions): Partial<RunSize> {
  return { ...(clients !== undefined && { clients }), ...(ops !== undefined && { operationsPerClient: ops }) };
}

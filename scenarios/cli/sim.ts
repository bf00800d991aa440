/**
 * `tailrace sim …`: the list of its commands, and those of one run by its seed (`run`, `repro`, `meta`), `probes`, and the hidden
 * ones that other processes are started with (`fingerprint`, `hunt`, `worker`). Sweeps are in `sweep.ts`, explorations in
 * `explore.ts`, cases in `cases.ts` and `repro-case.ts`; exit codes are told in `sim-options.ts`.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { countArgument, durationArgument, seedRangeArgument } from '../arguments.ts';
import { otherBuild } from '../build-name.ts';
import { writeBundle } from '../bundle.ts';
import { green, red } from '../colours.ts';
import { diffCommand, exhaustCommand, explainCommand, keepCommand, shrinkCommand, verdictCommand } from './cases.ts';
import { exploreCommand } from './explore.ts';
import { CASE_ARGUMENT, namedRun, refuseSize } from './given-case.ts';
import { EXIT_USAGE, InputError, readable } from './input-error.ts';
import { reproCase, type ReproCaseOptions } from './repro-case.ts';
import {
  EXIT_CODES,
  EXIT_FAILED,
  EXIT_NONDETERMINISM,
  profileArgument,
  seedArgument,
  type SizeOptions,
  sized,
  sizeOf,
} from './sim-options.ts';
import { stopping } from './stopping.ts';
import { mergeCommand, sweepCommand } from './sweep.ts';
import type { Case } from '../cases/case.ts';
import { drawPlan, type Profile, PROFILES } from '../plan.ts';
import { withBuild } from '../repro-line.ts';
import type { CaseFile, RunFailure, RunRecord } from '../run.ts';

interface RunOptions extends SizeOptions {
  /** How long to make a failing run small for its page, in milliseconds. */
  shrink: number;
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
  sim.addCommand(mergeCommand());
  sim.addCommand(exploreCommand());
  sim.addCommand(reproCommand());
  sim.addCommand(shrinkCommand());
  sim.addCommand(explainCommand());
  sim.addCommand(keepCommand());
  sim.addCommand(exhaustCommand());
  sim.addCommand(diffCommand());
  sim.addCommand(metaCommand());
  sim.addCommand(probesCommand());
  sim.addCommand(fingerprintCommand(), { hidden: true });
  sim.addCommand(huntCommand(), { hidden: true });
  sim.addCommand(verdictCommand(), { hidden: true });
  sim.addCommand(workerCommand(), { hidden: true });
  return sim;
}

// --- run, repro ------------------------------------------------------------------------------------------

function runCommand(): Command {
  return oneRun(new Command('run').description('run one seed, check its history and write its page'))
    .addOption(
      new Option(
        '--shrink <duration>',
        'a run that fails is made small within this time, for its page; 0s does without',
      )
        .argParser(durationArgument)
        .default(10_000, '10s'),
    )
    .action(async (options: RunOptions) => {
      const { run, wallMs } = await runOnce(options, true);
      printRun(run, wallMs);
      const bundle = writeBundle(options.out, await withCaseFile(run, options, options.shrink));
      console.log(`page     ${bundle.page}`);
      if (run.failure !== null) failed(run);
    });
}

/** Of a run that failed, with the file that replays it on its page: made small, unless the budget is nought. */
async function withCaseFile(run: RunRecord, options: RunOptions, shrinkMs: number): Promise<RunRecord> {
  if (run.failure === null) return run;
  return { ...run, caseFile: await caseFileOf(options, shrinkMs) };
}

async function caseFileOf({ seed, profile, ...options }: RunOptions, shrinkMs: number): Promise<CaseFile> {
  const [{ shrink }, { shrunkCaseFile, wholeCaseFile }] = await Promise.all([
    import('../shrink/shrink.ts'),
    import('../cases/case-file.ts'),
  ]);
  if (shrinkMs === 0) return wholeCaseFile(seed, profile, sizeOf(options));
  const original: Case = { seed, plan: drawPlan(seed, profile, sizeOf(options)), choices: { kind: 'generated' } };
  return shrunkCaseFile(await shrink(original, { budgetMs: shrinkMs, nowMs: () => performance.now() }));
}

function reproCommand(): Command {
  return aRun(
    new Command('repro')
      .description('run one seed, or one case, again, bit for bit; exit 1 if it fails again')
      .argument('[case]', CASE_ARGUMENT)
      .option('--seed <seed>', 'number, word or commit id', seedArgument)
      .option('--trace', 'print every event of the run')
      .option('--until <event>', 'stop in the inspector before this event', countArgument)
      .option('--break <site>', 'stop in the inspector at each choice of this site')
      .option('--build <name>', 'the build that the run is of: says so when this is another')
      .option('--force', 'take the verdict of a case as it is, though this build does something else'),
  ).action(async (file: string | undefined, options: Partial<RunOptions> & ReproCaseOptions & { build?: string }) => {
    const { seed, build } = options;
    const difference = build === undefined ? null : otherBuild(build);
    if (difference !== null) console.error(difference);
    if (file !== undefined && seed !== undefined) {
      throw new InputError(`${file} is one run and --seed another: give one of them`, EXIT_USAGE);
    }
    const named = file === undefined ? null : namedRun(file);
    if (file !== undefined && named === null) {
      refuseSize(file, options);
      return reproCase(file, options);
    }
    if (named === null && seed === undefined) throw new InputError('give --seed, or a .simcase file', EXIT_USAGE);
    await repro({ ...(options as RunOptions), ...named }, await stopping(options));
  });
}

async function repro(options: RunOptions, hooks: Awaited<ReturnType<typeof stopping>>): Promise<void> {
  const { run, wallMs } = await runOnce(options, true, hooks);
  printRun(run, wallMs);
  if (run.failure === null) return;
  console.log(`page     ${writeBundle(options.out, await withCaseFile(run, options, 0)).page}`);
  failed(run);
}

/** The last words of a run that failed. */
function failed({ repro }: RunRecord): void {
  console.log(`\nto repeat: ${repro}`);
  process.exitCode = EXIT_FAILED;
}

function oneRun(command: Command): Command {
  return aRun(command.requiredOption('--seed <seed>', 'number, word or commit id', seedArgument));
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
  return { run: withBuild(run), wallMs: performance.now() - startedMs };
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

// --- meta, worker ----------------------------------------------------------------------------------------

function metaCommand(): Command {
  return oneRun(
    new Command('meta')
      .description('determinism check: the same seed under many circumstances must give the same bytes')
      .option('--node <path...>', 'further Node.js binaries to compare with')
      .option('--other-seeds <n>', 'runs of other seeds between two of this one in one process', countArgument, 50),
  ).action(async (options: RunOptions & { node?: string[]; otherSeeds: number }) => {
    const { metaCheck } = await import('../meta.ts');
    for (const node of options.node ?? []) mustBeNode(node);
    const equal = await metaCheck({ ...options, size: sizeOf(options), nodes: options.node ?? [] }, (line) =>
      console.log(line),
    );
    if (!equal) process.exitCode = EXIT_NONDETERMINISM;
  });
}

/** Or else what can not be started would look like a run that comes out differently. */
function mustBeNode(file: string): void {
  const version = readable(`--node ${file}`, () =>
    execFileSync(file, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  if (!/^v\d+\./.test(version)) throw new InputError(`--node ${file}: it is no Node.js`, EXIT_USAGE);
}

function probesCommand(): Command {
  return new Command('probes')
    .description('what a sweep visited: rows of the fault catalogue, and every probe with hits and first seed')
    .argument('<sweep.json>', 'the record a sweep wrote beside its page')
    .action(async (file: string) => {
      const [{ probeTable }, { parseSweep }] = await Promise.all([
        import('../probe-table.ts'),
        import('./parse-record.ts'),
      ]);
      const text = readable(file, () => readFileSync(file === '-' ? 0 : file, 'utf8'));
      console.log(probeTable(parseSweep(file, text)));
    });
}

/** What `meta` runs in other processes. */
function fingerprintCommand(): Command {
  return oneRun(new Command('fingerprint')).action(async (options: RunOptions) => {
    const { printFingerprint } = await import('../meta.ts');
    await printFingerprint({ ...options, size: sizeOf(options) });
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

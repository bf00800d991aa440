/** `tailrace sim shrink`, `explain`, `diff`, and `repro` of a case: everything that works on single runs spelled out. */

import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { countArgument, durationArgument } from '../arguments.ts';
import type { Case } from '../cases/case.ts';
import type { Simcase } from '../cases/simcase.ts';
import { green, red } from '../colours.ts';
import { drawPlan, isProfile, type Profile, PROFILES } from '../plan.ts';
import { programLine, shellWord } from '../repro-line.ts';
import type { RunRecord } from '../run.ts';
import type { Shrunk } from '../shrink/shrink.ts';
import { EXIT_USAGE, InputError } from './input-error.ts';
import { EXIT_FAILED, EXIT_NONDETERMINISM, profileArgument } from './sim-options.ts';
import { type Stops, stopping } from './stopping.ts';
import { writeCase } from './write-case.ts';

/** `case.simcase`, or `SEED/PROFILE` of a run. */
const CASE_ARGUMENT = 'a .simcase file, or a run as SEED/PROFILE';

// --- shrink ----------------------------------------------------------------------------------------------

export function shrinkCommand(): Command {
  return new Command('shrink')
    .description('make a failing run small: fewer clients, faults and decisions, the same failure')
    .argument('[case]', CASE_ARGUMENT)
    .option('--seed <seed>', 'number, word or commit id')
    .option('--profile <profile>', `one of ${PROFILES.join(', ')}`, profileArgument, 'swarm')
    .addOption(new Option('--budget <duration>', 'wall time').argParser(durationArgument).default(10_000, '10s'))
    .option(
      '--runs <n>',
      'no more runs than this: the result is the same on any machine that has the time',
      countArgument,
    )
    .option('-o, --output <file>', 'where the case is written', 'case.simcase')
    .action(
      async (
        name: string | undefined,
        options: { seed?: string; profile: Profile; budget: number; runs?: number; output: string },
      ) => {
        const { shrink } = await import('../shrink/shrink.ts');
        const started = performance.now();
        const original = await givenCase(name, options);
        const shrunk = await failing(() =>
          shrink(original, {
            budgetMs: options.budget,
            ...(options.runs !== undefined && { runsMax: options.runs }),
            nowMs: () => performance.now(),
          }),
        );
        console.log(`${shrunk.signature}\n${shrunkText(shrunk, performance.now() - started)}`);
        for (const [signature, other] of shrunk.others)
          console.log(`met on the way: ${signature} (seed ${other.seed})`);
        await writeCase(options.output, shrunk.case, shrunk.run);
        const [program, file] = [programLine(), shellWord(options.output)];
        console.log(`\nto repeat:  ${program} sim repro ${file}\nto read it: ${program} sim explain ${file}`);
      },
    );
}

/** `112 → 2 decisions in 34 runs and 1.4 s (1.1 s of processor time); nothing more can be taken away`. */
function shrunkText({ decisionsBefore, decisions, runs, isCutShort }: Shrunk, wallMs: number): string {
  const { user, system } = process.cpuUsage();
  const [wall, busy] = [wallMs / 1000, (user + system) / 1e6].map((seconds) => seconds.toFixed(1));
  return (
    `${decisionsBefore} → ${decisions} decisions in ${runs} runs and ${wall} s (${busy} s of processor time); ` +
    `${isCutShort ? 'the budget was used up, a larger one may find less' : 'nothing more can be taken away'}`
  );
}

// --- explain ---------------------------------------------------------------------------------------------

export function explainCommand(): Command {
  return new Command('explain')
    .description('the few decisions that matter, in sentences, and what happened, as lanes')
    .argument('<case>', CASE_ARGUMENT)
    .action(async (name: string) => {
      const { explain, explanationText } = await import('../cases/explain.ts');
      const made = await givenCase(name, {});
      console.log(explanationText(await failing(() => explain(made))));
    });
}

// --- exhaust ---------------------------------------------------------------------------------------------

export function exhaustCommand(): Command {
  return new Command('exhaust')
    .description('do every run of the tiny worlds, not a draw of them, and say how much that was')
    .argument('[world]', 'one of them; all otherwise')
    .option('--deviations <n>', 'how many things go wrong in a run at most', countArgument, 1)
    .option('--runs <n>', 'no more runs than this in each world', countArgument, 10_000)
    .action(async (world: string | undefined, { deviations, runs }: { deviations: number; runs: number }) => {
      const { enumerationText, exhaust, SMALL_WORLDS } = await import('../cases/small-worlds.ts');
      const names = Object.keys(SMALL_WORLDS);
      if (world !== undefined && !names.includes(world)) {
        throw new InputError(`no tiny world ${world}: there are ${names.join(', ')}`, EXIT_USAGE);
      }
      for (const [name, of] of Object.entries(SMALL_WORLDS)) {
        if (world !== undefined && name !== world) continue;
        const found = await exhaust(of, deviations, runs);
        console.log(enumerationText(name, found));
        if (found.failures.length > 0) process.exitCode = EXIT_FAILED;
      }
    });
}

// --- keep ------------------------------------------------------------------------------------------------

export function keepCommand(): Command {
  return new Command('keep')
    .description('keep a case as a regression test: what this build makes of it is what is expected from now on')
    .argument('<case>', 'a .simcase file')
    .argument('<file>', 'where it is kept, as scenarios/corpus/NAME.simcase')
    .requiredOption('--notes <text>', 'what it is about, and which mistake it came from')
    .action(async (name: string, file: string, { notes }: { notes: string }) => {
      const { runCase } = await import('../cases/case.ts');
      const made = await givenCase(name, {});
      const run = await runCase(made);
      await writeCase(file, made, run, notes);
      const { failure } = run.record;
      console.log(`${file}: ${failure === null ? green('passes') : red(`fails: ${failure.message}`)}`);
    });
}

// --- diff ------------------------------------------------------------------------------------------------

export function diffCommand(): Command {
  return new Command('diff')
    .description('where two runs part: the first line of their traces that differs; exit 1 if there is one')
    .argument('<left>', CASE_ARGUMENT)
    .argument('<right>', CASE_ARGUMENT)
    .action(async (left: string, right: string) => {
      const { firstDifference } = await import('../cases/diff.ts');
      const difference = await firstDifference(await givenCase(left, {}), await givenCase(right, {}));
      if (difference === null) return console.log('the runs are the same');
      for (const line of difference.before) console.log(`  ${line}`);
      console.log(red(`- ${difference.left ?? '(the run is over)'}`));
      console.log(green(`+ ${difference.right ?? '(the run is over)'}`));
      console.log(`\nline ${difference.line} of the traces`);
      process.exitCode = EXIT_FAILED;
    });
}

// --- repro of a case -------------------------------------------------------------------------------------

export interface ReproCaseOptions extends Stops {
  /** Where the page of one that fails is written. */
  out?: string;
  force?: boolean;
  trace?: boolean;
}

/** Replays a case from disk and says whether it does what it did; the exit code is that of `repro`. */
export async function reproCase(file: string, options: ReproCaseOptions): Promise<void> {
  const { replay } = await import('../cases/replay-check.ts');
  const simcase = await readSimcase(file);
  const report = await replay(simcase, { ...(await stopping(options)), record: true });
  const { record } = report.run;
  console.log(`case     ${file}  made by build ${simcase.build}, Node ${simcase.nodeVersion}`);
  console.log(`expected ${simcase.expect.verdict}`);
  console.log(`verdict  ${record.failure === null ? green('ok') : red(`FAILED: ${record.failure.message}`)}`);
  console.log(
    `trace    ${record.traceHash}, ${report.isSameTrace ? 'as recorded' : `recorded was ${simcase.expect.traceHash}`}`,
  );
  if (record.failure !== null) {
    process.exitCode = EXIT_FAILED;
    console.log(`page     ${await writeCasePage(file, simcase, record, options.out ?? '.runs')}`);
  }
  if (report.isSameTrace) return;
  const moved = report.moved ?? 'all choices line up, what follows from them differs';
  if (report.verdict === simcase.expect.verdict) {
    return console.log(`this build goes another way (${moved}) and comes to the verdict that was expected`);
  }
  console.log(`this build goes another way: ${moved}`);
  if (options.force === true) return;
  console.log('another verdict says nothing about what was recorded then; --force takes it as it is');
  process.exitCode = EXIT_NONDETERMINISM;
}

/** The folder is named after the file: seed and profile name the run that it was made from. */
async function writeCasePage(file: string, simcase: Simcase, run: RunRecord, out: string): Promise<string> {
  const [{ givenCaseFile }, { writeBundle }] = await Promise.all([
    import('../cases/case-file.ts'),
    import('../bundle.ts'),
  ]);
  const fileName = basename(file);
  const caseFile = await givenCaseFile(readFileSync(file, 'utf8'), fileName, simcase);
  const repro = `${programLine()} sim repro ${shellWord(file)}`;
  return writeBundle(out, { ...run, repro, caseFile }, `case-${fileName.replace(/\.simcase$/, '')}`).page;
}

// --- reading and writing ---------------------------------------------------------------------------------

async function givenCase(
  name: string | undefined,
  { seed, profile = 'swarm' }: { seed?: string; profile?: Profile },
): Promise<Case> {
  if (name?.endsWith('.simcase') === true) {
    const { caseOf } = await import('../cases/simcase.ts');
    return caseOf(await readSimcase(name));
  }
  const [word = seed, of = profile] = name?.split('/') ?? [];
  if (word === undefined) throw new InputError('give a .simcase file, SEED/PROFILE, or --seed', EXIT_USAGE);
  if (!isProfile(of)) {
    throw new InputError(`unknown profile ${of}: expected one of ${PROFILES.join(', ')}`, EXIT_USAGE);
  }
  return { seed: word, plan: drawPlan(word, of, {}), choices: { kind: 'generated' } };
}

/** Throws InputError when there is no such file or no case in it. */
async function readSimcase(file: string): Promise<Simcase> {
  const { parseSimcase } = await import('../cases/simcase.ts');
  if (!existsSync(file)) throw new InputError(`${file}: no such file`, EXIT_USAGE);
  try {
    return parseSimcase(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new InputError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A case that passes is a wrong input here. */
async function failing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(error.message);
    throw error;
  }
}

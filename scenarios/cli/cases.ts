/**
 * `tailrace sim shrink`, `explain`, `exhaust`, `keep`, `diff` and the hidden `verdict`: everything that works on single runs
 * spelled out. Replaying one is in `repro-case.ts`.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { countArgument, durationArgument } from '../arguments.ts';
import type { Enumeration } from '../../sim/index.ts';
import type { Simcase } from '../cases/simcase.ts';
import type { SmallWorld } from '../cases/small-worlds.ts';
import { green, red } from '../colours.ts';
import { type Profile, PROFILES } from '../plan.ts';
import { PLANT } from '../plant-name.ts';
import { programLine, shellWord } from '../repro-line.ts';
import type { Shrunk } from '../shrink/shrink.ts';
import { CASE_ARGUMENT, elsewhere, givenCase, type GivenOptions, readSimcase } from './given-case.ts';
import { EXIT_USAGE, InputError } from './input-error.ts';
import { EXIT_FAILED, profileArgument, seedArgument, sized } from './sim-options.ts';
import { writeCase } from './write-case.ts';

// --- shrink ----------------------------------------------------------------------------------------------

export function shrinkCommand(): Command {
  return sized(new Command('shrink'))
    .description('make a failing run small: fewer clients, faults and decisions, the same failure')
    .argument('[case]', CASE_ARGUMENT)
    .option('--seed <seed>', 'number, word or commit id', seedArgument)
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
        options: GivenOptions & { profile: Profile; budget: number; runs?: number; output: string },
      ) => {
        const { shrink } = await import('../shrink/shrink.ts');
        const started = performance.now();
        const { made, simcase } = await givenCase(name, options);
        const shrunk = await failing(elsewhere(simcase, 'shrink', name ?? ''), () =>
          shrink(made, {
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
  return sized(new Command('explain'))
    .description('the few decisions that matter, in sentences, and what happened, as lanes')
    .argument('<case>', CASE_ARGUMENT)
    .action(async (name: string, options: GivenOptions) => {
      const { explain, explanationText } = await import('../cases/explain.ts');
      const { made, simcase } = await givenCase(name, options);
      console.log(explanationText(await failing(elsewhere(simcase, 'explain', name), () => explain(made))));
    });
}

// --- exhaust ---------------------------------------------------------------------------------------------

interface ExhaustOptions {
  deviations: number;
  runs: number;
  out: string;
}

export function exhaustCommand(): Command {
  return new Command('exhaust')
    .description('do every run of the tiny worlds, not a draw of them, and say how much that was')
    .argument('[world]', 'one of them; all otherwise')
    .option('--deviations <n>', 'how many things go wrong in a run at most', countArgument, 1)
    .option('--runs <n>', 'no more runs than this in each world', countArgument, 10_000)
    .option('--out <folder>', 'where cases of runs that fail are written', '.runs')
    .action(async (world: string | undefined, options: ExhaustOptions) => {
      const { enumerationText, exhaust, SMALL_WORLDS } = await import('../cases/small-worlds.ts');
      const names = Object.keys(SMALL_WORLDS);
      if (world !== undefined && !names.includes(world)) {
        throw new InputError(`no tiny world ${world}: there are ${names.join(', ')}`, EXIT_USAGE);
      }
      for (const [name, of] of Object.entries(SMALL_WORLDS)) {
        if (world !== undefined && name !== world) continue;
        const found = await exhaust(of, options.deviations, options.runs);
        console.log(enumerationText(name, found, options.deviations));
        await reportFailures(name, of, found.failures, options.out);
      }
    });
}

/** What is wrong comes back in many runs: the first of them, which are the smallest, are enough to begin with. */
const FAILURES_WRITTEN_MAX = 5;

async function reportFailures(
  name: string,
  world: SmallWorld,
  failures: Enumeration['failures'],
  folder: string,
): Promise<void> {
  if (failures.length === 0) return;
  process.exitCode = EXIT_FAILED;
  const [{ runCase }, { caseOfDeviations, deviationsText }] = await Promise.all([
    import('../cases/case.ts'),
    import('../cases/small-worlds.ts'),
  ]);
  mkdirSync(folder, { recursive: true });
  for (const [index, failure] of failures.entries()) {
    console.log(deviationsText(failure));
    if (index >= FAILURES_WRITTEN_MAX) continue;
    const made = caseOfDeviations(world, failure.deviations);
    const file = join(folder, `${name}-${index + 1}.simcase`);
    await writeCase(file, made, await runCase(made));
    console.log(`  to repeat: ${programLine()} sim repro ${shellWord(file)}`);
  }
}

// --- keep ------------------------------------------------------------------------------------------------

export function keepCommand(): Command {
  return new Command('keep')
    .description('keep a case as a regression test: one that a wrong engine fails and this one passes')
    .argument('<case>', 'a .simcase file')
    .argument('<file>', 'where it is kept, as scenarios/corpus/NAME.simcase')
    .requiredOption('--notes <text>', 'what it is about, and which mistake it came from')
    .option('--plant <name>', 'the wrong engine that fails it (default: the one that it was made with)')
    .action(async (name: string, file: string, { notes, plant }: { notes: string; plant?: string }) => {
      const [{ runCase }, { caseOf }] = await Promise.all([import('../cases/case.ts'), import('../cases/simcase.ts')]);
      const simcase = await readSimcase(name);
      const made = caseOf(simcase);
      const run = await runCase(made);
      const { failure } = run.record;
      if (PLANT !== null) throw new InputError(`this is the wrong engine ${PLANT}: the right one keeps cases`);
      if (failure !== null) throw new InputError(`${name}: the right engine fails it, too: ${failure.message}`);
      const catches = await caughtBy(plant ?? simcase.plant ?? simcase.catches?.plant, name);
      // What only the wrong engine asks for is not in the run of this one.
      await writeCase(file, made, run, { notes, catches, lively: simcase.lively });
      console.log(`${file}: ${green('passes')}, and ${catches.plant} fails it: ${catches.verdict}`);
    });
}

/** Throws InputError when the wrong engine is not there, or passes the case as the right one does. */
async function caughtBy(plant: string | undefined, file: string): Promise<NonNullable<Simcase['catches']>> {
  if (plant === undefined) {
    throw new InputError(`${file}: say with --plant which wrong engine fails it: one that none fails shows nothing`);
  }
  const program = `.plants/${plant}.mjs`;
  if (!existsSync(program)) {
    throw new InputError(`no ${program}: npm run plants -- --only ${plant} --seeds 1 builds it`);
  }
  const { verdictBy } = await import('../corpus/wrong-engine.ts');
  const verdict = await verdictBy(program, file);
  if (verdict === 'pass') throw new InputError(`${file}: the wrong engine ${plant} passes it, so it shows nothing`);
  return { plant, verdict };
}

/** What a program with a wrong engine in it is asked, by `keep` and by the corpus. */
export function verdictCommand(): Command {
  return new Command('verdict').argument('<case>').action(async (name: string) => {
    const { runCase, signatureOfRun } = await import('../cases/case.ts');
    const { record } = await runCase((await givenCase(name)).made);
    console.log(JSON.stringify({ verdict: signatureOfRun(record.failure) ?? 'pass' }));
  });
}

// --- diff ------------------------------------------------------------------------------------------------

export function diffCommand(): Command {
  return sized(new Command('diff'))
    .description('where two runs part: the first line of their traces that differs; exit 1 if there is one')
    .argument('<left>', CASE_ARGUMENT)
    .argument('<right>', CASE_ARGUMENT)
    .action(async (left: string, right: string, options: GivenOptions) => {
      const { firstDifference } = await import('../cases/diff.ts');
      const [a, b] = [await givenCase(left, options), await givenCase(right, options)];
      const difference = await firstDifference(a.made, b.made);
      if (difference === null) return console.log('the runs are the same');
      for (const line of difference.before) console.log(`  ${line}`);
      console.log(red(`- ${difference.left ?? '(the run is over)'}`));
      console.log(green(`+ ${difference.right ?? '(the run is over)'}`));
      console.log(`\nline ${difference.line} of the traces`);
      process.exitCode = EXIT_FAILED;
    });
}

/** A case that passes is a wrong input here; `hint` says where it does not. */
async function failing<Result>(hint: string | null, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(hint === null ? error.message : `${error.message}: ${hint}`);
    throw error;
  }
}

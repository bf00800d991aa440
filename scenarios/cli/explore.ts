/** `tailrace sim explore`: a search that goes on from runs that showed something rare, and what that is worth (`--compare`). */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { countArgument, durationArgument } from '../arguments.ts';
import type { Case } from '../cases/case.ts';
import type { Explored } from '../explore/explore.ts';
import { type Profile, PROFILES } from '../plan.ts';
import { programLine, shellWord } from '../repro-line.ts';
import { readable } from './input-error.ts';
import { EXIT_CODES, EXIT_FAILED, profileArgument, type SizeOptions, sized, sizeOf } from './sim-options.ts';
import { writeCase } from './write-case.ts';

/** Runs between two lines about how it goes. */
const RUNS_PER_LINE = 200;

interface ExploreCommandOptions extends SizeOptions {
  time?: number;
  runs?: number;
  profile?: Profile;
  seed: number;
  corpus?: string;
  out: string;
  shrink?: number;
  compare?: number;
  events: number;
}

export function exploreCommand(): Command {
  return sized(
    new Command('explore').description(
      'search on from runs that lit rare combinations of probes; equal seed and number of runs give equal runs',
    ),
  )
    .addHelpText('after', EXIT_CODES)
    .option('--time <duration>', 'begin no more runs after this long, e.g. 60s', durationArgument)
    .option('--runs <n>', 'no more runs than this', countArgument)
    .option('--profile <profile>', `only this one of ${PROFILES.join(', ')}; all of them otherwise`, profileArgument)
    .option('--seed <n>', 'of the exploration; for another search, another one', countArgument, 1)
    .option('--corpus <folder>', 'go on from what earlier explorations left there, and leave what this one found')
    .option('--out <folder>', 'where the cases of failures are written', '.runs')
    .option('--shrink <duration>', 'make the first failing run of each signature small for so long', durationArgument)
    .option('--compare <tries>', 'measure so many explorations against as many of fresh seeds alone', countArgument)
    .option('--events <n>', 'how long each of those is', countArgument, 1_200_000)
    .action(async (options: ExploreCommandOptions, command: Command) => {
      if (options.compare !== undefined) return runComparison(options, options.compare);
      if (options.time === undefined && options.runs === undefined) {
        command.error('error: give --time DURATION, --runs N or both');
      }
      process.exitCode = await runExploration(options);
    });
}

async function runComparison(options: ExploreCommandOptions, tries: number): Promise<void> {
  const { compare, comparisonText } = await import('../explore/compare.ts');
  const { seed, events } = options;
  const what = { seed, tries, events, profiles: profilesOf(options), size: sizeOf(options) };
  console.log(comparisonText(await compare(what, (line) => console.log(line))));
}

async function runExploration(options: ExploreCommandOptions): Promise<number> {
  const [{ Explorer }, { Corpus }, { signatureOfRun }] = await Promise.all([
    import('../explore/explore.ts'),
    import('../explore/corpus.ts'),
    import('../cases/case.ts'),
  ]);
  const explorer = new Explorer({ ...options, profiles: profilesOf(options), size: sizeOf(options), isGuided: true });
  const file = options.corpus === undefined ? null : join(options.corpus, 'genomes.jsonl');
  const corpus = file === null ? null : readable(file, () => new Corpus(file));
  const untilMs = performance.now() + (options.time ?? Infinity);
  const signatures = new Set<string>();
  let runs = 0;
  let isInterrupted = false;
  // What was found is kept; a second Ctrl-C ends the process as usual.
  process.once('SIGINT', () => (isInterrupted = true));
  while (!isInterrupted && runs < (options.runs ?? Infinity) && performance.now() < untilMs) {
    const explored = await explorer.next(undefined, corpus?.next() ?? null);
    runs++;
    const signature = signatureOfRun(explored.record.failure);
    if (signature !== null && !signatures.has(signature)) {
      signatures.add(signature);
      await report(explored, runs, options);
    }
    if (runs % RUNS_PER_LINE === 0) console.log(`${runs} runs, ${explorer.coverage.combinations.length} combinations`);
  }
  console.log(
    `${runs} runs lit ${explorer.coverage.combinations.length} combinations of probes; ${signatures.size} signatures of failures`,
  );
  if (corpus !== null) {
    const kept = corpus.write(explorer.coverage);
    const undone = corpus.left === 0 ? '' : `, ${corpus.left} of them not done again this time`;
    console.log(`${file}: ${kept} runs to go on from${undone}`);
  }
  return signatures.size > 0 ? EXIT_FAILED : 0;
}

/** Leaves a case that repeats the failure without the exploration. */
async function report({ genome, plan, record }: Explored, run: number, options: ExploreCommandOptions): Promise<void> {
  const [{ runCase }, { shrink }] = await Promise.all([import('../cases/case.ts'), import('../shrink/shrink.ts')]);
  const made: Case = { seed: genome.seed, plan, choices: { kind: 'generated' } };
  const kept =
    options.shrink === undefined
      ? { case: made, run: await runCase(made) }
      : await shrink(made, { budgetMs: options.shrink, nowMs: () => performance.now() });
  mkdirSync(options.out, { recursive: true });
  const file = join(options.out, `explored-${genome.profile}-${genome.seed}.simcase`);
  await writeCase(file, kept.case, kept.run);
  console.log(`FAILED run ${run} profile ${genome.profile}: ${record.failure?.message.split('\n')[0]}`);
  console.log(`  to repeat: ${programLine()} sim repro ${shellWord(file)}`);
}

function profilesOf({ profile }: ExploreCommandOptions): readonly Profile[] {
  return profile === undefined ? PROFILES : [profile];
}

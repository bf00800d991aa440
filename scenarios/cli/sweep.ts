/**
 * `tailrace sim sweep` and `merge`: many runs over processes, machines and sittings, and what is made of them: the page, the
 * record, JUnit for a CI, Markdown for GitHub, a line in the history of nights, and a shrunk case per signature.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { countArgument, durationArgument, portArgument, seedRangeArgument, shardArgument } from '../arguments.ts';
import { writeBundle } from '../bundle.ts';
import { drawPlan, type Profile, PROFILES, type RunSize } from '../plan.ts';
import type { Night, PlantTrial, SweepRecord } from '../run.ts';
import { InputError } from './input-error.ts';
import {
  EXIT_CODES,
  EXIT_FAILED,
  EXIT_HARNESS,
  EXIT_PROBES_DARK,
  profileArgument,
  type SizeOptions,
  sized,
  sizeOf,
} from './sim-options.ts';
import { writeCase } from './write-case.ts';

const EXIT_OF_SWEEP = {
  ok: 0,
  failed: EXIT_FAILED,
  'harness errors': EXIT_HARNESS,
  'nothing ran': EXIT_HARNESS,
  'probes dark': EXIT_PROBES_DARK,
} as const;

/** Pages and cases written for failing runs of a sweep; each shows another signature. */
const SIGNATURES_SHOWN_MAX = 8;

interface PublishOptions {
  out: string;
  junit?: string;
  summary?: string;
  issues?: string;
  history?: string;
  plants?: string;
  shrink?: number;
}

interface SweepCommandOptions extends SizeOptions, PublishOptions {
  seeds?: { from: number; end: number };
  time?: number;
  profile?: Profile;
  jobs: number;
  shard: { shard: number; shards: number };
  watchdog: number;
  results?: string;
  ui?: boolean;
  uiPort: number;
}

export function sweepCommand(): Command {
  return published(sized(new Command('sweep').description('run many seeds in parallel and merge what they show')))
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
    .option('--ui', 'show the page while the sweep runs, on 127.0.0.1, until Ctrl-C')
    .addOption(new Option('--ui-port <n>', 'port of that page, 0 for any').argParser(portArgument).default(0, 'any'))
    .option('--results <file>', 'write each result as a line of JSON, and go on where such a file ends (with --seeds)')
    .action(async (options: SweepCommandOptions, command: Command) => {
      if (options.seeds === undefined && options.time === undefined) {
        command.error('error: give --seeds A..B, --time DURATION or both', { exitCode: EXIT_HARNESS });
      }
      if (options.results !== undefined && options.seeds === undefined) {
        command.error('error: --results needs --seeds A..B: fresh seeds can not be gone on with', {
          exitCode: EXIT_HARNESS,
        });
      }
      process.exitCode = await runSweep(options);
    });
}

export function mergeCommand(): Command {
  return published(new Command('merge').description('make one sweep of the results of shards, machines or sittings'))
    .addHelpText('after', EXIT_CODES)
    .argument('<results...>', 'files that sweeps wrote with --results')
    .action(async (files: string[], options: PublishOptions) => {
      const [{ mergeResults }, { parseResults }] = await Promise.all([
        import('../sweep/merge.ts'),
        import('../sweep/results-file.ts'),
      ]);
      const parts = files.map((file) => readable(file, () => ({ file, ...parseResults(readFileSync(file, 'utf8')) })));
      const record = readable('merge', () => mergeResults(parts));
      process.exitCode = await publish(record, options, sizeOfParts(parts));
    });
}

function published(command: Command): Command {
  return command
    .option('--out <folder>', 'where the page and the record are written', '.runs')
    .option('--junit <file>', 'write JUnit XML')
    .option('--summary <file>', "append Markdown, as to GitHub's $GITHUB_STEP_SUMMARY")
    .option('--issues <file>', 'write an issue per signature, as JSON lines of mark, title and body')
    .option('--history <file>', 'add this sweep to the history of nights, whose trends the page shows')
    .option('--plants <file>', 'show how fast planted bugs were caught, as `npm run plants -- --out FILE` wrote it')
    .option('--shrink <duration>', 'shrink the smallest failing run of each signature for so long', durationArgument);
}

async function runSweep(options: SweepCommandOptions): Promise<number> {
  const { sweep } = await import('../sweep/sweep.ts');
  // Fresh seeds: any number will do, and the failing ones are printed.
  const { from, end } = options.seeds ?? { from: Math.floor(Math.random() * 1e9), end: Infinity };
  const profiles = options.profile === undefined ? PROFILES : [options.profile];
  const ui = options.ui === true ? await sweepUi(options) : null;
  const { record } = await sweep({
    range: { from, end, profiles, ...options.shard },
    timeMs: options.time ?? null,
    jobs: options.jobs,
    program: process.argv[1] as string,
    size: sizeOf(options),
    silenceMsMax: options.watchdog,
    resultsPath: options.results ?? null,
    ...(ui !== null && { onStart: (soFar) => ui.begin(soFar) }),
  }).catch((error: unknown) => {
    if (error instanceof RangeError) throw new InputError(`${options.results}: ${error.message}`);
    throw error;
  });
  const exitCode = await publish(record, options, sizeOf(options));
  await ui?.end(record);
  return exitCode;
}

async function sweepUi(options: SweepCommandOptions) {
  const [{ SweepUi }, { readNights }] = await Promise.all([import('./sweep-ui.ts'), import('../sweep/nights.ts')]);
  const nights = options.history === undefined ? [] : readNights(options.history);
  return new SweepUi(options.uiPort, sizeOf(options), nights);
}

/** Everything that is made of a sweep; the exit code. */
async function publish(record: SweepRecord, options: PublishOptions, size: Partial<RunSize>): Promise<number> {
  const [{ summaryText }, { verdictOf }, { junitXml }, github, nights, { renderSweep }] = await Promise.all([
    import('../sweep/summary.ts'),
    import('../sweep/verdict.ts'),
    import('../sweep/junit.ts'),
    import('../sweep/github.ts'),
    import('../sweep/nights.ts'),
    import('../../reports/index.ts'),
  ]);
  const folder = join(options.out, `sweep-${record.startedAt.replaceAll(/[:.]/g, '-')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sweep.json'), `${JSON.stringify(record)}\n`);
  if (options.junit !== undefined) writeFileSync(options.junit, junitXml(record));
  if (options.summary !== undefined) writeFileSync(options.summary, github.summaryMarkdown(record), { flag: 'a' });
  if (options.issues !== undefined) {
    writeFileSync(
      options.issues,
      github
        .issuesOf(record)
        .map((issue) => `${JSON.stringify(issue)}\n`)
        .join(''),
    );
  }
  const plants = options.plants === undefined ? [] : readPlants(options.plants);
  const past: Night[] = options.history === undefined ? [] : nights.addNight(options.history, nights.nightOf(record));
  console.log(summaryText(record));
  // Last, because it runs failing seeds again.
  const runLinks = await writeFailures(folder, record, size, options.shrink ?? null);
  const page = join(folder, 'index.html');
  writeFileSync(page, renderSweep(record, { runLinks, nights: past, plants }));
  console.log(`\npage: ${page}`);
  return EXIT_OF_SWEEP[verdictOf(record)];
}

/** Runs the smallest case of each signature again, with everything the page shows, and makes it smaller if asked to. */
async function writeFailures(
  folder: string,
  record: SweepRecord,
  size: Partial<RunSize>,
  shrinkMs: number | null,
): Promise<Record<string, string>> {
  const [{ signatureGroups }, { runSeed }, { shrink }, { shrunkCaseFile, wholeCaseFile }] = await Promise.all([
    import('../sweep/signatures.ts'),
    import('../run-seed.ts'),
    import('../shrink/shrink.ts'),
    import('../cases/case-file.ts'),
  ]);
  const links: Record<string, string> = {};
  for (const { smallest } of signatureGroups(record).slice(0, SIGNATURES_SHOWN_MAX)) {
    const { seed, profile } = smallest;
    const run = await runSeed({ seed, profile, size, record: true });
    links[`${seed}/${profile}`] = `${profile}-${seed}/history.html`;
    // Results that were merged may be another build's: what can not be repeated is said, and the rest goes on.
    if (run.failure === null)
      console.log(`seed ${seed} of ${profile} passes here: another build, or not deterministic`);
    if (shrinkMs === null || run.failure === null) {
      writeBundle(folder, { ...run, caseFile: await wholeCaseFile(seed, profile, size) });
      continue;
    }
    const plan = drawPlan(seed, profile as Profile, size);
    const shrunk = await shrink(
      { seed, plan, choices: { kind: 'generated' } },
      { budgetMs: shrinkMs, nowMs: () => performance.now() },
    );
    const file = join(folder, `${profile}-${seed}.simcase`);
    await writeCase(file, shrunk.case, shrunk.run);
    writeBundle(folder, { ...run, caseFile: await shrunkCaseFile(shrunk) });
    console.log(`${file}: ${shrunk.decisionsBefore} → ${shrunk.decisions} decisions`);
  }
  return links;
}

/** What `npm run plants -- --out FILE` wrote. */
function readPlants(file: string): PlantTrial[] {
  return readable(file, () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as PlantTrial),
  );
}

function sizeOfParts(parts: readonly { head: { size: Partial<RunSize> } }[]): Partial<RunSize> {
  return parts[0]?.head.size ?? {};
}

function readable<Value>(file: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new InputError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

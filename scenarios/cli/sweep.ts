/** `tailrace sim sweep` and `merge`: many runs over processes, machines and sittings; what is made of them is `sweep-outputs.ts`. */

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { countArgument, durationArgument, portArgument, seedRangeArgument, shardArgument } from '../arguments.ts';
import { type Profile, PROFILES } from '../plan.ts';
import { programLine, shellWord } from '../repro-line.ts';
import type { Night } from '../run.ts';
import { EXIT_USAGE, InputError, readable, reasonOf } from './input-error.ts';
import { EXIT_CODES, EXIT_HARNESS, profileArgument, type SizeOptions, sized, sizeOf } from './sim-options.ts';
import { publish, published, type PublishOptions, toPublish } from './sweep-outputs.ts';

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
        command.error('error: give --seeds A..B, --time DURATION or both', { exitCode: EXIT_USAGE });
      }
      if (options.results !== undefined && options.seeds === undefined) {
        command.error('error: --results needs --seeds A..B: fresh seeds can not be gone on with', {
          exitCode: EXIT_USAGE,
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
      const given = await toPublish(options);
      const [{ mergeResults }, { parseResults }] = await Promise.all([
        import('../sweep/merge.ts'),
        import('../sweep/results-file.ts'),
      ]);
      const parts = files.map((file) => readable(file, () => ({ file, ...parseResults(readFileSync(file, 'utf8')) })));
      const record = readable('merge', () => mergeResults(parts));
      process.exitCode = await publish(record, options, given, parts[0]?.head.size ?? {});
    });
}

async function runSweep(options: SweepCommandOptions): Promise<number> {
  const given = await toPublish(options);
  const { sweep } = await import('../sweep/sweep.ts');
  // Fresh seeds: any number will do, and the failing ones are printed.
  const { from, end } = options.seeds ?? { from: Math.floor(Math.random() * 1e9), end: Infinity };
  const profiles = options.profile === undefined ? PROFILES : [options.profile];
  const ui = options.ui === true ? await sweepUi(options, given.nights) : null;
  const { record, resultsError } = await sweep({
    range: { from, end, profiles, ...options.shard },
    timeMs: options.time ?? null,
    jobs: options.jobs,
    program: process.argv[1] as string,
    size: sizeOf(options),
    silenceMsMax: options.watchdog,
    resultsPath: options.results ?? null,
    signals: process,
    ...(ui !== null && { onStart: (soFar) => ui.begin(soFar) }),
  }).catch((error: unknown) => {
    if (error instanceof RangeError) throw new InputError(`${options.results}: ${error.message}`);
    throw error;
  });
  const exitCode = await publish(record, options, given, sizeOf(options));
  if (resultsError !== null) {
    console.error(
      `error: ${options.results} lacks results: ${reasonOf(resultsError)}; the same command does those runs again`,
    );
  }
  await ui?.end(record);
  if (record.interruptedBy !== undefined) console.log(`\n${howToGoOn(options)}`);
  return exitCode || (resultsError === null ? 0 : EXIT_HARNESS);
}

function howToGoOn({ results }: SweepCommandOptions): string {
  if (results === undefined) return 'interrupted; with --seeds A..B and --results FILE it could be gone on with';
  return `interrupted, to go on: ${[programLine(), ...process.argv.slice(2).map(shellWord)].join(' ')}`;
}

async function sweepUi(options: SweepCommandOptions, nights: readonly Night[]) {
  const { SweepUi } = await import('./sweep-ui.ts');
  return new SweepUi(options.uiPort, sizeOf(options), nights);
}

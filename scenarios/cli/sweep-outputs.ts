/**
 * What is made of a sweep: its summary, the page and the record, JUnit for a CI, Markdown for GitHub, a line in the history of
 * nights, and a case per signature. Everything that is named is tried before the first run, because afterwards is an hour too late;
 * what can not be written all the same is said, and keeps nothing else from being written.
 */

import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { durationArgument } from '../arguments.ts';
import { writeBundle } from '../bundle.ts';
import { drawPlan, type Profile, type RunSize } from '../plan.ts';
import { withBuild } from '../repro-line.ts';
import type { Night, PlantTrial, SweepRecord } from '../run.ts';
import type { SweepVerdict } from '../sweep/verdict.ts';
import { readable, reasonOf } from './input-error.ts';
import { mustBeWritable, tryTo } from './must-be-writable.ts';
import { EXIT_FAILED, EXIT_HARNESS, EXIT_PROBES_DARK } from './sim-options.ts';
import { writeCase } from './write-case.ts';

const EXIT_OF_SWEEP = {
  ok: 0,
  failed: EXIT_FAILED,
  'harness errors': EXIT_HARNESS,
  'nothing ran': EXIT_HARNESS,
  'probes dark': EXIT_PROBES_DARK,
  // As a shell has it of a process that the signal ended.
  interrupted: { SIGINT: 130, SIGTERM: 143 },
} as const;

/** Pages and cases written for failing runs of a sweep; each shows another signature. */
const SIGNATURES_SHOWN_MAX = 8;

export interface PublishOptions {
  out: string;
  results?: string;
  junit?: string;
  summary?: string;
  issues?: string;
  history?: string;
  plants?: string;
  shrink?: number;
}

export function published(command: Command): Command {
  return command
    .option('--out <folder>', 'where the page and the record are written', '.runs')
    .option('--junit <file>', 'write JUnit XML')
    .option('--summary <file>', "append Markdown, as to GitHub's $GITHUB_STEP_SUMMARY")
    .option('--issues <file>', 'write an issue per signature, as JSON lines of mark, title and body')
    .option('--history <file>', 'add this sweep to the history of nights, whose trends the page shows')
    .option('--plants <file>', 'show how fast planted bugs were caught, as `npm run plants -- --out FILE` wrote it')
    .option('--shrink <duration>', 'shrink the smallest failing run of each signature for so long', durationArgument);
}

/** What was there before the sweep and goes on its page. */
export interface Given {
  nights: Night[];
  plants: PlantTrial[];
}

/**
 * Reads what the page is to show beside the sweep, and tries everything that is to be written, of which nothing is left. Throws an
 * InputError: what can not be used was named by whoever called the program, and nothing has run yet.
 */
export async function toPublish(options: PublishOptions): Promise<Given> {
  tryTo(`--out ${options.out}`, () => {
    mkdirSync(options.out, { recursive: true });
    accessSync(options.out, constants.W_OK);
  });
  for (const flag of ['results', 'junit', 'summary', 'issues', 'history'] as const) {
    const file = options[flag];
    if (file !== undefined) mustBeWritable(`--${flag} ${file}`, file);
  }
  const { history, plants } = options;
  const { readNights } = await import('../sweep/nights.ts');
  return {
    nights: history === undefined ? [] : readable(history, () => readNights(history)),
    plants: plants === undefined ? [] : readable(plants, () => plantTrials(readFileSync(plants, 'utf8'))),
  };
}

/** Everything that is made of a sweep; the exit code. */
export async function publish(
  record: SweepRecord,
  options: PublishOptions,
  given: Given,
  size: Partial<RunSize>,
): Promise<number> {
  const [{ summaryText }, { verdictOf }, { junitXml }, github, { addNight, nightOf }, { renderSweep }] =
    await Promise.all([
      import('../sweep/summary.ts'),
      import('../sweep/verdict.ts'),
      import('../sweep/junit.ts'),
      import('../sweep/github.ts'),
      import('../sweep/nights.ts'),
      import('../../reports/index.ts'),
    ]);
  console.log(summaryText(record));
  const outputs = new Outputs();
  const { junit, summary, issues, history } = options;
  const folder = join(options.out, `sweep-${record.startedAt.replaceAll(/[:.]/g, '-')}`);
  await outputs.write(folder, () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'sweep.json'), `${JSON.stringify(record)}\n`);
  });
  await outputs.write(junit, (file) => writeFileSync(file, junitXml(record)));
  await outputs.write(summary, (file) => writeFileSync(file, github.summaryMarkdown(record), { flag: 'a' }));
  await outputs.write(issues, (file) => {
    const lines = github.issuesOf(record).map((issue) => `${JSON.stringify(issue)}\n`);
    writeFileSync(file, lines.join(''));
  });
  const nights = await outputs.write(history, (file) => addNight(file, nightOf(record)));
  // Last, because it runs failing seeds again.
  const runLinks = await outputs.write(folder, () => writeFailures(folder, record, size, options.shrink ?? null));
  const page = join(folder, 'index.html');
  await outputs.write(page, () => {
    const { plants } = given;
    writeFileSync(page, renderSweep(record, { runLinks: runLinks ?? {}, nights: nights ?? given.nights, plants }));
    console.log(`\npage: ${page}`);
  });
  return exitOf(verdictOf(record), record) || (outputs.areWhole ? 0 : EXIT_HARNESS);
}

export function exitOf(
  verdict: SweepVerdict,
  { interruptedBy = 'SIGINT' }: Pick<SweepRecord, 'interruptedBy'>,
): number {
  return verdict === 'interrupted' ? EXIT_OF_SWEEP.interrupted[interruptedBy] : EXIT_OF_SWEEP[verdict];
}

/** Writes one after another, and goes on when one can not be written: of an hour's work everything else is kept. */
class Outputs {
  areWhole = true;

  /** What `write` returned; null when nothing was asked for, or it could not be written. */
  async write<Made>(file: string | undefined, write: (file: string) => Made | Promise<Made>): Promise<Made | null> {
    if (file === undefined) return null;
    try {
      return await write(file);
    } catch (error) {
      this.areWhole = false;
      console.error(`error: ${file} was not written: ${reasonOf(error)}`);
      return null;
    }
  }
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
    const run = withBuild(await runSeed({ seed, profile, size, record: true }));
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

/** What `npm run plants -- --out FILE` wrote. Throws a RangeError when it is something else. */
function plantTrials(text: string): PlantTrial[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const trial = JSON.parse(line) as Partial<PlantTrial> | null;
      if (typeof trial?.plant === 'string' && Array.isArray(trial.seeds)) return trial as PlantTrial;
      throw new RangeError(`line ${index + 1} is no hunt of a planted bug`);
    });
}

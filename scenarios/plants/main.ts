/**
 * How many seeds a sweep needs for each wrong engine: `npm run plants -- --seeds 500 --only no-skip`. Without `--seeds`
 * each is hunted as far as it promises to be found; with `--tries` several times, each from other seeds. Those that no random search finds are played their one story instead,
 * which `--directed` does alone, and `--hazards` for the hazards of docs/HAZARDS.md. Exit 1 when one survives.
 */

import { appendFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { countArgument, durationArgument } from '../arguments.ts';
import { HAZARDS } from '../hazards/hazards.ts';
import { reportHazard } from '../hazards/report.ts';
import { plantName } from '../hazards/run-plant.ts';
import { reproLine } from '../repro-line.ts';
import type { PlantTrial } from '../run.ts';
import { ALL_DIRECTED, ALL_HUNTED } from './all-plants.ts';
import type { Plant } from './plants.ts';
import { caughtBy } from './run-directed.ts';
import { type Found, huntPlant } from './run-hunt.ts';
import { shrinkFound } from './run-shrink.ts';
import type { DirectedPlant } from './storage-plants.ts';

const NAMES = [...ALL_HUNTED, ...ALL_DIRECTED, ...HAZARDS.map(({ story }) => ({ name: plantName(story) }))].map(
  ({ name }) => name,
);

const NAME_WIDTH = 26;

/** Tries begin so far apart that none runs into the seeds of the next. */
const SEEDS_BETWEEN_TRIES = 1_000_000;

interface Options {
  seeds?: number;
  only?: string;
  directed?: boolean;
  hazards?: boolean;
  tries: number;
  shrink?: number;
  out?: string;
  jobs: number;
}

await new Command('plants')
  .description('hunt every planted bug with seeds over all profiles, and print how many that took')
  .option('--seeds <n>', 'no more seeds than this for each', countArgument)
  .addOption(new Option('--only <name>', 'one of them').choices(NAMES))
  .option('--directed', 'only those that a directed story catches')
  .option('--hazards', 'only those of docs/HAZARDS.md, each in its story')
  .option('--tries <n>', 'hunt each so often, from other seeds each time', countArgument, 1)
  .option('--shrink <duration>', 'make the run small in which each was caught, within this time', durationArgument)
  .option('--out <file>', 'write a line of JSON for each that was hunted, for the page of a sweep (`--plants`)')
  .option('--jobs <n>', 'processes', countArgument, availableParallelism())
  .action(async ({ seeds = Infinity, only, jobs, directed = false, hazards = false, tries, shrink, out }: Options) => {
    if (out !== undefined) writeFileSync(out, '');
    const isWanted = ({ name }: Pick<Plant, 'name'>) => only === undefined || name === only;
    const hunted = directed || hazards ? [] : ALL_HUNTED.filter(isWanted);
    await eachOf(hunted, jobs, async (plant) => {
      const trial = await report(plant, Math.min(seeds, plant.seedsMax), tries, shrink);
      if (out !== undefined) appendFileSync(out, `${JSON.stringify(trial)}\n`);
    });
    const played = hazards ? [] : ALL_DIRECTED.filter(isWanted);
    // One at a time: each is a test run of its own in this process.
    await eachOf(played, 1, reportStory);
    const met = directed ? [] : HAZARDS.filter(({ story }) => isWanted({ name: plantName(story) }));
    await eachOf(met, 1, async (hazard) => {
      const { isCaught, text } = await reportHazard(hazard);
      if (!isCaught) process.exitCode = 1;
      console.log(text);
    });
  })
  .parseAsync();

async function eachOf<Item>(items: readonly Item[], jobs: number, work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

/** A plant that survives fewer seeds than it promises to be found in has not broken its promise. */
async function report(plant: Plant, seedsMax: number, tries: number, shrinkMs?: number): Promise<PlantTrial> {
  const hunts: Found[] = [];
  for (let i = 0; i < tries; i++) hunts.push(await huntPlant(plant, seedsMax, i * SEEDS_BETWEEN_TRIES));
  const [first] = hunts.filter(({ caught }) => caught !== null);
  const missed = hunts.some(({ caught }) => caught === null);
  if (missed && seedsMax >= plant.seedsMax) process.exitCode = 1;
  const convicted = first?.caught
    ? `${first.caught.failure.kind}: ${first.caught.failure.message.split('\n')[0]}`
    : null;
  console.log(
    `${headOf(plant, hunts)}  ${convicted ?? (seedsMax >= plant.seedsMax ? 'SURVIVED' : `not found, and promised within ${plant.seedsMax}`)}`,
  );
  if (first?.caught) {
    if (plant.says?.test(first.caught.failure.message) === false) {
      process.exitCode = 1;
      console.log(`${' '.repeat(NAME_WIDTH)} not by what it is for, which says ${plant.says}`);
    }
    if (shrinkMs !== undefined) console.log(`${' '.repeat(NAME_WIDTH)} ${await shrinkFound(first, shrinkMs)}`);
    // The program with the plant in it stays; so does what it takes to see the run on a page.
    console.log(`${' '.repeat(NAME_WIDTH)} again: ${reproLine(first.caught, {}, plant.name)}`);
  }
  return { plant: plant.name, seeds: hunts.map(({ seeds, caught }) => (caught === null ? null : seeds)), convicted };
}

/** `no-skip   133 seeds   2.1 s`, or of several tries the median, all of them, and the time of all together. */
function headOf(plant: Plant, hunts: readonly Found[]): string {
  const counts = hunts.map(({ seeds, caught }) => (caught === null ? Infinity : seeds));
  const median = counts.toSorted((a, b) => a - b)[Math.floor((counts.length - 1) / 2)] ?? Infinity;
  const text = (count: number) => (count === Infinity ? 'none' : String(count));
  const wallMs = hunts.reduce((sum, hunt) => sum + hunt.wallMs, 0);
  const all = counts.length === 1 ? '' : `  (${counts.map(text).join(', ')})`;
  return `${plant.name.padEnd(NAME_WIDTH)} ${text(median).padStart(6)} seeds ${(wallMs / 1000).toFixed(1).padStart(7)} s${all}`;
}

/** The story must end well with the right engine, and badly with the wrong one. */
async function reportStory(plant: DirectedPlant): Promise<void> {
  const said = await caughtBy(plant);
  if (said === null) process.exitCode = 1;
  const { file, claim } = plant.test;
  console.log(`${plant.name.padEnd(NAME_WIDTH)} ${said === null ? 'SURVIVED' : 'caught by'} ${file}: ${claim}`);
  if (said !== null) console.log(`${' '.repeat(NAME_WIDTH)} it says: ${said}`);
}

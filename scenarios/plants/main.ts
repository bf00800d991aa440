/**
 * How many seeds a sweep needs for each wrong engine: `npm run plants -- --seeds 500 --only no-skip`. Without `--seeds`
 * each is hunted as far as it promises to be found. Those that no random search finds are played their one story instead,
 * which `--directed` does alone, and `--hazards` for the hazards of docs/HAZARDS.md. Exit 1 when one survives.
 */

import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { countArgument } from '../arguments.ts';
import { HAZARDS } from '../hazards/hazards.ts';
import { reportHazard } from '../hazards/report.ts';
import { plantName } from '../hazards/run-plant.ts';
import { reproLine } from '../repro-line.ts';
import { ALL_DIRECTED, ALL_HUNTED } from './all-plants.ts';
import type { Plant } from './plants.ts';
import { caughtBy } from './run-directed.ts';
import { huntPlant } from './run-hunt.ts';
import type { DirectedPlant } from './storage-plants.ts';

const NAMES = [...ALL_HUNTED, ...ALL_DIRECTED, ...HAZARDS.map(({ story }) => ({ name: plantName(story) }))].map(
  ({ name }) => name,
);

const NAME_WIDTH = 26;

interface Options {
  seeds?: number;
  only?: string;
  directed?: boolean;
  hazards?: boolean;
  jobs: number;
}

await new Command('plants')
  .description('hunt every planted bug with seeds over all profiles, and print how many that took')
  .option('--seeds <n>', 'no more seeds than this for each', countArgument)
  .addOption(new Option('--only <name>', 'one of them').choices(NAMES))
  .option('--directed', 'only those that a directed story catches')
  .option('--hazards', 'only those of docs/HAZARDS.md, each in its story')
  .option('--jobs <n>', 'processes', countArgument, availableParallelism())
  .action(async ({ seeds = Infinity, only, jobs, directed = false, hazards = false }: Options) => {
    const isWanted = ({ name }: Pick<Plant, 'name'>) => only === undefined || name === only;
    const hunted = directed || hazards ? [] : ALL_HUNTED.filter(isWanted);
    await eachOf(hunted, jobs, (plant) => report(plant, seeds));
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
async function report(plant: Plant, seedsMax: number): Promise<void> {
  const { seeds, caught, wallMs } = await huntPlant(plant, Math.min(seedsMax, plant.seedsMax));
  const head = `${plant.name.padEnd(NAME_WIDTH)} ${String(seeds).padStart(6)} seeds ${(wallMs / 1000).toFixed(1).padStart(7)} s`;
  if (caught !== null) {
    const { profile, failure } = caught;
    console.log(`${head}  ${profile}, ${failure.kind}: ${failure.message.split('\n')[0]}`);
    if (plant.says?.test(failure.message) === false) {
      process.exitCode = 1;
      console.log(`${' '.repeat(NAME_WIDTH)} not by what it is for, which says ${plant.says}`);
    }
    // The program with the plant in it stays; so does what it takes to see the run on a page.
    return console.log(`${' '.repeat(NAME_WIDTH)} again: ${reproLine(caught, {}, plant.name)}`);
  }
  const missed = seeds >= plant.seedsMax;
  if (missed) process.exitCode = 1;
  console.log(`${head}  ${missed ? 'SURVIVED' : `not found, and promised within ${plant.seedsMax}`}`);
}

/** The story must end well with the right engine, and badly with the wrong one. */
async function reportStory(plant: DirectedPlant): Promise<void> {
  const said = await caughtBy(plant);
  if (said === null) process.exitCode = 1;
  const { file, claim } = plant.test;
  console.log(`${plant.name.padEnd(NAME_WIDTH)} ${said === null ? 'SURVIVED' : 'caught by'} ${file}: ${claim}`);
  if (said !== null) console.log(`${' '.repeat(NAME_WIDTH)} it says: ${said}`);
}

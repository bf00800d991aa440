/**
 * How many seeds a sweep needs for each wrong engine: `npm run plants -- --seeds 500 --only no-skip`. Without `--seeds`
 * each is hunted as far as it promises to be found. Those that no random search finds are played their one story instead,
 * which `--directed` does alone. Exit 1 when one survives.
 */

import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { countArgument } from '../arguments.ts';
import { type Plant, PLANTS } from './plants.ts';
import { playDirected } from './run-directed.ts';
import { huntPlant } from './run-hunt.ts';
import { SIDE_PLANTS } from './side-plants.ts';
import { DIRECTED_SESSION_PLANTS, SESSION_PLANTS } from './session-plants.ts';
import { DIRECTED_PLANTS, type DirectedPlant, STORAGE_PLANTS } from './storage-plants.ts';

const ALL: readonly Plant[] = [...PLANTS, ...STORAGE_PLANTS, ...SIDE_PLANTS, ...SESSION_PLANTS];
const DIRECTED: readonly DirectedPlant[] = [...DIRECTED_PLANTS, ...DIRECTED_SESSION_PLANTS];

interface Options {
  seeds?: number;
  only?: string;
  directed?: boolean;
  jobs: number;
}

await new Command('plants')
  .description('hunt every planted bug with seeds over all profiles, and print how many that took')
  .option('--seeds <n>', 'no more seeds than this for each', countArgument)
  .addOption(new Option('--only <name>', 'one of them').choices([...ALL, ...DIRECTED].map(({ name }) => name)))
  .option('--directed', 'only those that a directed story catches')
  .option('--jobs <n>', 'processes', countArgument, availableParallelism())
  .action(async ({ seeds = Infinity, only, jobs, directed = false }: Options) => {
    const isWanted = ({ name }: Pick<Plant, 'name'>) => only === undefined || name === only;
    const waiting = directed ? [] : ALL.filter(isWanted);
    const worker = async () => {
      for (let plant = waiting.shift(); plant !== undefined; plant = waiting.shift()) await report(plant, seeds);
    };
    await Promise.all(Array.from({ length: jobs }, worker));
    for (const plant of DIRECTED.filter(isWanted)) await reportStory(plant);
  })
  .parseAsync();

/** A plant that survives fewer seeds than it promises to be found in has not broken its promise. */
async function report(plant: Plant, seedsMax: number): Promise<void> {
  const { seeds, caught, wallMs } = await huntPlant(plant, Math.min(seedsMax, plant.seedsMax));
  const head = `${plant.name.padEnd(26)} ${String(seeds).padStart(6)} seeds ${(wallMs / 1000).toFixed(1).padStart(7)} s`;
  if (caught !== null) {
    const { kind, message } = caught.failure;
    return console.log(`${head}  ${caught.profile}, ${kind}: ${message.split('\n')[0]}`);
  }
  const missed = seeds >= plant.seedsMax;
  if (missed) process.exitCode = 1;
  console.log(`${head}  ${missed ? 'SURVIVED' : `not found, and promised within ${plant.seedsMax}`}`);
}

/** The story must end well with the right engine, and badly with the wrong one. */
async function reportStory(plant: DirectedPlant): Promise<void> {
  const wrong = await playDirected(plant);
  const right = await playDirected(plant, false);
  const isCaught = wrong.failed > 0 && right.run > 0 && right.failed === 0;
  if (!isCaught) process.exitCode = 1;
  console.log(
    `${plant.name.padEnd(26)} ${isCaught ? 'caught by' : 'SURVIVED'} ${plant.test.file}: ${plant.test.claim}`,
  );
}

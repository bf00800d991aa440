/**
 * How many seeds a sweep needs for each wrong engine: `npm run plants -- --seeds 500 --only no-skip`. Without `--seeds`
 * each is hunted as far as it promises to be found. Exit 1 when one survives that far.
 */

import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { countArgument } from '../arguments.ts';
import { type Plant, PLANTS } from './plants.ts';
import { huntPlant } from './run-hunt.ts';
import { SIDE_PLANTS } from './side-plants.ts';
import { SESSION_PLANTS } from './session-plants.ts';
import { STORAGE_PLANTS } from './storage-plants.ts';

const ALL: readonly Plant[] = [...PLANTS, ...STORAGE_PLANTS, ...SIDE_PLANTS, ...SESSION_PLANTS];

interface Options {
  seeds?: number;
  only?: string;
  jobs: number;
}

await new Command('plants')
  .description('hunt every planted bug with seeds over all profiles, and print how many that took')
  .option('--seeds <n>', 'no more seeds than this for each', countArgument)
  .addOption(new Option('--only <name>', 'one of them').choices(ALL.map(({ name }) => name)))
  .option('--jobs <n>', 'processes', countArgument, availableParallelism())
  .action(async ({ seeds = Infinity, only, jobs }: Options) => {
    const waiting = ALL.filter(({ name }) => only === undefined || name === only);
    const worker = async () => {
      for (let plant = waiting.shift(); plant !== undefined; plant = waiting.shift()) await report(plant, seeds);
    };
    await Promise.all(Array.from({ length: jobs }, worker));
  })
  .parseAsync();

/** A plant that survives fewer seeds than it promises to be found in has not broken its promise. */
async function report(plant: Plant, seedsMax: number): Promise<void> {
  const { seeds, caught, wallMs } = await huntPlant(plant, Math.min(seedsMax, plant.seedsMax));
  const head = `${plant.name.padEnd(26)} ${String(seeds).padStart(6)} seeds ${(wallMs / 1000).toFixed(1).padStart(7)} s`;
  if (caught !== null) {
    const { kind, message } = caught.failure;
    return console.log(`${head}  ${caught.profile}, ${kind}: ${message.split('\n')[0]?.slice(0, 120)}`);
  }
  const missed = seeds >= plant.seedsMax;
  if (missed) process.exitCode = 1;
  console.log(`${head}  ${missed ? 'SURVIVED' : `not found, and promised within ${plant.seedsMax}`}`);
}

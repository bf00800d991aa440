/** Hunts one plant in a process of its own, as a sweep would find it: seeds in order, profiles in turn unless it names one. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Catch } from '../hunt.ts';
import { buildPlant } from './build.ts';
import type { Plant } from './plants.ts';

const run = promisify(execFile);

export interface Found extends Catch {
  /** With the plant in it. */
  program: string;
  wallMs: number;
}

/** Rejects when the plant does not build, or when its program ends without an answer. */
export async function huntPlant(
  plant: Pick<Plant, 'name' | 'edits' | 'profile'>,
  seedsMax: number,
  from = 0,
): Promise<Found> {
  const program = await buildPlant(plant);
  const profile = plant.profile === undefined ? [] : ['--profile', plant.profile];
  const startedMs = performance.now();
  const { stdout } = await run(process.execPath, [
    program,
    'sim',
    'hunt',
    '--seeds',
    `${from}..${from + seedsMax}`,
    ...profile,
  ]);
  return { ...(JSON.parse(stdout) as Catch), program, wallMs: performance.now() - startedMs };
}

/** Which run is meant on a command line: a `.simcase` file, or the run of a seed and a profile. Nothing is guessed. */

import { existsSync, readFileSync } from 'node:fs';
import type { Case } from '../cases/case.ts';
import type { Simcase } from '../cases/simcase.ts';
import { drawPlan, isProfile, type Profile, PROFILES } from '../plan.ts';
import { PLANT } from '../plant-name.ts';
import { programLine, shellWord } from '../repro-line.ts';
import { EXIT_USAGE, InputError } from './input-error.ts';
import { type SizeOptions, sizeOf } from './sim-options.ts';

export const CASE_ARGUMENT = 'a .simcase file, or a run as SEED/PROFILE';

export interface GivenOptions extends SizeOptions {
  seed?: string;
  profile?: Profile;
}

export interface Given {
  made: Case;
  /** Null for a run that was named. */
  simcase: Simcase | null;
}

/** The run that `7/quiet` names; null when it names none. */
export function namedRun(name: string): { seed: string; profile: Profile } | null {
  const cut = name.lastIndexOf('/');
  const [seed, profile] = [name.slice(0, cut), name.slice(cut + 1)];
  return cut > 0 && isProfile(profile) ? { seed, profile } : null;
}

/** Throws InputError when it is not clear what is meant, or when there is no case in the file. */
export async function givenCase(name: string | undefined, options: GivenOptions = {}): Promise<Given> {
  const { seed, profile = 'swarm' } = options;
  if (name !== undefined && seed !== undefined) {
    throw new InputError(`${name} is one run and --seed another: give one of them`, EXIT_USAGE);
  }
  const run = name === undefined ? seed !== undefined && { seed, profile } : namedRun(name);
  if (run) {
    const plan = drawPlan(run.seed, run.profile, sizeOf(options));
    return { made: { seed: run.seed, plan, choices: { kind: 'generated' } }, simcase: null };
  }
  if (name === undefined) throw new InputError('give a .simcase file, SEED/PROFILE, or --seed', EXIT_USAGE);
  refuseSize(name, options);
  const [{ caseOf }, simcase] = await Promise.all([import('../cases/simcase.ts'), readSimcase(name)]);
  return { made: caseOf(simcase), simcase };
}

/** A case has its size in it. */
export function refuseSize(file: string, options: SizeOptions): void {
  if (Object.keys(sizeOf(options)).length === 0) return;
  throw new InputError(`${file} has its size in it: --clients and --ops are for runs that are drawn`, EXIT_USAGE);
}

/** Throws InputError when there is no such file or no case in it. */
export async function readSimcase(file: string): Promise<Simcase> {
  const { parseSimcase } = await import('../cases/simcase.ts');
  if (!existsSync(file)) {
    const meant = file.endsWith('.simcase') ? '' : `, and no run as SEED/PROFILE (profiles: ${PROFILES.join(', ')})`;
    throw new InputError(`${file}: no such file${meant}`, EXIT_USAGE);
  }
  const json = readFileSync(file, 'utf8');
  try {
    return parseSimcase(json);
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${file}: ${error.message}`);
    throw error;
  }
}

/** The wrong engine that fails this case, where it is not the one in this program: `what NAME fails, in its program: …`. */
export function elsewhere(simcase: Simcase | null, command: string, file: string): string | null {
  const plant = simcase?.plant ?? simcase?.catches?.plant ?? null;
  if (plant === null || plant === PLANT) return null;
  const line = `${programLine(plant)} sim ${command} ${shellWord(file)}`;
  return `it is the wrong engine ${plant} that fails this case: ${line} (npm run plants -- --only ${plant} builds it)`;
}

/** Runs seeds one after another until one fails; how many that took is what it is for. */

import { type Profile, PROFILES } from './plan.ts';
import { runSeed } from './run-seed.ts';
import type { RunFailure } from './run.ts';
import { runNames } from './sweep/run-names.ts';

export interface Catch {
  /** Runs up to and including the failing one; all of them when nothing failed. */
  seeds: number;
  caught: { seed: string; profile: string; failure: RunFailure } | null;
}

export async function hunt(from: number, seedsMax: number, profiles: readonly Profile[] = PROFILES): Promise<Catch> {
  let seeds = 0;
  for (const run of runNames({ from, end: from + seedsMax, profiles, shard: 0, shards: 1 })) {
    seeds++;
    const { failure } = await runSeed(run);
    // A checker that gave up has caught nothing.
    if (failure !== null && failure.kind !== 'unknown') return { seeds, caught: { ...run, failure } };
  }
  return { seeds, caught: null };
}

/** What a sweep and its worker processes say to each other. Plain JSON over the fork's channel. */

import type { SeedResult } from '../run.ts';
import type { RunSize } from '../plan.ts';

/** One run by name: seed and profile together. */
export interface RunName {
  seed: string;
  profile: string;
}

export type ToWorker = { type: 'slice'; runs: readonly RunName[]; size: Partial<RunSize> };

/** One message per run, in the order of the slice, then `idle`. A run that broke the harness says `broken`. */
export type FromWorker =
  | { type: 'result'; result: SeedResult }
  | { type: 'broken'; run: RunName; message: string }
  | { type: 'idle' };

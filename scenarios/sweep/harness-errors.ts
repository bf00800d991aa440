/** Runs that told nothing, because their worker died, hung or broke on them. One that was done since is none of them. */

import type { SweepRecord } from '../run.ts';
import type { RunName } from './protocol.ts';
import { runKey } from './run-names.ts';

export type HarnessError = SweepRecord['harnessErrors'][number];

/** Of each run the last error, unless there is a result: a night on a busy machine is healed by going on. */
export function openErrors(errors: readonly HarnessError[], results: readonly RunName[]): HarnessError[] {
  const open = new Map(errors.map((error) => [runKey(error), error]));
  for (const result of results) open.delete(runKey(result));
  return [...open.values()];
}

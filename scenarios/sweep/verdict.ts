/** What a sweep amounts to, in one word: its summary says it and its exit code is it. */

import type { SweepRecord } from '../run.ts';

export type SweepVerdict = 'ok' | 'failed' | 'harness errors' | 'nothing ran' | 'probes dark';

/** Below this many runs a sweep says nothing about probes: rare states need many seeds. */
const RUNS_TO_JUDGE_PROBES = 3_000;

/** The worst that can be said of it. Probes are judged over sweeps that are large and have more than one profile. */
export function verdictOf({ results, harnessErrors, probes }: SweepRecord): SweepVerdict {
  if (results.some(({ failure }) => failure !== null)) return 'failed';
  if (harnessErrors.length > 0) return 'harness errors';
  if (results.length === 0) return 'nothing ran';
  const isWhole = new Set(results.map(({ profile }) => profile)).size > 1;
  if (results.length < RUNS_TO_JUDGE_PROBES || !isWhole) return 'ok';
  const lit = new Set(results.flatMap((result) => Object.keys(result.probes)));
  return probes.some(({ required, name }) => required && !lit.has(name)) ? 'probes dark' : 'ok';
}

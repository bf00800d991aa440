/** What a sweep amounts to, in one word: its summary says it and its exit code is it. */

import type { SeedResult, SweepRecord } from '../run.ts';

export type SweepVerdict = 'ok' | 'failed' | 'harness errors' | 'interrupted' | 'nothing ran' | 'probes dark';

/** Below this many runs a sweep says nothing about probes. */
const RUNS_TO_JUDGE_PROBES = 3_000;

/** The worst that can be said of it. */
export function verdictOf({ results, harnessErrors, probes, interruptedBy }: SweepRecord): SweepVerdict {
  if (results.some(({ failure }) => failure !== null)) return 'failed';
  if (harnessErrors.length > 0) return 'harness errors';
  if (interruptedBy !== undefined) return 'interrupted';
  if (results.length === 0) return 'nothing ran';
  if (!judgesProbes(results)) return 'ok';
  const lit = new Set(results.flatMap((result) => Object.keys(result.probes)));
  return probes.some(({ required, name }) => required && !lit.has(name)) ? 'probes dark' : 'ok';
}

/** Rare states need many seeds, and some need a profile of their own. */
export function judgesProbes(results: readonly SeedResult[]): boolean {
  return results.length >= RUNS_TO_JUDGE_PROBES && new Set(results.map(({ profile }) => profile)).size > 1;
}

/** Many walks in a row, added up: how often the protocol or one of its mutants goes wrong, and what was reached. */

import type { Claim } from './checks.ts';
import type { MutantName } from './mutants.ts';
import type { Situation } from './situations.ts';
import { walk } from './walk.ts';

export interface MeasureOptions {
  firstSeed: number;
  runs: number;
  /** Length of one walk before its recoveries. */
  steps: number;
  mutant?: MutantName | undefined;
  /** Stop at the first violation. */
  stopsEarly?: boolean;
}

export interface Figures {
  runs: number;
  violations: number;
  /** Runs up to and including the first violation. */
  runsToDetection: number | undefined;
  /** Runs by the claim they broke first, most often first; `example` is a seed. */
  broken: { claim: Claim; runs: number; example: number; detail: string }[];
  acknowledged: number;
  definite: number;
  reads: number;
  fencesWon: number;
  reached: ReadonlyMap<Situation, number>;
}

export function measure({ firstSeed, runs, steps, mutant, stopsEarly = false }: MeasureOptions): Figures {
  const total = { runs: 0, violations: 0, acknowledged: 0, definite: 0, reads: 0, fencesWon: 0 };
  const broken = new Map<Claim, Figures['broken'][number]>();
  const reached = new Map<Situation, number>();
  let runsToDetection: number | undefined;
  while (total.runs < runs && !(stopsEarly && runsToDetection !== undefined)) {
    const seed = firstSeed + total.runs++;
    const outcome = walk({ seed, steps, mutant });
    total.acknowledged += outcome.acknowledged;
    total.definite += outcome.definite;
    total.reads += outcome.reads;
    total.fencesWon += outcome.fencesWon;
    for (const [situation, times] of outcome.reached) reached.set(situation, (reached.get(situation) ?? 0) + times);
    if (outcome.violation === undefined) continue;
    const { claim, detail } = outcome.violation;
    runsToDetection ??= total.runs;
    total.violations++;
    const row = broken.get(claim) ?? { claim, runs: 0, example: seed, detail };
    broken.set(claim, { ...row, runs: row.runs + 1 });
  }
  const byRuns = [...broken.values()].sort((one, other) => other.runs - one.runs);
  return { ...total, runsToDetection, broken: byRuns, reached };
}

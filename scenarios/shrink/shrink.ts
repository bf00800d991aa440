/**
 * Makes a failing case small, as long as the run fails with the same signature: other dice, a simpler plan, fewer choices, and
 * again from the beginning until all three find nothing. Then what is left of each draw is lowered.
 *
 * No step takes more decisions than there were, so it ends; time or a number of runs ends it sooner.
 */

import type { Case, CaseRun } from '../cases/case.ts';
import { Best, type Limits } from './best.ts';
import { fewerChoices, lowerChoices } from './fewer-choices.ts';
import { OtherDice } from './other-dice.ts';
import { simplerPlan } from './simpler-plan.ts';

export interface Shrunk {
  case: Case;
  run: CaseRun;
  signature: string;
  /** Decisions that were not dull, before and after. */
  decisionsBefore: number;
  decisions: number;
  runs: number;
  /** False when nothing more could be taken away, true when the budget was used up. */
  isCutShort: boolean;
  /** Other failures met on the way, by signature. */
  others: ReadonlyMap<string, Case>;
}

/** Throws a RangeError when the case does not fail. */
export async function shrink(original: Case, limits: Limits): Promise<Shrunk> {
  const best = await Best.of(original, limits);
  const decisionsBefore = best.lively.length;
  const otherDice = new OtherDice(best);
  for (let before = Infinity; best.lively.length < before && !best.isOver();) {
    before = best.lively.length;
    await otherDice.run();
    await simplerPlan(best);
    await fewerChoices(best);
  }
  await lowerChoices(best);
  const { run, signature, runs, isCutShort, others } = best;
  return {
    ...{ case: best.case, run, signature, decisionsBefore },
    ...{ decisions: best.lively.length, runs, isCutShort, others },
  };
}

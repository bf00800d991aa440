/** A simpler plan for the decisions there are: all steps to one that the failure survives, in halves down to few or single ones. */

import { simplerSteps } from '../cases/simpler-plans.ts';
import type { Best } from './best.ts';
import { needed } from './delta.ts';

/** Of a case with more decisions than that, each run is long: what its plan does not lose in these it loses later. */
const FEW_DECISIONS = 100;
const STEPS_TOGETHER = 5;
const FAILURES_IN_A_ROW = 15;

export async function simplerPlan(best: Best): Promise<void> {
  const isLarge = best.lively.length > FEW_DECISIONS;
  const before = best.case.plan;
  const steps = simplerSteps(before);
  let failures = 0;
  await needed(steps, {
    suffices: async (left) => {
      const plan = steps.filter((step) => !left.includes(step)).reduce((of, step) => step(of), before);
      const { lively } = best;
      const isTaken = await best.accepts({ ...best.case, plan, choices: { kind: 'keyed', lively } }, () => true);
      failures = isTaken ? 0 : failures + 1;
      return isTaken;
    },
    lengthMin: isLarge ? STEPS_TOGETHER : 1,
    isOver: () => best.isOver() || (isLarge && failures > FAILURES_IN_A_ROW),
  });
}

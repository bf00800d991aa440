/** Fewer choices that are not dull, of those there are: by site, by entity, then in halves down to few or single ones. */

import type { LivelyChoice } from '../cases/case.ts';
import { type Best, keyOf } from './best.ts';
import { needed } from './delta.ts';

/** So many are looked at one by one; of more than these, groups that are a small part of them. */
const FEW = 100;
const PARTS = 24;

/** Until nothing more can be taken away; where there are many, each kind of group once. */
export async function fewerChoices(best: Best): Promise<void> {
  let before: number;
  do {
    before = best.lively.length;
    await fewer(best, ({ site }) => site);
    await fewer(best, ({ entity }) => entity);
    await fewer(best, keyOf);
  } while (best.lively.length < before && before <= FEW);
}

/** Choices that have something in common become dull together. */
async function fewer(best: Best, groupOf: (choice: LivelyChoice) => string): Promise<void> {
  const groups = [...new Set(best.lively.map(groupOf))];
  await needed(groups, {
    suffices: (left) => {
      const names = new Set(left);
      const lively = best.lively.filter((choice) => names.has(groupOf(choice)));
      return keeps(best, lively);
    },
    isLeft: (group) => best.lively.some((choice) => groupOf(choice) === group),
    lengthMin: best.lively.length > FEW ? Math.ceil(groups.length / PARTS) : 1,
    isOver: () => best.isOver(),
  });
}

/** What is left of each draw is as small as it can be. */
export async function lowerChoices(best: Best): Promise<void> {
  for (let index = 0; index < best.lively.length; index++) {
    const { outcome } = best.lively[index]!;
    for (const lower of new Set([1, outcome >> 1])) {
      if (lower === 0 || lower >= outcome || best.isOver()) continue;
      const lively = best.lively.map((choice, i) => (i === index ? { ...choice, outcome: lower } : choice));
      if (await keeps(best, lively)) break;
    }
  }
}

function keeps(best: Best, lively: readonly LivelyChoice[]): Promise<boolean> {
  const before = best.lively;
  return best.accepts(
    { ...best.case, choices: { kind: 'keyed', lively } },
    (run) => run.lively.length < before.length || sumOf(run.lively) < sumOf(before),
  );
}

function sumOf(lively: readonly LivelyChoice[]): number {
  return lively.reduce((sum, { outcome }) => sum + outcome, 0);
}

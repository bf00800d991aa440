/** Fewer choices that are not dull, of those there are: by site, by entity, then in halves down to few or single ones. */

import type { LivelyChoice } from '../cases/case.ts';
import { type Best, keyOf } from './best.ts';
import { needed } from './delta.ts';

/** So many are looked at one by one; of more only what is no small part of them. */
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

/** Choices that have something in common become dull together, the largest groups first; single ones with their neighbours. */
async function fewer(best: Best, groupOf: (choice: LivelyChoice) => string): Promise<void> {
  const many = Math.ceil(best.lively.length > FEW ? best.lively.length / PARTS : 1);
  const isSingle = groupOf === keyOf;
  const groups = groupsOf(best.lively, groupOf, isSingle ? 1 : many);
  await needed(groups, {
    suffices: (left) => {
      const kept = new Set(left);
      const gone = new Set(groups.filter((group) => !kept.has(group)));
      const lively = best.lively.filter((choice) => !gone.has(groupOf(choice)));
      return keeps(best, lively);
    },
    isLeft: (group) => best.lively.some((choice) => groupOf(choice) === group),
    lengthMin: isSingle ? many : 1,
    isOver: () => best.isOver(),
  });
}

/** Names of the groups of so many choices at least, the smallest first; of equal ones the earliest. */
function groupsOf(
  lively: readonly LivelyChoice[],
  groupOf: (choice: LivelyChoice) => string,
  countMin: number,
): string[] {
  const counts = new Map<string, number>();
  for (const choice of lively) counts.set(groupOf(choice), (counts.get(groupOf(choice)) ?? 0) + 1);
  const large = [...counts].filter(([, count]) => count >= countMin);
  return large.toSorted(([, a], [, b]) => a - b).map(([group]) => group);
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

/**
 * Looks for a history on which the engines disagree, and shrinks it: operation after operation is left out as long as
 * they still disagree. What is found is printed as a file, ready to be kept under testdata/.
 */

import { formatHistory } from '../../formats/jsonl.ts';
import type { History } from '../../history.ts';
import { seededRandom } from '../random.ts';
import { smallHistory } from '../small-histories.ts';
import { compareOn, type Rule } from './compare.ts';

export { huntExtended, huntHandMade } from './hunt-extended.ts';
export { huntKeyValues, huntRegisters } from './hunt-objects.ts';
export { huntWithoutSearch } from './without-search.ts';

export interface Hunt {
  /** Seeds from..to-1. */
  from: number;
  to: number;
}

export interface Found {
  seed: number;
  rule: Rule;
  disagreement: string;
  history: History;
}

export interface Haul {
  compared: number;
  ok: number;
  illegal: number;
  unknown: number;
  found: Found | null;
}

/** Stops at the first disagreement, and shrinks it. */
export function hunt({ from, to }: Hunt): Haul {
  const haul: Haul = { compared: 0, ok: 0, illegal: 0, unknown: 0, found: null };
  for (let seed = from; seed < to; seed++) {
    const { history, rule } = historyOf(seed);
    const { verdict, disagreement } = compareOn(history, rule);
    haul.compared++;
    haul[verdict]++;
    if (disagreement === null) continue;
    haul.found = shrink({ seed, rule, disagreement, history });
    break;
  }
  return haul;
}

/** Sizes, token rules and told contents of a seed: mostly what all four engines can decide. */
function historyOf(seed: number): { history: History; rule: Rule } {
  const dice = seededRandom(seed);
  const operationsMax = dice.pick([7, 7, 7, 7, 14, 24]);
  const tellPercent = dice.pick([0, 0, 0, 50, 100]);
  return { history: smallHistory(dice, operationsMax, tellPercent), rule: { strictS2: dice.chance(1, 3) } };
}

function shrink(found: Found): Found {
  for (let smaller: Found | null = found; smaller !== null; smaller = withoutOne(found)) found = smaller;
  return found;
}

function withoutOne(found: Found): Found | null {
  for (const opId of new Set(found.history.map((event) => event.opId))) {
    const history = found.history.filter((event) => event.opId !== opId);
    const { disagreement } = compareOn(history, found.rule);
    if (disagreement !== null) return { ...found, history, disagreement };
  }
  return null;
}

export function describeFound({ seed, rule, disagreement, history }: Found): string {
  return `seed ${seed}, ${JSON.stringify(rule)}: ${disagreement}\n${formatHistory(history)}`;
}

/**
 * Four engines, one answer: permutation search, the plain search, WGL+ and the tail sweep on one history of a stream.
 *
 * The permutation search is asked only where it can end; WGL+ and the plain search may give up on larger histories,
 * and agree with everybody then. Whatever else differs is a bug of somebody: no engine is taken for the truth.
 */

import type { History } from '../../history.ts';
import { streamModel, streamOperations } from '../../models/stream.ts';
import { refusalOfWitness } from '../../sweep/replay.ts';
import { checkStream } from '../../sweep/sweep.ts';
import { checkOperations } from '../../wgl/check-operations.ts';
import { toModel, toNondeterministic } from '../../wgl/model.ts';
import { hasLinearization } from '../permutations.ts';
import { searchPlainly } from '../plain-wgl/plain-wgl.ts';

export interface Rule {
  strictS2: boolean;
}

/** What each engine said, and what is wrong with what they said together; null when they agree. */
export interface Comparison {
  verdict: 'ok' | 'illegal' | 'unknown';
  disagreement: string | null;
}

const PERMUTATIONS_MAX = 7;
const PLAIN_STEPS_MAX = 5_000;
// Each append of unknown outcome can double the sets of states that the plain search works on.
const PLAIN_UNKNOWN_MAX = 5;
const WGL_STEPS_MAX = 50_000;
const SWEEP_STEPS_MAX = 200_000;

/** An engine that throws, like the sweep when the replay refuses its witness, disagrees with the others. */
export function compareOn(history: History, rule: Rule): Comparison {
  try {
    return comparedOn(history, rule);
  } catch (error) {
    return { verdict: 'unknown', disagreement: `an engine throws: ${(error as Error).message}` };
  }
}

function comparedOn(history: History, rule: Rule): Comparison {
  const model = streamModel(rule);
  const oracle = toNondeterministic(model);
  const operations = streamOperations(history);
  const unknown = operations.filter(({ output }) => output.kind === 'append-indefinite-failure').length;
  const said: Record<string, 'ok' | 'illegal' | 'unknown'> = {};
  if (operations.length <= PERMUTATIONS_MAX)
    said['permutations'] = hasLinearization(oracle, operations) ? 'ok' : 'illegal';
  if (unknown <= PLAIN_UNKNOWN_MAX)
    said['plain search'] = searchPlainly(toModel(oracle), operations, { stepsMax: PLAIN_STEPS_MAX }).verdict;
  const searched = checkOperations(model, operations, { stepsMax: WGL_STEPS_MAX });
  said['WGL+'] = searched.verdict;
  const swept = checkStream(history, { ...rule, stepsMax: SWEEP_STEPS_MAX });
  said['sweep'] = swept.verdict;
  const decided = new Set(Object.values(said).filter((verdict) => verdict !== 'unknown'));
  const [verdict = 'unknown'] = decided;
  if (decided.size > 1) return { verdict, disagreement: `${JSON.stringify(said)} ${JSON.stringify(swept)}` };
  if (swept.verdict === 'illegal' && !namesItsOperations(history, swept.violation))
    return { verdict, disagreement: `the violation names no operations of the history: ${JSON.stringify(swept)}` };
  if (searched.verdict !== 'ok') return { verdict, disagreement: null };
  return { verdict, disagreement: refusalOfOrder(history, searched.partitions[0]!, rule) };
}

/** The order that WGL+ found, replayed by the judge of witnesses. */
function refusalOfOrder(
  history: History,
  { operations, partialLinearizations }: ReturnType<typeof checkOperations>['partitions'][0],
  rule: Rule,
): string | null {
  const opIdOf = (index: number): number => history[operations[index]!.call]!.opId;
  const placed = new Set(partialLinearizations[0]!);
  const linearization = partialLinearizations[0]!.map(opIdOf);
  const withoutEffect = operations.flatMap((_, index) => (placed.has(index) ? [] : [opIdOf(index)]));
  const refusal = refusalOfWitness(history, { linearization, withoutEffect }, rule);
  return refusal === null ? null : `the replay refuses the order of WGL+: ${refusal}`;
}

function namesItsOperations(
  history: History,
  { opIds, message }: { opIds: readonly number[]; message: string },
): boolean {
  const known = new Set(history.map((event) => event.opId));
  return opIds.length > 0 && opIds.length <= 4 && opIds.every((opId) => known.has(opId)) && message.length > 20;
}

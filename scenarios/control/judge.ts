/**
 * Judges what happened to the control plane: is there, for each group of basins, one order of the operations in which every
 * answer was the truth at some moment between its call and its return?
 *
 * The search is the checker's, the model is `model.ts`. A group it can not decide within its steps is a failure of the
 * harness: the crew keeps groups small and little in doubt.
 */

import { checkOperations, type PartitionResult } from '../../checker/index.ts';
import { answerOf, type ControlOperation } from './history.ts';
import { happeningsOf, sourceOf } from './happenings.ts';
import { CONTROL_MODEL, type Happening, type Said } from './model.ts';
import { answerWords, callWords, lineOf } from './words.ts';

export interface ControlConviction {
  /** Groups equal failures. */
  code: string;
  /** A sentence for people: what was answered, and what was due. */
  text: string;
  /** What there was, what was told of it before, and the guilty operation, a line each. */
  story: readonly string[];
}

/** Model steps for one group. */
const STEPS_MAX = 400_000;
const STORY_LINES = 12;

/** The first group that no order explains, or null. */
export function judgeControl(operations: readonly ControlOperation[], stepsMax = STEPS_MAX): ControlConviction | null {
  for (const of of groupsOf(operations)) {
    const { verdict, partitions } = checkOperations(CONTROL_MODEL, happeningsOf(of), { stepsMax });
    if (verdict === 'unknown') {
      const text = `${of.length} operations have too many orders to try within ${stepsMax} steps`;
      return { code: 'undecided', text, story: of.slice(-STORY_LINES).map(lineOf) };
    }
    const refused = partitions.find((partition) => partition.verdict === 'illegal');
    if (refused !== undefined) return convicted(of, refused);
  }
  return null;
}

function groupsOf(operations: readonly ControlOperation[]): ControlOperation[][] {
  const groups = new Map<number, ControlOperation[]>();
  for (const operation of operations) {
    const group = groups.get(operation.group);
    if (group === undefined) groups.set(operation.group, [operation]);
    else group.push(operation);
  }
  return [...groups.values()];
}

/** The longest order that can be explained ends before the guilty one: of those that could come next, the first to return. */
function convicted(
  operations: readonly ControlOperation[],
  { operations: happenings, stuck }: PartitionResult<Happening, Said>,
): ControlConviction {
  const suspects = stuck.flatMap(({ operation: index, reason }) => {
    const happening = happenings[index];
    return happening === undefined ? [] : [{ operation: sourceOf(happening), reason }];
  });
  const [guilty] = suspects.toSorted((a, b) => a.operation.returnedAt - b.operation.returnedAt);
  if (guilty === undefined) {
    return { code: 'no-order', text: 'no order explains what was answered', story: operations.map(lineOf) };
  }
  const { operation, reason } = guilty;
  const answer = answerOf(operation);
  const said = answer === null ? 'nothing' : answerWords(answer);
  const [due, state = ''] = (reason ?? '').split('\n');
  const text = `${callWords(operation.call)} was answered with \`${said}\`, and ${due}`;
  const story = [`as far as the others can be explained, ${state}`, ...storyOf(operation, operations)];
  return { code: `impossible ${operation.call.kind}: ${answer?.kind}`, text, story };
}

/** What happened to the basin of the guilty operation, or to all that were listed, until it returned. */
function storyOf(guilty: ControlOperation, operations: readonly ControlOperation[]): string[] {
  const basin = 'basin' in guilty.call ? guilty.call.basin : null;
  const told = operations.filter(
    ({ id, call, calledAt, outcome }) =>
      id !== guilty.id &&
      calledAt < guilty.returnedAt &&
      outcome?.kind !== 'refused' &&
      (basin === null || !('basin' in call) || call.basin === basin),
  );
  return [...told.slice(-STORY_LINES), guilty].map(lineOf);
}

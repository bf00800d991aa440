/**
 * Judges what happened to the control plane: is there, for each group of basins, one order of the operations in which every
 * answer was the truth at some moment between its call and its return?
 *
 * The search is the checker's, the model is `model.ts`. A group it can not decide within its steps is a failure of the
 * harness: the crew keeps groups small and little in doubt.
 */

import { checkOperations } from '../../checker/index.ts';
import { toModel } from '../../checker/index.ts';
import { type ControlOperation, answerOf } from './history.ts';
import { type Happenings, happeningsOf } from './happenings.ts';
import { answersDue, CONTROL_MODEL, ENDED, statesAfter } from './model.ts';
import { EMPTY_GROUP, type GroupState } from './state.ts';
import { answerWords, callWords, dueWords, lineOf, stateWords } from './words.ts';

export interface ControlConviction {
  /** Groups equal failures. */
  code: string;
  /** Sentences for people: what was answered, and what was due. */
  text: string;
  /** Null when nobody is guilty, because nothing was decided. */
  operation: ControlOperation | null;
  /** What was told of the same basin before, and the guilty operation, a line each. */
  story: readonly string[];
}

/** Model steps for one group. Groups of whole sweeps take a hundredth of it (docs/SIMULATION.md). */
const STEPS_MAX = 400_000;
const STORY_LINES = 12;
const STATES_SHOWN = 2;

const MODEL = toModel(CONTROL_MODEL);

/** The first group that no order explains, or null. */
export function judgeControl(operations: readonly ControlOperation[], stepsMax = STEPS_MAX): ControlConviction | null {
  for (const of of groupsOf(operations)) {
    const happenings = happeningsOf(of);
    const { verdict, partitions } = checkOperations(MODEL, happenings.placeables, { stepsMax });
    if (verdict === 'ok') continue;
    if (verdict === 'unknown') {
      const text = `its ${of.length} operations are too many orders to try within ${stepsMax} steps`;
      return { code: 'undecided', text, operation: null, story: of.slice(-STORY_LINES).map(lineOf) };
    }
    return convicted(of, happenings, partitions.at(-1)?.partialLinearizations[0] ?? []);
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

/** The longest order that can be explained ends before the guilty one: the first to return of those it leaves out. */
function convicted(
  operations: readonly ControlOperation[],
  { placeables, sources }: Happenings,
  order: readonly number[],
): ControlConviction {
  let states: readonly GroupState[] = [EMPTY_GROUP];
  for (const index of order) {
    const { input, output } = placeables[index] as (typeof placeables)[number];
    states = distinct(states.flatMap((state) => statesAfter(state, input, output)));
  }
  const placed = new Set(order);
  const left = sources.filter(
    (source, index): source is ControlOperation =>
      source !== null && answerOf(source) !== null && !placed.has(index) && placeables[index]?.input.kind === 'served',
  );
  const [guilty] = left.toSorted((a, b) => a.returnedAt - b.returnedAt);
  if (guilty === undefined) {
    return {
      code: 'no-order',
      text: 'no order explains what was answered',
      operation: null,
      story: operations.map(lineOf),
    };
  }
  const answer = answerOf(guilty);
  const said = answer === null ? '' : answerWords(answer);
  const text = `${callWords(guilty.call)} was answered with \`${said}\`; ${states
    .filter((state) => state !== ENDED)
    .slice(0, STATES_SHOWN)
    .map((state) => dueIn(state, guilty))
    .join('; or ')}`;
  return {
    code: `impossible ${guilty.call.kind}: ${answer?.kind}`,
    text,
    operation: guilty,
    story: storyOf(guilty, operations),
  };
}

function dueIn(state: GroupState, { call }: ControlOperation): string {
  const due = [...new Set(answersDue(state, call).map(dueWords))];
  const answers = due.length === 0 ? '' : `, and due was \`${due.join('` or `')}\``;
  return `as far as the others can be explained, ${stateWords(state, call)}${answers}`;
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

function distinct(states: readonly GroupState[]): GroupState[] {
  return [...new Map(states.map((state) => [state.key, state])).values()];
}

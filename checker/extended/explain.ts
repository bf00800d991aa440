/**
 * Why an operation has no place: what made its answer untrue, and what keeps it from standing before that.
 *
 * Looks at the longest order that the search found and asks the operation at each place of it. Whoever made the state that
 * the answer contradicts is named, and whoever had returned by then. Nothing here changes a verdict.
 */

import type { Violation } from '../sweep/violation.ts';
import type { PartitionResult } from '../wgl/check-operations.ts';
import type { Model } from '../wgl/model.ts';
import type { ExtendedReturn } from './history.ts';
import type { Misfit } from './insert.ts';
import { firstOfItsRead, isBirth } from './lives.ts';
import type { StreamOperation } from './operations.ts';
import type { ExtendedState } from './state.ts';
import type { StreamCall } from './stream-call.ts';
import { NO_STAMPS, withBounds } from './stamps.ts';
import { boundsOf, claimOf, toldTail } from './timed.ts';

const NAMED_MAX = 4;

type StreamModel = Model<ExtendedState, StreamCall, ExtendedReturn>;

/** `part` is the search's own result on `operations`. */
export function withoutPlace(
  model: StreamModel,
  operations: readonly StreamOperation[],
  part: Pick<PartitionResult<StreamCall, ExtendedReturn>, 'partialLinearizations' | 'stuck'>,
): Violation {
  const longest = (part.partialLinearizations[0] ?? []).map((index) => operations[index]!);
  const { order, waiting } = withWhatFits(
    model,
    operations,
    longest,
    part.stuck.map(({ operation }) => operations[operation]!),
  );
  const sentences: string[] = [];
  const opIds = new Set<number>();
  for (const operation of waiting) {
    // Where a read begins and what it shows are two operations here.
    if (opIds.has(operation.metadata.opId)) continue;
    const stuck = firstWithoutPlace(operation, operations, order);
    const { said, named } = explained(model, { order, operations }, stuck, 'behind it');
    const added = named.filter((opId) => !opIds.has(opId));
    if (added.length === 0 || opIds.size + added.length > NAMED_MAX) continue;
    sentences.push(said);
    for (const opId of added) opIds.add(opId);
  }
  return violationOf(sentences, opIds, operations);
}

interface Ended {
  order: readonly StreamOperation[];
  /** What could come next, and does not fit. */
  waiting: readonly StreamOperation[];
}

/** What fits behind the longest order was no way on, because of what comes next: that is told, not what fits. */
function withWhatFits(
  model: StreamModel,
  operations: readonly StreamOperation[],
  longest: readonly StreamOperation[],
  stuck: readonly StreamOperation[],
): Ended {
  const order = [...longest];
  let waiting = stuck;
  let state = stateBehind(model, order);
  const fits = ({ input, output }: StreamOperation): boolean => model.step(state, input, output).legal;
  for (let next = waiting.find(fits); next !== undefined; next = waiting.find(fits)) {
    order.push(next);
    state = stateBehind(model, [next], state);
    const placed = new Set(order);
    const left = operations.filter((one) => !placed.has(one) && !model.isOptional!(one.input, one.output));
    const firstReturn = left.reduce((least, one) => Math.min(least, one.return), Number.POSITIVE_INFINITY);
    waiting = left.filter(({ call }) => call <= firstReturn);
  }
  return { order, waiting };
}

function stateBehind(model: StreamModel, order: readonly StreamOperation[], from = model.init()): ExtendedState {
  return order.reduce((state, { input, output }) => {
    const step = model.step(state, input, output);
    return step.legal ? step.state : state;
  }, from);
}

/** The first moment of the same read that the order does not have: what comes behind it only waits for it. */
function firstWithoutPlace(
  moment: StreamOperation,
  operations: readonly StreamOperation[],
  order: readonly StreamOperation[],
): StreamOperation {
  const placed = new Set(order);
  const before = operations.find(({ metadata }) => metadata.id === moment.metadata.behind);
  return before === undefined || placed.has(before) ? moment : firstWithoutPlace(before, operations, order);
}

/**
 * The same of one operation and the order in which it has none. `operations` are as they were told: what only follows from the life
 * that they were of, such as an earlier return, is for other sentences.
 */
export function misfitted(
  model: StreamModel,
  { operation, order }: Misfit,
  operations: readonly StreamOperation[],
): Violation {
  const toldById = new Map(operations.map((told) => [told.metadata.id, told]));
  const asTold = (some: StreamOperation): StreamOperation => {
    const { call, return: end } = toldById.get(some.metadata.id) ?? some;
    return { ...some, call, return: end };
  };
  const stuck = asTold(operation);
  const { said, named } = explained(model, { order: order.map(asTold), operations }, stuck, 'anywhere');
  if (stuck.call === operation.call && stuck.return === operation.return) return violationOf([said], named, operations);
  const opId = firstOfItsRead(stuck, operations).metadata.opId;
  const ofIts =
    opId === stuck.metadata.opId ? [] : [`It is of the life that op ${opId} was shown in the same session.`];
  return violationOf([said, ...ofIts], [...named, opId], operations);
}

/** Of those named, and of the nearest to one who is alone. */
function violationOf(sentences: string[], named: Iterable<number>, operations: readonly StreamOperation[]): Violation {
  const opIds = new Set(named);
  const nearest = opIds.size === 1 ? nearestTo([...opIds][0]!, operations) : null;
  if (nearest !== null) {
    sentences.push(`Op ${nearest}, the nearest to it, changes nothing about that.`);
    opIds.add(nearest);
  }
  return { code: 'answer-without-place', message: sentences.join(' '), opIds: [...opIds] };
}

/** Where nothing has a place before it, whatever was called closest to it. */
function nearestTo(opId: number, operations: readonly StreamOperation[]): number | null {
  const at = operations.findIndex(({ metadata }) => metadata.opId === opId);
  const others = operations.filter(({ metadata }) => metadata.opId !== opId && metadata.opId >= 0);
  const distance = ({ call }: StreamOperation): number => Math.abs(call - operations[at]!.call);
  return others.toSorted((a, b) => distance(a) - distance(b))[0]?.metadata.opId ?? null;
}

interface Asked {
  order: readonly StreamOperation[];
  operations: readonly StreamOperation[];
}

function explained(
  model: StreamModel,
  { order, operations }: Asked,
  stuck: StreamOperation,
  asked: 'behind it' | 'anywhere',
): { said: string; named: number[] } {
  const { opId } = stuck.metadata;
  const { answers, tails } = answersAlong(model, order, stuck);
  // Of an answer that tells the tail, what is wrong is told best by the place that has this tail.
  const told = tails.lastIndexOf(toldTail(stuck.output) ?? -1);
  const there = asked === 'behind it' || told === -1 ? order.length : told;
  const at = isCause(answers[there]) ? there : Math.max(answers.findLastIndex(isCause), 0);
  const why = answers[at] ?? answers.findLast((answer) => answer !== null) ?? 'its answer is wrong';
  const said = `Op ${opId} fits nowhere: ${why}.`;
  const fits = answers.lastIndexOf(null);
  // Where it fitted once, time speaks against it only if it does so later.
  const since = answers.map((answer, place) => (place > fits ? answer : null));
  const stamp = isOfTime(model, { order, operations }, stuck, since) ? whoToldTheTime(model, stuck, operations) : null;
  if (stamp !== null) return { said: `${said} ${stamp.said}`, named: [opId, stamp.by.metadata.opId] };
  const late = whoLeavesNoTrim(model, stuck, operations, { why, order, tail: tails[at] ?? 0 });
  if (late !== null) return { said: `Op ${opId} fits nowhere: ${late.said}`, named: [opId, ...late.named] };
  const isOther = ({ metadata }: StreamOperation): boolean => metadata.opId !== opId && metadata.opId >= 0;
  const behind = order.slice(Math.max(fits, 0));
  const breaker = behind.find(isOther);
  const earlier = behind.find((other) => isOther(other) && other.return < stuck.call);
  if (fits !== -1 && breaker !== undefined && earlier !== undefined) {
    const named = [...new Set([opId, breaker.metadata.opId, earlier.metadata.opId])];
    return {
      said: `${said} It would fit before op ${named[1]}, but op ${earlier.metadata.opId} had returned before it was called.`,
      named,
    };
  }
  const before = order.slice(0, Math.max(answers.indexOf(null), 0));
  const maker = before.findLast(isOther);
  const later = before.findLast((other) => isOther(other) && other.call > stuck.return);
  if (maker !== undefined && later !== undefined) {
    const named = [...new Set([opId, maker.metadata.opId, later.metadata.opId])];
    return {
      said: `${said} It would fit behind op ${named[1]}, but op ${later.metadata.opId} was called after it had returned.`,
      named,
    };
  }
  const cause = makerOf(answers.slice(0, at + 1), order.slice(0, at), isOther);
  if (cause === null) return { said, named: [opId] };
  return { said: `${said} That is so behind op ${cause.metadata.opId}.`, named: [opId, cause.metadata.opId] };
}

/** It says what is wrong there, not that something else is too late or has no place itself. */
function isCause(answer: string | null | undefined): boolean {
  return answer != null && !FOLLOWS.some((beginning) => answer.startsWith(beginning));
}

/** How the model says that. */
const BEHIND_ITS_READ = 'what its session showed before';
const FOLLOWS = [BEHIND_ITS_READ, 'what it would stand behind'];

/** How it says that timestamps differ, or that nothing removed what was passed over. */
const OF_TIME = /^its timestamps are not|^nobody asked to trim beyond|are kept until/;

/** Whether time is among the reasons by place, or is why what it would follow in its read has none there. */
function isOfTime(
  model: StreamModel,
  { order, operations }: Asked,
  { metadata: { behind } }: StreamOperation,
  reasons: readonly (string | null)[],
): boolean {
  if (reasons.some((reason) => reason !== null && OF_TIME.test(reason))) return true;
  const before = [...order, ...operations].find(({ metadata }) => metadata.id === behind);
  if (before === undefined) return false;
  const { answers } = answersAlong(model, order, before);
  const asked = answers.map((answer, place) => (reasons[place]?.startsWith(BEHIND_ITS_READ) === true ? answer : null));
  return isOfTime(model, { order, operations }, before, asked);
}

/**
 * Another who told of a timestamp that stands against what this one says of time; null when nobody did, and where the stream had
 * lives, each of which has timestamps of its own.
 */
function whoToldTheTime(
  model: StreamModel,
  { metadata: { opId } }: StreamOperation,
  operations: readonly StreamOperation[],
): { said: string; by: StreamOperation } | null {
  if (hasLives(model, operations)) return null;
  const own = operations.filter(({ metadata }) => metadata.opId === opId);
  const claims = own.flatMap(({ input, output }) => claimOf(input, output) ?? []);
  const bounds = own.flatMap(({ input, output }) => boundsOf(input, output));
  for (const by of operations.filter(({ metadata }) => metadata.opId !== opId))
    for (const bound of boundsOf(by.input, by.output)) {
      const { position, low, high } = bound;
      const told = `record ${position}, which has timestamp ${low === high ? '' : 'at least '}${low} for op ${by.metadata.opId}.`;
      const passed = claims.find(({ start, from }) => position < start && low >= from);
      if (passed !== undefined)
        return { said: `It was asked for what is from timestamp ${passed.from} on, and passed over ${told}`, by };
      if (withBounds(NO_STAMPS, [...bounds, bound]) === null)
        return { said: `What it was told of timestamps speaks against ${told}`, by };
    }
  return null;
}

/**
 * Somebody told later of a tail below which none of the appends in doubt that asked for the trim can have been; null where there is
 * no such append, and where the stream had lives, each of which has a tail of its own.
 */
function whoLeavesNoTrim(
  model: StreamModel,
  stuck: StreamOperation,
  operations: readonly StreamOperation[],
  { why, order, tail }: { why: string; order: readonly StreamOperation[]; tail: number },
): { said: string; named: number[] } | null {
  const beyond = /^nobody asked to trim beyond (\d+)$/.exec(why)?.[1];
  if (beyond === undefined || hasLives(model, operations)) return null;
  const placed = new Set(order.map(({ metadata }) => metadata.id));
  const askers = operations.flatMap(({ input, output, call, metadata }) =>
    input.kind === 'append' &&
    model.isOptional!(input, output) &&
    (input.trim ?? 0) > Number(beyond) &&
    call < stuck.return &&
    !placed.has(metadata.id)
      ? [{ opId: metadata.opId, reach: tail + input.recordHashes.length }]
      : [],
  );
  const least = Math.min(...askers.map(({ reach }) => reach));
  const by = operations.find(
    ({ output, call }) => call > stuck.return && (toldTail(output) ?? Number.POSITIVE_INFINITY) < least,
  );
  if (by === undefined || askers.length === 0) return null;
  const [{ opId: asker }, told] = [askers[0]!, by.metadata.opId];
  const said = `what asked to trim beyond ${beyond}, as op ${asker} did, had no effect before it: op ${told} was told later that the tail is ${toldTail(by.output)}.`;
  return { said, named: [told, asker] };
}

function hasLives(model: StreamModel, operations: readonly StreamOperation[]): boolean {
  return operations.filter(isBirth).length > (model.init().phase === 'absent' ? 1 : 0);
}

/** At each place of the order: null where the operation fits, else why it does not; and the tail there. */
function answersAlong(
  model: StreamModel,
  order: readonly StreamOperation[],
  { input, output }: StreamOperation,
): { answers: (string | null)[]; tails: number[] } {
  let state = model.init();
  const answerIn = (): string | null => {
    const step = model.step(state, input, output);
    if (step.legal) return null;
    return (typeof step.reason === 'function' ? step.reason() : step.reason) ?? 'its answer is wrong';
  };
  const answers = [answerIn()];
  const tails = [state.stream.tail];
  for (const placed of order) {
    const step = model.step(state, placed.input, placed.output);
    if (step.legal) state = step.state;
    answers.push(answerIn());
    tails.push(state.stream.tail);
  }
  return { answers, tails };
}

/** Behind whom what is wrong at the end began to be; else the latest of the others. */
function makerOf(
  answers: readonly (string | null)[],
  order: readonly StreamOperation[],
  isOther: (operation: StreamOperation) => boolean,
): StreamOperation | null {
  for (let at = order.length - 1; at >= 0; at--)
    if (answers[at] !== answers[at + 1]) {
      if (isOther(order[at]!)) return order[at]!;
      break;
    }
  return order.findLast(isOther) ?? null;
}

/**
 * Judges extended histories: the tail sweep on all that it knows, the rest on top.
 *
 * 1. What sessions and timestamps rule out is ruled out by itself. 2. Each life of the name is a stream of its own. In it an
 * append that alone can have written what somebody was shown counts as acknowledged (clause 13, `pins.ts`), and an answer
 * that tells the tail as a check-tail, whatever else it says; the sweep judges the life by these, and what it convicts is
 * convicted. 3. Into the order that it finds, life after life, everything else is inserted. 4. Where something finds no
 * place although another order might have one, what no order changes is looked at first (`facts.ts`); then the general
 * search decides with a budget. No `ok` leaves without an order that the replay has accepted.
 */

import type { StreamCheckOptions, Verdict } from '../sweep/sweep.ts';
import { checkOperations } from '../wgl/check-operations.ts';
import type { ExtendedHistory } from './history.ts';
import { factAgainst } from './facts.ts';
import { belowWhatWasShown } from './floors.ts';
import { misfitted, withoutPlace } from './explain.ts';
import { insertedInto, type Misfit } from './insert.ts';
import { isChange, type Lives, livesOf, possibleCreators, sessionInTwoLives, withTheOnlyCreation } from './lives.ts';
import { mayVanish, withTheCreationForARequest, withWhatHappensByItself } from './by-itself.ts';
import { type ExtendedRule, extendedStreamModel, KEEPS_ALL } from './model.ts';
import { operationsOfStream, type StreamOperation } from './operations.ts';
import { isPinned, type Pinned, pinnedIn } from './pins.ts';
import { isEffective, sweptLife } from './swept.ts';
import { refusalOfStreamOrder } from './replay.ts';
import { resolveTimestamps } from './timestamps.ts';
import { undecided } from './undecided.ts';

const SEARCH_STEPS_MAX = 2_000_000;

export type ExtendedCheckOptions = StreamCheckOptions & Pick<ExtendedRule, 'initially' | 'config' | 'createsOn'>;

/** Throws `MalformedHistory`. */
export function checkExtendedStream(history: ExtendedHistory, options: ExtendedCheckOptions = {}): Verdict {
  const told = operationsOfStream(history, options);
  if ('code' in told) return { verdict: 'illegal', violation: told };
  const { strictS2 = false, initially = 'present', config = KEEPS_ALL, createsOn = [] } = options;
  let verdict: Verdict | null = null;
  for (const createdBy of possibleCreators(told, initially)) {
    const next = judged(told, { strictS2, initially, config, createsOn, createdBy }, options);
    if (next.verdict === 'ok') return next;
    if (verdict === null || next.verdict === 'unknown') verdict = next;
  }
  return verdict!;
}

function judged(told: readonly StreamOperation[], rule: ExtendedRule, options: StreamCheckOptions): Verdict {
  const created = withTheCreationForARequest(told, rule);
  if (created === told || !mayVanish(told, rule.config)) return judgedAsCreated(created, rule, options);
  // Perhaps it was removed and created again. Most often it was not, and an order in which it was not is one.
  const known = withoutSearch(created, rule, options);
  const isDecided = 'verdict' in known || factAgainst(told, rule) !== null;
  const unremoved = isDecided ? known : searched(known.operations, known.rule, options);
  return 'verdict' in unremoved && unremoved.verdict === 'ok' ? unremoved : judgedAsCreated(told, rule, options);
}

/** With the only creation for a request, if it is certain that there was no other. */
function judgedAsCreated(
  operations: readonly StreamOperation[],
  rule: ExtendedRule,
  options: StreamCheckOptions,
): Verdict {
  const known = withoutSearch(operations, rule, options);
  if ('verdict' in known && known.verdict === 'ok') return known;
  const fact = factAgainst(operations, rule);
  if (fact !== null) {
    const isToldBetter = 'verdict' in known && known.verdict === 'illegal' && known.violation.code !== fact.code;
    return isToldBetter ? known : { verdict: 'illegal', violation: fact };
  }
  const withoutService = 'verdict' in known ? known : searched(known.operations, known.rule, options, known.misfit);
  if (withoutService.verdict === 'ok') return withoutService;
  const all = withWhatHappensByItself(operations, rule);
  if (all === null) return withoutService;
  const verdict = searched(all, rule, options);
  // What cannot be even if the service did nothing is told better by the sweep. What then has no place may have one with it.
  const isTold = withoutService.verdict === 'illegal' && withoutService.violation.code !== 'answer-without-place';
  return verdict.verdict === 'illegal' && isTold ? withoutService : verdict;
}

/** What is left for a search. */
interface Undecided {
  readonly operations: readonly StreamOperation[];
  readonly rule: ExtendedRule;
  readonly misfit: Misfit | null;
}

/** As if the service did nothing else to the name by itself. */
function withoutSearch(
  told: readonly StreamOperation[],
  rule: ExtendedRule,
  options: StreamCheckOptions,
): Verdict | Undecided {
  const operations = withTheOnlyCreation(told, rule);
  const lives = livesOf(operations, rule);
  if (lives === null) return { operations, rule, misfit: null };
  const torn = sessionInTwoLives(lives);
  if (torn !== null) return { verdict: 'illegal', violation: torn };
  const each = judgedEach(lives, operations, options);
  if ('verdict' in each) return each;
  const known = new Map(
    [...lives.elsewhere, ...each.flatMap((life) => life.operations)].map((one) => [one.metadata.id, one]),
  );
  const definite = operations.map((operation) => known.get(operation.metadata.id) ?? operation);
  // Positions never fall where there was nothing before.
  const hasOneLife = operations.filter(isChange).length <= (rule.initially === 'absent' ? 1 : 0);
  const backbone = oneBehindTheOther(lives, each, rule);
  const placed = withEverything(definite, backbone, { ...rule, hasOneLife, isResolved: true }, operations);
  if ('verdict' in placed) return placed;
  const withPlaces = operations.map((operation, at) => (isPinned(definite[at]!) ? definite[at]! : operation));
  return { operations: withPlaces, rule: { ...rule, hasOneLife }, misfit: placed.misfit };
}

interface JudgedLife {
  /** With all that is known of them. */
  readonly operations: readonly StreamOperation[];
  /** What changed the stream, in the order that the sweep found. */
  readonly order: readonly StreamOperation[];
}

/** Every life as a stream of its own, or the first verdict that is not ok. */
function judgedEach(
  lives: Lives,
  operations: readonly StreamOperation[],
  options: StreamCheckOptions,
): readonly JudgedLife[] | Verdict {
  const each: JudgedLife[] = [];
  for (const life of pinnedIn(lives.of, operations)) {
    const judgedLife = judgedByItself(life, operations, options);
    if ('verdict' in judgedLife) return judgedLife;
    each.push(judgedLife);
  }
  return each;
}

/** `told`: before lives cut any. */
function judgedByItself(
  life: Pinned,
  told: readonly StreamOperation[],
  options: StreamCheckOptions,
): JudgedLife | Verdict {
  const operations = resolveTimestamps(life.operations);
  if ('code' in operations) return { verdict: 'illegal', violation: operations };
  const swept = sweptLife(operations, told, options);
  if (swept.verdict === 'illegal') {
    // Records below a tail that nothing explains are told better by who was shown them.
    const isTold = swept.violation.code === 'unexplained-records' && life.violation !== null;
    return isTold ? { verdict: 'illegal', violation: life.violation } : swept;
  }
  const wrong = life.violation ?? belowWhatWasShown(life.operations);
  if (wrong !== null) return { verdict: 'illegal', violation: wrong };
  if (swept.verdict === 'unknown') return swept;
  const byId = new Map(operations.map((operation) => [operation.metadata.id, operation]));
  return { operations, order: swept.linearization.map((id) => byId.get(id)!).filter(isEffective) };
}

/** The lives in turn, with the creations and deletions between them. */
function oneBehindTheOther(
  { changes }: Lives,
  lives: readonly JudgedLife[],
  { initially }: ExtendedRule,
): StreamOperation[] {
  const first = initially === 'absent' ? 1 : 0;
  const behind = (life: number): readonly StreamOperation[] => changes.slice(first + 2 * life, first + 2 * life + 2);
  return [...changes.slice(0, first), ...lives.flatMap(({ order }, life) => [...order, ...behind(life)])];
}

/** Where no order of this kind was found, which proves nothing, what had no place in it. `told`: before lives cut any. */
function withEverything(
  operations: readonly StreamOperation[],
  backbone: readonly StreamOperation[],
  rule: ExtendedRule,
  told: readonly StreamOperation[],
): Verdict | { misfit: Misfit | null } {
  const model = extendedStreamModel(rule);
  const fixed = new Set(backbone);
  // An append that fills a hole in two lives is there once too often.
  if (fixed.size < backbone.length) return { misfit: null };
  const left = operations.filter((operation) => !fixed.has(operation));
  const isInDoubt = ({ input, output }: StreamOperation): boolean => model.isOptional!(input, output);
  const inserted = insertedInto(
    model,
    backbone,
    left.filter((operation) => !isInDoubt(operation)),
  );
  if ('order' in inserted) return okWith(inserted.order, left.filter(isInDoubt), operations, rule);
  const { misfit } = inserted;
  // Where nothing is in doubt there is no other order of what changes the stream.
  if (misfit?.isOfBackbone !== true || operations.some(isInDoubt)) return { misfit };
  return { verdict: 'illegal', violation: misfitted(model, misfit, told) };
}

function okWith(
  order: readonly StreamOperation[],
  unused: readonly StreamOperation[],
  operations: readonly StreamOperation[],
  rule: ExtendedRule,
): Verdict {
  const refusal = refusalOfStreamOrder(operations, order, unused, rule);
  // Only a bug can lead here, and no verdict is better than a wrong one.
  if (refusal !== null) throw new Error(`the replay refuses the order found: ${refusal}`);
  const own = (some: readonly StreamOperation[]): number[] =>
    some.flatMap(({ metadata: { id, opId } }) => (id === opId ? [opId] : []));
  return {
    verdict: 'ok',
    operations: own(operations).length,
    linearization: own(order),
    withoutEffect: own(unused),
  };
}

/** The general search on all of it. */
function searched(
  operations: readonly StreamOperation[],
  rule: ExtendedRule,
  { stepsMax = SEARCH_STEPS_MAX }: ExtendedCheckOptions,
  misfit: Misfit | null = null,
): Verdict {
  const model = extendedStreamModel(rule);
  const result = checkOperations(model, operations, { stepsMax });
  const [part] = result.partitions;
  if (part === undefined || result.verdict === 'unknown') return undecided(model, operations, result, stepsMax);
  if (result.verdict === 'ok') {
    const [linearization = []] = part.partialLinearizations;
    const placed = new Set(linearization);
    const order = linearization.map((index) => operations[index]!);
    return okWith(
      order,
      operations.filter((_, index) => !placed.has(index)),
      operations,
      rule,
    );
  }
  const violation = misfit === null ? withoutPlace(model, operations, part) : misfitted(model, misfit, operations);
  return { verdict: 'illegal', violation };
}

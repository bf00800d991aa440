/**
 * Is there a linearization? The general engine, for any history and any model, called as in Porcupine.
 *
 * Verdicts are reproducible: budgets are counted in steps of the model, never in time, and equal input gives equal
 * output to the last byte. `ok` comes with the order found; `illegal` and `unknown` with the longest legal order, and
 * with why each operation that could have come next did not fit there.
 */

import { MalformedHistory } from '../malformed.ts';
import type { Model, Operation } from './model.ts';
import { Walk, type Walked } from './walk.ts';

// Steps of a part in the first turn; each turn allows twice as many.
const FIRST_TURN_STEPS = 4_096;
const NOT_BEGUN: Walked = { verdict: 'unknown', steps: 0, configurations: 0, orders: [] };

export interface SearchOptions {
  /** Model steps to spend on all partitions together, give or take a few. Default: no limit. */
  stepsMax?: number;
  /** Keep for each operation the longest legal order that contains it, as Porcupine's pictures do. Costs time. */
  keepsAllOrders?: boolean;
}

export interface SearchResult<I, O> {
  verdict: 'ok' | 'illegal' | 'unknown';
  /** Model steps spent. */
  steps: number;
  /** Operations that were handed over; 0 means that nothing was checked. */
  operationCount: number;
  /** One per partition; those that were not finished when another one was convicted are `unknown`. */
  partitions: readonly PartitionResult<I, O>[];
  /** What else is worth showing beside the operations: faults, servers, whatever was added with `annotate`. */
  annotations: readonly Annotation[];
}

export interface PartitionResult<I, O> {
  verdict: 'ok' | 'illegal' | 'unknown';
  operations: readonly Operation<I, O>[];
  /**
   * Indices into `operations`. For `ok` the one order found, without optional operations that need not have happened;
   * otherwise the longest legal order, or, on request, one for each operation that could be placed, longest first.
   */
  partialLinearizations: readonly (readonly number[])[];
  /** Behind the longest order: every operation that could have come next, and why it did not fit there. */
  stuck: readonly { operation: number; reason: string | null }[];
  /** Configurations kept. */
  configurations: number;
}

/** Something that happened beside the operations. Belongs to a client, or to a row of its own. */
export interface Annotation {
  clientId?: number;
  tag?: string;
  start: number;
  /** Default: `start`. */
  end?: number;
  description: string;
  details?: string;
}

/**
 * Stops when the first partition turns out to have no linearization. Throws `MalformedHistory` for an operation that returns
 * before it is called, a `TypeError` for a model that is none, a `RangeError` for a budget that is none.
 */
export function checkOperations<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<NoInfer<I>, NoInfer<O>>[],
  options: SearchOptions = {},
): SearchResult<I, O> {
  operations.forEach(({ call, return: end }, index) => {
    if (!(end >= call))
      throw new MalformedHistory(index + 1, `the operation is called at ${call} and returns at ${end}`);
  });
  const { keepsAllOrders = false, stepsMax = Number.POSITIVE_INFINITY } = options;
  if (typeof stepsMax !== 'number' || !(stepsMax >= 0))
    throw new RangeError(`stepsMax is ${String(stepsMax)}; expected a number of steps from 0`);
  const parts = model.partition === undefined ? [operations] : partsOf(model.partition(operations), operations);
  const walked = takeTurns(model, parts, keepsAllOrders, stepsMax);
  const partitions = parts.map((part, index): PartitionResult<I, O> => {
    const { verdict, orders, configurations } = walked[index]!;
    const stuck = verdict === 'ok' ? [] : reasonsBehind(model, part, orders[0] ?? []);
    return { verdict, operations: part, partialLinearizations: orders, stuck, configurations };
  });
  const verdicts = walked.map(({ verdict }) => verdict);
  return {
    verdict: verdicts.includes('illegal') ? 'illegal' : verdicts.includes('unknown') ? 'unknown' : 'ok',
    steps: walked.reduce((sum, { steps }) => sum + steps, 0),
    operationCount: operations.length,
    partitions,
    annotations: [],
  };
}

/** An operation in no part would not be checked, one in two would be asked for twice. */
function partsOf<T>(parts: readonly (readonly T[])[], operations: readonly T[]): readonly (readonly T[])[] {
  const refuse = (what: string): never => {
    throw new TypeError(`the partition of the model ${what}`);
  };
  if (!Array.isArray(parts) || !parts.every(Array.isArray))
    refuse(`gave ${String(parts)} instead of lists of operations`);
  const left = new Set(operations);
  for (const part of parts)
    for (const operation of part) {
      if (left.delete(operation)) continue;
      const times = timesIn(operations, operation);
      if (times === 0) refuse('holds an operation that is none of the history');
      // One object may stand in the history twice.
      if (times < timesIn(parts.flat(), operation))
        refuse(`holds operation ${operations.indexOf(operation) + 1} a second time`);
    }
  if (left.size > 0) refuse(`left operation ${operations.findIndex((operation) => left.has(operation)) + 1} out`);
  if (parts.reduce((sum, part) => sum + part.length, 0) < operations.length)
    refuse('left one out of operations that are the same object');
  return parts;
}

function timesIn<T>(items: readonly T[], item: T): number {
  return items.filter((other) => other === item).length;
}

/**
 * Each part gets as many steps as every other before any gets more, so that a hard one does not keep an easy one from
 * being convicted. The first conviction ends them all; so does the budget.
 */
function takeTurns<S, I, O>(
  model: Model<S, I, O>,
  parts: readonly (readonly Operation<I, O>[])[],
  keepsAllOrders: boolean,
  stepsMax: number,
): readonly Walked[] {
  const walks: Walk<S, I, O>[] = [];
  const ended: (Walked | null)[] = parts.map(() => null);
  let isConvicted = false;
  for (let allowance = FIRST_TURN_STEPS; !isConvicted && ended.includes(null); allowance *= 2) {
    const open = ended.filter((walked) => walked === null).length;
    const spent = ended.reduce((sum, walked) => sum + (walked?.steps ?? 0), 0);
    const share = Math.ceil((stepsMax - spent) / open);
    for (const [index, part] of parts.entries()) {
      const walk = (walks[index] ??= new Walk(model, part, keepsAllOrders));
      ended[index] ??= walk.run(Math.min(allowance, share));
      isConvicted = ended[index]?.verdict === 'illegal';
      if (isConvicted) break;
    }
    if (allowance >= share) break;
  }
  return ended.map((walked, index) => walked ?? walks[index]?.giveUp() ?? NOT_BEGUN);
}

/** The same result with more annotations. */
export function annotate<I, O>(result: SearchResult<I, O>, annotations: readonly Annotation[]): SearchResult<I, O> {
  return { ...result, annotations: [...result.annotations, ...annotations] };
}

/** Goes the order once more and asks every operation that could follow. */
function reasonsBehind<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  order: readonly number[],
): PartitionResult<I, O>['stuck'] {
  let state = model.init();
  const placed = new Set(order);
  for (const index of order) {
    const { input, output } = operations[index]!;
    const step = model.step(state, input, output);
    if (step.legal) state = step.state;
  }
  const left = operations.flatMap((operation, index) => (placed.has(index) ? [] : [{ operation, index }]));
  const isRequired = ({ input, output }: Operation<I, O>): boolean => model.isOptional?.(input, output) !== true;
  const firstReturn = left.reduce(
    (least, { operation }) => (isRequired(operation) ? Math.min(least, operation.return) : least),
    Number.POSITIVE_INFINITY,
  );
  return left
    .filter(({ operation }) => operation.call <= firstReturn && isRequired(operation))
    .map(({ operation, index }) => {
      const step = model.step(state, operation.input, operation.output);
      const reason = step.legal ? 'it fits, but whatever comes next does not' : (step.reason ?? null);
      return { operation: index, reason: typeof reason === 'function' ? reason() : reason };
    });
}

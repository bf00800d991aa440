/**
 * The plain search, as Porcupine does it: Wing & Gong's, with Lowe's cache of configurations and P-compositionality
 * after Horn & Kroening. Kept as an oracle and as a peer in benchmarks; it knows none of a model's hooks, so optional
 * operations are handed to it as sets of states (`toModel(toNondeterministic(model))`).
 *
 * It promises a verdict that is reproducible: budgets are counted in model steps, never in time, and nothing depends
 * on iteration order. `ok` comes with the order found, `illegal` and `unknown` with the longest partial orders.
 * Invariant of the walk: the operations lifted out of the list are exactly those on the stack and in the bitset.
 */

import { Bitset } from './bitset.ts';
import { type Entry, lift, linkEntries, unlift } from './entries.ts';
import type { Model, Operation } from '../../wgl/model.ts';

interface PlainOptions {
  /** Model steps to spend on all partitions together. Default: no limit. */
  stepsMax?: number;
}

type PlainResult<I, O> = {
  verdict: 'ok' | 'illegal' | 'unknown';
  /** Model steps spent. */
  steps: number;
  /** One per partition that was looked at. */
  partitions: readonly PlainPartition<I, O>[];
};

interface PlainPartition<I, O> {
  verdict: 'ok' | 'illegal' | 'unknown';
  operations: readonly Operation<I, O>[];
  /**
   * Indices into `operations`. For `ok` the one complete order; otherwise, for each operation that could be placed
   * at all, the longest legal order found that contains it, without duplicates, longest first.
   */
  partialLinearizations: readonly (readonly number[])[];
}

/** Is there a linearization? Stops at the first partition that has none. */
export function searchPlainly<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  options: PlainOptions = {},
): PlainResult<I, O> {
  const budget = { left: options.stepsMax ?? Number.POSITIVE_INFINITY, spent: 0 };
  const partitions: PlainPartition<I, O>[] = [];
  let verdict: PlainResult<I, O>['verdict'] = 'ok';
  for (const part of model.partition?.(operations) ?? [operations]) {
    const result = checkPartition(model, part, budget);
    partitions.push(result);
    if (result.verdict !== 'ok') verdict = result.verdict;
    if (result.verdict === 'illegal') break;
  }
  return { verdict, steps: budget.spent, partitions };
}

interface Budget {
  left: number;
  spent: number;
}

interface Frame<S> {
  call: Entry;
  stateBefore: S;
}

function checkPartition<S, I, O>(
  model: Model<S, I, O>,
  operations: readonly Operation<I, O>[],
  budget: Budget,
): PlainPartition<I, O> {
  const head = linkEntries(operations);
  const cache = new ConfigurationCache(model);
  const longest = new LongestPartials(operations.length);
  const placed = new Bitset(operations.length);
  const stack: Frame<S>[] = [];
  let state = model.init();
  let cursor = head.next;
  while (head.next !== null && cursor !== null) {
    if (cursor.match !== null) {
      if (budget.left <= 0) return { verdict: 'unknown', operations, partialLinearizations: longest.finish(stack) };
      budget.left--;
      budget.spent++;
      const { input, output } = operations[cursor.operation]!;
      const step = model.step(state, input, output);
      placed.flip(cursor.operation);
      if (step.legal && cache.add(placed, step.state)) {
        stack.push({ call: cursor, stateBefore: state });
        state = step.state;
        lift(cursor);
        cursor = head.next;
      } else {
        placed.flip(cursor.operation);
        cursor = cursor.next;
      }
    } else {
      // Whatever might still be tried was called after this return: the order so far is a dead end.
      longest.note(stack);
      const frame = stack.pop();
      if (frame === undefined) return { verdict: 'illegal', operations, partialLinearizations: longest.finish(stack) };
      state = frame.stateBefore;
      placed.flip(frame.call.operation);
      unlift(frame.call);
      cursor = frame.call.next;
    }
  }
  return { verdict: 'ok', operations, partialLinearizations: [stack.map((frame) => frame.call.operation)] };
}

/** The (placed operations, state) pairs already explored. Nothing is ever evicted. */
class ConfigurationCache<S> {
  readonly #buckets = new Map<number, { placed: Bitset; state: S }[]>();
  readonly #model: Pick<Model<S, never, never>, 'equal' | 'hash'>;

  constructor(model: Pick<Model<S, never, never>, 'equal' | 'hash'>) {
    this.#model = model;
  }

  /** False when the configuration was there before. */
  add(placed: Bitset, state: S): boolean {
    const key = placed.hash ^ (this.#model.hash?.(state) ?? 0);
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      this.#buckets.set(key, [{ placed: new Bitset(placed), state }]);
      return true;
    }
    for (const known of bucket) if (known.placed.equals(placed) && this.#equal(known.state, state)) return false;
    bucket.push({ placed: new Bitset(placed), state });
    return true;
  }

  #equal(a: S, b: S): boolean {
    return this.#model.equal ? this.#model.equal(a, b) : Object.is(a, b);
  }
}

/** For each operation the longest dead end that contains it; at most one order per operation is ever kept. */
class LongestPartials {
  readonly #byOperation: (readonly number[] | undefined)[];

  constructor(operationCount: number) {
    this.#byOperation = Array.from({ length: operationCount });
  }

  note(stack: readonly Frame<unknown>[]): void {
    let order: readonly number[] | undefined;
    for (const { call } of stack) {
      const known = this.#byOperation[call.operation];
      if (known !== undefined && known.length >= stack.length) continue;
      order ??= stack.map((frame) => frame.call.operation);
      this.#byOperation[call.operation] = order;
    }
  }

  finish(stack: readonly Frame<unknown>[]): readonly (readonly number[])[] {
    this.note(stack);
    const distinct = [...new Set(this.#byOperation)].filter((order) => order !== undefined);
    return distinct.sort((a, b) => b.length - a.length || compareOrders(a, b));
  }
}

function compareOrders(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((operation, index) => operation !== b[index]);
  return at === -1 ? 0 : a[at]! - b[at]!;
}

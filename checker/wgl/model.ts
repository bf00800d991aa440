/**
 * What a system is allowed to do, as pure functions: the thing one writes to use the general search.
 *
 * The vocabulary is Porcupine's: a history of operations is linearizable when there is one order of them that keeps
 * every real-time precedence and that the model accepts step by step. States are values: a step returns a new one
 * and never changes its argument. Equal states must have equal hashes.
 */

/** One call of one client, with what came back. Intervals are closed: equal stamps overlap. */
export interface Operation<I, O> {
  clientId: number;
  input: I;
  output: O;
  /** Any monotonic stamp: nanoseconds, or the position in a list of events. */
  call: number;
  /** `Infinity` for an operation whose effect may come at any later time. Never below `call`. */
  return: number;
}

export type Step<S> = { legal: true; state: S } | { legal: false; reason?: string };

/** A deterministic specification. */
export interface Model<S, I, O> {
  init(): S;
  /** May the operation happen in this state with this output, and what is the state then? */
  step(state: S, input: I, output: O): Step<S>;
  /** Default `Object.is`. */
  equal?: (a: S, b: S) => boolean;
  /** A 32-bit hash that tells most unequal states apart; makes the search's cache fast. */
  hash?: (state: S) => number;
  /** Splits a history into parts that cannot influence each other, such as the keys of a store. */
  partition?: (operations: readonly Operation<I, O>[]) => readonly (readonly Operation<I, O>[])[];
}

/** A specification in which one operation may lead to several states. */
export interface NondeterministicModel<S, I, O> {
  /** At least one. */
  init(): readonly S[];
  /** Every state the operation may lead to; none when it is illegal here. */
  step(state: S, input: I, output: O): readonly S[];
  equal?: (a: S, b: S) => boolean;
  hash?: (state: S) => number;
  partition?: (operations: readonly Operation<I, O>[]) => readonly (readonly Operation<I, O>[])[];
}

/**
 * The power-set construction: a state of the result is the set of states the system may be in, a list without
 * duplicates. k outstanding operations of unknown outcome can put 2^k states into one set.
 */
export function toModel<S, I, O>(model: NondeterministicModel<S, I, O>): Model<readonly S[], I, O> {
  const equal = (a: S, b: S): boolean => (model.equal ? model.equal(a, b) : Object.is(a, b));
  const distinct = (states: readonly S[]): readonly S[] => {
    const kept: S[] = [];
    for (const state of states) if (!kept.some((other) => equal(other, state))) kept.push(state);
    return kept;
  };
  const { hash, partition } = model;
  return {
    init: () => distinct(model.init()),
    step: (states, input, output) => {
      const next = distinct(states.flatMap((state) => model.step(state, input, output)));
      return next.length === 0 ? { legal: false } : { legal: true, state: next };
    },
    equal: (a, b) => a.length === b.length && a.every((state) => b.some((other) => equal(state, other))),
    ...(hash && { hash: (states: readonly S[]) => states.reduce((sum, state) => sum ^ hash(state), 0) }),
    ...(partition && { partition }),
  };
}

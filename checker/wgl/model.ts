/**
 * What a system is allowed to do, as pure functions: the thing one writes to use the general search.
 *
 * The vocabulary is Porcupine's: a history of operations is linearizable when there is one order of them that keeps
 * every real-time precedence and that the model accepts step by step. States are values: a step returns a new one
 * and never changes its argument. The hooks below `hash` only make the search faster or complete a history; a model
 * without any is correct. A hook that promises too much makes verdicts wrong, so each says what it promises.
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
  /** Kept and handed back; no verdict depends on it. */
  metadata?: unknown;
}

/** `reason` completes a sentence such as "the read of 5 does not fit: …"; a function where it is dear to make. */
export type Step<S> = { legal: true; state: S } | { legal: false; reason?: string | (() => string) };

/** What deterministic and nondeterministic models have in common. */
interface Specification<S, I, O> {
  /** Default `Object.is`. */
  equal?: (a: S, b: S) => boolean;
  /** A 32-bit hash that tells most unequal states apart; equal states have equal hashes. Needed to be fast with `equal`. */
  hash?: (state: S) => number;
  /** Splits a history into parts that cannot influence each other, such as the keys of a store: each operation is in one. */
  partition?: (operations: readonly Operation<I, O>[]) => readonly (readonly Operation<I, O>[])[];
  /**
   * What a call without a return amounts to: the output of an operation that stays open for ever, or null when such a
   * call says nothing and changes nothing. Without this hook a history that was cut short is refused.
   */
  pending?: (input: I) => { output: O } | null;
  describeOperation?: (input: I, output: O) => string;
  describeState?: (state: S) => string;
  /** Is the operation legal only where it changes nothing, in every state? A write of the present value is not. */
  isReadOnly?: (input: I, output: O) => boolean;
  /**
   * Where the operation belongs: it is legal in no state whose `progress` is greater. Null when it could be anywhere.
   * Needs `progress`.
   */
  position?: (input: I, output: O) => number | null;
  /** How far a state has come; no step ever leads to less. */
  progress?: (state: S) => number;
  /**
   * Can the operation be legal neither in this state nor in any that operations which do not overwrite lead to? Asked of
   * those whose position is that of the state; where states have no `progress`, of the read-only one that returns first.
   * True ends a way early; false is always right.
   */
  isHopeless?: (state: S, input: I, output: O) => boolean;
  /** Does it not depend on the state before what the state behind the operation is, as with a put? Only `isHopeless` needs it. */
  overwrites?: (input: I, output: O) => boolean;
  /** Among the operations that could come next those with the least are tried first. Default: by call. */
  preference?: (input: I, output: O) => number;
}

/** A deterministic specification. */
export interface Model<S, I, O> extends Specification<S, I, O> {
  init(): S;
  /** May the operation happen in this state with this output, and what is the state then? */
  step(state: S, input: I, output: O): Step<S>;
  /**
   * May the operation never have happened at all, because its client does not know its outcome? Then `step` says what
   * it does where it takes effect, and the search uses it or not. Where it has a return, its effect comes before that.
   */
  isOptional?: (input: I, output: O) => boolean;
}

/** A specification in which one operation may lead to several states. */
export interface NondeterministicModel<S, I, O> extends Specification<S, I, O> {
  /** At least one. */
  init(): readonly S[];
  /** Every state the operation may lead to; none when it is illegal here. */
  step(state: S, input: I, output: O): readonly S[];
}

/**
 * The power-set construction: a state of the result is the set of states the system may be in, a list without
 * duplicates. k outstanding operations of unknown outcome can put 2^k states into one set, so where nondeterminism is
 * only "it happened or not", `isOptional` is the better way. A read narrows a set: none is read-only any more. Of what
 * else makes the search faster only `preference` speaks of operations alone, and is kept.
 */
export function toModel<S, I, O>(model: NondeterministicModel<S, I, O>): Model<readonly S[], I, O> {
  const equal = (a: S, b: S): boolean => (model.equal ? model.equal(a, b) : Object.is(a, b));
  const distinct = (states: readonly S[]): readonly S[] => {
    const kept: S[] = [];
    for (const state of states) if (!kept.some((other) => equal(other, state))) kept.push(state);
    return kept;
  };
  const { hash, partition, pending, preference, describeOperation, describeState } = model;
  return {
    init: () => distinct(model.init()),
    step: (states, input, output) => {
      const next = distinct(states.flatMap((state) => listed(model.step(state, input, output))));
      return next.length === 0 ? { legal: false } : { legal: true, state: next };
    },
    equal: (a, b) => a.length === b.length && a.every((state) => b.some((other) => equal(state, other))),
    ...(hash && { hash: (states: readonly S[]) => states.reduce((sum, state) => sum ^ hash(state), 0) }),
    ...(partition && { partition }),
    ...(pending && { pending }),
    ...(preference && { preference }),
    ...(describeOperation && { describeOperation }),
    ...(describeState && {
      describeState: (states: readonly S[]) => states.map((state) => describeState(state)).join(' or '),
    }),
  };
}

/** Where there are no types to say so. A single state, or none, is no list of them. */
function listed<S>(states: readonly S[]): readonly S[] {
  if (Array.isArray(states)) return states;
  throw new TypeError(`a step of the nondeterministic model gave ${String(states)} instead of a list of states`);
}

/** The same specification without hooks, "it happened or not" as two next states: what oracles are given. */
export function toNondeterministic<S, I, O>(model: Model<S, I, O>): NondeterministicModel<S, I, O> {
  const { equal, hash, partition } = model;
  return {
    init: () => [model.init()],
    step: (state, input, output) => {
      const step = model.step(state, input, output);
      const next = step.legal ? [step.state] : [];
      return model.isOptional?.(input, output) === true ? [...next, state] : next;
    },
    ...(equal && { equal }),
    ...(hash && { hash }),
    ...(partition && { partition }),
  };
}

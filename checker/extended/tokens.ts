/**
 * Tokens that somebody was told of, and nobody can have set by then, whatever is in doubt.
 *
 * In every order that explains the history somebody set the token before the answer, and nobody set another one in between. That one
 * was called before the answer returned, and had not returned before the call of any who certainly set a token and had returned
 * before the answer was asked for: that one would stand in between. So calls and returns alone tell whether there can be one. Holds
 * for fencing tokens, of which a life begins with the empty one, and for the token of the request that created the stream.
 */

import type { Violation } from '../sweep/violation.ts';
import { mayCreate } from './by-itself.ts';
import { callOf, Greatest, returnOf } from './greatest.ts';
import { isBirth, isDeletion } from './lives.ts';
import type { ExtendedRule } from './model.ts';
import type { StreamOperation } from './operations.ts';
import { isEffective } from './swept.ts';

/** The first one told, or null. */
export function unexplainedToken(operations: readonly StreamOperation[], rule: ExtendedRule): Violation | null {
  return unexplainedFence(operations, rule) ?? unexplainedCreation(operations, rule);
}

function unexplainedFence(
  operations: readonly StreamOperation[],
  { strictS2 = false, initially = 'present', createsOn = [] }: ExtendedRule,
): Violation | null {
  const fences = operations.filter((operation) => fenceOf(operation) !== null);
  const fenced = new Settings({
    setters: fences,
    tokenOf: fenceOf,
    certain: fences.filter(({ output }) => output.kind !== 'append-indefinite-failure'),
    births: operations.filter((operation) => isBirth(operation) || mayCreate(operation, createsOn)),
    isThereAtFirst: initially === 'present',
  });
  for (const operation of operations) {
    const { input, output } = operation;
    if (input.kind !== 'append' || output.kind !== 'append-rejected') continue;
    const { actual } = output;
    const isTold = 'fencingToken' in actual;
    // The token is looked at before the tail, so it was the one in force.
    const token = isTold ? actual.fencingToken : input.fencingToken;
    // By S2's own rule a new stream has none: that is told as the empty one, but no append that demands the empty one passes.
    const isOfNew = token === '' && (isTold || !strictS2);
    const why = token === null ? null : fenced.whyNot(token, isOfNew, operation);
    if (why === null) continue;
    const told = isTold ? 'was told of the fencing token' : 'was rejected for the tail, and so under the fencing token';
    return unset(operation, `${told} ${JSON.stringify(token)}`, why);
  }
  return null;
}

function unexplainedCreation(
  operations: readonly StreamOperation[],
  { initially = 'present' }: ExtendedRule,
): Violation | null {
  const isAsked = ({ metadata }: StreamOperation): boolean => metadata.id === metadata.opId;
  const asked = operations.filter((operation) => isAsked(operation) && (isBirth(operation) || isDeletion(operation)));
  const created = new Settings({
    setters: asked,
    tokenOf: creationOf,
    certain: asked.filter(({ output }) => output.kind !== 'change-unknown'),
    births: [],
    isThereAtFirst: initially === 'present',
  });
  for (const operation of operations) {
    const token = operation.output.kind === 'create-noop' ? creationOf(operation) : null;
    // Nobody knows whose request created what was there at first.
    const why = token === null ? null : created.whyNot(token, true, operation);
    if (why !== null)
      return unset(operation, `was told that its request, ${JSON.stringify(token)}, had created the stream`, why);
  }
  return null;
}

/** Of an append that may have taken effect. */
function fenceOf(operation: StreamOperation): string | null {
  return operation.input.kind === 'append' && isEffective(operation) ? operation.input.setFencingToken : null;
}

function creationOf({ input }: StreamOperation): string | null {
  return input.kind === 'create' ? input.token : null;
}

/** Why a token cannot have been in force. */
interface Why {
  /** Who certainly set another one before. */
  readonly before: StreamOperation | null;
  /** Who set it, but was called later. */
  readonly later: StreamOperation | null;
}

class Settings {
  readonly #byToken: ReadonlyMap<string, { first: StreamOperation; latest: Greatest<StreamOperation> }>;
  readonly #certain: Greatest<StreamOperation>;
  readonly #births: Greatest<StreamOperation>;
  readonly #isThereAtFirst: boolean;

  constructor(from: {
    setters: readonly StreamOperation[];
    tokenOf: (setter: StreamOperation) => string | null;
    certain: readonly StreamOperation[];
    births: readonly StreamOperation[];
    isThereAtFirst: boolean;
  }) {
    const byToken = new Map<string, StreamOperation[]>();
    for (const setter of from.setters) {
      const token = from.tokenOf(setter);
      const alike = token === null ? undefined : byToken.get(token);
      if (alike !== undefined) alike.push(setter);
      else if (token !== null) byToken.set(token, [setter]);
    }
    this.#byToken = new Map(
      [...byToken].map(([token, setters]) => [
        token,
        { first: setters[0]!, latest: new Greatest(setters, callOf, returnOf) },
      ]),
    );
    this.#certain = new Greatest(from.certain, returnOf, callOf);
    this.#births = new Greatest(from.births, callOf, returnOf);
    this.#isThereAtFirst = from.isThereAtFirst;
  }

  /** `isOfNew`: a new stream has this token. Null when it can have been in force at a moment of the operation. */
  whyNot(token: string, isOfNew: boolean, { call, return: end }: StreamOperation): Why | null {
    const before = this.#certain.upTo(call - 1);
    const isInTime = (setter: StreamOperation | null | undefined): boolean =>
      setter != null && setter.return >= (before?.call ?? Number.NEGATIVE_INFINITY);
    const setters = this.#byToken.get(token);
    if (isInTime(setters?.latest.upTo(end))) return null;
    if (isOfNew && (isInTime(this.#births.upTo(end)) || (this.#isThereAtFirst && before === null))) return null;
    return { before, later: setters !== undefined && setters.first.call > end ? setters.first : null };
  }
}

function unset({ metadata: { opId } }: StreamOperation, told: string, { before, later }: Why): Violation {
  const why =
    before !== null
      ? `but op ${before.metadata.opId} had ${done(before)} before, and nobody can have set that one since`
      : later === null
        ? 'which nobody ever set'
        : `which nobody had set by then: op ${later.metadata.opId} was called later`;
  const other = before ?? later;
  return {
    code: 'answer-without-place',
    message: `Op ${opId} ${told}, ${why}.`,
    opIds: other === null ? [opId] : [opId, other.metadata.opId],
  };
}

function done({ input }: StreamOperation): string {
  if (input.kind === 'append') return `set ${JSON.stringify(input.setFencingToken)}`;
  return input.kind === 'create' ? 'created it by another request' : 'deleted it';
}

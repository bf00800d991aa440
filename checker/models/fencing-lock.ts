/**
 * A lock with fencing tokens, and the resource it guards: who acquires the lock gets a token greater than any before,
 * and the resource refuses every token below the greatest it has seen.
 *
 * A lock that is a lease may run out at any moment: it may then be acquired while somebody still believes to hold it, and who
 * releases it is told that it was not held; only the tokens keep order. A lock that is none (`expires: false`) is acquired only
 * when it is free, and is held until its holder releases it.
 */

import type { Model, Step } from '../wgl/model.ts';
import { type Outcome, pendingUnless, told } from './outcome.ts';

export type LockInput =
  /** Answers with the token, or with null when the lock is taken. */
  | { op: 'acquire'; owner: string }
  /** Answers whether the lock was held under this token. */
  | { op: 'release'; token: number }
  /** Something is done to the resource; answers whether it was accepted. */
  | { op: 'use'; token: number };
export type LockOutput = Outcome<number | boolean | null>;

export interface LockState {
  /** The token of the latest acquisition; 0 when there was none. */
  issued: number;
  /** Of a lease: nobody knows otherwise. It runs out in the model when an answer shows it: nothing else depends on that. */
  isHeld: boolean;
  /** The greatest token the resource has accepted. */
  used: number;
}

export function fencingLockModel({ expires = true } = {}): Model<LockState, LockInput, LockOutput> {
  return {
    init: () => ({ issued: 0, isHeld: false, used: 0 }),
    step: (state, input, output) => {
      if (output.outcome === 'failed') return { legal: true, state };
      switch (input.op) {
        case 'acquire':
          return acquire(state, output, expires);
        case 'release':
          return release(state, input.token, output, expires);
        case 'use': {
          const accepts = input.token >= state.used && input.token <= state.issued;
          if (output.outcome === 'ok' && output.value !== accepts)
            return {
              legal: false,
              reason: `the resource has accepted token ${state.used}, the lock issued ${state.issued}`,
            };
          return { legal: true, state: accepts ? { ...state, used: input.token } : state };
        }
      }
    },
    equal: (a, b) => a.issued === b.issued && a.isHeld === b.isHeld && a.used === b.used,
    hash: ({ issued, isHeld, used }) => Math.imul(issued * 2 + Number(isHeld), 0x9e3779b1) ^ used,
    pending: () => pendingUnless(false),
    isOptional: (_input, output) => output.outcome === 'unknown',
    isReadOnly: (input, output) =>
      output.outcome === 'failed' || (isRefused(output) && !(expires && input.op === 'release')),
    describeOperation: (input, output) =>
      told(input.op === 'acquire' ? `acquire for ${input.owner}` : `${input.op} ${input.token}`, output),
    describeState: (state) => `${holderOf(state)}, the resource has accepted token ${state.used}`,
  };
}

/** Nobody knows the token of an acquisition without an answer: the next one is taken for it, and later ones are greater. */
function acquire(state: LockState, output: LockOutput, expires: boolean): Step<LockState> {
  const token = output.outcome === 'ok' ? output.value : state.issued + 1;
  if (token === null) return state.isHeld ? { legal: true, state } : { legal: false, reason: 'the lock is free' };
  if (state.isHeld && !expires) return { legal: false, reason: holderOf(state) };
  if (typeof token !== 'number' || token <= state.issued)
    return { legal: false, reason: `token ${state.issued} has been issued` };
  return { legal: true, state: { ...state, issued: token, isHeld: true } };
}

/** A lease that was not held any more shows that it had run out. */
function release(state: LockState, token: number, output: LockOutput, expires: boolean): Step<LockState> {
  const holds = state.isHeld && state.issued === token;
  const isPossible = output.outcome !== 'ok' || output.value === holds || (expires && output.value === false);
  if (!isPossible) return { legal: false, reason: holderOf(state) };
  return { legal: true, state: holds ? { ...state, isHeld: false } : state };
}

function isRefused(output: LockOutput): boolean {
  return output.outcome === 'ok' && (output.value === false || output.value === null);
}

function holderOf({ issued, isHeld }: LockState): string {
  return isHeld ? `the lock is held under token ${issued}` : 'the lock is free';
}

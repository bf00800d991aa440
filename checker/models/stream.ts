/**
 * An S2 stream as a nondeterministic model for the general search: what S2's own verification tool checks with
 * Porcupine, state for state (tail, chain hash of all record bodies, fencing token in force).
 *
 * The order of the tests is the engine's: fence before sequence number. An append whose outcome is unknown may
 * have happened or not; a definite failure and a failed read or check-tail change nothing and are always legal.
 */

import { chainAll } from '../chain-hash.ts';
import type { Call, History, Return } from '../history.ts';
import type { NondeterministicModel, Operation } from '../wgl/model.ts';
import { assertWellFormed } from '../formats/pairing.ts';

export interface StreamState {
  tail: number;
  streamHash: bigint;
  /** null: no token was ever set, which is something else than the empty token. */
  fencingToken: string | null;
}

export interface TokenRule {
  /**
   * True judges like S2's Go model, for which a stream without a token accepts no fencing token at all. Default
   * false: like the service, whose streams begin with the empty token, so that `fencing_token: ""` passes.
   */
  strictS2?: boolean;
}

export function streamModel(rule: TokenRule = {}): NondeterministicModel<StreamState, Call, Return> {
  return {
    init: () => [{ tail: 0, streamHash: 0n, fencingToken: rule.strictS2 ? null : '' }],
    step: (state, call, outcome) => (mayHappen(state, call, outcome) ? nextStates(state, call, outcome) : []),
    equal: (a, b) => a.tail === b.tail && a.streamHash === b.streamHash && a.fencingToken === b.fencingToken,
    hash: (state) => Number(BigInt.asIntN(32, state.streamHash ^ (state.streamHash >> 32n))) ^ state.tail,
  };
}

/**
 * The operations of a history as the general search takes them. Calls that never returned: an append stays open
 * for ever with an unknown outcome, a read or check-tail is left out. An unknown outcome that was reported keeps
 * its place: the effect must come before it. Throws `MalformedHistory`.
 */
export function streamOperations(history: History): Operation<Call, Return>[] {
  assertWellFormed(history);
  const operations: Operation<Call, Return>[] = [];
  const indexByOpId = new Map<number, number>();
  const answered = new Set<number>();
  history.forEach((event, at) => {
    if (event.type === 'call') {
      indexByOpId.set(event.opId, operations.length);
      const output: Return = { kind: 'append-indefinite-failure' };
      operations.push({
        clientId: event.clientId,
        input: event.call,
        output,
        call: at,
        return: Number.POSITIVE_INFINITY,
      });
    } else {
      const index = indexByOpId.get(event.opId)!;
      answered.add(index);
      operations[index] = { ...operations[index]!, output: event.return, return: at };
    }
  });
  return operations.filter((operation, index) => operation.input.kind === 'append' || answered.has(index));
}

function mayHappen(state: StreamState, call: Call, outcome: Return): boolean {
  switch (outcome.kind) {
    case 'append-success':
      return (
        call.kind === 'append' && conditionsHold(state, call) && outcome.tail === state.tail + call.recordHashes.length
      );
    case 'read-success':
      return outcome.tail === state.tail && outcome.streamHash === state.streamHash;
    case 'check-tail-success':
      return outcome.tail === state.tail;
    default:
      return true;
  }
}

function nextStates(state: StreamState, call: Call, outcome: Return): readonly StreamState[] {
  if (call.kind !== 'append') return [state];
  if (outcome.kind === 'append-success') return [applied(state, call)];
  if (outcome.kind === 'append-indefinite-failure' && conditionsHold(state, call)) return [applied(state, call), state];
  return [state];
}

function conditionsHold(state: StreamState, call: Call & { kind: 'append' }): boolean {
  if (call.fencingToken !== null && call.fencingToken !== state.fencingToken) return false;
  return call.matchSeqNum === null || call.matchSeqNum === state.tail;
}

function applied(state: StreamState, call: Call & { kind: 'append' }): StreamState {
  return {
    tail: state.tail + call.recordHashes.length,
    streamHash: chainAll(call.recordHashes, state.streamHash),
    fencingToken: call.setFencingToken ?? state.fencingToken,
  };
}

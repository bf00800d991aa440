/**
 * An S2 stream as a model for the general search: what S2's own verification tool checks with Porcupine, state for
 * state (tail, chain hash of all record bodies, fencing token in force).
 *
 * The order of the tests is the engine's: fence before sequence number. An append whose outcome is unknown is
 * optional; a definite failure and a failed read or check-tail change nothing and are always legal.
 */

import { ChainHash, highHalf, lowHalf } from '../chain-hash.ts';
import type { Call, History, Return } from '../history.ts';
import { type Event, operationsOf } from '../wgl/check-events.ts';
import type { Model, Operation, Step } from '../wgl/model.ts';
import { assertWellFormed } from '../formats/pairing.ts';
import { textHash } from './text-hash.ts';

export interface StreamState {
  tail: number;
  /** Halves of the chain hash. */
  hi: number;
  lo: number;
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

export function streamModel(rule: TokenRule = {}): Model<StreamState, Call, Return> {
  return {
    init: () => ({ tail: 0, hi: 0, lo: 0, fencingToken: rule.strictS2 ? null : '' }),
    step,
    equal: (a, b) => a.tail === b.tail && a.hi === b.hi && a.lo === b.lo && a.fencingToken === b.fencingToken,
    hash: ({ hi, lo, tail, fencingToken }) => textHash(fencingToken ?? '', hi ^ lo ^ tail),
    pending: (call) => (call.kind === 'append' ? { output: { kind: 'append-indefinite-failure' } } : null),
    isOptional: (_call, outcome) => outcome.kind === 'append-indefinite-failure',
    isReadOnly: (call, outcome) => call.kind !== 'append' || outcome.kind === 'append-definite-failure',
    progress: (state) => state.tail,
    position: (call, outcome) =>
      'tail' in outcome ? outcome.tail - (call.kind === 'append' ? call.recordHashes.length : 0) : null,
    isHopeless: (state, _call, outcome) => outcome.kind === 'read-success' && !hasContent(state, outcome),
    describeState: ({ tail, fencingToken }) => `tail ${tail}, token ${JSON.stringify(fencingToken)}`,
  };
}

/**
 * The operations of a history as the general search takes them. Calls that never returned: an append stays open
 * for ever with an unknown outcome, a read or check-tail is left out. An unknown outcome that was reported keeps
 * its place: the effect must come before it. Throws `MalformedHistory`.
 */
export function streamOperations(history: History): Operation<Call, Return>[] {
  assertWellFormed(history);
  const events = history.map((event): Event<Call, Return> => {
    const { clientId, opId: id } = event;
    return event.type === 'call'
      ? { kind: 'call', clientId, id, value: event.call }
      : { kind: 'return', clientId, id, value: event.return };
  });
  return operationsOf(streamModel(), events);
}

function step(state: StreamState, call: Call, outcome: Return): Step<StreamState> {
  if (call.kind !== 'append') {
    if ('tail' in outcome && outcome.tail !== state.tail) return { legal: false, reason: `the tail is ${state.tail}` };
    if (outcome.kind === 'read-success' && !hasContent(state, outcome))
      return { legal: false, reason: 'the content is another one' };
    return { legal: true, state };
  }
  if (outcome.kind === 'append-definite-failure') return { legal: true, state };
  if (call.fencingToken !== null && call.fencingToken !== state.fencingToken)
    return { legal: false, reason: `the fencing token is ${JSON.stringify(state.fencingToken)}` };
  if (call.matchSeqNum !== null && call.matchSeqNum !== state.tail)
    return { legal: false, reason: `the tail is ${state.tail}` };
  if ('tail' in outcome && outcome.tail !== state.tail + call.recordHashes.length)
    return { legal: false, reason: `the tail is ${state.tail}` };
  return { legal: true, state: applied(state, call) };
}

function hasContent({ hi, lo }: StreamState, { streamHash }: Return & { kind: 'read-success' }): boolean {
  return lo === lowHalf(streamHash) && hi === highHalf(streamHash);
}

const chain = new ChainHash();

function applied(state: StreamState, call: Call & { kind: 'append' }): StreamState {
  const { hi, lo } = halvesOf(call);
  chain.set(state.hi, state.lo);
  chain.appendRange(hi, lo, 0, hi.length);
  const fencingToken = call.setFencingToken ?? state.fencingToken;
  return { tail: state.tail + hi.length, hi: chain.hi, lo: chain.lo, fencingToken };
}

const halves = new WeakMap<Call, { hi: Int32Array; lo: Int32Array }>();

/** Cut once: the search appends the same batch in many states. */
function halvesOf(call: Call & { kind: 'append' }): { hi: Int32Array; lo: Int32Array } {
  let known = halves.get(call);
  if (known === undefined) {
    known = { hi: Int32Array.from(call.recordHashes, highHalf), lo: Int32Array.from(call.recordHashes, lowHalf) };
    halves.set(call, known);
  }
  return known;
}

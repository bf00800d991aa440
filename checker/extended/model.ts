/**
 * An S2 stream as a model for the general search, with all that `history.ts` beside it can express. The strict model
 * (models/stream.ts) judges what it knows; this one keeps the batches too, so that parts can be compared.
 *
 * What the service does by itself, trimming and freeing the name of a deleted stream, happens in the model no earlier
 * than an answer shows it: that is never too late, since nothing else depends on it, and it keeps the model
 * deterministic.
 */

import { chain } from '../chain-hash.ts';
import type { Hash64 } from '../history.ts';
import { streamModel, type StreamState, type TokenRule } from '../models/stream.ts';
import type { Model, Step } from '../wgl/model.ts';
import { type Batch, batchBehind, differenceFrom } from './batches.ts';
import type { ExtendedAppend, ExtendedReturn, StreamCall } from './history.ts';

export interface ExtendedState {
  /** `doomed`: deleted, its name not free as far as anybody was shown. */
  readonly phase: 'present' | 'doomed' | 'absent';
  /** Of the request that created it. */
  readonly creation: string | null;
  readonly stream: StreamState;
  /** The latest batch, linked to those before it. */
  readonly last: Batch | null;
  /** Chains the content hashes of all batches that have any: states of equal bodies may differ in headers. */
  readonly content: Hash64;
  /** Somebody was shown that records below are gone. The trim point never falls. */
  readonly trimmed: number;
  /** The furthest that a trim command in the stream asks for: trimming may happen up to there, at any moment. */
  readonly trimAsked: number;
  /** By pipelined session: how many of its appends took effect, which are the first ones. */
  readonly turns: ReadonlyMap<string, number>;
}

export interface ExtendedRule extends TokenRule {
  /** Whether there is a stream before the first creation. Default `present`. */
  initially?: 'present' | 'absent';
  /** Promises that nobody creates or deletes the stream, which makes the search faster: positions then never fall. */
  hasOneLife?: boolean;
}

type Answer = Step<ExtendedState>;

export function extendedStreamModel(rule: ExtendedRule = {}): Model<ExtendedState, StreamCall, ExtendedReturn> {
  const plain = streamModel(rule);
  const nothing: Omit<ExtendedState, 'turns'> = {
    phase: rule.initially ?? 'present',
    creation: null,
    stream: plain.init(),
    last: null,
    content: 0n,
    trimmed: 0,
    trimAsked: 0,
  };
  const append = (state: ExtendedState, call: ExtendedAppend, outcome: ExtendedReturn): Answer => {
    if (call.turn !== undefined && (state.turns.get(call.turn.session) ?? 0) !== call.turn.index)
      return { legal: false, reason: `an append of session ${call.turn.session} before it has had no effect` };
    const known = outcome.kind === 'append-acked' ? { kind: 'append-success' as const, tail: outcome.end } : outcome;
    const step = plain.step(state.stream, call, known as never);
    return step.legal ? { legal: true, state: appended(state, call, step.state) } : step;
  };
  return {
    init: () => ({ ...nothing, turns: new Map() }),
    step: (state, call, outcome) => {
      if (SAYS_NOTHING.has(outcome.kind)) return { legal: true, state };
      if (outcome.kind === 'stream-absent')
        return state.phase === 'present'
          ? { legal: false, reason: 'the stream exists' }
          : { legal: true, state: state.phase === 'absent' ? state : { ...state, phase: 'absent' } };
      if (outcome.kind === 'stream-pending')
        return state.phase === 'doomed' ? { legal: true, state } : { legal: false, reason: 'nobody is deleting it' };
      if (call.kind === 'create') {
        if (outcome.kind !== 'created' && outcome.kind !== 'change-unknown') return existing(state, call, outcome);
        if (state.phase === 'present') return { legal: false, reason: 'the stream exists' };
        return { legal: true, state: { ...nothing, phase: 'present', creation: call.token, turns: state.turns } };
      }
      if (state.phase === 'absent') return { legal: false, reason: 'there is no stream' };
      if (call.kind === 'delete') return { legal: true, state: { ...nothing, phase: 'doomed', turns: state.turns } };
      if (state.phase === 'doomed') return { legal: false, reason: 'the stream is deleted' };
      if (outcome.kind === 'append-rejected') return rejected(state, call, outcome);
      if (outcome.kind === 'read-unwritten') return unwritten(state, call, outcome);
      if (outcome.kind === 'read-part-success') return part(state, call, outcome);
      if (call.kind === 'append') return append(state, call, outcome);
      const step = plain.step(state.stream, call as never, outcome as never);
      return step.legal ? { legal: true, state } : step;
    },
    equal: (a, b) =>
      a.phase === b.phase &&
      a.creation === b.creation &&
      a.content === b.content &&
      a.trimmed === b.trimmed &&
      a.trimAsked === b.trimAsked &&
      plain.equal!(a.stream, b.stream) &&
      haveEqualTurns(a.turns, b.turns),
    hash: (state) => plain.hash!(state.stream) ^ Math.imul(state.trimmed, 0x9e3779b1),
    pending: (call) => {
      if (call.kind === 'append') return { output: { kind: 'append-indefinite-failure' } };
      return call.kind === 'create' || call.kind === 'delete' ? { output: { kind: 'change-unknown' } } : null;
    },
    isOptional: (_call, { kind }) => kind === 'append-indefinite-failure' || kind === 'change-unknown',
    isReadOnly,
    ...(rule.hasOneLife === true && {
      progress: (state: ExtendedState) => state.stream.tail,
      position: positionOf,
      isHopeless: (state: ExtendedState, call: StreamCall, outcome: ExtendedReturn) =>
        call.kind === 'read' && plain.isHopeless!(state.stream, call, outcome as never),
    }),
    describeState: (state) => (state.phase === 'present' ? plain.describeState!(state.stream) : state.phase),
  };
}

const SAYS_NOTHING = new Set<ExtendedReturn['kind']>([
  'append-definite-failure',
  'read-failure',
  'check-tail-failure',
  'change-failure',
]);

/** Legal only where it changes nothing: what shows a trim or a free name is not. */
function isReadOnly(call: StreamCall, outcome: ExtendedReturn): boolean {
  if (SAYS_NOTHING.has(outcome.kind) || outcome.kind === 'append-rejected') return true;
  if (outcome.kind === 'stream-absent') return false;
  if (outcome.kind === 'stream-pending') return true;
  if (call.kind === 'create') return outcome.kind === 'create-noop' || outcome.kind === 'stream-exists';
  return call.kind !== 'append' && call.kind !== 'delete' && !showsTrim(call, outcome);
}

function positionOf(call: StreamCall, outcome: ExtendedReturn): number | null {
  if (outcome.kind === 'append-acked') return outcome.start;
  if (outcome.kind === 'append-rejected') return 'tail' in outcome.actual ? outcome.actual.tail : null;
  if (!('tail' in outcome) || outcome.tail === null) return null;
  return outcome.tail - (call.kind === 'append' ? call.recordHashes.length : 0);
}

/** The answer to a creation that found something there. */
function existing(state: ExtendedState, call: StreamCall & { kind: 'create' }, { kind }: ExtendedReturn): Answer {
  if (state.phase !== 'present') return { legal: false, reason: 'there is no stream' };
  const isSame = call.token !== null && call.token === state.creation;
  if (isSame === (kind === 'create-noop')) return { legal: true, state };
  return { legal: false, reason: isSame ? 'the same request made it' : 'another request made it' };
}

/** The state that the answer tells must be the present one, and the condition must fail in it. */
function rejected(
  state: ExtendedState,
  call: StreamCall,
  { actual }: ExtendedReturn & { kind: 'append-rejected' },
): Answer {
  if (call.kind !== 'append') return { legal: false };
  if (call.turn !== undefined && (state.turns.get(call.turn.session) ?? 0) !== call.turn.index)
    return { legal: false, reason: `an append of session ${call.turn.session} before it has had no effect` };
  const { tail, fencingToken } = state.stream;
  if ('tail' in actual) {
    if (actual.tail !== tail) return { legal: false, reason: `the tail is ${tail}, not ${actual.tail}` };
    return call.matchSeqNum !== null && call.matchSeqNum !== tail
      ? { legal: true, state }
      : { legal: false, reason: `match_seq_num ${call.matchSeqNum} holds` };
  }
  if (actual.fencingToken !== (fencingToken ?? ''))
    return { legal: false, reason: `the fencing token is ${JSON.stringify(fencingToken)}` };
  return call.fencingToken !== null && call.fencingToken !== fencingToken
    ? { legal: true, state }
    : { legal: false, reason: `the fencing token ${JSON.stringify(call.fencingToken)} holds` };
}

function unwritten(
  state: ExtendedState,
  call: StreamCall,
  { tail }: ExtendedReturn & { kind: 'read-unwritten' },
): Answer {
  if (tail !== state.stream.tail) return { legal: false, reason: `the tail is ${state.stream.tail}` };
  const isBeyond = call.kind === 'read-part' && (!('seqNum' in call.from) || call.from.seqNum >= tail);
  return isBeyond ? { legal: true, state } : { legal: false, reason: 'there are records at the position' };
}

function part(state: ExtendedState, call: StreamCall, outcome: ExtendedReturn & { kind: 'read-part-success' }): Answer {
  if (call.kind !== 'read-part') return { legal: false };
  const { start, recordHashes, contentHashes, tail } = outcome;
  if (tail !== null && tail !== state.stream.tail) return { legal: false, reason: `the tail is ${state.stream.tail}` };
  if (start + recordHashes.length > state.stream.tail)
    return { legal: false, reason: `only ${state.stream.tail} records are written` };
  if (start < state.trimmed) return { legal: false, reason: `records below ${state.trimmed} are gone` };
  if ('seqNum' in call.from && start < call.from.seqNum) return { legal: false, reason: 'it begins too early' };
  if (showsTrim(call, outcome) && start > state.trimAsked)
    return { legal: false, reason: `nobody asked to trim beyond ${state.trimAsked}` };
  const differs = differenceFrom(state.last, start, recordHashes, contentHashes);
  if (differs !== null) return { legal: false, reason: `record ${differs} is another one` };
  const isNews = showsTrim(call, outcome) && start > state.trimmed;
  return { legal: true, state: isNews ? { ...state, trimmed: start } : state };
}

/** It began behind the position that was asked for: everything before is gone. */
function showsTrim(call: StreamCall, outcome: ExtendedReturn): boolean {
  if (call.kind !== 'read-part' || outcome.kind !== 'read-part-success') return false;
  return 'seqNum' in call.from && outcome.start > call.from.seqNum;
}

function appended(state: ExtendedState, call: ExtendedAppend, stream: StreamState): ExtendedState {
  const { trim = 0, turn, recordHashes, contentHashes } = call;
  // A command beyond the tail trims what there is.
  const trimAsked = Math.max(state.trimAsked, Math.min(trim, stream.tail));
  return {
    ...state,
    stream,
    trimAsked,
    last: batchBehind(state.last, state.stream.tail, recordHashes, contentHashes),
    content: contentBehind(state.content, call),
    turns: turn === undefined ? state.turns : new Map(state.turns).set(turn.session, turn.index + 1),
  };
}

// A batch without content counts as one with this less its length: as unlikely as any other hash.
const UNTOLD = 2n ** 64n - 1n;

/** Batches without content count from the first one that has some, so that equal chains mean equal places. */
function contentBehind(before: Hash64, { contentHashes, recordHashes }: ExtendedAppend): Hash64 {
  if (contentHashes !== undefined) return contentHashes.reduce((hash, own) => chain(hash, own), before);
  return before === 0n ? 0n : chain(before, UNTOLD - BigInt(recordHashes.length));
}

function haveEqualTurns(a: ExtendedState['turns'], b: ExtendedState['turns']): boolean {
  if (a === b) return true;
  return a.size === b.size && [...a].every(([session, count]) => b.get(session) === count);
}

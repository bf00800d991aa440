/**
 * An S2 stream as a model for the general search, with all that `history.ts` beside it can express. The strict model
 * (models/stream.ts) judges what it knows; this one keeps the batches too, so that parts can be compared.
 */

import type { Hash64 } from '../history.ts';
import { streamModel, type StreamState, type TokenRule } from '../models/stream.ts';
import type { Model, Step } from '../wgl/model.ts';
import type { ExtendedCall, ExtendedReturn } from './history.ts';

export interface ExtendedState {
  readonly stream: StreamState;
  /** The latest batch, linked to those before it. */
  readonly last: Batch | null;
  /** Somebody was shown that records below are gone. The trim point never falls. */
  readonly trimmed: number;
  /** The furthest that a trim command in the stream asks for: trimming may happen up to there, at any moment. */
  readonly trimAsked: number;
}

interface Batch {
  readonly start: number;
  readonly recordHashes: readonly Hash64[];
  readonly before: Batch | null;
}

type Answer = Step<ExtendedState>;

export function extendedStreamModel(rule: TokenRule = {}): Model<ExtendedState, ExtendedCall, ExtendedReturn> {
  const plain = streamModel(rule);
  return {
    init: () => ({ stream: plain.init(), last: null, trimmed: 0, trimAsked: 0 }),
    step: (state, call, outcome) => {
      if (outcome.kind === 'append-rejected') return rejected(state, call, outcome);
      if (outcome.kind === 'read-unwritten') return unwritten(state, call, outcome);
      if (outcome.kind === 'read-part-success') return part(state, call, outcome);
      if (call.kind === 'read-part') return { legal: true, state };
      const step = plain.step(state.stream, call, outcome);
      if (!step.legal) return step;
      if (step.state === state.stream) return { legal: true, state };
      return { legal: true, state: appended(state, call, step.state) };
    },
    equal: (a, b) => a.trimmed === b.trimmed && a.trimAsked === b.trimAsked && plain.equal!(a.stream, b.stream),
    hash: (state) => plain.hash!(state.stream) ^ Math.imul(state.trimmed, 0x9e3779b1),
    pending: (call) => (call.kind === 'append' ? { output: { kind: 'append-indefinite-failure' } } : null),
    isOptional: (_call, outcome) => outcome.kind === 'append-indefinite-failure',
    isReadOnly: (call, outcome) =>
      (call.kind !== 'append' && !showsTrim(call, outcome)) ||
      outcome.kind === 'append-definite-failure' ||
      outcome.kind === 'append-rejected',
    progress: (state) => state.stream.tail,
    position: (call, outcome) => {
      if (outcome.kind === 'append-rejected') return 'tail' in outcome.actual ? outcome.actual.tail : null;
      if (!('tail' in outcome) || outcome.tail === null) return null;
      return outcome.tail - (call.kind === 'append' ? call.recordHashes.length : 0);
    },
    describeState: (state) => plain.describeState!(state.stream),
  };
}

/** The state that the answer tells must be the present one, and the condition must fail in it. */
function rejected(
  state: ExtendedState,
  call: ExtendedCall,
  { actual }: ExtendedReturn & { kind: 'append-rejected' },
): Answer {
  if (call.kind !== 'append') return { legal: false };
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
  call: ExtendedCall,
  { tail }: ExtendedReturn & { kind: 'read-unwritten' },
): Answer {
  if (tail !== state.stream.tail) return { legal: false, reason: `the tail is ${state.stream.tail}` };
  const isBeyond = call.kind === 'read-part' && (!('seqNum' in call.from) || call.from.seqNum >= tail);
  return isBeyond ? { legal: true, state } : { legal: false, reason: 'there are records at the position' };
}

function part(
  state: ExtendedState,
  call: ExtendedCall,
  outcome: ExtendedReturn & { kind: 'read-part-success' },
): Answer {
  if (call.kind !== 'read-part') return { legal: false };
  const { start, recordHashes, tail } = outcome;
  if (tail !== null && tail !== state.stream.tail) return { legal: false, reason: `the tail is ${state.stream.tail}` };
  if (start + recordHashes.length > state.stream.tail)
    return { legal: false, reason: `only ${state.stream.tail} records are written` };
  if (start < state.trimmed) return { legal: false, reason: `records below ${state.trimmed} are gone` };
  if ('seqNum' in call.from && start < call.from.seqNum) return { legal: false, reason: 'it begins too early' };
  if (showsTrim(call, outcome) && start > state.trimAsked)
    return { legal: false, reason: `nobody asked to trim beyond ${state.trimAsked}` };
  for (let batch = state.last; batch !== null && batch.start + batch.recordHashes.length > start; batch = batch.before)
    for (const [i, hash] of batch.recordHashes.entries()) {
      const seen = recordHashes[batch.start + i - start];
      if (seen !== undefined && seen !== hash)
        return { legal: false, reason: `record ${batch.start + i} is another one` };
    }
  return { legal: true, state: showsTrim(call, outcome) ? { ...state, trimmed: start } : state };
}

/** It began behind the position that was asked for: everything before is gone. */
function showsTrim(call: ExtendedCall, outcome: ExtendedReturn): boolean {
  if (call.kind !== 'read-part' || outcome.kind !== 'read-part-success') return false;
  return 'seqNum' in call.from && outcome.start > call.from.seqNum;
}

function appended(state: ExtendedState, call: ExtendedCall, stream: StreamState): ExtendedState {
  if (call.kind !== 'append') return state;
  const last = { start: state.stream.tail, recordHashes: call.recordHashes, before: state.last };
  // A command beyond the tail trims what there is.
  const trimAsked = Math.max(state.trimAsked, Math.min(call.trim ?? 0, stream.tail));
  return { ...state, stream, last, trimAsked };
}

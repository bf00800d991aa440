/**
 * An S2 stream as a model for the general search, with all that `history.ts` beside it can express. The strict model
 * (models/stream.ts) judges what it knows; this one keeps the batches too, so that parts can be compared.
 *
 * What the service does by itself, trimming and freeing the name of a deleted stream, happens in the model no earlier
 * than an answer shows it: that is never too late, since nothing else depends on it, and it keeps the model
 * deterministic. Where something does depend on it, removal of an empty stream, it is an operation (`by-itself.ts`).
 */

import { chain } from '../chain-hash.ts';
import type { Hash64 } from '../history.ts';
import { streamModel, type StreamState, type TokenRule } from '../models/stream.ts';
import type { Model, Step } from '../wgl/model.ts';
import { vanishedAt } from './ages.ts';
import { batchBehind } from './batches.ts';
import type { CreatesOn, ExtendedAppend, ExtendedReturn, StreamConfig } from './history.ts';
import { begun, existing, nothingLeft, rejected, shown, unwritten } from './observations.ts';
import { NO_STAMPS } from './stamps.ts';
import { areEqualBesidesStream, type ExtendedState } from './state.ts';
import { hashBesidesStream, mixed } from './state-hash.ts';
import { FIRST_LIFE, type StreamCall } from './stream-call.ts';
import { tellsOfTime, timed } from './timed.ts';

export interface ExtendedRule extends TokenRule {
  /** Whether there is a stream before the first creation. Default `present`. */
  initially?: 'present' | 'absent';
  /** The token of the request that created the stream there is before the first creation. Default: of none that was told. */
  createdBy?: string | null;
  /** Of streams whose creation says nothing. Default: they keep everything for ever. */
  config?: StreamConfig;
  /** Requests that create the stream they are for. Such creations are operations of their own (`by-itself.ts`). */
  createsOn?: readonly CreatesOn[];
  /** Promises that nobody creates or deletes the stream, which makes the search faster: positions then never fall. */
  hasOneLife?: boolean;
  /** Promises that what is told of timestamps and contents was judged before, and that the moments of a read are kept in order. */
  isResolved?: boolean;
}

export const KEEPS_ALL: StreamConfig = { retentionAgeMs: null, emptyAgeMs: null };

type Answer = Step<ExtendedState>;

const NO_TURNS: ExtendedState['turns'] = new Map();
const NO_CONTENTS: ExtendedState['shownContents'] = new Map();

export function extendedStreamModel(rule: ExtendedRule = {}): Model<ExtendedState, StreamCall, ExtendedReturn> {
  const plain = streamModel(rule);
  const { config = KEEPS_ALL, initially = 'present', createdBy = null, isResolved = false } = rule;
  const empty = {
    creation: null,
    birth: FIRST_LIFE,
    config,
    bornMs: Number.NEGATIVE_INFINITY,
    stream: plain.init(),
    last: null,
    content: 0n,
    shownContents: NO_CONTENTS,
    trimmed: 0,
    trimAsked: 0,
    stamps: NO_STAMPS,
  };
  // A session of appends ends with its stream: behind its first turns none comes in another life.
  const ended = ({ reads, clockMs }: ExtendedState): Answer => ({
    legal: true,
    state: { ...empty, phase: 'doomed', turns: NO_TURNS, reads, clockMs },
  });
  const answered = (state: ExtendedState, call: StreamCall, outcome: ExtendedReturn): Answer => {
    if (outcome.kind === 'stream-absent')
      return state.phase === 'present'
        ? { legal: false, reason: 'the stream exists' }
        : { legal: true, state: state.phase === 'absent' ? state : { ...state, phase: 'absent' } };
    if (outcome.kind === 'stream-pending')
      return state.phase === 'doomed' ? { legal: true, state } : { legal: false, reason: 'nobody is deleting it' };
    if (call.kind === 'create') {
      if (outcome.kind !== 'created' && outcome.kind !== 'change-unknown') return existing(state, call, outcome);
      if (state.phase === 'present') return { legal: false, reason: 'the stream exists' };
      const { turns, reads, clockMs } = state;
      const { token: creation, birth = 0, when, config: asked = config } = call;
      const own = { creation, birth, config: asked, bornMs: when?.calledMs ?? empty.bornMs };
      return { legal: true, state: { ...empty, phase: 'present', ...own, turns, reads, clockMs } };
    }
    if (state.phase === 'absent') return { legal: false, reason: 'there is no stream' };
    if (call.kind === 'delete') return ended(state);
    if (state.phase === 'doomed') return { legal: false, reason: 'the stream is deleted' };
    if (call.kind === 'vanish') {
      const sinceMs = call.birth === state.birth ? vanishedAt(state) : null;
      if (sinceMs === null) return { legal: false, reason: 'nothing removes the stream' };
      return ended({ ...state, clockMs: Math.max(state.clockMs, sinceMs) });
    }
    return told(state, call, outcome);
  };
  /** Of a stream that is there. */
  const told = (state: ExtendedState, call: StreamCall, outcome: ExtendedReturn): Answer => {
    if (call.kind === 'configure')
      return { legal: true, state: { ...state, config: { ...state.config, emptyAgeMs: call.emptyAgeMs } } };
    if (outcome.kind === 'append-rejected') return rejected(state, call, outcome);
    if (outcome.kind === 'read-unwritten') return unwritten(state, call, outcome);
    if (outcome.kind === 'read-nothing') return nothingLeft(state, call);
    if (call.kind === 'append') return append(state, call, outcome);
    if (call.kind === 'begin') return begun(state, call, outcome);
    if (outcome.kind === 'read-part-success') {
      if (call.kind !== 'read-part') return { legal: false };
      const start: Answer = call.isGathered === true ? { legal: true, state } : begun(state, call, outcome);
      return start.legal ? shown(start.state, outcome, !isResolved && call.tellsContent === true) : start;
    }
    const step = plain.step(state.stream, call as never, outcome as never);
    return step.legal ? { legal: true, state } : step;
  };
  const append = (
    state: ExtendedState,
    call: ExtendedAppend & { when?: { calledMs: number } },
    outcome: ExtendedReturn,
  ): Answer => {
    if (call.turn !== undefined && (state.turns.get(call.turn.session) ?? 0) !== call.turn.index)
      return { legal: false, reason: `an append of session ${call.turn.session} before it has had no effect` };
    const known = outcome.kind === 'append-acked' ? { kind: 'append-success' as const, tail: outcome.end } : outcome;
    const step = plain.step(state.stream, call, known as never);
    return step.legal ? { legal: true, state: appended(state, call, step.state) } : step;
  };
  const showsNothingNew = (call: StreamCall, outcome: ExtendedReturn): boolean =>
    isReadOnly(call, outcome) &&
    (isResolved || (call.moment === undefined && tellsNothingLasting(call) && !tellsOfTime(call, outcome)));
  return {
    init: () => ({
      ...empty,
      phase: initially,
      creation: createdBy,
      turns: NO_TURNS,
      reads: new Map(),
      clockMs: Number.NEGATIVE_INFINITY,
    }),
    step: (state, call, outcome) => {
      if (SAYS_NOTHING.has(outcome.kind)) return isResolved ? { legal: true, state } : inTurn(state, call, outcome);
      if (call.when !== undefined && call.when.returnedMs < state.clockMs)
        return { legal: false, reason: `what it would stand behind can not have happened before ${state.clockMs} ms` };
      const answer = answered(state, call, outcome);
      if (isResolved || !answer.legal) return answer;
      const stamped = tellsOfTime(call, outcome) || answer.state.stamps.claims.length > 0;
      const known = stamped ? timed(answer.state, call, outcome) : answer;
      return known.legal ? inTurn(known.state, call, outcome) : known;
    },
    equal: (a, b) => a === b || (areEqualBesidesStream(a, b) && plain.equal!(a.stream, b.stream)),
    hash: (state) => mixed(hashBesidesStream(state), plain.hash!(state.stream)),
    pending: (call) => {
      if (call.kind === 'append') return { output: { kind: 'append-indefinite-failure' } };
      const isChange = call.kind === 'create' || call.kind === 'delete' || call.kind === 'configure';
      return isChange ? { output: { kind: 'change-unknown' } } : null;
    },
    isOptional: (_call, { kind }) => kind === 'append-indefinite-failure' || kind === 'change-unknown',
    isReadOnly: showsNothingNew,
    ...(rule.hasOneLife === true && {
      progress: (state: ExtendedState) => state.stream.tail,
      position: positionOf,
      isHopeless: (state: ExtendedState, call: StreamCall, outcome: ExtendedReturn) =>
        call.kind === 'read' && plain.isHopeless!(state.stream, call, outcome as never),
    }),
    describeState: (state) => (state.phase === 'present' ? plain.describeState!(state.stream) : PHASES[state.phase]),
  };
}

const PHASES = { doomed: 'a deleted stream', absent: 'no stream' };

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
  return !CHANGES.has(call.kind) && !showsTrim(call, outcome);
}

function tellsNothingLasting({ datesReads, tellsContent }: StreamCall): boolean {
  return datesReads !== true && tellsContent !== true;
}

const CHANGES: ReadonlySet<StreamCall['kind']> = new Set(['append', 'delete', 'configure', 'vanish']);

/** It began behind the position that was asked for: everything before is gone. */
function showsTrim(call: StreamCall, outcome: ExtendedReturn): boolean {
  if ((call.kind !== 'read-part' && call.kind !== 'begin') || !('seqNum' in call.from)) return false;
  if (outcome.kind === 'read-nothing') return true;
  return outcome.kind === 'read-part-success' && outcome.start > call.from.seqNum;
}

/** The only tail of a stream at which the operation can stand; null where that may be several. */
export function positionOf(call: StreamCall, outcome: ExtendedReturn): number | null {
  if (outcome.kind === 'append-acked') return outcome.start;
  if (outcome.kind === 'append-rejected') return 'tail' in outcome.actual ? outcome.actual.tail : null;
  if (call.kind === 'begin' || !('tail' in outcome) || outcome.tail === null) return null;
  return outcome.tail - (call.kind === 'append' ? call.recordHashes.length : 0);
}

/** Moments of one read come one behind the other, and what they show is of one life. */
function inTurn(state: ExtendedState, { moment }: StreamCall, outcome: ExtendedReturn): Answer {
  if (moment === undefined) return { legal: true, state };
  const before = state.reads.get(moment.read) ?? { moments: 0, birth: null };
  if (before.moments !== moment.index) return { legal: false, reason: 'what its session showed before has no place' };
  const { kind } = outcome;
  const isShown = kind !== 'stream-absent' && kind !== 'stream-pending' && !SAYS_NOTHING.has(kind);
  if (isShown && before.birth !== null && before.birth !== state.birth)
    return { legal: false, reason: 'it began in an earlier life of the stream' };
  const now = { moments: moment.index + 1, birth: isShown ? state.birth : before.birth };
  return { legal: true, state: { ...state, reads: new Map(state.reads).set(moment.read, now) } };
}

function appended(
  state: ExtendedState,
  call: ExtendedAppend & { when?: { calledMs: number } },
  stream: StreamState,
): ExtendedState {
  const { trim = 0, turn, recordHashes, contentHashes, when } = call;
  // A command beyond the tail trims what there is.
  const trimAsked = Math.max(state.trimAsked, Math.min(trim, stream.tail));
  return {
    ...state,
    stream,
    trimAsked,
    last: batchBehind(state.last, state.stream.tail, recordHashes, contentHashes, when?.calledMs),
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

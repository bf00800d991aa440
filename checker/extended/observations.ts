/**
 * Whether an answer that tells something of a stream that is there is true of its state. One that shows that records are gone
 * makes it known; what follows from timestamps is for `timed.ts`.
 */

import type { Step } from '../wgl/model.ts';
import { goneAt } from './ages.ts';
import type { Hash64 } from '../history.ts';
import { differenceFrom, untoldIn } from './batches.ts';
import type { ExtendedReturn } from './history.ts';
import type { ExtendedState } from './state.ts';
import type { StreamCall } from './stream-call.ts';

type Answer = Step<ExtendedState>;

/** The least tail of a stream of which the answer is true. */
export function reachOf({ kind }: StreamCall, outcome: ExtendedReturn): number {
  if (kind === 'begin') return 0;
  if (outcome.kind === 'append-rejected') return 'tail' in outcome.actual ? outcome.actual.tail : 0;
  if (outcome.kind === 'read-part-success')
    return Math.max(outcome.start + outcome.recordHashes.length, outcome.tail ?? 0);
  return 'tail' in outcome ? (outcome.tail ?? 0) : 0;
}

/** The answer to a creation that found something there. */
export function existing(
  state: ExtendedState,
  call: StreamCall & { kind: 'create' },
  { kind }: ExtendedReturn,
): Answer {
  if (state.phase !== 'present') return { legal: false, reason: 'there is no stream' };
  const isSame = call.token !== null && call.token === state.creation;
  if (isSame === (kind === 'create-noop')) return { legal: true, state };
  return { legal: false, reason: isSame ? 'the same request made it' : 'another request made it' };
}

/** The state that the answer tells must be the present one, and the condition must fail in it. */
export function rejected(
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
    // The token is looked at first.
    if (call.fencingToken !== null && call.fencingToken !== fencingToken)
      return { legal: false, reason: `the fencing token is ${JSON.stringify(fencingToken)}` };
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

export function unwritten(
  state: ExtendedState,
  call: StreamCall,
  { tail }: ExtendedReturn & { kind: 'read-unwritten' },
): Answer {
  if (tail !== state.stream.tail) return { legal: false, reason: `the tail is ${state.stream.tail}` };
  const isBeyond = call.kind === 'read-part' && (!('seqNum' in call.from) || call.from.seqNum >= tail);
  return isBeyond ? { legal: true, state } : { legal: false, reason: 'there are records at the position' };
}

/** Nothing is left: nothing was written there, or all of it is gone. */
export function nothingLeft(state: ExtendedState, call: StreamCall): Answer {
  if (call.kind !== 'read-part') return { legal: false };
  const { tail } = state.stream;
  return 'timestamp' in call.from || call.from.seqNum >= tail ? { legal: true, state } : gone(state, call, tail);
}

/** Where a read begins: as asked, unless what is before is gone. */
export function begun(state: ExtendedState, call: StreamCall, outcome: ExtendedReturn): Answer {
  if ((call.kind !== 'begin' && call.kind !== 'read-part') || outcome.kind !== 'read-part-success')
    return { legal: false };
  const { start } = outcome;
  if (start < state.trimmed) return { legal: false, reason: `records below ${state.trimmed} are gone` };
  if ('timestamp' in call.from)
    return start > state.stream.tail
      ? { legal: false, reason: `only ${state.stream.tail} records are written` }
      : { legal: true, state };
  if (start < call.from.seqNum) return { legal: false, reason: 'it begins too early' };
  return start === call.from.seqNum ? { legal: true, state } : gone(state, call, start);
}

/** The records from the start of the answer on are these, and the tail is as it says. `isNoted`: contents that no writer told, too. */
export function shown(
  state: ExtendedState,
  { start, recordHashes, contentHashes, tail }: ExtendedReturn & { kind: 'read-part-success' },
  isNoted: boolean,
): Answer {
  const written = state.stream.tail;
  if (tail !== null && tail !== written) return { legal: false, reason: `the tail is ${written}` };
  if (start + recordHashes.length > written) return { legal: false, reason: `only ${written} records are written` };
  const differs = differenceFrom(state.last, start, recordHashes, contentHashes);
  if (differs !== null) return { legal: false, reason: `record ${differs} is another one` };
  return isNoted && contentHashes !== undefined ? noted(state, start, contentHashes) : { legal: true, state };
}

/** A record has one content, whoever tells it. */
function noted(state: ExtendedState, start: number, contentHashes: readonly Hash64[]): Answer {
  const shownContents = new Map(state.shownContents);
  for (const position of untoldIn(state.last, start, contentHashes.length)) {
    const told = contentHashes[position - start]!;
    if ((shownContents.get(position) ?? told) !== told)
      return { legal: false, reason: `record ${position} is another one` };
    shownContents.set(position, told);
  }
  return { legal: true, state: shownContents.size > state.shownContents.size ? { ...state, shownContents } : state };
}

/** Shows that everything below `position` is gone. */
function gone(state: ExtendedState, { when }: StreamCall, position: number): Answer {
  if (position <= state.trimmed) return { legal: true, state };
  if (position > state.stream.tail) return { legal: false, reason: `only ${state.stream.tail} records are written` };
  const sinceMs = goneAt(state, position);
  if (sinceMs === null) return { legal: false, reason: `nobody asked to trim beyond ${state.trimAsked}` };
  if (when !== undefined && when.returnedMs < sinceMs)
    return { legal: false, reason: `records below ${position} are kept until ${sinceMs} ms` };
  return { legal: true, state: { ...state, trimmed: position, clockMs: Math.max(state.clockMs, sinceMs) } };
}

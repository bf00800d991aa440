/**
 * What an answer tells of timestamps, and what that makes of the state it was true in.
 *
 * Where the lives of a name are known, timestamps are judged before any search (`timestamps.ts`); this is for the search
 * that has to find out in which life an operation was.
 */

import type { Step } from '../wgl/model.ts';
import { goneAt } from './ages.ts';
import type { ExtendedReturn } from './history.ts';
import { type Bound, type Claim, decided, olderThan, withBounds, withClaim } from './stamps.ts';
import type { ExtendedState } from './state.ts';
import type { StreamCall } from './stream-call.ts';

/** Timestamps that an answer tells, by position: what is before the first record has 0. */
export function boundsOf(call: StreamCall, outcome: ExtendedReturn): Bound[] {
  const bounds: Bound[] = [];
  const exactly = (position: number, stamp: number): void => {
    bounds.push({ position, low: stamp, high: stamp });
  };
  const tail = toldTail(outcome);
  if (call.tailTimestamp !== undefined && tail !== null)
    bounds.push({ position: tail - 1, low: call.tailTimestamp, high: tail === 0 ? 0 : call.tailTimestamp });
  if (outcome.kind === 'append-acked' && outcome.timestamps !== undefined) {
    exactly(outcome.start, outcome.timestamps[0]);
    exactly(outcome.end - 1, outcome.timestamps[1]);
  }
  if (outcome.kind !== 'read-part-success') return bounds;
  const { start, timestamps = [], recordHashes } = outcome;
  if (call.kind !== 'begin') for (const [i, stamp] of timestamps.entries()) exactly(start + i, stamp);
  const from = fromTimestamp(call);
  if (from !== null && recordHashes.length > 0)
    bounds.push({ position: start, low: from, high: Number.POSITIVE_INFINITY });
  return bounds;
}

/** What a read from a timestamp says of what is before its start. */
export function claimOf(call: StreamCall, outcome: ExtendedReturn): Pick<Claim, 'start' | 'from'> | null {
  const from = fromTimestamp(call);
  if (from === null) return null;
  const start =
    outcome.kind === 'read-part-success' ? outcome.start : outcome.kind === 'read-unwritten' ? outcome.tail : 0;
  return start === 0 ? null : { start, from };
}

function fromTimestamp(call: StreamCall): number | null {
  return (call.kind === 'read-part' || call.kind === 'begin') && 'timestamp' in call.from ? call.from.timestamp : null;
}

/** The tail at the moment of the answer, which an acknowledgement tells only where nobody wrote behind it. */
export function toldTail(outcome: ExtendedReturn): number | null {
  if (outcome.kind === 'append-acked') return outcome.tail === outcome.end ? outcome.end : null;
  if (outcome.kind === 'append-rejected') return 'tail' in outcome.actual ? outcome.actual.tail : null;
  return 'tail' in outcome ? outcome.tail : null;
}

export function tellsOfTime(call: StreamCall, outcome: ExtendedReturn): boolean {
  return fromTimestamp(call) !== null || boundsOf(call, outcome).length > 0;
}

/** `state` with what the answer tells of timestamps, which is true in it otherwise. */
export function timed(state: ExtendedState, call: StreamCall, outcome: ExtendedReturn): Step<ExtendedState> {
  const bounds = boundsOf(call, outcome);
  const isStart = call.kind === 'begin' || (call.kind === 'read-part' && call.isGathered !== true);
  const start = isStart && outcome.kind === 'read-part-success' ? outcome.start : Number.POSITIVE_INFINITY;
  const returnedMs = call.when?.returnedMs ?? Number.POSITIVE_INFINITY;
  // What is shown was there when a read began behind it. So was what nobody can have removed when something was told behind that.
  const [outdated, claims] = partition(
    state.stamps.claims,
    (claim) => claim.start > start || claim.sinceMs > returnedMs,
  );
  const claim = claimOf(call, outcome);
  const isNew = claim !== null && claim.start > state.trimmed;
  const sinceMs = isNew ? goneAt(state, claim.start) : null;
  const isOpen = sinceMs !== null && sinceMs <= returnedMs;
  if (isNew && !isOpen) bounds.push(olderThan(claim));
  const bounded = withBounds({ ...state.stamps, claims }, [...bounds, ...outdated.map(olderThan)]);
  if (bounded === null) return { legal: false, reason: 'its timestamps are not those of the stream' };
  const next = decided(isNew && isOpen ? withClaim(bounded, { ...claim, sinceMs }) : bounded);
  const trimmed = Math.max(state.trimmed, next.goneBelow);
  const clockMs = Math.max(state.clockMs, next.sinceMs);
  return { legal: true, state: { ...state, stamps: next.stamps, trimmed, clockMs } };
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

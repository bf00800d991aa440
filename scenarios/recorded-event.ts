/**
 * What our recorders write down: S2's vocabulary, and what it has no words for, what a session that follows was shown, in
 * which turn an append was sent, all that an acknowledgement tells, and what is so instead of what an append was conditional
 * on. A subset of the checker's extended histories, with a projection on S2's own format, which only says less: it is legal
 * whenever the whole is.
 */

import type { Call, EventLabels, ExtendedCall, ExtendedReturn, HistoryEvent, Return } from '../checker/index.ts';

type Append = Extract<ExtendedCall, { kind: 'append' }>;
type Follow = Extract<ExtendedCall, { kind: 'follow' }>;
export type Turn = NonNullable<Append['turn']>;
export type RecordedCall = Append | Exclude<Call, { kind: 'append' }> | Follow;

type PartShown = Extract<ExtendedReturn, { kind: 'read-part-success' }>;
type Acknowledged = Extract<ExtendedReturn, { kind: 'append-acked' }>;
type Rejected = Extract<ExtendedReturn, { kind: 'append-rejected' }>;
export type RecordedReturn = Return | PartShown | Acknowledged | Rejected;

export type RecordedEvent =
  | ({ type: 'call'; clientId: number; opId: number; call: RecordedCall } & EventLabels)
  | ({
      type: 'return';
      clientId: number;
      opId: number;
      return: RecordedReturn;
      /** Of the last record below the tail that the answer tells. */
      tailTimestamp?: number;
    } & EventLabels);

/**
 * What a follower waited for has no words in S2's format and is left out: as a check-tail it would begin at the wait, though
 * its answer may be as old as its session. A rejection is a definite failure.
 */
export function s2History(history: readonly RecordedEvent[]): HistoryEvent[] {
  const waits = new Set<number>();
  return history.flatMap((event) => {
    if (event.type === 'call' && event.call.kind === 'follow') waits.add(event.opId);
    const plain = waits.has(event.opId) ? null : s2Event(event);
    return plain === null ? [] : [plain];
  });
}

/** Null of what S2 does not know, except that a failed wait looks like a failed read. */
export function s2Event(event: RecordedEvent): HistoryEvent | null {
  const { clientId, opId, atMs, note } = event;
  const common = { clientId, opId, ...(atMs !== undefined && { atMs }), ...(note !== undefined && { note }) };
  if (event.type === 'call') {
    const call = s2Call(event.call);
    return call === null ? null : { type: 'call', ...common, call };
  }
  const outcome = s2Return(event.return);
  return outcome === null ? null : { type: 'return', ...common, return: outcome };
}

function s2Call(call: RecordedCall): Call | null {
  if (call.kind === 'follow') return null;
  if (call.kind !== 'append') return call;
  const { kind, recordHashes, setFencingToken, fencingToken, matchSeqNum } = call;
  return { kind, recordHashes, setFencingToken, fencingToken, matchSeqNum };
}

function s2Return(outcome: RecordedReturn): Return | null {
  switch (outcome.kind) {
    case 'append-acked':
      return { kind: 'append-success', tail: outcome.end };
    case 'append-rejected':
      return { kind: 'append-definite-failure' };
    case 'read-part-success':
      return null;
    default:
      return outcome;
  }
}

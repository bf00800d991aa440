/**
 * What our recorders write down: S2's vocabulary, and what it has no words for, a part of the stream that somebody was
 * shown and what is so instead of what an append was conditional on. A subset of the checker's extended histories, with a
 * projection on S2's own format, which only says less: it is legal whenever the whole is.
 */

import type { Call, EventLabels, ExtendedCall, ExtendedReturn, HistoryEvent, Return } from '../checker/index.ts';

export type RecordedCall = Call | Extract<ExtendedCall, { kind: 'read-part' }>;

type PartShown = Extract<ExtendedReturn, { kind: 'read-part-success' }>;
type Rejected = Extract<ExtendedReturn, { kind: 'append-rejected' }>;
export type RecordedReturn = Return | PartShown | Rejected;

export type RecordedEvent =
  | ({ type: 'call'; clientId: number; opId: number; call: RecordedCall } & EventLabels)
  | ({ type: 'return'; clientId: number; opId: number; return: RecordedReturn } & EventLabels);

/** Parts have no words in S2's format and are left out; a rejection is a definite failure. */
export function plainHistory(history: readonly RecordedEvent[]): HistoryEvent[] {
  return history.flatMap(plainEvent);
}

function plainEvent(event: RecordedEvent): HistoryEvent[] {
  const { clientId, opId, atMs, note } = event;
  const common = { clientId, opId, ...(atMs !== undefined && { atMs }), ...(note !== undefined && { note }) };
  if (event.type === 'call') {
    return event.call.kind === 'read-part' ? [] : [{ type: 'call', ...common, call: event.call }];
  }
  const outcome = plainReturn(event.return);
  return outcome === null ? [] : [{ type: 'return', ...common, return: outcome }];
}

function plainReturn(outcome: RecordedReturn): Return | null {
  if (outcome.kind === 'append-rejected') return { kind: 'append-definite-failure' };
  return outcome.kind === 'read-part-success' ? null : outcome;
}

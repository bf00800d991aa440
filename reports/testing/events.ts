/**
 * Hand-written histories for tests: one short call per event.
 */

import type { Call, HistoryEvent, Return } from '../../checker/history.ts';

/** An append of `count` records whose hashes are 1, 2, …, without guards unless given. */
export function append(count: number, guards: Partial<Call & { kind: 'append' }> = {}): Call {
  const recordHashes = Array.from({ length: count }, (_, i) => BigInt(i + 1));
  return { kind: 'append', recordHashes, setFencingToken: null, fencingToken: null, matchSeqNum: null, ...guards };
}

export function called(opId: number, call: Call, clientId = 1): HistoryEvent {
  return { type: 'call', clientId, opId, call };
}

export function returned(opId: number, outcome: Return, clientId = 1): HistoryEvent {
  return { type: 'return', clientId, opId, return: outcome };
}

/** The same events, `stepMs` apart, from 0. */
export function timed(events: readonly HistoryEvent[], stepMs = 10): HistoryEvent[] {
  return events.map((event, i) => ({ ...event, atMs: i * stepMs }));
}

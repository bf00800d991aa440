/**
 * The events of a history, paired into operations: one row per thing a client did.
 *
 * Pure. Positions in the event list are the only order that counts (milliseconds tie); `callEvent` and
 * `returnEvent` are such positions. Operations come in the order of their calls.
 */

import type { Call, History, HistoryEvent, Return } from '../checker/history.ts';

export type OperationKind = 'append' | 'read' | 'check-tail';

/**
 * Appends end `durable`, `rejected` (certainly no effect) or `unknown` (may still take effect); reads and
 * check-tails end `answered` or `failed`. `open` is a read or check-tail that never returned.
 */
export type OperationOutcome = 'durable' | 'rejected' | 'unknown' | 'answered' | 'failed' | 'open';

export interface Operation {
  opId: number;
  clientId: number;
  kind: OperationKind;
  outcome: OperationOutcome;
  /** Position of the call in the history. */
  callEvent: number;
  /** Position of the return, or null when there is none. */
  returnEvent: number | null;
  /** The tail just before a durable append, or the tail a read or check-tail saw; null if it has no known place. */
  startSeqNum: number | null;
  /** The tail just after it; equal to `startSeqNum` for reads and check-tails. */
  endSeqNum: number | null;
  /** Records in the batch; 0 for reads and check-tails. */
  recordCount: number;
  matchSeqNum: number | null;
  fencingToken: string | null;
  setFencingToken: string | null;
  /** 16 hex digits, for answered reads. */
  streamHash: string | null;
  callNote: string | null;
  returnNote: string | null;
  /** Up to where an append commands to trim, or below which an answer showed that records are gone; null for most. */
  trim: number | null;
  /**
   * When the client gave up on an operation of unknown outcome, if that was earlier than its place in the
   * list says (S2's collector writes such returns after all other events). Milliseconds, or null.
   */
  gaveUpAtMs: number | null;
}

/** Pairs calls with returns. Throws when two calls share an `opId` or a return has no open call. */
export function operationsOf(history: History): Operation[] {
  const operations: Operation[] = [];
  const byOpId = new Map<number, Operation>();
  let latestMs = Number.NEGATIVE_INFINITY;
  for (const [position, event] of history.entries()) {
    if (event.type === 'call') {
      if (byOpId.has(event.opId)) throw new Error(`event ${position}: operation ${event.opId} is called twice`);
      const operation = calledOperation(event, position);
      byOpId.set(event.opId, operation);
      operations.push(operation);
    } else {
      const operation = byOpId.get(event.opId);
      if (operation === undefined) throw new Error(`event ${position}: operation ${event.opId} returns uncalled`);
      if (operation.returnEvent !== null) {
        throw new Error(`event ${position}: operation ${event.opId} returns twice`);
      }
      operation.returnEvent = position;
      operation.returnNote = event.note ?? null;
      operation.trim ??= event.trim ?? null;
      applyReturn(operation, event.return);
      if (operation.outcome === 'unknown' && event.atMs !== undefined && event.atMs < latestMs) {
        operation.gaveUpAtMs = event.atMs;
      }
    }
    latestMs = Math.max(latestMs, event.atMs ?? latestMs);
  }
  return operations;
}

/**
 * The time of every event in milliseconds, never decreasing, or null when no event carries one. An event
 * without a time takes that of the event before it.
 */
export function eventTimesOf(history: History): number[] | null {
  const first = history.find((event) => event.atMs !== undefined)?.atMs;
  if (first === undefined) return null;
  let latestMs = first;
  return history.map((event) => (latestMs = Math.max(latestMs, event.atMs ?? latestMs)));
}

function calledOperation(event: HistoryEvent & { type: 'call' }, position: number): Operation {
  const { call } = event;
  const append = call.kind === 'append' ? call : null;
  return {
    opId: event.opId,
    clientId: event.clientId,
    kind: call.kind,
    outcome: call.kind === 'append' ? 'unknown' : 'open',
    callEvent: position,
    returnEvent: null,
    startSeqNum: null,
    endSeqNum: null,
    recordCount: recordCountOf(call),
    matchSeqNum: append?.matchSeqNum ?? null,
    fencingToken: append?.fencingToken ?? null,
    setFencingToken: append?.setFencingToken ?? null,
    streamHash: null,
    callNote: event.note ?? null,
    returnNote: null,
    trim: event.trim ?? null,
    gaveUpAtMs: null,
  };
}

function recordCountOf(call: Call): number {
  return call.kind === 'append' ? call.recordHashes.length : 0;
}

function applyReturn(operation: Operation, outcome: Return): void {
  switch (outcome.kind) {
    case 'append-success':
      operation.outcome = 'durable';
      operation.startSeqNum = outcome.tail - operation.recordCount;
      operation.endSeqNum = outcome.tail;
      return;
    case 'append-definite-failure':
      operation.outcome = 'rejected';
      return;
    case 'append-indefinite-failure':
      operation.outcome = 'unknown';
      return;
    case 'read-success':
      operation.streamHash = outcome.streamHash.toString(16).padStart(16, '0');
      observeTail(operation, outcome.tail);
      return;
    case 'check-tail-success':
      observeTail(operation, outcome.tail);
      return;
    case 'read-failure':
    case 'check-tail-failure':
      operation.outcome = 'failed';
      return;
  }
}

function observeTail(operation: Operation, tail: number): void {
  operation.outcome = 'answered';
  operation.startSeqNum = tail;
  operation.endSeqNum = tail;
}

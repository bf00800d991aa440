/**
 * An extended history as far as S2's format can say it, event by event: a rejection is a definite failure, a part that
 * told the tail a check-tail, one that did not a failed one. Creations and deletions are left out.
 */

import type { Call, History, HistoryEvent, Return } from '../history.ts';
import type { ExtendedCall, ExtendedHistory, ExtendedReturn } from './history.ts';

export function plainHistory(history: ExtendedHistory): HistoryEvent[] {
  const readFrom = new Map<number, number>();
  return history.flatMap((event): History => {
    const { clientId, opId, atMs, note } = event;
    const trim = trimOf(event, readFrom);
    const common = {
      ...{ clientId, opId },
      ...(atMs !== undefined && { atMs }),
      ...(note !== undefined && { note }),
      ...(trim !== undefined && { trim }),
    };
    if (event.type === 'call') {
      const call = plainCall(event.call);
      return call === null ? [] : [{ type: 'call', ...common, call }];
    }
    const outcome = plainReturn(event.return);
    return outcome === null ? [] : [{ type: 'return', ...common, return: outcome }];
  });
}

/** What it commands, or shows to be gone: a read from a number began above it. `readFrom`: those numbers, by opId. */
function trimOf(event: ExtendedHistory[number], readFrom: Map<number, number>): number | undefined {
  if (event.type === 'call') {
    const { call } = event;
    if (call.kind === 'read-part' && 'seqNum' in call.from) readFrom.set(event.opId, call.from.seqNum);
    return call.kind === 'append' ? call.trim : undefined;
  }
  const from = readFrom.get(event.opId);
  const began = event.return.kind === 'read-part-success' ? event.return.start : undefined;
  return from !== undefined && began !== undefined && began > from ? began : undefined;
}

function plainCall(call: ExtendedCall): Call | null {
  switch (call.kind) {
    case 'append': {
      const { kind, recordHashes, setFencingToken, fencingToken, matchSeqNum } = call;
      return { kind, recordHashes, setFencingToken, fencingToken, matchSeqNum };
    }
    case 'read-part':
    case 'follow':
      return { kind: 'check-tail' };
    case 'create':
    case 'delete':
    case 'configure':
      return null;
    default:
      return call;
  }
}

function plainReturn(outcome: ExtendedReturn): Return | null {
  switch (outcome.kind) {
    case 'append-acked':
      return { kind: 'append-success', tail: outcome.end };
    case 'append-rejected':
      return { kind: 'append-definite-failure' };
    case 'read-part-success':
      return outcome.tail === null
        ? { kind: 'check-tail-failure' }
        : { kind: 'check-tail-success', tail: outcome.tail };
    case 'read-nothing':
      return { kind: 'check-tail-failure' };
    case 'read-unwritten':
      return { kind: 'check-tail-success', tail: outcome.tail };
    case 'stream-absent':
    case 'stream-pending':
    case 'created':
    case 'create-noop':
    case 'stream-exists':
    case 'deleted':
    case 'configured':
    case 'change-failure':
    case 'change-unknown':
      return null;
    default:
      return outcome;
  }
}

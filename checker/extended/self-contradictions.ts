/**
 * Answers that nothing could make true, whatever the others did: the request itself speaks against them. Only its operation is
 * named. What such an answer also says against others (a stale tail, say) is told by the sweep, and better.
 */

import { range, type Violation } from '../sweep/violation.ts';
import type { ExtendedRule } from './model.ts';
import type { StreamOperation } from './operations.ts';

/** The first one, or null. */
export function contradictionInItself(
  operations: readonly StreamOperation[],
  { strictS2 = false }: ExtendedRule,
): Violation | null {
  for (const operation of operations) {
    const why = contradictionOf(operation, strictS2);
    if (why === null) continue;
    const { opId } = operation.metadata;
    return { code: 'answer-without-place', message: `Op ${opId} ${why}.`, opIds: [opId] };
  }
  return null;
}

function contradictionOf({ input, output }: StreamOperation, strictS2: boolean): string | null {
  if (input.kind === 'append' && output.kind === 'append-rejected') {
    if ('tail' in output.actual) return rejectedByTail(input.matchSeqNum, output.actual.tail);
    return rejectedByToken(input.fencingToken, output.actual.fencingToken, strictS2);
  }
  if (input.kind === 'create' && output.kind === 'create-noop' && input.token === null)
    return 'has no token, and was told that the same request had created the stream';
  if (input.kind !== 'read-part' && input.kind !== 'begin') return null;
  const from = 'seqNum' in input.from ? input.from.seqNum : null;
  if (output.kind === 'read-unwritten' && from !== null && from < output.tail)
    return `was told that nothing is written at ${from}, and that the tail is ${output.tail}`;
  if (output.kind !== 'read-part-success') return null;
  const { start, recordHashes, tail } = output;
  const end = start + recordHashes.length;
  if (from !== null && start < from) return `was to begin at ${from}, and began at ${start}`;
  return tail !== null && tail < end ? `was shown ${shown(start, end)}, and told that the tail is ${tail}` : null;
}

function rejectedByTail(demanded: number | null, tail: number): string | null {
  if (demanded === null) return `was rejected for the tail, ${tail}, and had demanded none`;
  return demanded === tail ? `was rejected for the tail, ${tail}, and that is the one it had demanded` : null;
}

/** By S2's own rule a new stream has no token, which is told as the empty one. */
function rejectedByToken(demanded: string | null, token: string, strictS2: boolean): string | null {
  const inForce = `the fencing token, ${JSON.stringify(token)}`;
  if (demanded === null) return `was rejected for ${inForce}, and had demanded none`;
  if (demanded !== token || (strictS2 && token === '')) return null;
  return `was rejected for ${inForce}, and that is the one it had demanded`;
}

function shown(start: number, end: number): string {
  return start === end ? `what begins at ${start}` : `records ${range(start, end)}`;
}

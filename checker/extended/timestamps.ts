/**
 * What clients are told of timestamps: facts that never change, so no order of the operations matters to them.
 *
 * A record has one timestamp, timestamps never fall along a stream, and a read from a timestamp begins at the first
 * record at or after it that is not trimmed. Each fact bounds the timestamp of one position; whether all bounds can be
 * met together is seen in one pass along the stream. Where trims were asked for, a read from a timestamp becomes one
 * from the first position that is known to be late enough, and the model asks whether what it passes over may be gone.
 */

import { sortedBy } from '../sweep/order.ts';
import type { Violation } from '../sweep/violation.ts';
import type { StreamOperation } from './operations.ts';

/** The timestamp at `position` is from `low` to `high`, says an operation. */
interface Bound {
  position: number;
  low: number;
  high: number;
  opId: number;
}

/** The operations of one life, those that read from a timestamp made definite; or the first contradiction. */
export function resolveTimestamps(operations: readonly StreamOperation[]): readonly StreamOperation[] | Violation {
  const mayTrim = operations.some(({ input }) => input.kind === 'append' && (input.trim ?? 0) > 0);
  const bounds = sortedBy(
    operations.flatMap((operation) => boundsOf(operation, mayTrim)),
    ({ position }) => position,
  );
  const wrong = findContradiction(bounds);
  if (wrong !== null) return wrong;
  if (!mayTrim) return operations;
  // Timestamps ascend: the first position that is known to be late enough is found by the lows.
  const known = bounds.filter(({ low }) => low > 0);
  return operations.map((operation): StreamOperation => {
    const { input, output } = operation;
    if (input.kind !== 'read-part' || !('timestamp' in input.from) || output.kind !== 'read-part-success')
      return operation;
    const { timestamp } = input.from;
    const due = known.find(
      ({ low, position, opId }) => low >= timestamp && opId !== operation.metadata.opId && position < output.start,
    );
    return due === undefined
      ? operation
      : { ...operation, input: { kind: 'read-part', from: { seqNum: due.position } } };
  });
}

function boundsOf({ input, output, metadata }: StreamOperation, mayTrim: boolean): Bound[] {
  const { opId, tailTimestamp } = metadata;
  const bounds: Bound[] = [];
  const exactly = (position: number, stamp: number): void => {
    bounds.push({ position, low: stamp, high: stamp, opId });
  };
  const from = input.kind === 'read-part' && 'timestamp' in input.from ? input.from.timestamp : null;
  if (tailTimestamp !== undefined) {
    const tail = toldTail(output);
    if (tail !== null && tail > 0) exactly(tail - 1, tailTimestamp);
  }
  if (output.kind === 'append-acked' && output.timestamps !== undefined) {
    exactly(output.start, output.timestamps[0]);
    exactly(output.end - 1, output.timestamps[1]);
  }
  if (output.kind === 'read-unwritten' && from !== null && output.tail > 0)
    bounds.push({ position: output.tail - 1, low: 0, high: from - 1, opId });
  if (output.kind !== 'read-part-success') return bounds;
  const { start, timestamps = [], recordHashes } = output;
  for (const [i, stamp] of timestamps.entries()) exactly(start + i, stamp);
  if (from === null || recordHashes.length === 0) return bounds;
  bounds.push({ position: start, low: from, high: Number.POSITIVE_INFINITY, opId });
  if (!mayTrim && start > 0) bounds.push({ position: start - 1, low: 0, high: from - 1, opId });
  return bounds;
}

function toldTail(output: StreamOperation['output']): number | null {
  if (output.kind === 'append-acked') return output.tail;
  if (output.kind === 'append-rejected') return 'tail' in output.actual ? output.actual.tail : null;
  const tellsTail =
    output.kind === 'check-tail-success' || output.kind === 'read-unwritten' || output.kind === 'read-part-success';
  return tellsTail ? output.tail : null;
}

/** By position: what some record before it must have at least, no later one may fall below. */
function findContradiction(bounds: readonly Bound[]): Violation | null {
  let least: Bound | null = null;
  for (let from = 0, to = 0; from < bounds.length; from = to) {
    const { position } = bounds[from]!;
    for (to = from; bounds[to]?.position === position; to++)
      if (bounds[to]!.low > (least?.low ?? 0)) least = bounds[to]!;
    for (let i = from; i < to; i++)
      if (least !== null && bounds[i]!.high < least.low) return contradiction(least, bounds[i]!);
  }
  return null;
}

function contradiction(least: Bound, most: Bound): Violation {
  const say = ({ position, low, high, opId }: Bound): string => {
    const value = low === high ? `${low}` : low === 0 ? `${high} at most` : `${low} at least`;
    return `record ${position} has timestamp ${value} for op ${opId}`;
  };
  const why = least.position === most.position ? 'A record has one timestamp' : 'Timestamps never fall';
  return {
    code: 'wrong-timestamp',
    message: `${why}, but ${say(least)} and ${say(most)}.`,
    opIds: [...new Set([most.opId, least.opId])],
  };
}

/**
 * What reads tell of timestamps: facts that never change, so no order of the operations matters to them.
 *
 * A record has one timestamp, timestamps never fall along a stream, and a read from a timestamp begins at the first
 * record at or after it.
 */

import type { Violation } from '../sweep/violation.ts';
import type { ExtendedHistory } from './history.ts';

interface Told {
  stamp: number;
  opId: number;
}

/** The first contradiction, or null. */
export function findWrongTimestamp(history: ExtendedHistory): Violation | null {
  const told = new Map<number, Told>();
  const askedFor = new Map<number, { timestamp: number }>();
  const began: { start: number; timestamp: number; opId: number }[] = [];
  for (const event of history) {
    const { opId } = event;
    if (event.type === 'call') {
      if (event.call.kind === 'read-part' && 'timestamp' in event.call.from) askedFor.set(opId, event.call.from);
      continue;
    }
    if (event.return.kind !== 'read-part-success') continue;
    const { start, timestamps = [], recordHashes } = event.return;
    const asked = askedFor.get(opId);
    if (asked !== undefined && recordHashes.length > 0) began.push({ start, ...asked, opId });
    for (const [i, stamp] of timestamps.entries()) {
      const other = told.get(start + i);
      if (other !== undefined && other.stamp !== stamp)
        return violationOf(
          `Record ${start + i} has timestamp ${other.stamp} for op ${other.opId} and ${stamp} for op ${opId}.`,
          [opId, other.opId],
        );
      told.set(start + i, { stamp, opId });
    }
  }
  return findFall(told) ?? findEarlyStart(told, began);
}

function findFall(told: ReadonlyMap<number, Told>): Violation | null {
  let before: (Told & { position: number }) | null = null;
  for (const [position, { stamp, opId }] of [...told].toSorted(([a], [b]) => a - b)) {
    if (before !== null && stamp < before.stamp)
      return violationOf(
        `Timestamps fall: record ${before.position} has ${before.stamp} for op ${before.opId}, record ${position} has ${stamp} for op ${opId}.`,
        [opId, before.opId],
      );
    before = { position, stamp, opId };
  }
  return null;
}

function findEarlyStart(
  told: ReadonlyMap<number, Told>,
  began: readonly { start: number; timestamp: number; opId: number }[],
): Violation | null {
  for (const { start, timestamp, opId } of began) {
    const first = told.get(start);
    if (first !== undefined && first.stamp < timestamp)
      return violationOf(
        `Op ${opId} asked for records from timestamp ${timestamp} on, but began with ${first.stamp} at ${start}.`,
        [opId],
      );
    const skipped = told.get(start - 1);
    if (skipped !== undefined && skipped.stamp >= timestamp && skipped.opId !== opId)
      return violationOf(
        `Op ${opId} asked for records from timestamp ${timestamp} on and began at ${start}, but record ${start - 1} has ${skipped.stamp} for op ${skipped.opId}.`,
        [opId, skipped.opId],
      );
  }
  return null;
}

function violationOf(message: string, opIds: readonly number[]): Violation {
  return { code: 'wrong-timestamp', message, opIds: [...new Set(opIds)] };
}

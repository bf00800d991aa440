/**
 * The trim point over time: records below it are gone, or go any moment.
 *
 * Pure. It rises when a command to trim is acknowledged (no further than the stream reached then), and when a reader is shown
 * that records are gone. Histories in S2's own format tell nothing of it, and read the stream from its beginning: it stays 0.
 */

import type { Operation } from './operations.ts';

export interface TrimStep {
  /** From this event on. */
  event: number;
  point: number;
  /** Index of the operation that told; null of what was known before a window. */
  operation: number | null;
}

/** Ascending in both; the first is at event 0. */
export function trimStepsOf(operations: readonly Operation[], before = 0): TrimStep[] {
  const told: TrimStep[] = [];
  for (const [index, operation] of operations.entries()) {
    const point = trimToldBy(operation);
    const { returnEvent } = operation;
    if (point !== null && returnEvent !== null) told.push({ event: returnEvent, point, operation: index });
  }
  told.sort((a, b) => a.event - b.event);
  const steps: TrimStep[] = [{ event: 0, point: before, operation: null }];
  for (const step of told) if (step.point > (steps.at(-1)?.point ?? 0)) steps.push(step);
  return steps;
}

/** The step in force after an event. */
export function trimStepAt(steps: readonly TrimStep[], event: number): TrimStep {
  return steps.findLast((step) => step.event <= event) ?? { event: 0, point: 0, operation: null };
}

/** Null of an operation that says nothing of it: most. */
function trimToldBy({ kind, outcome, trim, endSeqNum }: Operation): number | null {
  if (trim === null || outcome === 'rejected' || outcome === 'unknown') return null;
  // A command beyond the tail trims what there is.
  return kind === 'append' ? Math.min(trim, endSeqNum ?? 0) : trim;
}

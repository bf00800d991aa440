/**
 * Where to look: the operations that a failure names and every one that visibly hangs below what was known, in the order
 * of time. Pure.
 */

import type { Operation } from './operations.ts';

/** Indexes, by call. `floors`: the largest tail reported before each call. */
export function violationsOf(
  operations: readonly Operation[],
  floors: readonly number[],
  guilty: readonly number[],
): number[] {
  const found = new Set(guilty);
  for (const [index, { startSeqNum }] of operations.entries()) {
    if (startSeqNum !== null && startSeqNum < (floors[index] ?? 0)) found.add(index);
  }
  return [...found].sort((a, b) => a - b);
}

/** The next one behind the selected operation, around the end; the most telling one when nothing is selected. */
export function nextViolation(
  violations: readonly number[],
  guilty: readonly number[],
  selected: number | null,
): number | null {
  if (selected === null) return guilty[0] ?? violations[0] ?? null;
  return violations.find((index) => index > selected) ?? violations[0] ?? null;
}

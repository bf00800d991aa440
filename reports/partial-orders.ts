/**
 * Partial linearizations of a history that has no whole one: how far an order gets, and what could have come next but does
 * not fit there. Pure.
 */

import { staysOpen } from './lanes.ts';
import type { Operation } from './operations.ts';
import type { RecordHashes } from './record-hashes.ts';
import { refusalOf, startState, statesAlong, type StreamState } from './stream-states.ts';
import type { Baseline } from './window.ts';

export interface PartialOrder {
  /** Indexes of operations, in order. */
  steps: readonly number[];
  /** Entry i is the state before step i; the last one is where the order ends. */
  states: readonly StreamState[];
  /** What nothing unplaced must precede, and why it does not fit at the end. */
  illegal: readonly { operation: number; reason: string }[];
}

export interface OrderContext {
  operations: readonly Operation[];
  records: RecordHashes | null;
  baseline: Baseline;
}

export function partialOrder({ operations, records, baseline }: OrderContext, steps: readonly number[]): PartialOrder {
  const states = statesAlong(operations, steps, { state: startState(baseline), records });
  const end = states.at(-1) ?? startState(baseline);
  const illegal = candidatesAfter(operations, steps).flatMap((operation) => {
    const found = operations[operation];
    const reason = found === undefined ? null : refusalOf(end, found);
    return reason === null ? [] : [{ operation, reason }];
  });
  return { steps, states, illegal };
}

/** Unplaced operations that were called before the first unplaced one that must have happened had returned. */
function candidatesAfter(operations: readonly Operation[], steps: readonly number[]): number[] {
  const placed = new Set(steps);
  const left = [...operations.keys()].filter((index) => !placed.has(index));
  let firstReturn = Number.POSITIVE_INFINITY;
  const candidates: number[] = [];
  for (const index of left) {
    const operation = operations[index];
    if (operation === undefined || !mustHappen(operation)) continue;
    // In the order of calls: once one is called behind the first return, so are all that follow.
    if (operation.callEvent > firstReturn) break;
    firstReturn = Math.min(firstReturn, operation.returnEvent ?? firstReturn);
    candidates.push(index);
  }
  return candidates.filter((index) => (operations[index]?.callEvent ?? 0) < firstReturn);
}

function mustHappen(operation: Operation): boolean {
  return !staysOpen(operation) && operation.outcome !== 'rejected' && operation.outcome !== 'failed';
}

/**
 * Which order to show for an operation: the longest that contains it, else the longest at whose end it does not fit, else
 * none. Orders come longest first.
 */
export function orderFor(orders: readonly PartialOrder[], operation: number): PartialOrder | null {
  return (
    orders.find(({ steps }) => steps.includes(operation)) ??
    orders.find(({ illegal }) => illegal.some((next) => next.operation === operation)) ??
    null
  );
}

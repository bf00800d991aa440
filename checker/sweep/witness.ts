/**
 * The order that proves a history legal, built from the finished tiling as in the proof of the floor theorem.
 *
 * Batches by position; the observers of a tail behind the batch that ends there, among themselves by call; then the
 * operations that change nothing, each right behind the last placed operation that had returned before it was
 * called. Appends of unknown outcome that no hole needed are without effect.
 */

import type { Placement } from './log-state.ts';
import type { Operation, Operations } from './operations.ts';
import type { Witness } from './replay.ts';

export function buildWitness({ all, events }: Operations, placements: readonly Placement[]): Witness {
  const endOf = new Map<Operation, number>();
  for (const { op, position } of placements) endOf.set(op, position + op.recordCount);
  for (const op of all) if (op.outcome === 'success') endOf.set(op, op.tail);
  const placed = [...endOf.keys()].sort(
    (a, b) => endOf.get(a)! - endOf.get(b)! || rank(a) - rank(b) || a.calledAt - b.calledAt,
  );
  const indexOf = new Map(placed.map((op, index) => [op, index]));
  // Slot i is behind placed operation i; slot -1 is in front of all.
  const idle = new Map<number, Operation[]>();
  let slot = -1;
  for (const { operation, isReturn } of events) {
    if (isReturn) slot = Math.max(slot, indexOf.get(operation) ?? -1);
    else if (operation.outcome === 'void') {
      const neighbours = idle.get(slot);
      if (neighbours === undefined) idle.set(slot, [operation]);
      else neighbours.push(operation);
    }
  }
  const order = [...(idle.get(-1) ?? []), ...placed.flatMap((op, index) => [op, ...(idle.get(index) ?? [])])];
  return {
    linearization: order.map((op) => op.opId),
    withoutEffect: all.filter((op) => op.outcome === 'unknown' && !endOf.has(op)).map((op) => op.opId),
  };
}

function rank(op: Operation): number {
  return op.kind === 'append' ? 0 : 1;
}

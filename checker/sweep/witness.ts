/**
 * The order that proves a history legal, built from the finished tiling as in the proof of the floor theorem.
 *
 * Batches by position; the observers of a tail behind the batch that ends there, among themselves by call; then the
 * operations that change nothing, each right behind the last placed operation that had returned before it was
 * called. Appends of unknown outcome that no hole needed are without effect.
 */

import type { Placement } from './log-state.ts';
import type { Operation, Operations } from './operations.ts';
import { sortedBy } from './order.ts';
import type { Witness } from './replay.ts';

export function buildWitness({ all, events }: Operations, placements: readonly Placement[]): Witness {
  const endOf = new Float64Array(all.length).fill(-1);
  for (const { op, position } of placements) endOf[op.index] = position + op.recordCount;
  for (let i = 0; i < all.length; i++) if (all[i]!.outcome === 'success') endOf[i] = all[i]!.tail;
  const placed = sortedBy(
    all.filter((op) => endOf[op.index]! >= 0),
    (op) => endOf[op.index]! * 2 + rank(op),
  );
  const placeOf = new Int32Array(all.length).fill(-1);
  placed.forEach((op, place) => {
    placeOf[op.index] = place;
  });
  // Slot i is behind placed operation i; slot -1 is in front of all. Slots of idle operations ascend by call.
  const idle: Operation[] = [];
  const idleSlots: number[] = [];
  let slot = -1;
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!;
    if (event < 0) slot = Math.max(slot, placeOf[~event]!);
    else if (all[event]!.outcome === 'void') {
      idle.push(all[event]!);
      idleSlots.push(slot);
    }
  }
  const linearization: number[] = [];
  let next = 0;
  for (let place = -1; place < placed.length; place++) {
    if (place >= 0) linearization.push(placed[place]!.opId);
    for (; idleSlots[next] === place; next++) linearization.push(idle[next]!.opId);
  }
  return {
    linearization,
    withoutEffect: all.filter((op) => op.outcome === 'unknown' && endOf[op.index] === -1).map((op) => op.opId),
  };
}

function rank(op: Operation): number {
  return op.kind === 'append' ? 0 : 1;
}

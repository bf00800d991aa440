/**
 * Floors: the whole real-time order of a log's history in one integer per operation.
 *
 * The floor of x is the greatest tail reported by any operation that had successfully finished when x was called.
 * A tail never shrinks, so x must stand at or above its floor. This pass sets the floors and finds the first event
 * that proves a bug by one operation's own answer and what had finished before it: no search, O(1) per event.
 */

import { lowOf, type Operation, type Operations } from './operations.ts';
import { claimOf, finishedBefore, nameOf, standsAt, type Violation, violation } from './violation.ts';

export interface Floors {
  /** The operations that raised the floor, in order of return: their tails ascend. */
  readonly raisers: readonly Operation[];
  /** The first violation, and the operation whose return proves it. */
  readonly proof: Proof | null;
}

export interface Proof {
  readonly violation: Violation;
  /** Event index at which the history became impossible. */
  readonly at: number;
}

export function setFloors({ all, events }: Operations): Floors {
  const raisers: Operation[] = [];
  let floor = 0;
  let floorOp: Operation | null = null;
  let proof: Proof | null = null;
  for (let at = 0; at < events.length; at++) {
    const event = events[at]!;
    const operation = all[event < 0 ? ~event : event]!;
    if (event >= 0) {
      operation.floor = floor;
      operation.floorOp = floorOp;
    } else if (operation.outcome === 'success') {
      const found: Violation | null = proof === null ? violationOf(operation) : null;
      if (found !== null) proof = { violation: found, at: operation.returnedAt };
      if (operation.tail > floor) {
        floor = operation.tail;
        floorOp = operation;
        raisers.push(operation);
      }
    }
  }
  return { raisers, proof };
}

/** The first operation that proved that the log reached `position`. */
export function firstToProve({ raisers }: Floors, position: number): Operation {
  let low = 0;
  let high = raisers.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (raisers[middle]!.tail >= position) high = middle;
    else low = middle + 1;
  }
  return raisers[low]!;
}

/** What an answer breaks by itself or against what had finished before the call; its floor must be set. */
export function violationOf(op: Operation): Violation | null {
  const low = lowOf(op);
  if (low < 0)
    return violation(
      'impossible-ack',
      `${nameOf(op)} was acknowledged with tail ${op.tail}, below its own length.${soFar(op.floorOp)}`,
      [op, op.floorOp],
    );
  if (low < op.floor) return belowFloor(op, op.floorOp!);
  if (op.kind === 'append' && op.matchSeqNum !== null && op.matchSeqNum !== low) {
    // Who had told a tail beyond it proves that the condition could not hold any more.
    const beyond = op.floor > op.matchSeqNum ? op.floorOp : null;
    return violation(
      'match-seq-num',
      `${nameOf(op)} demanded match_seq_num ${op.matchSeqNum}, but ${standsAt(op)}: ` +
        `it must start at ${op.matchSeqNum} or fail.${soFar(beyond)}`,
      [op, beyond],
    );
  }
  if (op.kind === 'read' && op.tail === 0 && (op.hashHi !== 0 || op.hashLo !== 0))
    return violation('wrong-content', `${nameOf(op)} reported an empty stream with a hash that is not 0.`, [op]);
  return null;
}

/** A sentence about who had told how far the log reached, if anybody had. */
function soFar(floorOp: Operation | null): string {
  return floorOp === null ? '' : ` Before it was called, ${claimOf(floorOp)}.`;
}

function belowFloor(op: Operation, floorOp: Operation): Violation {
  const before = `${finishedBefore(floorOp)} ${nameOf(op)} was called`;
  if (op.kind !== 'append') {
    const code = op.kind === 'read' ? 'stale-read' : 'stale-tail';
    return violation(code, `${before}, yet that ${op.kind} reported tail ${op.tail}.`, [op, floorOp]);
  }
  const yet = `${before}, yet that append ${standsAt(op)}`;
  if (floorOp.kind !== 'append') return violation('seen-before-written', `${yet}, below this tail.`, [op, floorOp]);
  const overlap = lowOf(floorOp) < op.tail;
  const code = overlap ? 'lost-append' : 'reordered-acks';
  const claim = overlap ? 'over the same positions' : 'below it';
  return violation(code, `${yet}, ${claim}.`, [op, floorOp]);
}

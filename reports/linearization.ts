/**
 * The checker's order as points in time, and the places it gives to appends of unknown outcome.
 *
 * A point is an event coordinate: 7.5 lies between events 7 and 8. Each operation gets the earliest moment
 * that keeps the order and follows its call; operations between the same two events share the gap evenly.
 */

import type { Operation } from './operations.ts';

export interface OrderPoint {
  /** Index into the operations. */
  operation: number;
  /** Event coordinate. */
  event: number;
}

export function orderPoints(operations: readonly Operation[], linearization: readonly number[]): OrderPoint[] {
  const points: OrderPoint[] = [];
  let gap = 0;
  let gapStart = 0;
  for (const [i, operation] of linearization.entries()) {
    const callEvent = operations[operation]?.callEvent ?? 0;
    if (callEvent > gap) {
      spread(points, gapStart);
      gap = callEvent;
      gapStart = i;
    }
    points.push({ operation, event: gap });
  }
  spread(points, gapStart);
  return points;
}

/**
 * Start positions of appends of unknown outcome, by index: those that fill exactly the hole between the
 * operations of known position around them. The others have no entry: they may have had no effect.
 */
export function placesOfUnknowns(
  operations: readonly Operation[],
  linearization: readonly number[],
): Map<number, number> {
  const places = new Map<number, number>();
  let tail = 0;
  let waiting: number[] = [];
  for (const index of linearization) {
    const operation = operations[index];
    if (operation === undefined) continue;
    if (operation.outcome === 'unknown') waiting.push(index);
    if (operation.startSeqNum === null || operation.endSeqNum === null) continue;
    fillHole(operations, waiting, tail, operation.startSeqNum, places);
    waiting = [];
    tail = operation.endSeqNum;
  }
  return places;
}

function spread(points: OrderPoint[], from: number): void {
  const count = points.length - from;
  for (let i = from; i < points.length; i++) {
    const point = points[i];
    if (point !== undefined) point.event += (i - from + 1) / (count + 1);
  }
}

function fillHole(
  operations: readonly Operation[],
  waiting: readonly number[],
  start: number,
  end: number,
  places: Map<number, number>,
): void {
  const records = waiting.reduce((sum, index) => sum + (operations[index]?.recordCount ?? 0), 0);
  if (records === 0 || records !== end - start) return;
  let position = start;
  for (const index of waiting) {
    places.set(index, position);
    position += operations[index]?.recordCount ?? 0;
  }
}

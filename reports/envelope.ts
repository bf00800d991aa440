/**
 * Where the tail can have been at each moment: the band of the tail chart.
 *
 * The lower curve (floor) is the largest tail any finished operation has reported, so the true tail is at or
 * above it. The upper curve (ceiling) is the least of two bounds: floor plus all records in flight or of
 * unknown fate, and, with hindsight, the smallest position at which a later call succeeded. A correct
 * operation crosses the band between its call and its return; a stale one hangs below. Follows the floors of
 * the tail sweep (checker), but decides nothing: it only draws.
 */

import type { Operation } from './operations.ts';
import { type Baseline, FROM_NOTHING } from './window.ts';

/** Steps: from event `events[i]` until the next entry the tail lies in [floor[i], ceiling[i]]. */
export interface Envelope {
  events: readonly number[];
  floor: readonly number[];
  ceiling: readonly number[];
}

/** The floor at each operation's call, by index. An operation that ends below its own is stale. */
export function floorsAtCall(
  operations: readonly Operation[],
  eventCount: number,
  baseline: Baseline = FROM_NOTHING,
): number[] {
  const floor = floorAfterEvent(operations, eventCount, baseline.floor);
  return operations.map((operation) => floor[operation.callEvent] ?? 0);
}

export function envelopeOf(
  operations: readonly Operation[],
  eventCount: number,
  baseline: Baseline = FROM_NOTHING,
): Envelope {
  const floor = floorAfterEvent(operations, eventCount, baseline.floor);
  const inFlight = recordsInFlightAfterEvent(operations, eventCount, baseline.unknownRecords);
  const hindsight = leastLaterStart(operations, floor, eventCount);
  const events: number[] = [];
  const floors: number[] = [];
  const ceilings: number[] = [];
  for (let event = 0; event < eventCount; event++) {
    const low = floor[event] ?? 0;
    const high = Math.max(low, Math.min(low + (inFlight[event] ?? 0), hindsight[event] ?? Infinity));
    if (floors.at(-1) === low && ceilings.at(-1) === high) continue;
    events.push(event);
    floors.push(low);
    ceilings.push(high);
  }
  return { events, floor: floors, ceiling: ceilings };
}

function floorAfterEvent(operations: readonly Operation[], eventCount: number, before: number): Float64Array {
  const floor = new Float64Array(eventCount).fill(before);
  for (const { returnEvent, endSeqNum } of operations) {
    if (returnEvent !== null && endSeqNum !== null) floor[returnEvent] = Math.max(before, endSeqNum);
  }
  for (let event = 1; event < eventCount; event++) {
    floor[event] = Math.max(floor[event] ?? 0, floor[event - 1] ?? 0);
  }
  return floor;
}

/** Records of appends that are open, or that ended unknown and so stay possible for ever. */
function recordsInFlightAfterEvent(operations: readonly Operation[], eventCount: number, before: number): Float64Array {
  const change = new Float64Array(eventCount);
  for (const { outcome, recordCount, callEvent, returnEvent } of operations) {
    if (recordCount === 0 || outcome === 'rejected') continue;
    change[callEvent] = (change[callEvent] ?? 0) + recordCount;
    if (outcome === 'durable' && returnEvent !== null) change[returnEvent] = (change[returnEvent] ?? 0) - recordCount;
  }
  let records = before;
  return change.map((delta) => (records += delta));
}

/** Entry k: the smallest start among successes called after event k, stale ones left out. */
function leastLaterStart(operations: readonly Operation[], floor: Float64Array, eventCount: number): Float64Array {
  const startAtCall = new Map<number, number>();
  for (const { callEvent, startSeqNum } of operations) {
    if (startSeqNum !== null && startSeqNum >= (floor[callEvent] ?? 0)) startAtCall.set(callEvent, startSeqNum);
  }
  const least = new Float64Array(eventCount).fill(Infinity);
  for (let event = eventCount - 2; event >= 0; event--) {
    least[event] = Math.min(least[event + 1] ?? Infinity, startAtCall.get(event + 1) ?? Infinity);
  }
  return least;
}

/**
 * Two ways to lay out time: true milliseconds, or one step per event, in which nothing is too short to see.
 *
 * Everything in a history happens at an event coordinate (7.5 lies between events 7 and 8); tracks happen at
 * milliseconds. A time scale maps both to the value shown on the axis, and values back to event coordinates.
 */

import { bisectRight } from 'd3';

export type ScaleMode = 'ms' | 'event';

export interface TimeScale {
  mode: ScaleMode;
  /** First and last value worth showing; never empty. */
  domain: readonly [number, number];
  ofEvent(event: number): number;
  ofMs(ms: number): number;
  toEvent(value: number): number;
}

export function eventScale(timesMs: readonly number[] | null, eventCount: number): TimeScale {
  return {
    mode: 'event',
    domain: [0, Math.max(1, eventCount - 1)],
    ofEvent: (event) => event,
    ofMs: (ms) => (timesMs === null ? 0 : eventOfMs(timesMs, ms)),
    toEvent: (value) => value,
  };
}

/** `tracksEndMs` widens the domain, since faults may outlast the last operation. */
export function millisecondScale(timesMs: readonly number[], tracksEndMs: number): TimeScale {
  const first = Math.min(0, timesMs[0] ?? 0);
  const last = Math.max(timesMs.at(-1) ?? 0, tracksEndMs);
  return {
    mode: 'ms',
    domain: [first, Math.max(last, first + 1)],
    ofEvent: (event) => msOfEvent(timesMs, event),
    ofMs: (ms) => ms,
    toEvent: (value) => eventOfMs(timesMs, value),
  };
}

function msOfEvent(timesMs: readonly number[], event: number): number {
  const before = Math.max(0, Math.min(Math.floor(event), timesMs.length - 1));
  const start = timesMs[before] ?? 0;
  const end = timesMs[before + 1] ?? start;
  return start + (end - start) * (event - before);
}

function eventOfMs(timesMs: readonly number[], ms: number): number {
  const after = bisectRight(timesMs as number[], ms);
  if (after === 0) return 0;
  const start = timesMs[after - 1] ?? 0;
  const end = timesMs[after];
  if (end === undefined) return timesMs.length - 1;
  return after - 1 + (ms - start) / (end - start);
}

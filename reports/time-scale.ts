/**
 * Three ways to lay out time: true milliseconds; warped, where rests shrink and bursts stretch; or one step per event, in
 * which nothing is too short to see.
 *
 * Everything in a history happens at an event coordinate (7.5 lies between events 7 and 8); tracks happen at
 * milliseconds. A time scale maps both to the value shown on the axis, and values back. All are monotonic. Pure.
 */

import { formatNumber } from './figures.ts';

/** A rest of this share of the whole is a long one, and so much of long rests is too much. */
const LONG_WAIT_SHARE = 1 / 40;
const WAITING_SHARE = 0.5;

export type ScaleMode = 'ms' | 'warped' | 'event';

export interface TimeScale {
  mode: ScaleMode;
  /** What stands beside the axis. */
  unit: string;
  /** First and last value worth showing; never empty. */
  domain: readonly [number, number];
  ofEvent(event: number): number;
  ofMs(ms: number): number;
  toEvent(value: number): number;
  /** A value as it is written at the axis, with so many digits behind the point. */
  labelOf(value: number, digits: number): string;
}

export function eventScale(timesMs: readonly number[] | null, eventCount: number): TimeScale {
  return {
    mode: 'event',
    unit: 'event',
    domain: [0, Math.max(1, eventCount - 1)],
    ofEvent: (event) => event,
    ofMs: (ms) => (timesMs === null ? 0 : eventOfMs(timesMs, ms)),
    toEvent: (value) => value,
    labelOf: (value, digits) => formatNumber(Number(value.toFixed(digits))),
  };
}

/** `rangeMs` widens the domain, since a run begins before its first operation and faults may outlast the last one. */
export function millisecondScale(timesMs: readonly number[], rangeMs: readonly [number, number]): TimeScale {
  const first = Math.min(rangeMs[0], timesMs[0] ?? rangeMs[0]);
  const last = Math.max(timesMs.at(-1) ?? first, rangeMs[1]);
  return {
    mode: 'ms',
    unit: 'time (ms)',
    domain: [first, Math.max(last, first + 1)],
    ofEvent: (event) => msOfEvent(timesMs, event),
    ofMs: (ms) => ms,
    toEvent: (value) => eventOfMs(timesMs, value),
    labelOf: (value, digits) => formatNumber(Number(value.toFixed(digits))),
  };
}

/**
 * A step of its own for every moment at which something happened, and beyond that room by the logarithm of the rest before
 * it: a second of silence takes as much as ten events, an hour as twenty. Between moments time runs evenly.
 */
export function warpedScale(timesMs: readonly number[], rangeMs: readonly [number, number]): TimeScale {
  const moments = [Math.min(rangeMs[0], timesMs[0] ?? rangeMs[0])];
  const values = [0];
  for (const ms of [...timesMs, rangeMs[1]]) {
    const restMs = ms - (moments.at(-1) ?? 0);
    if (restMs <= 0) continue;
    moments.push(ms);
    values.push((values.at(-1) ?? 0) + 1 + Math.log2(1 + restMs));
  }
  const ofMs = (ms: number): number => interpolate(moments, values, ms);
  const toMs = (value: number): number => interpolate(values, moments, value);
  return {
    mode: 'warped',
    unit: 'warped (ms)',
    domain: [0, Math.max(1, values.at(-1) ?? 1)],
    ofEvent: (event) => ofMs(msOfEvent(timesMs, event)),
    ofMs,
    toEvent: (value) => eventOfMs(timesMs, toMs(value)),
    labelOf: (value, digits) => formatNumber(Number(toMs(value).toFixed(digits))),
  };
}

/** A history that is mostly waiting shows more when the waiting shrinks; any other is shown as it was. */
export function firstScale(timesMs: readonly number[], [start, end]: readonly [number, number]): ScaleMode {
  const span = end - start;
  let last = start;
  let waitedMs = 0;
  for (const ms of [...timesMs, end]) {
    if (ms - last > span * LONG_WAIT_SHARE) waitedMs += ms - last;
    last = ms;
  }
  return waitedMs > span * WAITING_SHARE ? 'warped' : 'ms';
}

/** Index of the first entry greater than `value` in an ascending list; its length if there is none. */
export function firstAbove(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** On the broken line through the points (from[i], to[i]); outside it, the end points. */
function interpolate(from: readonly number[], to: readonly number[], at: number): number {
  const after = firstAbove(from, at);
  if (after === 0) return to[0] ?? 0;
  const [startFrom, startTo] = [from[after - 1] ?? 0, to[after - 1] ?? 0];
  const [endFrom, endTo] = [from[after], to[after]];
  if (endFrom === undefined || endTo === undefined) return startTo;
  return startTo + ((at - startFrom) / (endFrom - startFrom)) * (endTo - startTo);
}

function msOfEvent(timesMs: readonly number[], event: number): number {
  const before = Math.max(0, Math.min(Math.floor(event), timesMs.length - 1));
  const start = timesMs[before] ?? 0;
  const end = timesMs[before + 1] ?? start;
  return start + (end - start) * (event - before);
}

function eventOfMs(timesMs: readonly number[], ms: number): number {
  const after = firstAbove(timesMs, ms);
  if (after === 0) return 0;
  const start = timesMs[after - 1] ?? 0;
  const end = timesMs[after];
  if (end === undefined) return timesMs.length - 1;
  return after - 1 + (ms - start) / (end - start);
}

import { describe, expect, test } from 'vitest';
import { eventScale, firstScale, millisecondScale, warpedScale } from './time-scale.ts';

const TIMES = [0, 10, 10, 12, 5000, 5001];
const scales = [millisecondScale(TIMES, [0, 6000]), warpedScale(TIMES, [0, 6000]), eventScale(TIMES, TIMES.length)];

describe.each(scales.map((scale) => [scale.mode, scale] as const))('the %s scale', (_, scale) => {
  test('never runs backwards, for events and for milliseconds', () => {
    const ofEvents = TIMES.map((_time, event) => scale.ofEvent(event));
    const ofMs = [0, 1, 9, 10, 11, 400, 5000, 5500, 6000].map((ms) => scale.ofMs(ms));
    for (const values of [ofEvents, ofMs]) expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(scale.domain[1]).toBeGreaterThanOrEqual(ofEvents.at(-1) ?? 0);
  });

  test('finds the event again that a value came from', () => {
    for (const event of [0, 3, 4, 5]) expect(scale.toEvent(scale.ofEvent(event))).toBeCloseTo(event, 6);
  });
});

test('the warped scale gives a rest of seconds little more room than a burst, and is labelled in milliseconds', () => {
  const warped = warpedScale(TIMES, [0, 6000]);
  const [burst, rest] = [warped.ofMs(12) - warped.ofMs(10), warped.ofMs(5000) - warped.ofMs(12)];
  expect(rest / burst).toBeLessThan(6);
  expect(warped.labelOf(warped.ofMs(5000), 0)).toBe('5,000');
});

test('a history that mostly waits begins warped, any other in true time', () => {
  expect(firstScale(TIMES, [0, 6000])).toBe('warped');
  const busy = Array.from({ length: 1000 }, (_, i) => 6 * i);
  expect(firstScale(busy, [0, 6000])).toBe('ms');
  expect(firstScale([], [0, 1])).toBe('warped');
});

test('the part of a long history begins where it begins', () => {
  expect(millisecondScale([5000, 5001], [5000, 5001]).domain).toEqual([5000, 5001]);
  expect(warpedScale([5000, 5001], [5000, 5001]).labelOf(0, 0)).toBe('5,000');
});

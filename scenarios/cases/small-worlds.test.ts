/** Every run of a tiny world with one thing gone wrong passes. Two things at once are for the night: `tailrace sim exhaust`. */

import { expect, test } from 'vitest';
import { enumerationText, exhaust, SMALL_WORLDS } from './small-worlds.ts';

test.each(Object.entries(SMALL_WORLDS))('%s: all runs with at most one deviation pass', async (name, world) => {
  const found = await exhaust(world, 1, 500);
  expect(found.failures).toEqual([]);
  expect(found.isComplete).toBe(true);
  expect(found.runs).toBeGreaterThan(20);
  expect(enumerationText(name, found)).toContain(
    `${name}: ${found.runs} runs, all there are with at most 1 deviations`,
  );
});

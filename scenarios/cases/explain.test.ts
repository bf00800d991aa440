/** What an explanation claims was tried. */

import { expect, test } from 'vitest';
import { drawPlan } from '../plan.ts';
import type { Case } from './case.ts';
import { explain, explanationText } from './explain.ts';

const drawn = drawPlan('1', 'quiet', { clients: 2, operationsPerClient: 3 });
/** An object that comes with a wrong bit more often than a server reads it again is damaged, which is right and a failure. */
const faults = { ...drawn.faults, getFlipsBit: [1, 3], getFlipsAgain: [9, 10], getFlipsInARowMax: 9 } as const;
const made: Case = { seed: '1', plan: { ...drawn, faults }, choices: { kind: 'generated' } };

const flips = (choices: readonly { site: string }[]) => choices.filter(({ site }) => site.startsWith('blob.get.flip'));

test('each decision of a small case is tried by itself', async () => {
  const whole = await explain(made);
  expect(flips(whole.causes).length).toBeGreaterThanOrEqual(3);
  expect(whole.scenery.length).toBeGreaterThan(10);
  expect([...whole.causes, ...whole.scenery]).toHaveLength(whole.run.lively.length);
  expect(whole.untried).toEqual([]);
});

test('of more than can be tried many are made dull together, and what was not tried is not claimed', async () => {
  const [whole, hurried] = [await explain(made), await explain(made, 14)];
  const { causes, scenery, untried } = hurried;
  expect(causes.length + scenery.length + untried.length).toBe(whole.run.lively.length);
  expect(untried.length).toBeGreaterThan(0);
  // More than were tried one by one: they went in groups.
  expect(causes.length + scenery.length).toBeGreaterThan(7);
  expect(flips(scenery).length).toBe(0);
  expect(explanationText(hurried)).toContain(`${untried.length} more were not tried`);
});

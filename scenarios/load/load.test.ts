/** A few seconds of `npm run load`, which has larger sizes. */

import { expect, test } from 'vitest';
import { runLoad, SIZES } from './load-run.ts';

test('no follower loses or repeats a record, and others are served, while clients do their worst', async () => {
  const result = await runLoad(SIZES.slice, () => undefined);
  expect(result.violations).toEqual([]);
  expect(result.acked).toBeGreaterThan(20);
  expect(result.delivered).toBe((result.acked * SIZES.slice.followers) / SIZES.slice.streams);
  expect(result.witness.asked).toBeGreaterThan(3);
  expect(result.abuse['a byte at a time']).toContain(`${SIZES.slice.abusers} of ${SIZES.slice.abusers}`);
  expect(result.abuse['stops reading']).toContain(`${2 * SIZES.slice.abusers} of ${2 * SIZES.slice.abusers}`);
});

/** Three engines and two models, one answer: a seeded slice of what `npm run differential` does with extended histories. */

import { expect, test } from 'vitest';
import { describeExtended, huntExtended } from '../testing/differential/hunt-extended.ts';

const HISTORIES = 400;

test('permutations on a second model, WGL+ and the sweep with insertion agree on random extended histories', () => {
  const { ok, illegal, found } = huntExtended({ from: 1, to: 1 + HISTORIES });
  if (found !== null) expect.fail(Object.values(describeExtended(found)).join('\n'));
  expect(Math.min(ok, illegal)).toBeGreaterThan(HISTORIES / 5);
});

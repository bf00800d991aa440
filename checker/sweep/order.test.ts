/** Many operations are sorted like few. */

import { expect, test } from 'vitest';
import { seededRandom } from '../testing/random.ts';
import { sortedBy } from './order.ts';

const COUNT = 10_000;

test.each([
  ['of one digit', 60_000],
  ['that often occur twice', 50],
  ['of two digits', 5_000_000],
  ['as great as they may be', Number.MAX_SAFE_INTEGER],
])('ten thousand keys %s end in the order of a comparing sort, equal ones as they were', (_what, below) => {
  const dice = seededRandom(1);
  const items = Array.from({ length: COUNT }, (_, index) => {
    // A die has 32 bits.
    const key = Math.floor((dice.below(2 ** 26) / 2 ** 26) * below);
    return { key, index };
  });
  expect(sortedBy(items, ({ key }) => key)).toEqual(items.toSorted((a, b) => a.key - b.key));
});

test('what is in order already is copied', () => {
  const items = Array.from({ length: COUNT }, (_, index) => index);
  const sorted = sortedBy(items, (index) => index);
  expect(sorted).toEqual(items);
  expect(sorted).not.toBe(items);
});

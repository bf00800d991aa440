/** What pays is tried again. */

import { expect, test } from 'vitest';
import { Choices, defineSite, KeyedSource, runKeys } from '../../sim/index.ts';
import { Ways } from './ways.ts';

const SITE = defineSite('test.way', 'which way is tried');

test('of ways that gain equally the cheap one is taken most, one that gains nothing now and then', () => {
  const choices = new Choices(new KeyedSource(runKeys('7', 'quiet')));
  const costs = { cheap: 10, dear: 100, vain: 10 };
  const ways = new Ways(choices, SITE, ['cheap', 'dear', 'vain'] as const, 10);
  const taken = { cheap: 0, dear: 0, vain: 0 };
  for (let i = 0; i < 500; i++) {
    const way = ways.next();
    taken[way]++;
    ways.paid(way, costs[way], way === 'vain' ? 0 : 1);
  }
  expect(taken.cheap).toBeGreaterThan(3 * taken.dear);
  expect(taken.dear).toBeGreaterThan(taken.vain);
  expect(taken.vain).toBeGreaterThan(0);
});

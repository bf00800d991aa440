/** Who asks to stop at a place that does not come is told what there is. */

import { expect, test } from 'vitest';
import { neverThere } from './stopping.ts';

test('a site that no choice of the run has is answered with those that have a word in common', () => {
  const asked = new Set(['client.choice', 'net.loss', 'blob.put.lost-reply', 'blob.put.class']);
  expect(neverThere({ break: 'put.lost' }, asked)).toBe(
    'no choice of this run is of site put.lost; it has blob.put.lost-reply, blob.put.class, client.choice, net.loss',
  );
});

test('an event behind the end of the run is said to be that', () => {
  expect(neverThere({ until: 9 }, new Set())).toBe('the run ended before event 9');
});

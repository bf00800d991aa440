/** What failures have in common is gone without last. */

import { expect, test } from 'vitest';
import { Suspicion } from './suspicion.ts';

test('what was missing whenever a try failed is tried last, and never given up for good', () => {
  const suspicion = new Suspicion();
  for (let i = 0; i < 40; i++) suspicion.blame(['guilty', `bystander ${i}`]);
  expect(suspicion.least(['guilty', 'bystander 3', 'unseen'], 2)).toEqual(['unseen', 'bystander 3']);
  expect(suspicion.of('guilty')).toBeGreaterThan(0.9);
  expect(suspicion.of('guilty')).toBeLessThan(1);
});

test('one of few that were missing is suspected more than one of many', () => {
  const suspicion = new Suspicion();
  suspicion.blame(['a', 'b']);
  suspicion.blame(Array.from({ length: 50 }, (_, i) => `one of many ${i}`));
  expect(suspicion.of('a')).toBeGreaterThan(suspicion.of('one of many 7'));
});

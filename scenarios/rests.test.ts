import { expect, test } from 'vitest';
import { Rests } from './rests.ts';

test('who is not answered rests twice as long each time, up to a limit, and begins anew once somebody answered', () => {
  const rests = new Rests(200, 1_000);
  expect([1, 2, 3, 4, 5].map(() => rests.nextMs())).toEqual([200, 400, 800, 1_000, 1_000]);
  rests.answered();
  expect(rests.nextMs()).toBe(200);
});

test('a first rest above the limit stays as it is', () => {
  const rests = new Rests(3_000, 1_000);
  expect([rests.nextMs(), rests.nextMs()]).toEqual([3_000, 3_000]);
});

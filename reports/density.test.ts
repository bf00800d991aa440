import { expect, test } from 'vitest';
import { densityOf } from './density.ts';

test('every value is counted in its column, those at the very end in the last one', () => {
  expect(densityOf([0, 1, 5, 9.9, 10], [0, 10], 5)).toEqual([2, 0, 1, 0, 2]);
});

import { expect, test } from 'vitest';
import { labelLeft } from './axis-labels.ts';

const PLOT = { left: 132, right: 1000 };

test('a label stands over its tick, the outer two inside the plot', () => {
  expect(labelLeft(500, 20, PLOT)).toBe(490);
  expect(labelLeft(132, 20, PLOT)).toBe(132);
  expect(labelLeft(1000, 20, PLOT)).toBe(980);
  expect(labelLeft(995, 20, PLOT)).toBe(980);
  expect(labelLeft(500, 2000, PLOT)).toBe(132);
});

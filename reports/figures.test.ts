import { expect, test } from 'vitest';
import { formatCount, formatDuration, formatNumber, formatShare } from './figures.ts';

test('numbers are grouped by thousands and keep at most three decimals', () => {
  expect([0, 999, 1000, 1234567, 1234.5678, -1500, -0.0001].map(formatNumber)).toEqual([
    '0',
    '999',
    '1,000',
    '1,234,567',
    '1,234.568',
    '−1,500',
    '0',
  ]);
});

test('durations use the largest unit that keeps them readable', () => {
  expect([0, 0.42, 850, 12_400, 200_000, 7_500_000, 400_000_000].map(formatDuration)).toEqual([
    '0 ms',
    '0.4 ms',
    '850 ms',
    '12.4 s',
    '3 min 20 s',
    '2 h 5 min',
    '5 days',
  ]);
});

test('a share is never rounded to nothing or to everything', () => {
  expect([
    formatShare(0, 5),
    formatShare(1, 5000),
    formatShare(1, 3),
    formatShare(4999, 5000),
    formatShare(5, 5),
  ]).toEqual(['0 %', '< 0.1 %', '33.3 %', '> 99.9 %', '100 %']);
  expect(formatShare(0, 0)).toBe('0 %');
});

test('one is singular', () => {
  expect([formatCount(1, 'run'), formatCount(2, 'run'), formatCount(0, 'reply', 'replies')]).toEqual([
    '1 run',
    '2 runs',
    '0 replies',
  ]);
});

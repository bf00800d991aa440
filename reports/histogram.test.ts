import { expect, test } from 'vitest';
import { histogramOf } from './histogram.ts';

test('bins are round, cover everything and lose nothing', () => {
  const values = Array.from({ length: 1000 }, (_, i) => 17 + i * 0.9);
  const { binWidth, start, counts, max } = histogramOf(values);
  expect(binWidth).toBe(50);
  expect(start).toBe(0);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
  expect(start + binWidth * counts.length).toBeGreaterThan(max);
});

test('the median and the 99th percentile are values that occurred', () => {
  const { median, p99, max } = histogramOf(Array.from({ length: 200 }, (_, i) => i));
  expect([median, p99, max]).toEqual([100, 198, 199]);
});

test('one value and no value have histograms too', () => {
  expect(histogramOf([7])).toEqual({ binWidth: 1, start: 7, counts: [1], median: 7, p99: 7, max: 7 });
  expect(histogramOf([]).counts).toEqual([]);
});

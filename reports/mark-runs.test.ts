import { expect, test } from 'vitest';
import { MarkRuns } from './mark-runs.ts';

test('marks less than two pixels apart become one run, of each key apart', () => {
  const painted: number[][] = [];
  const runs = new MarkRuns((...run) => painted.push(run));
  for (const [key, left, right] of [
    [2, 0, 0.4],
    [1, 0.5, 0.6],
    [2, 0.9, 1.2],
    [2, 5, 5.1],
    [1, 1.1, 1.2],
  ] as const)
    runs.add(key, left, right);
  runs.end();
  expect(painted).toEqual([
    [2, 0, 2],
    [1, 0, 2],
    [2, 5, 6],
  ]);
});

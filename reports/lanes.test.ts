import { expect, test } from 'vitest';
import type { HistoryEvent } from '../checker/history.ts';
import { lanesOf } from './lanes.ts';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';
import { fakeRun } from './testing/fake-run.ts';

test('a few clients have a lane each, ascending by id', () => {
  const operations = operationsOf([called(1, append(1), 7), called(2, append(1), 3)]);
  expect(lanesOf(operations).map(({ clientIds }) => clientIds)).toEqual([[3], [7]]);
});

test('clients that follow one another share a lane once there are many', () => {
  const oneAfterAnother = Array.from({ length: 30 }, (_, i): HistoryEvent[] => [
    called(i, { kind: 'check-tail' }, i),
    returned(i, { kind: 'check-tail-success', tail: 0 }, i),
  ]).flat();
  expect(lanesOf(operationsOf(oneAfterAnother)).map(({ clientIds }) => clientIds.length)).toEqual([30]);
});

test('no two operations of a shared lane overlap, and none is lost', () => {
  const operations = operationsOf(fakeRun({ operations: 2000, clients: 5, stale: false }).history);
  const lanes = lanesOf(operations);
  expect(new Set(operations.map(({ clientId }) => clientId)).size).toBeGreaterThan(12);
  expect(lanes.length).toBeLessThan(12);
  for (const { ended } of lanes) {
    for (const [i, index] of ended.entries()) {
      const before = operations[ended[i - 1] ?? -1]?.returnEvent ?? -1;
      expect(operations[index]?.callEvent).toBeGreaterThan(before);
    }
  }
  const all = lanes.flatMap(({ ended, open }) => [...ended, ...open]).toSorted((a, b) => a - b);
  expect(all).toEqual(operations.map((_, index) => index));
});

test('an open append is kept apart, since it matters until the end of the run', () => {
  const [lane] = lanesOf(
    operationsOf([
      called(1, append(1)),
      returned(1, { kind: 'append-success', tail: 1 }),
      called(2, append(1)),
      returned(2, { kind: 'append-indefinite-failure' }),
    ]),
  );
  expect(lane).toMatchObject({ ended: [0], latestReturns: [1], open: [1] });
});

import { describe, expect, test } from 'vitest';
import { orderPoints, placesOfUnknowns } from './linearization.ts';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';
import { fakeRun } from './testing/fake-run.ts';

describe('linearization points', () => {
  test('lie between call and return of their operation, in the order given', () => {
    const { history, run } = fakeRun({ operations: 300, clients: 4, stale: false });
    const operations = operationsOf(history);
    const indexOf = new Map(operations.map(({ opId }, index) => [opId, index]));
    const order = (run.linearization ?? []).map((opId) => indexOf.get(opId) ?? -1);
    const points = orderPoints(operations, order);
    expect(points.map(({ operation }) => operation)).toEqual(order);
    expect(points.length).toBe(300);
    for (const [i, { operation, event }] of points.entries()) {
      expect(event).toBeGreaterThan(operations[operation]?.callEvent ?? Infinity);
      expect(event).toBeLessThan(operations[operation]?.returnEvent ?? Infinity);
      expect(event).toBeGreaterThan(points[i - 1]?.event ?? -1);
    }
  });

  test('of several operations between the same two events share the gap', () => {
    const operations = operationsOf([called(1, append(1), 1), called(2, append(1), 2), called(3, append(1), 3)]);
    expect(orderPoints(operations, [2, 0, 1]).map(({ event }) => event)).toEqual([2.25, 2.5, 2.75]);
  });
});

describe('appends of unknown outcome', () => {
  const history = [
    called(1, append(2), 1),
    called(2, append(3), 2),
    called(3, append(1), 3),
    returned(3, { kind: 'append-success', tail: 6 }, 3),
    called(4, { kind: 'check-tail' }, 3),
    returned(4, { kind: 'check-tail-success', tail: 6 }, 3),
  ];

  test('get the place of the hole they fill', () => {
    expect([...placesOfUnknowns(operationsOf(history), [1, 0, 2, 3])]).toEqual([
      [1, 0],
      [0, 3],
    ]);
  });

  test('get no place when they do not fill a hole', () => {
    expect([...placesOfUnknowns(operationsOf(history), [0, 2, 3, 1])]).toEqual([]);
  });
});

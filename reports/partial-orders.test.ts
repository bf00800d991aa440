import { expect, test } from 'vitest';
import { operationsOf } from './operations.ts';
import { orderFor, partialOrder } from './partial-orders.ts';
import { append, called, returned } from './testing/events.ts';
import { FROM_NOTHING } from './window.ts';

const operations = operationsOf([
  called(1, append(2)),
  returned(1, { kind: 'append-success', tail: 2 }),
  called(2, { kind: 'check-tail' }),
  called(3, append(1), 2),
  returned(2, { kind: 'check-tail-success', tail: 0 }),
  returned(3, { kind: 'append-success', tail: 3 }, 2),
  called(4, { kind: 'check-tail' }),
  returned(4, { kind: 'check-tail-success', tail: 3 }),
]);
const context = { operations, records: null, baseline: FROM_NOTHING };

test('an order ends where what comes next does not fit, and says why', () => {
  expect(partialOrder(context, [0]).illegal).toEqual([{ operation: 1, reason: 'the tail is 2, not 0' }]);
  expect(partialOrder(context, [0, 2]).illegal).toEqual([{ operation: 1, reason: 'the tail is 3, not 0' }]);
  expect(partialOrder(context, [0, 2]).states.map(({ tail }) => tail)).toEqual([0, 2, 3]);
});

test('an operation shows the longest order with it, else the one it does not fit behind, else none', () => {
  const orders = [partialOrder(context, [0, 2]), partialOrder(context, [0])];
  expect(orderFor(orders, 0)?.steps).toEqual([0, 2]);
  expect(orderFor(orders, 1)?.steps).toEqual([0, 2]);
  expect(orderFor(orders, 3)).toBeNull();
});

import { expect, test } from 'vitest';
import type { History } from '../checker/index.ts';
import { partialOrders } from './partial-orders.ts';

const history: History = [
  {
    type: 'call',
    clientId: 1,
    opId: 7,
    call: { kind: 'append', recordHashes: [1n], setFencingToken: null, fencingToken: null, matchSeqNum: null },
  },
  { type: 'return', clientId: 1, opId: 7, return: { kind: 'append-success', tail: 1 } },
  { type: 'call', clientId: 2, opId: 3, call: { kind: 'check-tail' } },
  { type: 'call', clientId: 1, opId: 9, call: { kind: 'check-tail' } },
  { type: 'return', clientId: 2, opId: 3, return: { kind: 'check-tail-success', tail: 0 } },
  { type: 'return', clientId: 1, opId: 9, return: { kind: 'check-tail-success', tail: 1 } },
];

test('orders name operations as the history does, the longest first', () => {
  const orders = partialOrders(history);
  expect(orders[0]).toEqual([7, 9]);
  expect(orders.flat()).not.toContain(3);
});

test('a history too long for the search has none', () => {
  expect(partialOrders(Array.from({ length: 5000 }, () => history[0]!))).toEqual([]);
});

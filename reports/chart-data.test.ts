import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packOperations, packTimes, unpackOperations, unpackTimes } from './chart-data.ts';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';
import { fakeRun } from './testing/fake-run.ts';

test('unpacking gives back exactly what was packed', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 1, max: 6 }), (operationCount, clients) => {
      const operations = operationsOf(fakeRun({ operations: operationCount, clients, stale: false }).history);
      expect(unpackOperations(JSON.parse(JSON.stringify(packOperations(operations))))).toEqual(operations);
    }),
    { numRuns: 40 },
  );
});

test('guards, tokens and notes survive packing, empty strings included', () => {
  const operations = operationsOf([
    { ...called(9, append(1, { matchSeqNum: 0, fencingToken: '', setFencingToken: 'a"<b' })), note: 'x' },
    { ...returned(9, { kind: 'append-success', tail: 1 }), note: '' },
    called(3, append(2)),
  ]);
  expect(unpackOperations(packOperations(operations))).toEqual(operations);
});

test('whole milliseconds stay whole, fractions keep microseconds', () => {
  expect(unpackTimes({ ...packTimes([0, 3, 1_700_000_000_000]), eventCount: 3 })).toEqual([0, 3, 1_700_000_000_000]);
  expect(unpackTimes({ ...packTimes([0.25, 0.5, 7.125]), eventCount: 3 })).toEqual([0.25, 0.5, 7.125]);
  expect(unpackTimes({ ...packTimes(null), eventCount: 3 })).toBeNull();
});

test('a packed operation takes at most thirty bytes', () => {
  const { history } = fakeRun({ operations: 4000, clients: 5, stale: false });
  const bytes = JSON.stringify(packOperations(operationsOf(history))).length;
  expect(bytes / 4000).toBeLessThan(30);
});

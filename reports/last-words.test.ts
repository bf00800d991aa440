import { expect, test } from 'vitest';
import { lastWordsOf } from './last-words.ts';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';

const operations = operationsOf([
  called(1, append(2)),
  returned(1, { kind: 'append-success', tail: 2 }),
  called(2, { kind: 'read' }, 2),
  called(3, { kind: 'check-tail' }, 3),
]);
const TIMES = [0, 10, 20, 40];
const tone = 'warn' as const;
const tracks = [
  { track: 'faults', label: 'pause node-1', startMs: 5, endMs: 15, tone },
  { track: 'host node-1', label: 'owner, epoch 3', startMs: 18, endMs: 90, tone },
  { track: 'storage', label: 'PUT wal/7: done', startMs: 22, endMs: 25, tone },
  { track: 'faults', label: 'crash node-2', startMs: 60, endMs: 60, tone },
];
const failure = { track: 'failures', label: 'x', startMs: 30, endMs: 30, tone };

test('before the moment of the failure: faults and owners, the newest first, and what was under way', () => {
  const words = lastWordsOf(operations, TIMES, [...tracks, failure]);
  expect(words?.lines).toEqual(['18 ms: node-1: owner, epoch 3', '5 ms: pause node-1, until 15 ms']);
  expect(words?.operations.map((index) => operations[index]?.opId)).toEqual([2]);
});

test('when nothing was under way, what had returned last', () => {
  const words = lastWordsOf(operations, TIMES, [...tracks, { ...failure, startMs: 15, endMs: 15 }]);
  expect(words?.operations.map((index) => operations[index]?.opId)).toEqual([1]);
});

test('without the moment there is nothing to say', () => {
  expect(lastWordsOf(operations, TIMES, tracks)).toBeNull();
  expect(lastWordsOf(operations, null, [failure])).toBeNull();
});

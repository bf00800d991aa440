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
  expect(words?.lines).toEqual(['5 ms: pause node-1, until 15 ms']);
  expect(words?.owners).toEqual(['node-1 owned the store, epoch 3.']);
  expect(words?.operations.map((index) => operations[index]?.opId)).toEqual([2]);
});

test('when nothing was under way, what had returned last', () => {
  const words = lastWordsOf(operations, TIMES, [...tracks, { ...failure, startMs: 15, endMs: 15 }]);
  expect(words?.operations.map((index) => operations[index]?.opId)).toEqual([1]);
});

test('an owner that was superseded and does not know it, and two of one epoch, are named', () => {
  const owner = (host: string, epoch: number, startMs: number) => ({
    ...{ track: `host ${host}`, label: `owner, epoch ${epoch}`, startMs, endMs: 90, tone },
  });
  const owners = (...spans: (typeof failure)[]) => lastWordsOf(operations, TIMES, [...spans, failure])?.owners;
  expect(owners(owner('a', 3, 0), owner('b', 4, 12))).toEqual([
    'a took itself for the owner (epoch 3), although b had taken over with epoch 4 at 12 ms.',
  ]);
  expect(owners(owner('a', 3, 0), { ...owner('b', 4, 12), endMs: 20 })).toEqual([
    'a took itself for the owner (epoch 3), although b had taken over with epoch 4 at 12 ms.',
  ]);
  expect(owners(owner('a', 1, 0), owner('b', 1, 2))).toEqual(['a and b owned the store at once, both with epoch 1.']);
  expect(owners()).toEqual(['No host owned the store.']);
});

test('without the moment there is nothing to say', () => {
  expect(lastWordsOf(operations, TIMES, tracks)).toBeNull();
  expect(lastWordsOf(operations, null, [failure])).toBeNull();
});

import { expect, test } from 'vitest';
import { lifelinesOf, messagesOf, packMessages, unpackMessages } from './messages.ts';

const call = { track: 'storage', startMs: 10, endMs: 20, tone: 'good' as const, detail: 'node-1' };
const messages = messagesOf(
  [
    [1.25, 2, 'w1', 'node-1', 'POST /v1/streams/a at node-1'],
    [3, -1, 'node-1', 'w1', 'answer to POST /v1/streams/a at node-1'],
  ],
  [
    { ...call, label: 'PUT wal/7: done', effectsMs: [15] },
    { ...call, label: 'PUT wal/8: unknown', effectsMs: [31.5] },
    { ...call, label: 'PUT wal/9: failed' },
  ],
);

test('a call of the store is a request that takes effect and an answer; one that was given up has no answer', () => {
  expect(messages.slice(2).map(({ sentMs, arrivedMs, to, label }) => [sentMs, arrivedMs, to, label])).toEqual([
    [10, 15, 'store', 'PUT wal/7'],
    [10, 31.5, 'store', 'PUT wal/8'],
    [15, 20, 'node-1', 'PUT wal/7: done'],
  ]);
});

test('messages survive packing, those that never arrived too', () => {
  expect(unpackMessages(JSON.parse(JSON.stringify(packMessages(messages))))).toEqual(messages);
});

test('servers come first, then the store, then who calls', () => {
  expect(lifelinesOf(messages)).toEqual(['node-1', 'store', 'w1']);
});

/** What a monitor's words are about is found in the history; words about something else name nobody. */

import { expect, test } from 'vitest';
import type { HistoryEvent } from '../checker/index.ts';
import { operationsNamed } from './named-operations.ts';

const append = (count: number): Extract<HistoryEvent, { type: 'call' }>['call'] => ({
  kind: 'append',
  recordHashes: Array.from({ length: count }, (_, i) => BigInt(i)),
  matchSeqNum: null,
  fencingToken: null,
  setFencingToken: null,
});

const HISTORY: readonly HistoryEvent[] = [
  { type: 'call', clientId: 1, opId: 1, call: append(1) },
  { type: 'return', clientId: 1, opId: 1, return: { kind: 'append-success', tail: 1 } },
  { type: 'call', clientId: 1, opId: 2, call: append(3) },
  { type: 'return', clientId: 1, opId: 2, return: { kind: 'append-success', tail: 4 } },
  { type: 'call', clientId: 2, opId: 3, call: { kind: 'check-tail' } },
  { type: 'return', clientId: 2, opId: 3, return: { kind: 'check-tail-success', tail: 4 } },
  { type: 'call', clientId: 2, opId: 4, call: { kind: 'check-tail' } },
];

const STALE =
  'the specification forbids it: a read of stream-1: it tells the tail 1, though 4 had been told before it was asked for: ' +
  'a stale answer, or records are lost (on node-1 at 15406 ms)\nthe tail 4 was told by the acknowledgement of records 1..3';

test('a stale answer names who was asking, the append that was acknowledged and who else told that tail', () => {
  expect(operationsNamed(STALE, HISTORY, 'stream-1')).toEqual([4, 2, 3, 1]);
});

test('a lost record names the append that it was acknowledged to', () => {
  expect(operationsNamed('the acknowledged record 2 is not in the stream', HISTORY, 'stream-1')).toEqual([2]);
});

test('words about another stream, or about no stream, name no operation of this one', () => {
  expect(operationsNamed(STALE.replace('stream-1', 'side-1'), HISTORY, 'stream-1')).toEqual([]);
  expect(operationsNamed('assertion: record 2 of the log is there twice', HISTORY, 'stream-1')).toEqual([]);
});

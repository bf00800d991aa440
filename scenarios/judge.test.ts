/** Which of several failures a run is called by. */

import { expect, test } from 'vitest';
import type { HistoryEvent } from '../checker/index.ts';
import { World } from '../sim/index.ts';
import { judge, verdictFailure } from './judge.ts';

const append: HistoryEvent[] = [
  {
    type: 'call',
    clientId: 1,
    opId: 1,
    call: { kind: 'append', recordHashes: [7n], setFencingToken: null, fencingToken: null, matchSeqNum: null },
  },
  { type: 'return', clientId: 1, opId: 1, return: { kind: 'append-success', tail: 1 } },
];
const staleTail: HistoryEvent[] = [
  ...append,
  { type: 'call', clientId: 2, opId: 2, call: { kind: 'check-tail' } },
  { type: 'return', clientId: 2, opId: 2, return: { kind: 'check-tail-success', tail: 0 } },
];

function world(message?: string): World {
  const made = new World({ seed: '1', profile: 'test' });
  if (message !== undefined) made.fail('liveness', message);
  return made;
}

test('a run without failure and with a history that could have happened passes, with the order', () => {
  expect(judge(world(), append)).toEqual({ failure: null, linearization: [1] });
});

test('a failure of the world fails the run though the history is right, and says when', () => {
  const { failure, linearization } = judge(world('nobody answers\n  who: node-1'), append);
  expect(failure).toMatchObject({ kind: 'liveness', message: 'nobody answers (at 0 ms)\n  who: node-1', opIds: [] });
  expect(linearization).toEqual([1]);
});

test('a violation is told rather than the assertion it tripped', () => {
  for (const failed of [world(), world('a quiescence check')]) {
    const { failure, linearization } = judge(failed, staleTail);
    expect(failure).toMatchObject({ kind: 'linearizability', signature: 'stale-tail' });
    expect(failure?.opIds).toEqual(expect.arrayContaining([1, 2]));
    expect(linearization).toBeNull();
  }
});

test('a checker that gave up is a failure of its own kind, never a pass', () => {
  expect(verdictFailure({ verdict: 'unknown', reason: 'time' } as never)).toMatchObject({ kind: 'unknown' });
});

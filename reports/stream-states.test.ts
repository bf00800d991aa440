import { describe, expect, test } from 'vitest';
import { operationsOf } from './operations.ts';
import { packRecordHashes, unpackRecordHashes } from './record-hashes.ts';
import { describeState, refusalOf, startState, statesAlong } from './stream-states.ts';
import { append, called, returned } from './testing/events.ts';
import { FROM_NOTHING } from './window.ts';

const history = [
  called(1, append(2, { setFencingToken: 'a' })),
  returned(1, { kind: 'append-success', tail: 2 }),
  called(2, append(1, { fencingToken: 'b' })),
  returned(2, { kind: 'append-success', tail: 3 }),
  called(3, { kind: 'read' }),
  returned(3, { kind: 'read-success', tail: 2, streamHash: 5n }),
  called(4, { kind: 'check-tail' }),
  returned(4, { kind: 'check-tail-success', tail: 1 }),
];
const operations = operationsOf(history);
const packed = packRecordHashes(history, operations, (event) => event);
const records = unpackRecordHashes(packed ?? '', operations);

describe('states along an order', () => {
  const states = statesAlong(operations, [0], { state: startState(FROM_NOTHING), records });

  test('follow tail, token and content', () => {
    expect(states[0]).toEqual({ tail: 0, hash: '0000000000000000', token: '' });
    expect(states[1]).toMatchObject({ tail: 2, token: 'a' });
    expect(states[1]?.hash).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
    expect(describeState(states[1] ?? startState(FROM_NOTHING))).toMatch(/^tail 2 · token “a” · hash /);
  });

  test('say why what was seen can not come next', () => {
    const state = states[1];
    if (state === undefined) throw new Error('there is a state');
    const why = operations.map((operation) => refusalOf(state, operation));
    expect(why[1]).toBe('the token in force is “a”');
    expect(why[2]).toMatch(/^the content has hash [0-9a-f]{16}, not 0000000000000005$/);
    expect(why[3]).toBe('the tail is 2, not 1');
  });

  test('do without content where the hashes are not at hand, until a read tells it', () => {
    const unknown = statesAlong(operations, [0, 2], { state: startState(FROM_NOTHING), records: null });
    expect(unknown.map(({ hash }) => hash)).toEqual(['0000000000000000', null, '0000000000000005']);
  });
});

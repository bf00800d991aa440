import { expect, test } from 'vitest';
import type { Call, Return } from '../checker/history.ts';
import { describeOperation, describePending, factsOf, shortNamesOf } from './describe.ts';
import { type Operation, operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';

function operation(call: Call, outcome?: Return): Operation {
  const events = [called(12, call, 3), ...(outcome === undefined ? [] : [returned(12, outcome, 3)])];
  const [only] = operationsOf(events);
  if (only === undefined) throw new Error('one call gives one operation');
  return only;
}

test('each kind and outcome has a sentence of its own', () => {
  const sentences = [
    operation(append(5), { kind: 'append-success', tail: 1042 }),
    operation(append(1, { matchSeqNum: 7 }), { kind: 'append-definite-failure' }),
    operation(append(2, { fencingToken: 'me' }), { kind: 'append-indefinite-failure' }),
    operation(append(1, { setFencingToken: 'me' }), { kind: 'append-success', tail: 1 }),
    operation({ kind: 'read' }, { kind: 'read-success', tail: 0, streamHash: 0n }),
    operation({ kind: 'read' }, { kind: 'read-failure' }),
    operation({ kind: 'check-tail' }, { kind: 'check-tail-success', tail: 31 }),
    operation({ kind: 'check-tail' }),
  ].map(describeOperation);
  expect(sentences).toEqual([
    'Client 3 appended 5 records, acknowledged as 1,037–1,041 (op 12)',
    'Client 3 was refused an append of 1 record at exactly 7 (op 12)',
    'Client 3 appended 2 records under token “me” without learning the outcome (op 12)',
    'Client 3 appended a fence to “me”, acknowledged as 0 (op 12)',
    'Client 3 read an empty stream (op 12)',
    'Client 3 had a read fail (op 12)',
    'Client 3 checked the tail and was told 31 (op 12)',
    'Client 3 began a check-tail that never returned (op 12)',
  ]);
});

test('short names get shorter', () => {
  expect(shortNamesOf(operation(append(5), { kind: 'append-success', tail: 42 }))).toEqual([
    'append 5 → 42',
    '+5 → 42',
    '42',
  ]);
});

test('the facts of an append name its guards and what became of it', () => {
  const facts = new Map(
    factsOf(operation(append(2, { matchSeqNum: 40, fencingToken: '' }), { kind: 'append-success', tail: 42 })),
  );
  expect(facts.get('sequence numbers')).toBe('40–41');
  expect(facts.get('match_seq_num')).toBe('40');
  expect(facts.get('fencing token')).toBe('“”');
  expect(facts.get('outcome')).toMatch(/^durable: /);
});

test('an operation that was under way is told as it was then', () => {
  const asked = append(2, { matchSeqNum: 3 });
  expect(describePending(operation(asked))).toBe('Client 3 was appending 2 records at exactly 3 (op 12)');
});

/** What the sweep convicts is told of what clients asked for, not of what it takes that for. */

import { expect, test } from 'vitest';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream } from './check.ts';
import type { ExtendedEvent, ExtendedReturn } from './history.ts';

const part = (recordHashes: bigint[], tail: number | null): Step => [
  { kind: 'read-part', from: { seqNum: 0 } },
  { kind: 'read-part-success', start: 0, recordHashes, tail },
];
const two = append([5n, 6n]);
const lost: ExtendedEvent = { type: 'call', clientId: 9, opId: 9, call: two };
const tail = (value: number): Step => [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: value }];

function violationIn(history: readonly ExtendedEvent[]): unknown {
  const verdict = checkExtendedStream(history);
  return verdict.verdict === 'illegal' ? verdict.violation : verdict.verdict;
}

test.each<[string, Step]>([
  ['read of a part', part([5n], 1)],
  ['rejected append', [append([7n], { matchSeqNum: 0 }), { kind: 'append-rejected', actual: { tail: 1 } }]],
])('a stale %s is called that, the second time too', (name, step) => {
  expect(violationIn(inSequence([two, acked(2)], step))).toMatchObject({
    code: 'stale-tail',
    message: expect.stringMatching(new RegExp(`${name} \\(op 1\\) was called, yet that ${name} reported tail 1`)),
    opIds: [1, 0],
  });
});

test('what was only ever shown in part was applied in part, whoever told the tail', () => {
  expect(violationIn([lost, ...inSequence(part([5n], 1))])).toEqual({
    code: 'partial-apply',
    message:
      'Op 0 was shown some of the 2 records of op 9, at [0, 2), and told that the tail is 1: batches are appended whole.',
    opIds: [9, 0],
  });
  const both = during(part([5n], null), tail(1));
  expect(violationIn([lost, ...both])).toMatchObject({ code: 'partial-apply', opIds: [9, 0, 1] });
  const whole = during(part([5n, 6n], null), tail(1));
  expect(violationIn([lost, ...whole])).toMatchObject({ code: 'torn-batch' });
});

test('records below a tail are told by who was shown them', () => {
  const failed: ExtendedReturn = { kind: 'append-definite-failure' };
  expect(violationIn(inSequence([append([5n]), failed], part([5n], 1)))).toMatchObject({
    code: 'failed-append-visible',
    opIds: [0, 1],
  });
  expect(violationIn(inSequence([append([8n]), acked(1)], part([8n, 8n], 2)))).toMatchObject({
    code: 'applied-twice',
    opIds: [0, 1],
  });
  expect(violationIn(inSequence(part([], 1)))).toMatchObject({ code: 'unexplained-records' });
});

/** Two steps at the same time. */
function during(...steps: readonly Step[]): ExtendedEvent[] {
  const events = inSequence(...steps).map((event) => ({ ...event, clientId: event.opId }));
  return [...events.filter(({ type }) => type === 'call'), ...events.filter(({ type }) => type === 'return')];
}

/** An answer that its own request speaks against convicts, however much is in doubt beside it, and it alone is named. */

import { describe, expect, test } from 'vitest';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream, type ExtendedCheckOptions } from './check.ts';
import type { ExtendedEvent, ExtendedReturn } from './history.ts';

/** Too little for any search among so much that is in doubt. */
const stepsMax = 200;
const doubts = Array.from({ length: 40 }, (_, i): ExtendedEvent => {
  const call = append([BigInt(100 + i)]);
  return { type: 'call', clientId: 100 + i, opId: 100 + i, call };
});
const fenced: Step = [append([1n], { setFencingToken: 'k' }), acked(1)];
const part = (from: number, start: number, recordHashes: bigint[], tail: number | null): Step => [
  { kind: 'read-part', from: { seqNum: from } },
  { kind: 'read-part-success', start, recordHashes, tail },
];
const unwritten = (from: number, tail: number): Step => [
  { kind: 'read-part', from: { seqNum: from } },
  { kind: 'read-unwritten', tail },
];
const byTail = (matchSeqNum: number | null, tail: number): Step => [
  append([5n], { matchSeqNum }),
  { kind: 'append-rejected', actual: { tail } },
];
const byToken = (fencingToken: string | null, told: string): Step => [
  append([5n], { fencingToken }),
  { kind: 'append-rejected', actual: { fencingToken: told } },
];

/** What is said of it behind one append and beside all the doubts, and who is named. */
function saidOf(step: Step, options: ExtendedCheckOptions = {}): unknown {
  const verdict = checkExtendedStream([...doubts, ...inSequence(fenced, step)], { ...options, stepsMax });
  return verdict.verdict === 'illegal' ? verdict.violation : verdict.verdict;
}

describe('named alone is', () => {
  test.each<[string, Step, string]>([
    [
      'a rejection by the match_seq_num that holds',
      byTail(4, 4),
      'Op 1 was rejected for the tail, 4, and that is the one it had demanded.',
    ],
    [
      'one by a match_seq_num that was not demanded',
      byTail(null, 4),
      'Op 1 was rejected for the tail, 4, and had demanded none.',
    ],
    [
      'a rejection by the token that holds',
      byToken('k', 'k'),
      'Op 1 was rejected for the fencing token, "k", and that is the one it had demanded.',
    ],
    [
      'one by the empty token that holds',
      byToken('', ''),
      'Op 1 was rejected for the fencing token, "", and that is the one it had demanded.',
    ],
    [
      'one by a token that was not demanded',
      byToken(null, 'k'),
      'Op 1 was rejected for the fencing token, "k", and had demanded none.',
    ],
    [
      'a position that is written and is not',
      unwritten(2, 4),
      'Op 1 was told that nothing is written at 2, and that the tail is 4.',
    ],
    ['a read that began early', part(5, 4, [], null), 'Op 1 was to begin at 5, and began at 4.'],
    [
      'a read of records behind the tail',
      part(0, 0, [1n, 100n], 1),
      'Op 1 was shown records [0, 2), and told that the tail is 1.',
    ],
    ['a read that begins there', part(3, 3, [], 2), 'Op 1 was shown what begins at 3, and told that the tail is 2.'],
    [
      'a creation as before by a request without a token',
      [{ kind: 'create', token: null }, { kind: 'create-noop' }],
      'Op 1 has no token, and was told that the same request had created the stream.',
    ],
  ])('%s', (_what, step, message) => {
    expect(saidOf(step)).toEqual({ code: 'answer-without-place', message, opIds: [1] });
  });

  test('and not what only looks like it', () => {
    expect(saidOf(byTail(3, 2))).toBe('ok');
    expect(saidOf(byToken('j', 'k'))).toBe('ok');
    expect(saidOf(unwritten(4, 4))).toBe('ok');
    expect(saidOf(part(0, 0, [1n], 1))).toBe('ok');
    expect(saidOf(part(4, 4, [], 4))).toBe('ok');
  });

  test("nor, by S2's own rule, the token of a stream that has none", () => {
    const only = inSequence(byToken('', ''));
    expect(checkExtendedStream(only, { strictS2: true }).verdict).toBe('ok');
    expect(checkExtendedStream(only).verdict).toBe('illegal');
  });
});

test('who contradicts another as well is told with that one', () => {
  const stale: Step = [append([5n], { matchSeqNum: 0 }), { kind: 'append-rejected', actual: { tail: 0 } }];
  expect(saidOf(stale)).toMatchObject({ code: 'stale-tail', opIds: [1, 0] });
});

test('a follower that is told of nothing where it is, and of records there, is named with what brought it there', () => {
  const told = (answer: ExtendedReturn): Step => [{ kind: 'follow', session: 'f', from: null }, answer];
  const opened: Step = [
    { kind: 'follow', session: 'f', from: { seqNum: 0 } },
    { kind: 'read-part-success', start: 0, recordHashes: [1n], tail: null },
  ];
  const steps = inSequence(fenced, opened, told({ kind: 'read-unwritten', tail: 4 }));
  expect(checkExtendedStream([...doubts, ...steps], { stepsMax })).toEqual({
    verdict: 'illegal',
    violation: {
      code: 'answer-without-place',
      message: 'A follower that had come to 1 was told that nothing is written there, and that the tail is 4 (op 2).',
      opIds: [2, 1],
    },
  });
});

/** Records do not go by themselves: who was told that they are gone is convicted, whatever is in doubt, unless something may remove them. */

import { describe, expect, test } from 'vitest';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream, type ExtendedCheckOptions } from './check.ts';
import type { ExtendedCall, ExtendedEvent } from './history.ts';

/** Too little for any search among so much that is in doubt. */
const stepsMax = 200;
const lost = (opId: number, call: ExtendedCall): ExtendedEvent => ({ type: 'call', clientId: opId, opId, call });
const doubts = Array.from({ length: 40 }, (_, i) => lost(100 + i, append([BigInt(100 + i)])));

const three: Step = [append([1n, 2n, 3n]), acked(3)];
const trims = (trim: number, tail: number): Step => [append([9n], { trim }), acked(tail)];
const part = (from: number, start: number, ...recordHashes: bigint[]): Step => [
  { kind: 'read-part', from: { seqNum: from } },
  { kind: 'read-part-success', start, recordHashes, tail: null },
];
const nothing = (from: number): Step => [{ kind: 'read-part', from: { seqNum: from } }, { kind: 'read-nothing' }];
const opened: Step = [
  { kind: 'follow', session: 'f', from: { seqNum: 0 } },
  { kind: 'read-part-success', start: 0, recordHashes: [1n], tail: null },
];
const onwards = (start: number): Step => [
  { kind: 'follow', session: 'f', from: null },
  { kind: 'read-part-success', start, recordHashes: [3n], tail: null },
];

/** The operations that are blamed, or the verdict. */
function blamedIn(history: readonly ExtendedEvent[], options: ExtendedCheckOptions = {}): unknown {
  const verdict = checkExtendedStream(history, { ...options, stepsMax });
  if (verdict.verdict !== 'illegal') return verdict.verdict;
  expect(verdict.violation.code).toBe('answer-without-place');
  return verdict.violation.opIds;
}
const blamed = (...steps: Step[]): unknown => blamedIn([...doubts, ...inSequence(...steps)]);

describe('a read that passes over records', () => {
  test('convicts alone where nobody asked to trim', () => {
    expect(blamed(part(0, 3))).toEqual([0]);
    expect(blamed(three, part(0, 1, 2n))).toEqual([1]);
  });

  test('convicts with who asked to trim furthest where that is less', () => {
    expect(blamed(three, trims(1, 4), part(0, 2, 3n))).toEqual([2, 1]);
    expect(blamed(three, trims(2, 4), part(0, 2, 3n))).toBe('ok');
  });

  test('convicts where a trim was asked for only later, or failed', () => {
    const [before, behind] = [inSequence(three), inSequence(three, part(0, 2, 3n)).slice(2)];
    const trim = lost(50, trims(2, 4)[0]);
    expect(blamedIn([...before, trim, ...behind])).toBe('ok');
    expect(blamedIn([...doubts, ...before, ...behind, trim])).toEqual([1]);
    const failed: ExtendedEvent = {
      type: 'return',
      clientId: 50,
      opId: 50,
      return: { kind: 'append-definite-failure' },
    };
    expect(blamedIn([...doubts, ...before, trim, ...behind, failed])).toEqual([1]);
  });

  test('of a session convicts with the event that brought it there', () => {
    expect(blamed(three, opened, onwards(2))).toEqual([2, 1]);
  });

  test('convicts nobody where records may expire', () => {
    const history = inSequence(three, part(0, 2, 3n));
    expect(blamedIn(history, { config: { retentionAgeMs: 1, emptyAgeMs: null } })).toBe('ok');
    const config = { retentionAgeMs: 1, emptyAgeMs: null };
    const created: Step = [{ kind: 'create', token: null, config }, { kind: 'created' }];
    expect(blamedIn(inSequence(created, three, part(0, 2, 3n)), { initially: 'absent' })).toBe('ok');
  });
});

describe('a read that finds nothing left', () => {
  test('convicts with who told before that more is written', () => {
    expect(blamed(three, nothing(0))).toEqual([1, 0]);
    expect(blamed(three, trims(2, 4), nothing(0))).toEqual([2, 1]);
    expect(blamed(three, nothing(3))).toBe('ok');
    expect(blamed(nothing(0))).toBe('ok');
  });

  test('convicts nobody who may have asked before that, or in the next life', () => {
    const [first, second] = [inSequence(three), inSequence(three, nothing(0)).slice(2)];
    expect(
      blamedIn([
        ...first.slice(0, 1),
        { ...second[0]!, clientId: 2 },
        ...first.slice(1),
        { ...second[1]!, clientId: 2 },
      ]),
    ).toBe('ok');
    const [deletion, creation] = [lost(50, { kind: 'delete' }), lost(51, { kind: 'create', token: null })];
    expect(blamedIn([...first, deletion, creation, ...second])).toBe('ok');
    expect(blamedIn([...first, deletion, ...second], { createsOn: ['read'] })).toBe('ok');
  });
});

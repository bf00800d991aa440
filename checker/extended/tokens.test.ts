/** A token that nobody can have set convicts whoever was told of it, however much else is in doubt, unless somebody can have. */

import { describe, expect, test } from 'vitest';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream, type ExtendedCheckOptions } from './check.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from './history.ts';

/** Too little for any search among so much that is in doubt. */
const stepsMax = 200;
const lost = (opId: number, call: ExtendedCall): ExtendedEvent => ({ type: 'call', clientId: opId, opId, call });
const doubts = Array.from({ length: 40 }, (_, i) => lost(100 + i, append([BigInt(100 + i)])));

const sets = (token: string, tail: number): Step => [append([1n], { setFencingToken: token }), acked(tail)];
const told = (fencingToken: string): Step => [
  append([5n], { fencingToken: 'other' }),
  { kind: 'append-rejected', actual: { fencingToken } },
];
const byTail = (fencingToken: string): Step => [
  append([5n], { fencingToken, matchSeqNum: 9 }),
  { kind: 'append-rejected', actual: { tail: 1 } },
];
const create = (token: string | null, answer: ExtendedReturn['kind']): Step => [
  { kind: 'create', token },
  { kind: answer } as ExtendedReturn,
];
const removed: Step = [{ kind: 'delete' }, { kind: 'deleted' }];

/** The operations that are blamed, or the verdict. */
function blamedIn(history: readonly ExtendedEvent[], options: ExtendedCheckOptions = {}): unknown {
  const verdict = checkExtendedStream(history, { ...options, stepsMax });
  if (verdict.verdict !== 'illegal') return verdict.verdict;
  expect(verdict.violation.code).toBe('answer-without-place');
  return verdict.violation.opIds;
}
const blamed = (...steps: Step[]): unknown => blamedIn([...doubts, ...inSequence(...steps)]);

describe('a fencing token', () => {
  test('that nobody ever set convicts who was told of it alone', () => {
    expect(blamed(told('zz'))).toEqual([0]);
    expect(blamed(byTail('zz'))).toEqual([0]);
  });

  test('that was replaced before convicts with who did that', () => {
    expect(blamed(sets('k', 1), told(''))).toEqual([1, 0]);
    expect(blamed(sets('k', 1), sets('l', 2), told('k'))).toEqual([2, 1]);
    expect(blamed(sets('k', 1), byTail(''))).toEqual([1, 0]);
  });

  test('that was set later convicts with who did that', () => {
    expect(blamed(told('k'), sets('k', 1))).toEqual([0, 1]);
  });

  test('holds until another one is set, and a new stream has the empty one', () => {
    expect(blamed(sets('k', 1), told('k'))).toBe('ok');
    expect(blamed(told(''))).toBe('ok');
    expect(blamed(sets('k', 1), sets('', 2), told(''))).toBe('ok');
    expect(blamed(sets('k', 1), sets('l', 2), sets('k', 3), told('k'))).toBe('ok');
    expect(blamed(sets('k', 1), byTail('k'))).toBe('ok');
  });

  test('may have been set by whoever may yet come in between', () => {
    const setting = lost(50, append([3n], { setFencingToken: 'm' }));
    const [first, second] = [inSequence(sets('k', 1)), inSequence(sets('k', 1), told('m')).slice(2)];
    expect(blamedIn([setting, ...first, ...second])).toBe('ok');
    expect(blamedIn([...first, setting, ...second])).toBe('ok');
    expect(blamedIn([...doubts, ...first, ...second, setting])).toEqual([1, 0]);
    const isOver: ExtendedEvent = {
      type: 'return',
      clientId: 50,
      opId: 50,
      return: { kind: 'append-indefinite-failure' },
    };
    expect(blamedIn([...doubts, setting, isOver, ...first, ...second])).toEqual([1, 0]);
    const hasNone: ExtendedEvent = {
      type: 'return',
      clientId: 50,
      opId: 50,
      return: { kind: 'append-definite-failure' },
    };
    expect(blamedIn([...doubts, ...first, setting, ...second, hasNone])).toEqual([1, 0]);
  });

  test('is the empty one again on the next stream, if there can be one', () => {
    const next = [removed, create(null, 'created')] as const;
    expect(blamedIn(inSequence(sets('k', 1), ...next, told('')))).toBe('ok');
    expect(blamedIn(inSequence(...next, sets('k', 1), told('')))).toEqual([3, 2]);
    const [first, second] = [inSequence(sets('k', 1)), inSequence(sets('k', 1), told('')).slice(2)];
    const [deletion, creation] = [lost(50, { kind: 'delete' }), lost(51, { kind: 'create', token: null })];
    expect(blamedIn([...first, deletion, creation, ...second])).toBe('ok');
    expect(blamedIn([...first, deletion, ...second], { createsOn: ['append'] })).toBe('ok');
  });

  test("is none on a new stream, by S2's own rule: that is told as the empty one, and passes nobody who demands that", () => {
    expect(blamedIn(inSequence(told('')), { strictS2: true })).toBe('ok');
    const demanding = inSequence([append([1n]), acked(1)], byTail(''));
    expect(blamedIn(demanding)).toBe('ok');
    expect(blamedIn(demanding, { strictS2: true })).toEqual([1]);
  });
});

describe('the request that created the stream', () => {
  test('convicts who was told of it if nobody can have made it', () => {
    const absent = { initially: 'absent' } as const;
    const doubtful = (...steps: Step[]): unknown => blamedIn([...inSequence(...steps), ...doubts], absent);
    expect(doubtful(create(null, 'created'), create('z', 'create-noop'))).toEqual([1, 0]);
    expect(doubtful(create('z', 'created'), removed, create(null, 'created'), create('z', 'create-noop'))).toEqual([
      3, 2,
    ]);
    expect(doubtful(create('z', 'created'), create('z', 'create-noop'))).toBe('ok');
  });

  test('is not known of a stream that was there in the beginning, until that is gone', () => {
    const history = inSequence(removed, create(null, 'created'), create('z', 'create-noop'));
    expect(blamedIn([...history, ...doubts])).toEqual([2, 1]);
  });
});

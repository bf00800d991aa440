/** A name has one life after the other, each a stream of its own; and what is told of a name is true at some moment. */

import { describe, expect, test } from 'vitest';
import { acked, append, codeOf, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream } from './check.ts';
import type { ExtendedEvent, ExtendedReturn } from './history.ts';

const create = (token: string | null, answer: ExtendedReturn['kind']): Step => [
  { kind: 'create', token },
  { kind: answer } as ExtendedReturn,
];
const remove: Step = [{ kind: 'delete' }, { kind: 'deleted' }];
const look = (answer: ExtendedReturn): Step => [{ kind: 'check-tail' }, answer];
const tail = (value: number): Step => look({ kind: 'check-tail-success', tail: value });
const absent = look({ kind: 'stream-absent' });
const pending = look({ kind: 'stream-pending' });
const first: Step = [append([1n], { setFencingToken: 'a' }), acked(1)];

test('a session that shows what it cannot is named with its own event that was of another life', () => {
  const follow = (from: { seqNum: number } | null, answer: ExtendedReturn): Step => [
    { kind: 'follow', session: 'f', from },
    answer,
  ];
  const shown = (start: number, ...recordHashes: bigint[]): ExtendedReturn => ({
    kind: 'read-part-success',
    start,
    recordHashes,
    tail: null,
  });
  const judged = (trim: number, ...last: Step[]): unknown => {
    const second: Step = [append([1n, 2n], { trim }), acked(2)];
    const begun = [[append([1n]), acked(1)] as const, follow({ seqNum: 0 }, shown(0, 1n))];
    const steps = [...begun, remove, create(null, 'created'), second, follow(null, { kind: 'read-failure' }), ...last];
    return checkExtendedStream(inSequence(...steps));
  };
  expect(judged(0, follow(null, shown(1, 2n)))).toMatchObject({
    violation: { code: 'unexplained-records', opIds: [4, 6, 1] },
  });
  const misplaced = judged(2, follow(null, shown(2)));
  expect(misplaced).toMatchObject({ violation: { code: 'answer-without-place', opIds: [6, 3, 1] } });
  expect(JSON.stringify(misplaced)).not.toContain('had returned');
});

describe('a life', () => {
  test('begins with number 0 and the empty token, whatever was before', () => {
    const again: Step = [append([2n], { fencingToken: '' }), acked(1)];
    expect(codeOf(first, remove, create(null, 'created'), tail(0), again)).toBe('ok');
    expect(codeOf(first, remove, create(null, 'created'), tail(1))).not.toBe('ok');
    expect(codeOf(first, remove, create(null, 'created'), [append([2n], { fencingToken: 'a' }), acked(1)])).toBe(
      'fencing-token',
    );
  });

  test('shows nothing of the one before', () => {
    const seen = (hash: bigint): Step => [
      { kind: 'read-part', from: { seqNum: 0 } },
      { kind: 'read-part-success', start: 0, recordHashes: [hash], tail: 1 },
    ];
    const second: Step = [append([2n]), acked(1)];
    expect(codeOf(first, remove, create(null, 'created'), second, seen(2n))).toBe('ok');
    expect(codeOf(first, remove, create(null, 'created'), second, seen(1n))).toBe('wrong-content');
  });

  test('is judged by the sweep, which names who is guilty', () => {
    expect(codeOf(first, remove, create(null, 'created'), first, tail(0))).toBe('stale-tail');
  });

  test('ends with its deletion, and its name is free some time later', () => {
    expect(codeOf(first, remove, pending, absent, create(null, 'created'))).toBe('ok');
    expect(codeOf(first, remove, tail(1))).toBe('answer-without-place');
    expect(codeOf(first, remove, absent, pending)).toBe('answer-without-place');
    expect(codeOf(first, absent)).toBe('answer-without-place');
    expect(codeOf(first, remove, create(null, 'created'), absent)).toBe('answer-without-place');
  });

  test('takes appends of unknown outcome of the one before, if they come as late as that', () => {
    const lost: ExtendedEvent[] = [
      { type: 'call', clientId: 9, opId: 50, call: append([5n]) },
      ...inSequence(remove, create(null, 'created'), tail(1), tail(1)),
    ];
    expect(checkExtendedStream(lost)).toMatchObject({ verdict: 'ok', linearization: [0, 1, 50, 2, 3] });
  });
});

test('an append of unknown outcome takes effect in one life', () => {
  const seen: Step = [
    { kind: 'read-part', from: { seqNum: 0 } },
    { kind: 'read-part-success', start: 0, recordHashes: [5n], tail: 1 },
  ];
  const lost: ExtendedEvent = { type: 'call', clientId: 9, opId: 50, call: append([5n]) };
  expect(checkExtendedStream([lost, ...inSequence(seen, remove, create(null, 'created'))]).verdict).toBe('ok');
  expect(checkExtendedStream([lost, ...inSequence(remove, create(null, 'created'), seen)]).verdict).toBe('ok');
  expect(checkExtendedStream([lost, ...inSequence(seen, remove, create(null, 'created'), seen)]).verdict).toBe(
    'illegal',
  );
});

describe('a creation', () => {
  test('is the same request when it has the same token', () => {
    expect(codeOf(remove, create('r', 'created'), create('r', 'create-noop'), create('q', 'stream-exists'))).toBe('ok');
    expect(codeOf(remove, create('r', 'created'), create('r', 'stream-exists'))).toBe('answer-without-place');
    expect(codeOf(remove, create('r', 'created'), create('q', 'create-noop'))).toBe('answer-without-place');
    expect(codeOf(create(null, 'created'))).toBe('answer-without-place');
  });

  test('of unknown outcome may have happened', () => {
    const failed = inSequence(create(null, 'change-failure'), tail(0));
    expect(checkExtendedStream(failed, { initially: 'absent' }).verdict).toBe('illegal');
    const history = inSequence(create(null, 'change-unknown'), tail(0));
    expect(checkExtendedStream(history, { initially: 'absent' }).verdict).toBe('ok');
    const open = history
      .filter((event) => event.opId !== 0 || event.type === 'call')
      .map((event) => ({ ...event, clientId: event.opId }));
    expect(checkExtendedStream(open, { initially: 'absent' })).toMatchObject({ verdict: 'ok', linearization: [0, 1] });
  });
});

describe('what the service may do by itself', () => {
  // Unknown outcomes that a search would have to try against each other.
  const doubtful = Array.from({ length: 40 }, (_, i): ExtendedEvent => {
    return { type: 'call', clientId: 100 + i, opId: 100 + i, call: append([BigInt(100 + i)]) };
  });
  const lost = [...doubtful, ...inSequence([append([1n]), acked(9)], tail(8))];
  const config = { retentionAgeMs: null, emptyAgeMs: 1 };

  test('takes no search where nobody could notice that the stream was removed', () => {
    const own = inSequence([{ kind: 'create', token: null }, { kind: 'created' }]);
    const rest = lost.map((event) => ({ ...event, opId: event.opId + 1 }));
    expect(checkExtendedStream(lost, { config, stepsMax: 20 })).toMatchObject({ violation: { code: 'stale-tail' } });
    expect(checkExtendedStream([...own, ...rest], { config, initially: 'absent', stepsMax: 20 })).toMatchObject({
      violation: { code: 'stale-tail' },
    });
  });

  test('takes none where requests create their stream and it was never gone', () => {
    const rule = { createsOn: ['append', 'read'], stepsMax: 20 } as const;
    expect(checkExtendedStream(lost, rule)).toMatchObject({ violation: { code: 'stale-tail' } });
  });

  test('is taken into account where somebody noticed, or could', () => {
    const gone: Step = [{ kind: 'check-tail' }, { kind: 'stream-absent' }];
    expect(checkExtendedStream(inSequence(tail(0), gone), { config }).verdict).toBe('ok');
    const written: Step = [append([1n], { trim: 1 }), acked(1)];
    expect(checkExtendedStream(inSequence(written, tail(0)), { config, createsOn: ['read'] }).verdict).toBe('ok');
    expect(checkExtendedStream(inSequence(written, create(null, 'created'), tail(0)), { config }).verdict).toBe('ok');
    expect(checkExtendedStream(inSequence(written, tail(0)), { config }).verdict).toBe('illegal');
  });
});

describe('a change of unknown outcome takes no search', () => {
  const hole: Step[] = [[append([1n]), acked(9)], tail(9)];
  const lost = Array.from({ length: 40 }, (_, i): ExtendedEvent => {
    return { type: 'call', clientId: 100 + i, opId: 100 + i, call: append([BigInt(100 + i)]) };
  });
  const judged = (steps: readonly Step[], initially: 'present' | 'absent', isPending: boolean): string => {
    const [asked, ...rest] = inSequence(...steps);
    const events = isPending ? rest.slice(1).map((event) => ({ ...event, clientId: 2 })) : rest;
    const verdict = checkExtendedStream([asked!, ...lost, ...events], { initially, stepsMax: 200 });
    return verdict.verdict === 'illegal' ? verdict.violation.code : verdict.verdict;
  };

  test.each([true, false])('where it says nothing of the lives (never answered: %s)', (isPending) => {
    const configured: Step = [{ kind: 'configure', emptyAgeMs: null }, { kind: 'change-unknown' }];
    expect(judged([configured, ...hole], 'present', isPending)).toBe('ok');
    expect(judged([configured, ...hole, tail(8)], 'present', isPending)).toBe('stale-tail');
  });

  test.each([true, false])('where nothing else can have made the stream (never answered: %s)', (isPending) => {
    const created = create('r', 'change-unknown');
    expect(judged([created, ...hole], 'absent', isPending)).toBe('ok');
    expect(judged([created, create('r', 'create-noop'), ...hole], 'absent', isPending)).toBe('ok');
    expect(judged([created, ...hole, tail(8)], 'absent', isPending)).toBe('stale-tail');
    // What was reported in place has had its effect by then, or never has.
    expect(judged([created, absent, ...hole], 'absent', isPending) === 'ok').toBe(isPending);
  });

  test('but one whose effect nobody saw may have none', () => {
    expect(judged([create('r', 'change-unknown'), absent], 'absent', false)).toBe('ok');
  });
});

/** A stream does not come or go by itself: who tells of that convicts, however much else is in doubt, unless somebody can have done it. */

import { describe, expect, test } from 'vitest';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream, type ExtendedCheckOptions } from './check.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from './history.ts';

/** Too little for any search among so much that is in doubt. */
const stepsMax = 200;
const lost = (opId: number, call: ExtendedCall): ExtendedEvent => ({ type: 'call', clientId: opId, opId, call });
const doubts = Array.from({ length: 40 }, (_, i) => lost(100 + i, append([BigInt(100 + i)])));
const doubtsReportedInPlace = doubts.flatMap((event): ExtendedEvent[] => {
  const { clientId, opId } = event;
  return [event, { type: 'return', clientId, opId, return: { kind: 'append-indefinite-failure' } }];
});

const look = (answer: ExtendedReturn): Step => [{ kind: 'check-tail' }, answer];
const absent = look({ kind: 'stream-absent' });
const pending = look({ kind: 'stream-pending' });
const written: Step = [append([1n]), acked(1)];
const created: Step = [{ kind: 'create', token: null }, { kind: 'created' }];
const exists: Step = [{ kind: 'create', token: null }, { kind: 'stream-exists' }];
const removed: Step = [{ kind: 'delete' }, { kind: 'deleted' }];
const deletion = lost(50, { kind: 'delete' });
const shown: Step = [
  { kind: 'follow', session: 'f', from: { seqNum: 0 } },
  { kind: 'read-part-success', start: 0, recordHashes: [100n], tail: null },
];
const told = (answer: ExtendedReturn): Step => [{ kind: 'follow', session: 'f', from: null }, answer];

/** The operations that are blamed, or the verdict. */
function blamedIn(history: readonly ExtendedEvent[], options: ExtendedCheckOptions = {}): unknown {
  const verdict = checkExtendedStream(history, { ...options, stepsMax });
  if (verdict.verdict !== 'illegal') return verdict.verdict;
  expect(verdict.violation.code).toBe('answer-without-place');
  return verdict.violation.opIds;
}

describe('a stream that nobody can have deleted is not gone', () => {
  const fromAppends = { initially: 'absent', createsOn: ['append'] } as const;
  const fromReads = { initially: 'absent', createsOn: ['read'] } as const;

  test.each<[string, readonly Step[], ExtendedCheckOptions]>([
    ['that an append created', [written, absent], fromAppends],
    ['that a read created', [look({ kind: 'check-tail-success', tail: 0 }), absent], fromReads],
    ['that was there in the beginning', [written, absent], {}],
    ['that was there, where appends would have created it', [written, absent], { createsOn: ['append'] }],
    ['that was created', [created, absent], { initially: 'absent' }],
    ['that somebody wanted to create', [exists, absent], {}],
    ['or about to be', [written, pending], {}],
    ['and is not created again', [written, created], {}],
    ['nor behind its creation', [created, created], { initially: 'absent' }],
    ['nor about to be, behind the news that there is none', [absent, pending], fromAppends],
    ['of which a session was shown something', [shown, told({ kind: 'stream-absent' })], fromAppends],
  ])('%s', (_what, steps, options) => {
    expect(blamedIn([...doubts, ...inSequence(...steps)], options)).toEqual([1, 0]);
  });

  test('unless somebody may have, in between', () => {
    const [before, behind] = [inSequence(written), inSequence(written, absent).slice(2)];
    expect(blamedIn([...doubts, ...before, deletion, ...behind])).toBe('ok');
    expect(blamedIn([...doubts, deletion, ...before, ...behind])).toBe('ok');
    expect(blamedIn([...doubts, ...before, ...behind, deletion])).toEqual([1, 0]);
    const isOver: ExtendedEvent = { type: 'return', clientId: 50, opId: 50, return: { kind: 'change-unknown' } };
    expect(blamedIn([...doubts, deletion, isOver, ...before, ...behind])).toEqual([1, 0]);
  });

  test('and who tells of it alone is named alone', () => {
    expect(blamedIn([...doubts, ...inSequence(absent)])).toEqual([0]);
    expect(blamedIn([...doubts, ...inSequence(created)])).toEqual([0]);
    expect(blamedIn([...doubts, ...inSequence(pending)], fromAppends)).toEqual([0]);
  });
});

describe('a stream that nobody can have created is not there', () => {
  const fromAppends = { initially: 'absent', createsOn: ['append'] } as const;

  test.each<[string, readonly Step[], ExtendedCheckOptions]>([
    ['behind its deletion', [removed, written], {}],
    ['behind the news that there is none', [absent, exists], fromAppends],
  ])('%s', (_what, steps, options) => {
    expect(blamedIn([...doubtsReportedInPlace, ...inSequence(...steps)], options)).toEqual([1, 0]);
  });

  test('and not deleted either', () => {
    const history = [...doubtsReportedInPlace, ...inSequence(absent, removed)];
    expect(blamedIn(history, { initially: 'absent' })).toEqual([1, 0]);
    expect(blamedIn(inSequence(removed), { initially: 'absent' })).toEqual([0]);
    expect(blamedIn(inSequence(removed, removed))).toBe('ok');
  });

  test('unless a request for it may have, which was open then', () => {
    const steps = inSequence(absent, look({ kind: 'check-tail-success', tail: 0 }));
    expect(blamedIn([...doubts, ...steps], fromAppends)).toBe('ok');
    expect(blamedIn([...doubtsReportedInPlace, ...steps], fromAppends)).toEqual([1, 0]);
    expect(blamedIn(inSequence(absent, written), fromAppends)).toBe('ok');
  });
});

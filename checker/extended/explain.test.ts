/** A verdict names two to four operations: the one without a place, and who leaves it none. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chainAll } from '../chain-hash.ts';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { parseExtended } from '../formats/extended-jsonl.ts';
import { extendedHistory } from '../testing/extended-histories.ts';
import { seededRandom } from '../testing/random.ts';
import { checkExtendedStream } from './check.ts';
import { withoutPlace } from './explain.ts';
import { extendedStreamModel } from './model.ts';
import { operationsOfStream } from './operations.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from './history.ts';

const HISTORIES = 400;

function violationOf(...steps: readonly Step[]): { message: string; opIds: readonly number[] } {
  const verdict = checkExtendedStream(inSequence(...steps));
  if (verdict.verdict !== 'illegal') throw new Error(verdict.verdict);
  return verdict.violation;
}

/** The call and the return of one operation. */
function during(id: number, call: ExtendedCall, answer: ExtendedReturn): [ExtendedEvent, ExtendedEvent] {
  const ids = { clientId: id, opId: id };
  return [
    { type: 'call', ...ids, call },
    { type: 'return', ...ids, return: answer },
  ];
}

test('what made the answer untrue is named', () => {
  const shown: Step = [
    { kind: 'read-part', from: { seqNum: 4 } },
    { kind: 'read-part-success', start: 4, recordHashes: [], tail: null },
  ];
  expect(violationOf([append([1n]), acked(1)], [append([2n]), acked(2)], [append([3n]), acked(3)], shown)).toEqual({
    code: 'answer-without-place',
    message: 'Op 3 fits nowhere: only 3 records are written. That is so behind op 2.',
    opIds: [3, 2],
  });
});

test('so is what had returned before it was called', () => {
  const begun = (start: number, recordHashes: bigint[]): Step => [
    { kind: 'read-part', from: { seqNum: 0 } },
    { kind: 'read-part-success', start, recordHashes, tail: null },
  ];
  const trims: Step = [append([1n, 2n], { trim: 1 }), acked(2)];
  const { message, opIds } = violationOf(trims, begun(1, [2n]), begun(0, [1n]));
  expect(opIds).toEqual([2, 1]);
  expect(message).toContain('It would fit before op 1, but op 1 had returned before it was called.');
});

test('so is who was called only when it had returned', () => {
  const nowhere = append([9n], { setFencingToken: 'b', matchSeqNum: 9 });
  const early: Step = [append([3n], { fencingToken: 'a' }), { kind: 'append-rejected', actual: { fencingToken: 'b' } }];
  const fence: Step = [append([2n], { setFencingToken: 'b' }), acked(2)];
  const steps = inSequence([append([1n]), acked(1)], early, fence);
  const verdict = checkExtendedStream([{ type: 'call', clientId: 9, opId: 9, call: nowhere }, ...steps]);
  expect(verdict).toMatchObject({ violation: { opIds: [1, 2] } });
  expect(JSON.stringify(verdict)).toContain('It would fit behind op 2, but op 2 was called after it had returned.');
});

test('so is who told the timestamp of a record that was passed over', () => {
  const written: Step = [append([1n, 2n]), { kind: 'append-acked', start: 0, end: 2, tail: 2, timestamps: [5, 5] }];
  const trims: Step = [append([3n], { trim: 1 }), acked(3)];
  const late: Step = [
    { kind: 'read-part', from: { timestamp: 4 } },
    { kind: 'read-part-success', start: 2, recordHashes: [3n], tail: null },
  ];
  expect(violationOf(written, trims, late)).toMatchObject({
    message:
      'Op 2 fits nowhere: nobody asked to trim beyond 1. It was asked for what is from timestamp 4 on, and passed over ' +
      'record 0, which has timestamp 5 for op 0.',
    opIds: [2, 0],
  });
});

test('so is who told it where the read is of a session, and what it showed next is what has no place', () => {
  const file = 'illegal-answer-without-place-passed-over-a-record-whose-timestamp-a-tail-told.jsonl';
  const parsed = parseExtended(readFileSync(new URL(`../testdata/extended/${file}`, import.meta.url), 'utf8'));
  if (parsed.kind === 'malformed') throw new Error(parsed.message);
  expect(checkExtendedStream(parsed.history, parsed.header)).toMatchObject({
    violation: { message: expect.stringContaining('record 0, which has timestamp 11 for op 1'), opIds: [7, 1] },
  });
});

test('but not where a trim explains that it was passed over, and what was shown of the trim speaks against the read', () => {
  const written: Step = [
    append([1n, 2n, 3n], { trim: 3 }),
    { kind: 'append-acked', start: 0, end: 3, tail: 3, timestamps: [35, 35] },
  ];
  const shown = (from: { seqNum: number } | { timestamp: number }, start: number, recordHashes: bigint[]): Step => [
    { kind: 'read-part', from },
    { kind: 'read-part-success', start, recordHashes, tail: 3 },
  ];
  const trimmed = shown({ seqNum: 1 }, 2, [3n]);
  for (const from of [{ timestamp: 21 }, { seqNum: 0 }])
    expect(violationOf(written, trimmed, shown(from, 1, [2n, 3n]))).toEqual({
      code: 'answer-without-place',
      message:
        'Op 2 fits nowhere: records below 2 are gone. It would fit before op 1, but op 1 had returned before it was called.',
      opIds: [2, 1],
    });
});

test('so is who heard later of a tail that leaves no place to an append that asked for the trim', () => {
  const shown = (id: number, seqNum: number, start: number, recordHashes: bigint[], tail: number | null) =>
    during(id, { kind: 'read-part', from: { seqNum } }, { kind: 'read-part-success', start, recordHashes, tail });
  const history: ExtendedEvent[] = [
    { type: 'call', clientId: 1, opId: 1, call: append([4n, 5n], { trim: 9 }) },
    { type: 'call', clientId: 4, opId: 4, call: append([1n, 2n, 3n], { trim: 1, matchSeqNum: 0 }) },
    ...shown(3, 1, 2, [], null),
  ];
  expect(checkExtendedStream(history)).toMatchObject({ verdict: 'ok' });
  expect(checkExtendedStream([...history, ...shown(8, 0, 1, [2n, 3n], 3)])).toMatchObject({
    violation: {
      message:
        'Op 3 fits nowhere: what asked to trim beyond 1, as op 1 did, had no effect before it: op 8 was told later that the tail is 3.',
      opIds: [3, 8, 1],
    },
  });
});

test('what fits behind the longest order is not blamed, but what comes next', () => {
  const [first, wrong]: Step[] = [
    [append([1n]), acked(1)],
    [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: 0 }],
  ];
  const operations = operationsOfStream(inSequence(first!, wrong!));
  if ('code' in operations) throw new Error(operations.message);
  const stuck = [{ operation: 0, reason: 'it fits, but whatever comes next does not' }];
  expect(withoutPlace(extendedStreamModel(), operations, { partialLinearizations: [[]], stuck })).toMatchObject({
    message: expect.stringMatching(/^Op 1 fits nowhere: the tail is 1\./),
    opIds: [1, 0],
  });
});

test('the one that is wrong is named, not those who wait for it, and what is wrong with it at the tail it tells', () => {
  const rejected: ExtendedReturn = { kind: 'append-rejected', actual: { tail: 1 } };
  const [setsA, setsB] = [{ setFencingToken: 'a' }, { setFencingToken: 'b' }];
  const whole = during(1, { kind: 'read' }, { kind: 'read-success', tail: 2, streamHash: chainAll([1n, 2n]) });
  const wrong = during(2, append([5n], { matchSeqNum: 7, fencingToken: 'b' }), rejected);
  const [first, second] = [during(3, append([1n], setsA), acked(1)), during(4, append([2n], setsB), acked(2))];
  const history = [whole[0], wrong[0], ...first, second[0], wrong[1], second[1], whole[1]];
  // No step of a search is needed where nothing is in doubt.
  expect(checkExtendedStream(history, { stepsMax: 1 })).toMatchObject({
    verdict: 'illegal',
    violation: { opIds: [2, 3], message: 'Op 2 fits nowhere: the fencing token is "a". That is so behind op 3.' },
  });
});

test('who is alone to blame is so without all others', () => {
  let judged = 0;
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { events, ...rule } = extendedHistory(seededRandom(seed), 6);
    const verdict = checkExtendedStream(events, rule);
    if (verdict.verdict !== 'illegal' || verdict.violation.code !== 'answer-without-place') continue;
    judged++;
    const { opIds, message } = verdict.violation;
    const own = events.filter(({ opId }) => opId === opIds[0]);
    if (opIds.length === 1)
      expect(checkExtendedStream(own, rule), `seed ${seed}: ${message}`).toMatchObject({ verdict: 'illegal' });
    expect(opIds.length).toBeLessThanOrEqual(4);
  }
  expect(judged).toBeGreaterThan(10);
});

test('a request that a stream was created for is not blamed for what came later', () => {
  const tail: Step = [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: 0 }];
  const written: Step = [
    { kind: 'read-part', from: { seqNum: 4 } },
    { kind: 'read-part-success', start: 4, recordHashes: [], tail: null },
  ];
  const rule = { initially: 'absent', createsOn: ['read'] } as const;
  expect(checkExtendedStream(inSequence(tail, written), rule)).toMatchObject({
    violation: { code: 'answer-without-place', opIds: [1, 0], message: expect.stringContaining('only 0 records') },
  });
});

/** Reasons, parts and unwritten positions are observations: each clause refuses a lie, and the engines agree. */

import { describe, expect, test } from 'vitest';
import { extendedHistory } from '../testing/extended-histories.ts';
import { hasLinearization } from '../testing/permutations.ts';
import { seededRandom } from '../testing/random.ts';
import { operationsOf } from '../wgl/check-events.ts';
import { checkOperations } from '../wgl/check-operations.ts';
import { type Operation, toNondeterministic } from '../wgl/model.ts';
import { checkExtendedStream } from './check.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from './history.ts';
import { extendedStreamModel } from './model.ts';

const HISTORIES = 2_000;

/** One client after the other. */
function inSequence(...steps: readonly (readonly [ExtendedCall, ExtendedReturn])[]): ExtendedEvent[] {
  return steps.flatMap(([call, answer], opId): ExtendedEvent[] => [
    { type: 'call', clientId: 1, opId, call },
    { type: 'return', clientId: 1, opId, return: answer },
  ]);
}

const append = (recordHashes: bigint[], more: Partial<ExtendedCall & { kind: 'append' }> = {}): ExtendedCall => ({
  kind: 'append',
  recordHashes,
  setFencingToken: null,
  fencingToken: null,
  matchSeqNum: null,
  ...more,
});
const acked = (tail: number): ExtendedReturn => ({ kind: 'append-success', tail });
const three = [append([1n, 2n, 3n]), acked(3)] as const;
const fenced = [append([9n], { setFencingToken: 'a' }), acked(4)] as const;

describe('an answer is true at a moment of its operation:', () => {
  test.each<[string, ExtendedCall, ExtendedReturn, 'ok' | 'illegal']>([
    [
      'the tail of a rejection',
      append([5n], { matchSeqNum: 7 }),
      { kind: 'append-rejected', actual: { tail: 4 } },
      'ok',
    ],
    [
      'a stale tail of a rejection',
      append([5n], { matchSeqNum: 7 }),
      { kind: 'append-rejected', actual: { tail: 3 } },
      'illegal',
    ],
    [
      'a rejection whose condition holds',
      append([5n], { matchSeqNum: 4 }),
      { kind: 'append-rejected', actual: { tail: 4 } },
      'illegal',
    ],
    [
      'the token of a rejection',
      append([5n], { fencingToken: 'b' }),
      { kind: 'append-rejected', actual: { fencingToken: 'a' } },
      'ok',
    ],
    [
      'a stale token of a rejection',
      append([5n], { fencingToken: 'b' }),
      { kind: 'append-rejected', actual: { fencingToken: '' } },
      'illegal',
    ],
    [
      'a token that does hold',
      append([5n], { fencingToken: 'a' }),
      { kind: 'append-rejected', actual: { fencingToken: 'a' } },
      'illegal',
    ],
    [
      'a part inside a batch',
      { kind: 'read-part', from: { seqNum: 1 } },
      { kind: 'read-part-success', start: 1, recordHashes: [2n], tail: null },
      'ok',
    ],
    [
      'a part with another record',
      { kind: 'read-part', from: { seqNum: 1 } },
      { kind: 'read-part-success', start: 1, recordHashes: [2n, 4n], tail: null },
      'illegal',
    ],
    [
      'a part beyond the tail',
      { kind: 'read-part', from: { seqNum: 3 } },
      { kind: 'read-part-success', start: 3, recordHashes: [9n, 9n], tail: null },
      'illegal',
    ],
    [
      'a part that ran out too early',
      { kind: 'read-part', from: { seqNum: 2 } },
      { kind: 'read-part-success', start: 2, recordHashes: [3n], tail: 3 },
      'illegal',
    ],
    ['an unwritten position', { kind: 'read-part', from: { seqNum: 6 } }, { kind: 'read-unwritten', tail: 4 }, 'ok'],
    [
      'an unwritten position with a stale tail',
      { kind: 'read-part', from: { seqNum: 6 } },
      { kind: 'read-unwritten', tail: 3 },
      'illegal',
    ],
    [
      'a written position called unwritten',
      { kind: 'read-part', from: { seqNum: 2 } },
      { kind: 'read-unwritten', tail: 4 },
      'illegal',
    ],
  ])('%s', (_what, call, answer, expected) => {
    expect(checkExtendedStream(inSequence(three, fenced, [call, answer])).verdict).toBe(expected);
  });
});

test('a sentence calls a rejection a rejection', () => {
  const rejected: ExtendedReturn = { kind: 'append-rejected', actual: { tail: 1 } };
  const verdict = checkExtendedStream(inSequence(three, [append([5n], { matchSeqNum: 7 }), rejected]));
  expect(verdict).toMatchObject({
    violation: { code: 'stale-tail', message: expect.stringContaining('rejected append (op 1)') },
  });
});

describe('trimming', () => {
  const trims = [append([4n, 5n], { trim: 2 }), acked(5)] as const;
  const readFrom = (seqNum: number, start: number): readonly [ExtendedCall, ExtendedReturn] => [
    { kind: 'read-part', from: { seqNum } },
    { kind: 'read-part-success', start, recordHashes: [BigInt(start + 1)], tail: null },
  ];

  test('happens some time after it was asked for, as far as that and no further', () => {
    expect(checkExtendedStream(inSequence(three, trims, readFrom(0, 0), readFrom(0, 2))).verdict).toBe('ok');
    expect(checkExtendedStream(inSequence(three, trims, readFrom(0, 3))).verdict).toBe('illegal');
    expect(checkExtendedStream(inSequence(three, readFrom(0, 2), trims)).verdict).toBe('illegal');
  });

  test('is never undone', () => {
    expect(checkExtendedStream(inSequence(three, trims, readFrom(0, 2), readFrom(1, 1))).verdict).toBe('illegal');
    expect(checkExtendedStream(inSequence(three, trims, readFrom(0, 2), readFrom(2, 2))).verdict).toBe('ok');
  });
});

describe('timestamps', () => {
  const readAll = (...timestamps: number[]): readonly [ExtendedCall, ExtendedReturn] => [
    { kind: 'read-part', from: { seqNum: 0 } },
    {
      kind: 'read-part-success',
      start: 0,
      recordHashes: [1n, 2n, 3n].slice(0, timestamps.length),
      timestamps,
      tail: null,
    },
  ];
  const readSince = (timestamp: number, start: number): readonly [ExtendedCall, ExtendedReturn] => [
    { kind: 'read-part', from: { timestamp } },
    { kind: 'read-part-success', start, recordHashes: [BigInt(start + 1)], tail: null },
  ];
  const codeOf = (...steps: readonly (readonly [ExtendedCall, ExtendedReturn])[]): string => {
    const verdict = checkExtendedStream(inSequence(three, ...steps));
    return verdict.verdict === 'illegal' ? verdict.violation.code : verdict.verdict;
  };

  test('never fall, and a record has one', () => {
    expect(codeOf(readAll(5, 5, 7), readAll(5, 5))).toBe('ok');
    expect(codeOf(readAll(5, 4, 7))).toBe('wrong-timestamp');
    expect(codeOf(readAll(5, 5, 7), readAll(5, 6))).toBe('wrong-timestamp');
  });

  test('a read from one begins at the first record at or after it', () => {
    expect(codeOf(readAll(5, 6, 7), readSince(6, 1))).toBe('ok');
    expect(codeOf(readAll(5, 6, 7), readSince(6, 2))).toBe('wrong-timestamp');
    expect(codeOf(readAll(5, 6, 7), readSince(6, 0))).toBe('wrong-timestamp');
  });
});

test('permutations, WGL+ and the sweep with insertion agree on random extended histories', () => {
  const model = extendedStreamModel();
  const oracle = toNondeterministic(model);
  const tally = { ok: 0, illegal: 0 };
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const history = extendedHistory(seededRandom(seed), 7);
    const events = history.map((event) =>
      event.type === 'call'
        ? { kind: 'call' as const, clientId: event.clientId, id: event.opId, value: event.call, metadata: event.opId }
        : { kind: 'return' as const, clientId: event.clientId, id: event.opId, value: event.return },
    );
    const operations = operationsOf<ExtendedCall, ExtendedReturn>(model, events);
    const expected = hasLinearization(oracle, operations) ? 'ok' : 'illegal';
    tally[expected]++;
    const shown = `seed ${seed}: ${JSON.stringify(history, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))}`;
    expect(checkOperations(model, operations).verdict, shown).toBe(expected);
    const verdict = checkExtendedStream(history);
    expect(verdict.verdict, shown).toBe(expected);
    if (verdict.verdict === 'ok')
      expect(refusalOf(operations, verdict.linearization, verdict.withoutEffect), shown).toBeNull();
  }
  expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(HISTORIES / 10);
});

/** A replay of its own: every operation once, in real time, and legal step by step. */
function refusalOf(
  operations: readonly Operation<ExtendedCall, ExtendedReturn>[],
  order: readonly number[],
  withoutEffect: readonly number[],
): string | null {
  const model = extendedStreamModel();
  const byId = new Map(operations.map((operation) => [operation.metadata as number, operation]));
  let state = model.init();
  let latestCall = -1;
  for (const opId of order) {
    const { input, output, call, return: end } = byId.get(opId)!;
    byId.delete(opId);
    if (end < latestCall) return `op ${opId} stands behind one called after its return`;
    latestCall = Math.max(latestCall, call);
    const step = model.step(state, input, output);
    if (!step.legal) return `op ${opId} is illegal`;
    state = step.state;
  }
  for (const opId of withoutEffect) byId.delete(opId);
  return byId.size === 0 ? null : 'an operation is missing';
}

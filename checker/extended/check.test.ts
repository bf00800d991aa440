/** Reasons, parts and unwritten positions are observations: each clause refuses a lie, and the engines agree. */

import { describe, expect, test } from 'vitest';
import { checkExtendedStream } from './check.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from './history.ts';
import { acked, append, codeOf, inSequence, type Step } from '../testing/extended-steps.ts';

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
  const readFrom = (seqNum: number, start: number): Step => [
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

test('a read that began before a trim was shown may show what is gone, and one that began behind may not', () => {
  const part: ExtendedCall = { kind: 'read-part', from: { seqNum: 0 } };
  const shown = (start: number, recordHashes: bigint[], tail: number | null): ExtendedReturn => ({
    kind: 'read-part-success',
    start,
    recordHashes,
    tail,
  });
  const slow = [
    { type: 'call', clientId: 2, opId: 20, call: part },
    { type: 'return', clientId: 2, opId: 20, return: shown(0, [1n, 2n, 3n, 4n], 4) },
  ] as const;
  const written = inSequence([append([1n, 2n, 3n], { trim: 2 }), acked(3)]);
  const trimmed = inSequence([part, shown(2, [3n], 3)]).map((event) => ({ ...event, opId: 30 }));
  const more = inSequence([append([4n]), acked(4)]).map((event) => ({ ...event, opId: 40 }));
  expect(checkExtendedStream([...written, slow[0], ...trimmed, ...more, slow[1]]).verdict).toBe('ok');
  expect(checkExtendedStream([...written, ...trimmed, slow[0], ...more, slow[1]]).verdict).toBe('illegal');
});

describe('timestamps', () => {
  const readAll = (...timestamps: number[]): Step => [
    { kind: 'read-part', from: { seqNum: 0 } },
    {
      kind: 'read-part-success',
      start: 0,
      recordHashes: [1n, 2n, 3n].slice(0, timestamps.length),
      timestamps,
      tail: null,
    },
  ];
  const readSince = (timestamp: number, start: number): Step => [
    { kind: 'read-part', from: { timestamp } },
    { kind: 'read-part-success', start, recordHashes: [BigInt(start + 1)], tail: null },
  ];
  const codeBehind = (...steps: readonly Step[]): string => codeOf(three, ...steps);

  test('never fall, and a record has one', () => {
    expect(codeBehind(readAll(5, 5, 7), readAll(5, 5))).toBe('ok');
    expect(codeBehind(readAll(5, 4, 7))).toBe('wrong-timestamp');
    expect(codeBehind(readAll(5, 5, 7), readAll(5, 6))).toBe('wrong-timestamp');
  });

  test('a read from one begins at the first record at or after it', () => {
    expect(codeBehind(readAll(5, 6, 7), readSince(6, 1))).toBe('ok');
    expect(codeBehind(readAll(5, 6, 7), readSince(6, 2))).toBe('wrong-timestamp');
    expect(codeBehind(readAll(5, 6, 7), readSince(6, 0))).toBe('wrong-timestamp');
  });
});

test('with trims, a read from a timestamp passes over nothing but what may be gone', () => {
  const trims = [append([4n, 5n], { trim: 2 }), { kind: 'append-acked', start: 3, end: 5, tail: 5 }] as const;
  const told: Step = [
    { kind: 'read-part', from: { seqNum: 0 } },
    { kind: 'read-part-success', start: 0, recordHashes: [1n, 2n, 3n], timestamps: [5, 6, 7], tail: null },
  ];
  const since = (start: number): Step => [
    { kind: 'read-part', from: { timestamp: 5 } },
    { kind: 'read-part-success', start, recordHashes: [BigInt(start + 1)], tail: null },
  ];
  expect(checkExtendedStream(inSequence(three, trims, told, since(2))).verdict).toBe('ok');
  expect(checkExtendedStream(inSequence(three, trims, told, since(3))).verdict).toBe('illegal');
  expect(checkExtendedStream(inSequence(three, trims, told, since(2), since(1))).verdict).toBe('illegal');
});

describe('an acknowledgement', () => {
  const ack = (start: number, end: number, tail: number): Step => [
    append([7n, 8n]),
    { kind: 'append-acked', start, end, tail },
  ];
  const look = (tail: number): Step => [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail }];

  test('tells a start and an end that fit the batch, and a tail that is not before the end', () => {
    expect(codeOf(three, ack(3, 5, 5))).toBe('ok');
    expect(codeOf(three, ack(2, 5, 5))).toBe('impossible-ack');
    expect(codeOf(three, ack(3, 5, 4))).toBe('impossible-ack');
  });

  test('tells a tail that is true before it comes', () => {
    expect(codeOf(three, ack(3, 5, 6))).toBe('unexplained-records');
    expect(codeOf(three, ack(3, 5, 6), look(5))).toBe('stale-tail');
    const [mine, answer] = ack(3, 5, 6);
    const other = (opId: number): ExtendedEvent => ({ type: 'call', clientId: 2, opId, call: append([9n]) });
    const between: ExtendedEvent[] = [
      ...inSequence(three),
      { type: 'call', clientId: 1, opId: 11, call: mine },
      other(12),
      { type: 'return', clientId: 1, opId: 11, return: answer },
    ];
    expect(checkExtendedStream(between)).toMatchObject({ verdict: 'ok', operations: 3, linearization: [0, 11, 12] });
  });

  test('tells timestamps, as does a tail', () => {
    const stamped = (first: number, last: number): Step => [
      append([7n, 8n]),
      { kind: 'append-acked', start: 3, end: 5, tail: 5, timestamps: [first, last] },
    ];
    expect(codeOf(three, stamped(4, 6))).toBe('ok');
    expect(codeOf(three, stamped(6, 4))).toBe('wrong-timestamp');
    const told = inSequence(three, stamped(4, 6), look(5)).map((event, at) =>
      at === 5 ? { ...event, tailTimestamp: 7 } : event,
    );
    expect(checkExtendedStream(told)).toMatchObject({ violation: { code: 'wrong-timestamp', opIds: [1, 2] } });
  });

  test('contradicts itself in its timestamps, and whoever else told them', () => {
    const read = (timestamps: number[]): Step => [
      { kind: 'read-part', from: { seqNum: 0 } },
      { kind: 'read-part-success', start: 0, recordHashes: [1n, 2n, 3n], timestamps, tail: null },
    ];
    const naming = (...steps: Step[]): unknown => {
      const verdict = checkExtendedStream(inSequence(three, ...steps));
      return verdict.verdict === 'illegal' && [verdict.violation.code, ...verdict.violation.opIds];
    };
    expect(naming(read([4, 6, 3]))).toEqual(['wrong-timestamp', 1]);
    expect(naming(read([4, 6, 3]), read([4, 4, 4]))).toEqual(['wrong-timestamp', 2, 1]);
  });
});

test('records of equal bodies differ by all else that a reader gets', () => {
  const written: Step = [append([1n, 1n], { contentHashes: [10n, 11n] }), acked(2)];
  const read = (...contentHashes: bigint[]): Step => [
    { kind: 'read-part', from: { seqNum: 0 } },
    { kind: 'read-part-success', start: 0, recordHashes: [1n, 1n], contentHashes, tail: 2 },
  ];
  expect(codeOf(written, read(10n, 11n))).toBe('ok');
  expect(codeOf(written, read(11n, 10n))).toBe('wrong-content');
});

test.each<[string, ExtendedEvent[], number]>([
  ['an answer of another call', inSequence([append([1n]), { kind: 'deleted' }]), 2],
  ['an empty batch', inSequence([append([]), acked(0)]), 1],
  ['content that is not of each record', inSequence([append([1n], { contentHashes: [] }), acked(1)]), 1],
  [
    'a session that goes on but never began',
    inSequence([{ kind: 'follow', session: 'f', from: null }, { kind: 'read-failure' }]),
    1,
  ],
  ['a turn out of turn', inSequence([append([1n], { turn: { session: 's', index: 1 } }), acked(1)]), 1],
])('%s is no history', (_what, history, line) => {
  expect(() => checkExtendedStream(history)).toThrow(expect.objectContaining({ line }));
});

/** The sweep on large histories: decided at once, and every planted bug named with its code and its operations. */

import { describe, expect, test } from 'vitest';
import { chain, chainAll } from '../chain-hash.ts';
import { describeVerdict } from './describe.ts';
import type { Call, History, HistoryEvent, Return } from '../history.ts';
import { formatHistory, parseHistory } from '../formats/jsonl.ts';
import { MalformedHistory } from '../malformed.ts';
import { checkStream } from './sweep.ts';
import { type CollectorOptions, collectHistory, type PlantedBug } from '../testing/collected-histories.ts';
import { seededRandom } from '../testing/random.ts';

const LARGE = { clients: 20, opsPerClient: 1_000, unknownPermille: 50 };

/** Calls in order; each is answered at once unless the answer is null. */
function sequence(...steps: readonly (readonly [Call, Return | null])[]): History {
  return steps.flatMap(([call, answer], opId): HistoryEvent[] => [
    { type: 'call', clientId: opId, opId, call },
    ...(answer === null ? [] : [{ type: 'return', clientId: opId, opId, return: answer } as const]),
  ]);
}

function append(recordHashes: readonly bigint[], more: Partial<Call & { kind: 'append' }> = {}): Call {
  return { kind: 'append', recordHashes, setFencingToken: null, fencingToken: null, matchSeqNum: null, ...more };
}

function readSuccess(...records: readonly bigint[]): Return {
  return { kind: 'read-success', tail: records.length, streamHash: chainAll(records) };
}

test.each([Number.NaN, -1])('a budget of %s steps is refused', (stepsMax) => {
  expect(() => checkStream(sequence(), { stepsMax })).toThrow(RangeError);
});

describe('a correct log with 20 clients of 1,000 ops and 5 % unknown outcomes', () => {
  test.each(['regular', 'match-seq-num', 'fencing'] as const)('is found ok: %s', (workflow) => {
    const history = collectHistory({ ...LARGE, seed: 11, workflow });
    expect(checkStream(history)).toMatchObject({ verdict: 'ok', operations: 20_000 });
  });

  test('is found ok after a trip through a file', () => {
    const parsed = parseHistory(formatHistory(collectHistory({ ...LARGE, seed: 12 })));
    expect(parsed.kind === 'history' && checkStream(parsed.history).verdict).toBe('ok');
  });

  test('gets the same verdict twice, order included', () => {
    const history = collectHistory({ ...LARGE, opsPerClient: 100, seed: 13 });
    expect(checkStream(history)).toEqual(checkStream(history));
  });
});

test('an acknowledgement that contradicts its own call is named with who had told how far the log reached', () => {
  const pending: readonly [Call, null] = [append([1n, 2n, 3n]), null];
  const three: readonly [Call, Return] = [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: 3 }];
  const impossible: readonly [Call, Return] = [append([4n, 5n]), { kind: 'append-success', tail: 1 }];
  const guarded: readonly [Call, Return] = [append([4n], { matchSeqNum: 1 }), { kind: 'append-success', tail: 4 }];
  const naming = (code: string, ...opIds: number[]): object => ({ violation: { code, opIds } });
  expect(checkStream(sequence(pending, three, impossible))).toMatchObject(naming('impossible-ack', 2, 1));
  expect(checkStream(sequence(impossible))).toMatchObject(naming('impossible-ack', 0));
  expect(checkStream(sequence(pending, three, guarded))).toMatchObject(naming('match-seq-num', 2, 1));
});

describe('a planted bug is named by its code:', () => {
  const expectations: readonly (readonly [PlantedBug, NonNullable<CollectorOptions['workflow']>, RegExp])[] = [
    ['stale-read', 'regular', /^stale-read$/],
    ['stale-tail', 'regular', /^stale-tail$/],
    ['lost-append', 'regular', /^(lost-append|overlapping-acks|stale-read|stale-tail|unexplained-records)$/],
    ['phantom', 'regular', /^failed-append-visible$/],
    ['duplicate', 'regular', /^applied-twice$/],
    ['torn-read', 'regular', /^torn-batch$/],
    ['torn-batch', 'regular', /^partial-apply$/],
    ['corrupt', 'regular', /^wrong-content$/],
    ['low-bit-hash', 'regular', /^(wrong-content|contradictory-reads)$/],
    ['reorder', 'regular', /^(lost-append|overlapping-acks|reordered-acks)$/],
    ['flap', 'regular', /^stale-tail$/],
    ['match-seq-num', 'match-seq-num', /^match-seq-num$/],
    ['fence', 'fencing', /^fencing-token$/],
  ];

  test.each(expectations)('%s (%s workflow)', (bug, workflow, code) => {
    for (const unknownPermille of [0, 10, 100])
      for (const seed of [1, 2]) {
        const history = collectHistory({ clients: 10, opsPerClient: 300, unknownPermille, seed, workflow, bug });
        const verdict = checkStream(history);
        if (verdict.verdict !== 'illegal')
          throw new Error(`seed ${seed}, ${unknownPermille} permille: ${verdict.verdict}`);
        expect(verdict.violation.code).toMatch(code);
        expect(verdict.violation.opIds.length).toBeGreaterThan(0);
        for (const opId of verdict.violation.opIds) expect(verdict.violation.message).toContain(`op ${opId}`);
      }
  });
});

describe('the sweep', () => {
  test('decides one read over nine outstanding appends, on which the general search never ends', () => {
    const bodies = Array.from({ length: 9 }, (_, i) => chain(5n, BigInt(i)));
    const pending = bodies.map((body) => [append([body]), null] as const);
    const order = [4, 1, 8, 0, 6, 2, 7, 3, 5].map((i) => bodies[i]!);
    const verdict = checkStream(sequence(...pending, [{ kind: 'read' }, readSuccess(...order)]));
    expect(verdict).toMatchObject({ verdict: 'ok', linearization: [4, 1, 8, 0, 6, 2, 7, 3, 5, 9] });
  });

  test('is not made to allocate by a lying tail of 2^53-1', () => {
    const tail = Number.MAX_SAFE_INTEGER;
    const lie: Return = { kind: 'read-success', tail, streamHash: 1n };
    const verdict = checkStream(sequence([append([1n]), null], [{ kind: 'read' }, lie]));
    expect(verdict).toMatchObject({ verdict: 'illegal', violation: { code: 'unexplained-records' } });
  });

  test('says unknown, and about which records, when its steps are spent', () => {
    const bodies = Array.from({ length: 16 }, (_, i) => chain(6n, BigInt(i)));
    const pending = bodies.map((body) => [append([body]), null] as const);
    const history = sequence(...pending, [{ kind: 'read' }, { kind: 'read-success', tail: 12, streamHash: 3n }]);
    const verdict = checkStream(history, { stepsMax: 20_000 });
    if (verdict.verdict !== 'unknown') throw new Error(verdict.verdict);
    expect(verdict.reason).toMatch(/^The records at \[0, 12\) .* 16 appends of unknown outcome/);
    expect(verdict.steps).toBeLessThanOrEqual(20_000);
  });

  test('finds the fencing token in force although an append of unknown outcome set it', () => {
    const fence = append([1n], { setFencingToken: 'a' });
    const guarded = append([2n], { fencingToken: 'a' });
    expect(checkStream(sequence([fence, null], [guarded, { kind: 'append-success', tail: 2 }])).verdict).toBe('ok');
  });

  test('tells apart two ways through the log that used the same appends and left different tokens', () => {
    const [first, second] = [append([1n], { setFencingToken: 'a' }), append([1n], { setFencingToken: 'b' })];
    const history = (token: string): History =>
      sequence(
        [first, null],
        [second, null],
        [append([2n]), null],
        [{ kind: 'read' }, readSuccess(1n)],
        [{ kind: 'read' }, readSuccess(1n, 1n)],
        [{ kind: 'read' }, readSuccess(1n, 1n, 2n)],
        [append([3n], { fencingToken: token }), { kind: 'append-success', tail: 4 }],
      );
    expect(checkStream(history('a')).verdict).toBe('ok');
    expect(checkStream(history('b')).verdict).toBe('ok');
    expect(checkStream(history('c'))).toMatchObject({ verdict: 'illegal', violation: { code: 'fencing-token' } });
  });

  test('tells apart two ways through the log that left the same token and used different appends', () => {
    const early = append([1n], { fencingToken: '' });
    const history = sequence(
      [early, null],
      [append([1n]), null],
      [append([2n]), null],
      [{ kind: 'read' }, readSuccess(1n)],
      [{ kind: 'read' }, readSuccess(1n, 2n)],
      [append([3n], { setFencingToken: 't' }), { kind: 'append-success', tail: 3 }],
      [{ kind: 'read' }, readSuccess(1n, 2n, 3n, 1n)],
    );
    const verdict = checkStream(history);
    expect(verdict).toMatchObject({ verdict: 'ok', linearization: [0, 3, 2, 4, 5, 1, 6] });
  });

  test('packs unread holes by size alone, using each append once', () => {
    // Two threes and two twos called at the start must make up holes of 5 and 5 between the single records.
    const sizes = [3, 3, 2, 2];
    const pending = sizes.map((size) => [append(Array.from({ length: size }, () => 9n)), null] as const);
    const acknowledged = (tail: number): readonly [Call, Return] => [append([1n]), { kind: 'append-success', tail }];
    expect(checkStream(sequence(...pending, acknowledged(6), acknowledged(12))).verdict).toBe('ok');
    expect(checkStream(sequence(...pending, acknowledged(6), acknowledged(13))).verdict).toBe('illegal');
  });

  test('keeps two appends apart whose hashes are one bit or one double apart', () => {
    const [low, high] = [2n ** 64n - 2n, 2n ** 64n - 1n];
    const history = (seen: bigint): History =>
      sequence([append([high]), { kind: 'append-success', tail: 1 }], [{ kind: 'read' }, readSuccess(seen)]);
    expect(checkStream(history(high)).verdict).toBe('ok');
    expect(checkStream(history(low)).verdict).toBe('illegal');
  });

  test('throws on events that are no history, naming the event', () => {
    const finish: HistoryEvent = { type: 'return', clientId: 1, opId: 5, return: { kind: 'read-failure' } };
    expect(() => checkStream([finish])).toThrow(MalformedHistory);
    expect(() => checkStream([finish])).toThrow(/event 1: op 5 finishes but was never started/);
  });
});

describe('a verdict as text', () => {
  test('begins with the verdict and names the guilty operations', () => {
    const read = { kind: 'read' } as const;
    const history = sequence([append([7n]), { kind: 'append-success', tail: 1 }], [read, readSuccess()]);
    expect(describeVerdict(checkStream(history))).toBe(
      [
        'VIOLATION  stale-read: no order of the operations explains what the clients saw',
        "  client 0's append of 1 record (op 0) was acknowledged at [0, 1) and had finished before client 1's",
        '  read (op 1) was called, yet that read reported tail 0.',
        '  guilty operations: op 1, op 0',
      ].join('\n'),
    );
    expect(describeVerdict(checkStream(history.slice(0, 2)))).toBe(
      'OK  1 operation, linearizable; the order found was replayed',
    );
    expect(describeVerdict(checkStream([]))).toMatch(/^OK  nothing was checked/);
    const lone: History = [{ type: 'call', clientId: 1, opId: 1, call: { kind: 'read' } }];
    expect(describeVerdict(checkStream(lone))).toBe(
      'OK  nothing was checked: no operation was answered or can have had an effect',
    );
    expect(describeVerdict({ verdict: 'unknown', reason: 'It was too hard.', steps: 9, stepsMax: 9 })).toMatch(
      /^UNKNOWN/,
    );
  });

  test('never has a line that a terminal would break in two', () => {
    const dice = seededRandom(5);
    for (const bug of ['phantom', 'corrupt', 'fence'] as const) {
      const options = { clients: 5, opsPerClient: 100, unknownPermille: 100, seed: dice.below(99) };
      const text = describeVerdict(checkStream(collectHistory({ ...options, workflow: 'fencing', bug })));
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
    }
  });
});

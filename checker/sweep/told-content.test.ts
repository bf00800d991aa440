/** Reads that tell their records: dozens of unknown outcomes are decided at once, and every lie is found and named. */

import { describe, expect, test } from 'vitest';
import { chainAll } from '../chain-hash.ts';
import type { Call, Hash64, History, HistoryEvent, Return } from '../history.ts';
import { formatHistory, parseHistory } from '../formats/jsonl.ts';
import { MalformedHistory } from '../malformed.ts';
import { checkStream, type Verdict } from './sweep.ts';
import { type CollectorOptions, collectHistory, type PlantedBug } from '../testing/collected-histories.ts';
import { type Dice, seededRandom } from '../testing/random.ts';

type Append = Call & { kind: 'append' };
type Step = readonly [Call, Return | null];

// A verdict within so many steps is one of milliseconds.
const STEPS_MAX = 50_000;

function append(recordHashes: readonly Hash64[], more: Partial<Append> = {}): Append {
  return { kind: 'append', recordHashes, setFencingToken: null, fencingToken: null, matchSeqNum: null, ...more };
}

function told(records: readonly Hash64[]): Step {
  const streamHash = chainAll(records);
  return [{ kind: 'read' }, { kind: 'read-success', tail: records.length, streamHash, recordHashes: records }];
}

function untold(records: readonly Hash64[]): Step {
  return [{ kind: 'read' }, { kind: 'read-success', tail: records.length, streamHash: chainAll(records) }];
}

function tail(position: number): Step {
  return [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: position }];
}

function done(call: Append, end: number): Step {
  return [call, { kind: 'append-success', tail: end }];
}

function pending(call: Append): Step {
  return [call, null];
}

/** Each by a client of its own, answered at once unless the answer is null. */
function sequence(...steps: readonly Step[]): History {
  return steps.flatMap(([call, answer], opId): HistoryEvent[] => [
    { type: 'call', clientId: opId, opId, call },
    ...(answer === null ? [] : [{ type: 'return', clientId: opId, opId, return: answer } as const]),
  ]);
}

function check(...steps: readonly Step[]): Verdict {
  return checkStream(sequence(...steps), { stepsMax: STEPS_MAX });
}

function codeOf(verdict: Verdict): string {
  return verdict.verdict === 'illegal' ? verdict.violation.code : verdict.verdict;
}

function messageOf(verdict: Verdict): string {
  return verdict.verdict === 'illegal' ? verdict.violation.message : '';
}

function shuffled<T>(dice: Dice, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: dice.u64() }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ item }) => item);
}

/** `count` batches of one to three records nobody else wrote. */
function uniqueBatches(dice: Dice, count: number): Hash64[][] {
  return Array.from({ length: count }, () => Array.from({ length: dice.between(1, 3) }, () => dice.u64()));
}

describe('sixty appends of unknown outcome, some of which fill one hole,', () => {
  const dice = seededRandom(31);
  const batches = uniqueBatches(dice, 60);
  const effective = shuffled(dice, batches).slice(0, 20);
  const records = effective.flat();
  const before = batches.map((batch) => pending(append(batch)));
  const middle = effective.slice(0, 10).flat().length;

  test('are decided, with an order that names those that took effect', () => {
    const verdict = check(...before, told(records));
    if (verdict.verdict !== 'ok') throw new Error(messageOf(verdict));
    const opIds = effective.map((batch) => batches.indexOf(batch));
    expect(verdict.linearization).toEqual([...opIds, 60]);
    expect(verdict.withoutEffect).toHaveLength(40);
  });

  test('are decided below a read that tells only the hash, and above one', () => {
    const head = effective.slice(0, 10).flat();
    expect(check(...before, untold(head), told(records)).verdict).toBe('ok');
    expect(check(...before, told(head), told(records), tail(records.length)).verdict).toBe('ok');
    expect(check(...before, untold([...head.slice(1), 1n]), told(records))).toMatchObject({
      verdict: 'illegal',
      violation: { code: 'contradictory-reads', opIds: [60, 61] },
    });
  });

  test.each<readonly [string, string, () => Verdict, RegExp]>([
    [
      'a record that nobody wrote',
      'unexplained-records',
      () => check(...before, told(records.with(middle, 5n))),
      new RegExp(`a record at ${middle}, which is in no append`),
    ],
    [
      'records of one append twice',
      'applied-twice',
      () => check(...before, told([...records, ...effective[3]!])),
      /are in the stream at/,
    ],
    [
      'records of an acknowledged append again',
      'applied-twice',
      () => check(...before, done(append([6n, 7n]), 2), told([6n, 7n, ...records, 6n, 7n])),
      /again, which was acknowledged at \[0, 2\)/,
    ],
    [
      'records of an append that failed',
      'failed-append-visible',
      () => check(...before, [append([8n, 9n]), { kind: 'append-definite-failure' }], told([...records, 8n, 9n])),
      /had definitely failed/,
    ],
    [
      'half of a batch',
      'partial-apply',
      () => check(...before, pending(append([8n, 9n, 10n])), told([...records, 8n, 9n])),
      /only the first 2 of the 3 records/,
    ],
    [
      'a tail inside a batch',
      'torn-batch',
      () => check(...before, pending(append([8n, 9n, 10n])), tail(records.length + 1), told([...records, 8n, 9n, 10n])),
      /which lies inside them/,
    ],
    [
      'records from the end of a batch alone',
      'unexplained-records',
      () => check(...before, pending(append([8n, 9n, 10n])), told([...records, 10n])),
      /cannot have written there/,
    ],
    [
      'records before their append was called',
      'seen-before-written',
      () => check(...before, tail(records.length), pending(append([8n])), told([8n, ...records])),
      /called only after/,
    ],
    [
      'records at another position than was demanded',
      'match-seq-num',
      () => check(...before, pending(append([8n], { matchSeqNum: 1 })), told([...records, 8n])),
      /demanded match_seq_num 1/,
    ],
    [
      'records under another token than was demanded',
      'fencing-token',
      () => check(...before, pending(append([8n], { fencingToken: 'x' })), told([...records, 8n])),
      /with fencing token "x", where no token had been set/,
    ],
    [
      'other records than were acknowledged',
      'wrong-content',
      () => check(...before, done(append([6n, 7n]), 2), told([6n, ...records])),
      /was acknowledged at \[0, 2\), but at 1 .* found a record of/,
    ],
    [
      'two contents',
      'contradictory-reads',
      () => check(...before, told(records), told(records.with(middle, 5n))),
      new RegExp(`both read record ${middle}, but with different content`),
    ],
  ])('convict the history of %s (%s)', (_what, code, run, message) => {
    const verdict = run();
    expect(codeOf(verdict)).toBe(code);
    expect(messageOf(verdict)).toMatch(message);
  });
});

describe('retries of unknown outcome with the bodies of the first attempt', () => {
  const dice = seededRandom(32);
  const batches = uniqueBatches(dice, 22);

  test('are told apart by their conditions, and each is used once', () => {
    // Two of each batch took effect. The second attempt has the same conditions, another guard, or another token.
    const first = batches.flat();
    const second = shuffled(dice, batches);
    let position = first.length;
    const retries = second.map((batch, i) => {
      const more = [{}, { matchSeqNum: position }, { fencingToken: '' }][i % 3]!;
      position += batch.length;
      return pending(append(batch, more));
    });
    const attempts = batches.map((batch) => pending(append(batch)));
    const records = [...first, ...second.flat()];
    expect(check(...attempts, ...retries, told(records)).verdict).toBe('ok');
    expect(codeOf(check(...attempts, ...retries, told([...records, ...batches[4]!])))).toBe('applied-twice');
    expect(codeOf(check(...attempts, ...retries.slice(1), told(records)))).toBe('applied-twice');
  });

  test('leave the unconditional attempt for where only that one can stand', () => {
    const fence = pending(append([1n], { setFencingToken: 'a' }));
    const attempts = [append([2n], { fencingToken: '' }), append([2n], { matchSeqNum: 1 }), append([2n])];
    for (const order of [attempts, attempts.toReversed()]) {
      expect(check(...order.map(pending), fence, told([2n, 2n, 1n, 2n])).verdict).toBe('ok');
      expect(codeOf(check(...order.map(pending), fence, told([2n, 1n, 2n, 2n])))).toBe('applied-twice');
    }
  });

  test('are tried in other ways when what lies behind the content needs it', () => {
    // Either fence may be the first record; only one leaves the token that the acknowledged append demands.
    const fences = ['a', 'b'].map((token) => pending(append([1n], { setFencingToken: token })));
    const behind = (token: string): Step => done(append([2n], { fencingToken: token }), 2);
    for (const token of ['a', 'b']) expect(check(...fences, told([1n]), behind(token)).verdict).toBe('ok');
    expect(codeOf(check(...fences, told([1n]), behind('c')))).toBe('fencing-token');
    expect(check(...fences, told([1n]), behind('a'), untold([1n, 2n])).verdict).toBe('ok');
    const other = pending(append([2n]));
    for (const token of ['a', 'b'])
      expect(
        check(...fences, other, told([1n]), untold([1n, 2n]), done(append([3n], { fencingToken: token }), 3)).verdict,
      ).toBe('ok');
  });

  test('remember what led nowhere together with what is left for behind the content', () => {
    const sets = (record: Hash64, setFencingToken: string): Step => pending(append([record], { setFencingToken }));
    const appends = [sets(1n, 't'), sets(1n, 'u'), sets(9n, 'z'), sets(2n, 'x'), sets(2n, 'y')];
    const content = [1n, 9n, 2n];
    const behind = (token: string): Step => done(append([3n], { fencingToken: token }), 5);
    for (const token of ['t', 'u'])
      expect(check(...appends, told(content), untold([...content, 1n]), behind(token)).verdict).toBe('ok');
    expect(check(...appends, told(content), untold([...content, 1n]), behind('z')).verdict).toBe('illegal');
  });

  test('may have bodies that are all equal and sizes that must be packed', () => {
    const sizes = [3, 3, 3, 2, 2, 2, 2, 1];
    const pack = (count: number, boundary: number): Verdict =>
      check(
        ...sizes.map((size) => pending(append(Array.from({ length: size }, () => 9n)))),
        tail(boundary),
        told(Array.from({ length: count }, () => 9n)),
      );
    expect(pack(18, 7).verdict).toBe('ok');
    expect(pack(17, 8).verdict).toBe('ok');
    expect(pack(19, 8).verdict).toBe('illegal');
  });
});

describe('an append of unknown outcome that returned early', () => {
  const [early, late]: readonly HistoryEvent[][] = [1, 2].map((opId) => [
    { type: 'call', clientId: opId, opId, call: append([5n], { setFencingToken: opId === 1 ? null : 't' }) },
    { type: 'return', clientId: opId, opId, return: { kind: 'append-indefinite-failure' } },
  ]);
  const read = (records: readonly Hash64[]): HistoryEvent[] => [
    { type: 'call', clientId: 9, opId: 9, call: { kind: 'read' } },
    { type: 'return', clientId: 9, opId: 9, return: told(records)[1]! },
  ];

  test('keeps its place before those called after its return, whichever of equal appends that is', () => {
    const fenced = append([6n], { fencingToken: 't' });
    const third: HistoryEvent[] = [{ type: 'call', clientId: 3, opId: 3, call: fenced }];
    const verdict = checkStream([...early!, ...late!, ...third, ...read([5n, 5n, 6n])]);
    expect(verdict).toMatchObject({ verdict: 'ok', linearization: [1, 2, 3, 9] });
    expect(checkStream([...early!, ...third, ...late!, ...read([5n, 6n])])).toMatchObject({
      verdict: 'ok',
      linearization: [2, 3, 9],
    });
    expect(checkStream([...late!, ...third, ...early!, ...read([5n, 6n, 5n])]).verdict).toBe('ok');
    expect(codeOf(checkStream([...late!, ...early!, ...third, ...read([5n, 6n, 5n])]))).toBe('late-effect');
    expect(checkStream([...late!, ...third, ...read([6n, 5n])]).verdict).toBe('illegal');
  });

  test('is not ruled out for good because it could not follow one of two equal appends', () => {
    const call = (opId: number, what: Append): HistoryEvent => ({ type: 'call', clientId: opId, opId, call: what });
    const history = [
      call(3, append([1n])),
      call(4, append([5n, 6n], { fencingToken: 'never set' })),
      call(5, append([6n])),
      ...early!,
      call(6, append([1n], { fencingToken: '' })),
      ...read([1n, 5n, 6n]),
    ];
    expect(checkStream(history)).toMatchObject({ verdict: 'ok', linearization: [3, 1, 5, 9] });
  });
});

describe('reads that tell, in large histories,', () => {
  const expectations: readonly (readonly [PlantedBug, NonNullable<CollectorOptions['workflow']>, RegExp])[] = [
    ['stale-read', 'regular', /^stale-read$/],
    ['lost-append', 'regular', /^(lost-append|overlapping-acks|stale-read|stale-tail|unexplained-records)$/],
    ['phantom', 'regular', /^failed-append-visible$/],
    ['duplicate', 'regular', /^applied-twice$/],
    ['torn-read', 'regular', /^(torn-batch|stale-read)$/],
    ['torn-batch', 'regular', /^partial-apply$/],
    ['corrupt', 'regular', /^wrong-content$/],
    ['low-bit-hash', 'regular', /^(wrong-content|contradictory-reads)$/],
    ['reorder', 'regular', /^(lost-append|overlapping-acks|reordered-acks)$/],
    ['match-seq-num', 'match-seq-num', /^match-seq-num$/],
    ['fence', 'fencing', /^fencing-token$/],
  ];

  test.each(['regular', 'match-seq-num', 'fencing'] as const)('leave a correct log ok: %s', (workflow) => {
    const history = collectHistory({
      seed: 3,
      clients: 10,
      opsPerClient: 100,
      unknownPermille: 400,
      workflow,
      tells: true,
    });
    expect(checkStream(history, { stepsMax: STEPS_MAX }).verdict).toBe('ok');
  });

  test.each(expectations)('find %s (%s workflow) whatever has an unknown outcome', (bug, workflow, code) => {
    for (const unknownPermille of [10, 100, 400]) {
      const history = collectHistory({
        seed: 4,
        clients: 10,
        opsPerClient: 100,
        unknownPermille,
        workflow,
        bug,
        tells: true,
      });
      const verdict = checkStream(history, { stepsMax: STEPS_MAX });
      expect(codeOf(verdict), messageOf(verdict)).toMatch(code);
    }
  });
});

describe('the content of a read', () => {
  const returned = (content: Return): History => sequence(pending(append([5n, 6n])), [{ kind: 'read' }, content]);
  const streamHash = chainAll([5n, 6n]);

  test.each([
    [
      'of another length than the tail',
      { tail: 2, streamHash, recordHashes: [5n] },
      /tail 2 but the hashes of 1 record/,
    ],
    [
      'with another chain hash',
      { tail: 2, streamHash, recordHashes: [6n, 5n] },
      /but the chain of its record hashes is/,
    ],
    ['with a hash of 65 bits', { tail: 2, streamHash, recordHashes: [5n, 2n ** 64n] }, /expected 0 to 2\^64-1/],
  ])('%s is no history', (_what, content, message) => {
    const history = returned({ kind: 'read-success', ...content });
    expect(() => checkStream(history)).toThrow(MalformedHistory);
    expect(() => checkStream(history)).toThrow(message);
  });

  test('is checked against its own chain, also where it agrees with an earlier read, goes on, or differs', () => {
    const history = (last: readonly Hash64[], hash: Hash64): History =>
      sequence(pending(append([5n, 6n])), told([5n, 6n]), [
        { kind: 'read' },
        { kind: 'read-success', tail: last.length, streamHash: hash, recordHashes: last },
      ]);
    for (const last of [[5n], [5n, 6n], [5n, 6n, 7n], [5n, 8n, 9n], []]) {
      expect(() => checkStream(history(last, chainAll(last)))).not.toThrow();
      expect(() => checkStream(history(last, chainAll(last) ^ 1n))).toThrow(MalformedHistory);
    }
  });

  test('survives a trip through a file, exactly and beside the event', () => {
    const bodies = [2n ** 64n - 1n, 2n ** 53n + 1n, 0n];
    const history = sequence(done(append(bodies), 3), told(bodies), told([]));
    const text = formatHistory(history);
    expect(parseHistory(text)).toEqual({ kind: 'history', history });
    expect(text.split('\n')[3]).toBe(
      `{"event":{"Finish":{"ReadSuccess":{"tail":3,"stream_hash":${chainAll(bodies)}}}},"client_id":1,"op_id":1,` +
        '"record_hashes":[18446744073709551615,9007199254740993,0]}',
    );
  });

  test.each([
    ['"record_hashes":[7]', /line 2: op 1 reports tail 0 but the hashes of 1 record/],
    ['"record_hashes":null', /line 2: record_hashes must be a list/],
    ['"record_hashes":[1.5]', /line 2: record_hashes\[0\] must be a whole number/],
  ])('is refused with its line when it reads %s', (key, message) => {
    const [call, finish] = formatHistory(sequence([{ kind: 'read' }, told([])[1]]))
      .replaceAll('"op_id":0', '"op_id":1')
      .split('\n');
    const parsed = parseHistory(`${call}\n${finish!.replace('"record_hashes":[]', key)}\n`);
    expect(parsed.kind === 'malformed' && `line ${parsed.line}: ${parsed.message}`).toMatch(message);
  });

  test('does not make repeated reads of a long stream slow', () => {
    const batches = uniqueBatches(seededRandom(33), 150);
    const records = batches.flat();
    const reads = Array.from({ length: 50 }, () => told([...records]));
    const verdict = check(...batches.map((batch) => pending(append(batch))), ...reads);
    expect(verdict.verdict).toBe('ok');
  });
});

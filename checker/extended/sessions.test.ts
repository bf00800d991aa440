/** Followers are shown everything once and in turn, and sessions append in the order in which they were told to. */

import { describe, expect, test } from 'vitest';
import { acked, append, codeOf, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream } from './check.ts';
import type { ExtendedCall, ExtendedEvent, ExtendedReturn } from './history.ts';

const three: Step = [append([1n, 2n, 3n]), acked(3)];
const follow = (session: string, from: (ExtendedCall & { kind: 'follow' })['from'] = null): ExtendedCall => ({
  kind: 'follow',
  session,
  from,
});
const shown = (start: number, hashes: bigint[], tail: number | null = null): ExtendedReturn => ({
  kind: 'read-part-success',
  start,
  recordHashes: hashes,
  tail,
});

describe('a follower', () => {
  const begin = (start: number, hashes: bigint[]): Step => [follow('f', { seqNum: 0 }), shown(start, hashes)];

  test('is shown what follows on what it has', () => {
    expect(codeOf(three, begin(0, [1n, 2n]), [follow('f'), shown(2, [3n], 3)], [follow('f'), shown(3, [], 3)])).toBe(
      'ok',
    );
    expect(codeOf(three, begin(0, [1n, 2n]), [follow('f'), shown(1, [2n])])).toBe('out-of-turn');
    expect(codeOf(three, begin(0, [1n]), [follow('f'), shown(2, [3n])])).toBe('answer-without-place');
  });

  test('hears a heartbeat only when it has everything', () => {
    expect(codeOf(three, begin(0, [1n, 2n]), [follow('f'), shown(3, [], 3)])).toBe('answer-without-place');
    expect(codeOf(three, begin(0, [1n, 2n]), [follow('f'), shown(1, [], 1)])).toBe('out-of-turn');
  });

  test('never hears of a tail below one that it heard of', () => {
    const told = [follow('f'), shown(1, [2n], 2)] as const;
    expect(codeOf(three, [follow('f', { seqNum: 0 }), shown(0, [1n], 3)], told)).toBe('out-of-turn');
  });

  test('passes over what is trimmed, and nothing else', () => {
    const trims: Step = [append([4n], { trim: 2 }), acked(4)];
    expect(codeOf(three, trims, begin(0, [1n]), [follow('f'), shown(2, [3n])])).toBe('ok');
    expect(codeOf(three, trims, begin(0, [1n]), [follow('f'), shown(3, [4n])])).toBe('answer-without-place');
  });

  test('goes on in another session where the first one ended', () => {
    const resumed = (start: number): Step => [follow('g', { after: 'f' }), shown(start, [BigInt(start + 1)])];
    expect(codeOf(three, begin(0, [1n, 2n]), resumed(2))).toBe('ok');
    expect(codeOf(three, begin(0, [1n, 2n]), resumed(1))).toBe('out-of-turn');
    expect(codeOf(three, begin(0, [1n]), resumed(2))).toBe('answer-without-place');
  });

  test('is convicted together with whoever told what it was shown otherwise, if anybody did', () => {
    const convicted = (...steps: Step[]): unknown => checkExtendedStream(inSequence(three, ...steps));
    const from = (seqNum: number): ExtendedCall => follow('f', { seqNum });
    const naming = (...opIds: number[]): object => ({ violation: { code: 'out-of-turn', opIds } });
    expect(convicted(begin(0, [1n, 2n]), [follow('g', { after: 'f' }), shown(1, [2n])])).toMatchObject(naming(2, 1));
    const heard: Step = [from(0), shown(0, [1n], 3)];
    const [next, last]: Step[] = [
      [follow('f'), shown(1, [2n])],
      [follow('f'), shown(2, [3n], 2)],
    ];
    expect(convicted(heard, next!, last!)).toMatchObject(naming(3, 1));
    expect(convicted([from(1), shown(0, [1n])])).toMatchObject(naming(1));
  });

  test('that is convicted is told what it was shown, what it had, and no tail that it never heard of', () => {
    const saidOf = (...steps: Step[]): unknown => {
      const verdict = checkExtendedStream(inSequence(three, ...steps));
      return verdict.verdict === 'illegal' ? verdict.violation.message : verdict.verdict;
    };
    const again: Step = [follow('f'), shown(1, [], 3)];
    expect(saidOf(begin(0, [1n, 2n]), again)).toBe('A follower that had come to 2 was shown nothing from 1 on (op 2).');
    expect(saidOf([follow('f', { seqNum: 2 }), shown(1, [2n])])).toBe(
      'A follower that asked for 2 on was shown records [1, 2) (op 1).',
    );
    expect(saidOf([follow('f', { seqNum: 0 }), shown(0, [1n], 3)], [follow('f'), shown(1, [2n], 2)])).toBe(
      'A follower that had heard of tail 3 was shown records [1, 2) with tail 2 (op 2).',
    );
  });

  test('is shown things that were true since its session was opened, for events travel', () => {
    const [opened, first, more, second] = [follow('f', { seqNum: 3 }), shown(3, [], 3), follow('f'), shown(3, [], 3)];
    const late: ExtendedEvent[] = [
      ...inSequence(three),
      { type: 'call', clientId: 2, opId: 11, call: opened },
      { type: 'return', clientId: 2, opId: 11, return: first },
      { type: 'call', clientId: 1, opId: 12, call: append([4n]) },
      { type: 'return', clientId: 1, opId: 12, return: acked(4) },
      { type: 'call', clientId: 2, opId: 13, call: more },
      { type: 'return', clientId: 2, opId: 13, return: second },
    ];
    expect(checkExtendedStream(late).verdict).toBe('ok');
    expect(codeOf(three, [append([4n]), acked(4)], [opened, first])).toBe('stale-tail');
  });
});

describe('appends of a pipelined session', () => {
  const turn = (index: number, hash: bigint): ExtendedCall => append([hash], { turn: { session: 's', index } });
  const failed: ExtendedReturn = { kind: 'append-definite-failure' };
  const unknown: ExtendedReturn = { kind: 'append-indefinite-failure' };

  /** All sent by one client before the first answer. */
  function pipelined(...answers: readonly ExtendedReturn[]): ExtendedEvent[] {
    const calls = answers.map((_, i): ExtendedEvent => ({
      type: 'call',
      clientId: 1,
      opId: i,
      call: turn(i, BigInt(i + 1)),
    }));
    return [
      ...calls,
      ...answers.map((answer, i): ExtendedEvent => ({ type: 'return', clientId: 1, opId: i, return: answer })),
    ];
  }
  const read = (...hashes: bigint[]): ExtendedEvent[] => [
    { type: 'call', clientId: 2, opId: 90, call: { kind: 'read-part', from: { seqNum: 0 } } },
    { type: 'return', clientId: 2, opId: 90, return: shown(0, hashes, hashes.length) },
  ];

  test('take effect in the order in which they were sent', () => {
    expect(checkExtendedStream([...pipelined(acked(1), acked(2)), ...read(1n, 2n)]).verdict).toBe('ok');
    expect(checkExtendedStream(pipelined(acked(2), acked(1)))).toMatchObject({
      violation: { code: 'session-order', opIds: [1, 0] },
    });
    expect(checkExtendedStream([...pipelined(unknown, unknown), ...read(1n, 2n)]).verdict).toBe('ok');
    expect(checkExtendedStream([...pipelined(unknown, unknown), ...read(2n, 1n)]).verdict).toBe('illegal');
  });

  test('have no effect behind one that had none', () => {
    expect(checkExtendedStream(pipelined(acked(1), failed, acked(2)))).toMatchObject({
      violation: { code: 'session-order', opIds: [2, 1] },
    });
    expect(checkExtendedStream([...pipelined(failed, unknown), ...read(2n)])).toMatchObject({ verdict: 'illegal' });
    expect(checkExtendedStream([...pipelined(unknown, unknown), ...read(2n)]).verdict).toBe('illegal');
    expect(checkExtendedStream([...pipelined(unknown, unknown), ...read(1n)]).verdict).toBe('ok');
  });

  test('are judged by what those before them left', () => {
    const rejected: ExtendedReturn = { kind: 'append-rejected', actual: { tail: 1 } };
    const guarded = { ...turn(1, 2n), matchSeqNum: 7 } as ExtendedCall;
    const [first, second, ...answers] = pipelined(acked(1), rejected);
    expect(checkExtendedStream([first!, { ...second!, call: guarded } as ExtendedEvent, ...answers]).verdict).toBe(
      'ok',
    );
    const early = { kind: 'append-rejected' as const, actual: { tail: 0 } };
    const [one, two, ...told] = pipelined(acked(1), early);
    expect(checkExtendedStream([one!, { ...two!, call: guarded } as ExtendedEvent, ...told]).verdict).toBe('illegal');
  });
});

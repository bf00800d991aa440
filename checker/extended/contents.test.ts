/** A record is one record, whoever was shown it: decided without any search, however much is in doubt. */

import { expect, test } from 'vitest';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { checkExtendedStream } from './check.ts';
import type { ExtendedHistory } from './history.ts';

const part = (start: number, recordHashes: bigint[], contentHashes?: bigint[]): Step => [
  { kind: 'read-part', from: { seqNum: start } },
  { kind: 'read-part-success', start, recordHashes, ...(contentHashes && { contentHashes }), tail: null },
];
const unknown = (...hashes: bigint[]): Step => [append(hashes), { kind: 'append-indefinite-failure' }];

/** With a budget that no search can do anything with. */
function blamed(...steps: readonly Step[]): readonly unknown[] | string {
  const { history, doubtful } = withLateReturns(steps);
  const verdict = checkExtendedStream(history, { stepsMax: 20 });
  expect(doubtful).toBeGreaterThan(0);
  return verdict.verdict === 'illegal' ? [verdict.violation.code, ...verdict.violation.opIds] : verdict.verdict;
}

/** Unknown outcomes bind nothing: their clients are others, and they never return. */
function withLateReturns(steps: readonly Step[]): { history: ExtendedHistory; doubtful: number } {
  const all = inSequence(...steps);
  const isDoubtful = (event: ExtendedHistory[number]): boolean =>
    event.type === 'return' && event.return.kind === 'append-indefinite-failure';
  const ids = new Set(all.filter(isDoubtful).map(({ opId }) => opId));
  const history = all
    .filter((event) => !isDoubtful(event))
    .map((event) => (ids.has(event.opId) ? { ...event, clientId: 100 + event.opId } : event));
  return { history, doubtful: ids.size };
}

test('a part with another record than was acknowledged there names the append', () => {
  expect(blamed(unknown(5n), [append([1n, 2n]), acked(2)], part(0, [1n, 3n]))).toEqual(['wrong-content', 2, 1]);
  expect(blamed(unknown(5n), [append([1n, 2n]), acked(2)], part(0, [1n, 2n]))).toBe('ok');
});

test('so does one with other headers', () => {
  const written: Step = [append([1n], { contentHashes: [10n] }), acked(1)];
  expect(blamed(unknown(5n), written, part(0, [1n], [11n]))).toEqual(['wrong-content', 2, 1]);
});

test('two reads that were shown different records at one place contradict each other, whoever wrote them', () => {
  const both = [unknown(1n), unknown(2n)] as const;
  expect(blamed(...both, part(0, [1n]), part(0, [2n]))).toEqual(['contradictory-reads', 3, 2]);
});

test('records of two lives are two records', () => {
  const [remove, create]: Step[] = [
    [{ kind: 'delete' }, { kind: 'deleted' }],
    [{ kind: 'create', token: null }, { kind: 'created' }],
  ];
  const steps = [part(0, [1n]), remove!, create!, [append([2n]), acked(1)] as const, part(0, [2n])];
  expect(checkExtendedStream(inSequence([append([1n]), acked(1)], ...steps)).verdict).toBe('ok');
});

test('so do two that were shown two contents of one record, whose writer told none', () => {
  const steps = [[append([1n]), acked(1)] as const, part(0, [1n], [11n]), part(0, [1n]), part(0, [1n], [12n])];
  expect(blamed(unknown(5n), ...steps)).toEqual(['contradictory-reads', 4, 2]);
  const verdict = checkExtendedStream(inSequence(...steps));
  expect(verdict).toMatchObject({ violation: { message: 'Op 3 and op 1 were shown two different records 0.' } });
  expect(blamed(unknown(5n), ...steps.slice(0, 3), part(0, [1n], [11n]))).toBe('ok');
});

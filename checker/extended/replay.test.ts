/** The replay accepts the order of every `ok`, and nothing that was tampered with. */

import { expect, test } from 'vitest';
import { extendedHistory } from '../testing/extended-histories.ts';
import { acked, append, inSequence, type Step } from '../testing/extended-steps.ts';
import { seededRandom } from '../testing/random.ts';
import { withWhatHappensByItself } from './by-itself.ts';
import { checkExtendedStream } from './check.ts';
import type { ExtendedEvent } from './history.ts';
import { operationsOfStream, type StreamOperation } from './operations.ts';
import { refusalOfStreamOrder } from './replay.ts';
import { refusalOfCreations } from './replayed-creations.ts';

const HISTORIES = 400;

function operationsOf(...told: Parameters<typeof operationsOfStream>): readonly StreamOperation[] {
  const operations = operationsOfStream(...told);
  if ('code' in operations) throw new Error(operations.message);
  return operations;
}

test('every operation stands there once, in real time, and none is waved through', () => {
  const operations = operationsOf(inSequence([append([1n]), acked(1)], [append([2n]), acked(2)]));
  const [first, second] = operations as [StreamOperation, StreamOperation];
  const refusal = (order: readonly StreamOperation[], unused: readonly StreamOperation[] = []): string | null =>
    refusalOfStreamOrder(operations, order, unused, {});
  expect(refusal([first, second])).toBeNull();
  expect(refusal([first])).toContain('no place');
  expect(refusal([first, second, second])).toContain('placed twice');
  expect(refusal([first], [second])).toContain('cannot be without effect');
  expect(refusal([second, first])).toContain('answered otherwise');
  const late = operations.map((operation, at) => ({ ...operation, call: 4 - 2 * at, return: 5 - 2 * at }));
  expect(refusalOfStreamOrder(late, late, [], {})).toContain('called after it returned');
});

test('a stream is created for a request only if it may create one, while it is open, and once', () => {
  const follow = (from: number | null) =>
    ({ kind: 'follow', session: 's', from: from === null ? null : { seqNum: from } }) as const;
  const heartbeat = { kind: 'read-part-success', start: 1, recordHashes: [], tail: 1 } as const;
  const history = inSequence([append([1n]), acked(1)], [follow(1), heartbeat], [follow(null), heartbeat]);
  const rule = { initially: 'absent', createsOn: ['append'] } as const;
  const all = withWhatHappensByItself(operationsOf(history, rule), rule)!;
  const creation = all.find(({ input }) => input.kind === 'create')!;
  const order = [creation, ...all.filter((operation) => operation !== creation)];
  expect(refusalOfStreamOrder(all, order, [], rule)).toBeNull();
  expect(refusalOfStreamOrder(all, order, [], { ...rule, createsOn: ['read'] })).toBe('op 0 may create no stream');
  const refusalOf = (...creations: readonly Partial<StreamOperation>[]): string | null =>
    refusalOfCreations(
      all,
      creations.map((bent) => ({ ...creation, ...bent })),
      ['append', 'read'],
    );
  const servedBy = (opId: number): Pick<StreamOperation, 'metadata'> => ({ metadata: { ...creation.metadata, opId } });
  expect(refusalOf(creation, creation)).toBe('op 0 creates two streams');
  expect(refusalOf({ return: 2 })).toContain('while nobody asks for it');
  expect(refusalOf({ ...servedBy(1), call: 2, return: 3 })).toBeNull();
  expect(refusalOf({ ...servedBy(2), call: 4, return: 5 })).toContain('was open before');
  expect(refusalOf(servedBy(9))).toContain('which nobody asked for');
});

test('an order with two neighbours exchanged is refused unless they do not mind', () => {
  let refused = 0;
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const { events, ...rule } = extendedHistory(seededRandom(seed), 7);
    const verdict = checkExtendedStream(events, rule);
    if (verdict.verdict !== 'ok') continue;
    const operations = operationsOf(events, rule);
    // What the service did by itself is in no verdict.
    if (withWhatHappensByItself(operations, rule) !== null) continue;
    const byId = new Map(operations.map((operation) => [operation.metadata.id, operation]));
    if (byId.size !== verdict.linearization.length + verdict.withoutEffect.length) continue;
    const unused = verdict.withoutEffect.map((id) => byId.get(id)!);
    const order = verdict.linearization.map((id) => byId.get(id)!);
    expect(refusalOfStreamOrder(operations, order, unused, rule)).toBeNull();
    for (let at = 1; at < order.length; at++) {
      const exchanged = order.with(at, order[at - 1]!).with(at - 1, order[at]!);
      if (refusalOfStreamOrder(operations, exchanged, unused, rule) !== null) refused++;
    }
  }
  expect(refused).toBeGreaterThan(HISTORIES);
});

test('an order is refused in which a record had expired, as its timestamp shows, before it can have', () => {
  const config = { retentionAgeMs: 20, emptyAgeMs: null };
  const history = (returnedMs: number): ExtendedEvent[] =>
    inSequence(
      [append([1n]), { kind: 'append-acked', start: 0, end: 1, tail: 1, timestamps: [3, 3] }],
      [
        { kind: 'read-part', from: { timestamp: 2 } },
        { kind: 'read-part-success', start: 1, recordHashes: [], tail: 1 },
      ],
      [{ kind: 'check-tail' }, { kind: 'check-tail-success', tail: 1 }],
    ).map((event) => (event.opId === 1 ? event : { ...event, atMs: event.opId === 0 ? 50 : returnedMs }));
  const refusalOf = (returnedMs: number): string | null => {
    const order = operationsOf(history(returnedMs), { config });
    return refusalOfStreamOrder(order, order, [], { config });
  };
  expect(refusalOf(70)).toBeNull();
  expect(refusalOf(69)).toBe('no timestamps are as everybody was told');
});

test('an order in which one record has two contents is refused, though its writer told none', () => {
  const told = (content: bigint): Step => [
    { kind: 'read-part', from: { seqNum: 0 } },
    { kind: 'read-part-success', start: 0, recordHashes: [7n], contentHashes: [content], tail: null },
  ];
  const refusalOf = (...contents: bigint[]): string | null => {
    const order = operationsOf(inSequence([append([7n]), acked(1)], ...contents.map(told)));
    return refusalOfStreamOrder(order, order, [], {});
  };
  expect(refusalOf(5n, 5n)).toBe(null);
  expect(refusalOf(5n, 6n)).toBe('op 2 is answered otherwise there');
});

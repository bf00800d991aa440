/** The replay accepts the order of every `ok`, and nothing that was tampered with. */

import { expect, test } from 'vitest';
import { extendedHistory } from '../testing/extended-histories.ts';
import { acked, append, inSequence } from '../testing/extended-steps.ts';
import { seededRandom } from '../testing/random.ts';
import { withWhatHappensByItself } from './by-itself.ts';
import { checkExtendedStream } from './check.ts';
import { operationsOfStream, type StreamOperation } from './operations.ts';
import { refusalOfStreamOrder } from './replay.ts';

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

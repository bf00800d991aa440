/**
 * Three engines, one answer: permutation search, the general search and the tail sweep on random small histories.
 *
 * A disagreement prints the seed and the history as a file, ready to be kept under testdata/.
 */

import { describe, expect, test } from 'vitest';
import type { History } from './history.ts';
import { formatHistory } from './jsonl.ts';
import { toModel } from './model.ts';
import { refusalOfWitness } from './replay.ts';
import { checkOperations } from './search.ts';
import { streamModel, streamOperations } from './stream-model.ts';
import { checkStream } from './sweep.ts';
import { hasLinearization } from './testing/permutations.ts';
import { seededRandom } from './testing/random.ts';
import { smallHistory } from './testing/small-histories.ts';

const HISTORIES = 40_000;
const OPERATIONS_MAX = 7;
const LONGER_HISTORIES = 8_000;

describe('on random small histories', () => {
  test.each([{ strictS2: false }, { strictS2: true }])(
    'permutations, the general search and the sweep always agree (%o)',
    (rule) => {
      const nondeterministic = streamModel(rule);
      const model = toModel(nondeterministic);
      const tally = { ok: 0, illegal: 0 };
      for (let seed = 1; seed <= HISTORIES / 2; seed++) {
        const history = smallHistory(seededRandom(seed * 2 + Number(rule.strictS2)), OPERATIONS_MAX);
        const operations = streamOperations(history);
        const expected = hasLinearization(nondeterministic, operations) ? 'ok' : 'illegal';
        const searched = checkOperations(model, operations).verdict;
        const swept = checkStream(history, rule);
        tally[expected]++;
        if (searched !== expected || swept.verdict !== expected)
          expect.fail(describeDisagreement(seed, history, { expected, searched, swept: JSON.stringify(swept) }));
        if (swept.verdict === 'illegal' && !namesItsOperations(history, swept.violation))
          expect.fail(describeDisagreement(seed, history, { swept: JSON.stringify(swept) }));
      }
      // A generator that only makes one kind of history would test nothing.
      expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(HISTORIES / 16);
    },
  );

  test('the general search and the sweep agree on longer histories with equal bodies, where holes compete', () => {
    const model = toModel(streamModel());
    const tally = { ok: 0, illegal: 0, unknown: 0 };
    for (let seed = 1; seed <= LONGER_HISTORIES; seed++) {
      const history = smallHistory(seededRandom(seed), 14);
      const operations = streamOperations(history);
      // Each append of unknown outcome can double the sets of states that the general search works on.
      const unknown = operations.filter(({ output }) => output.kind === 'append-indefinite-failure').length;
      if (unknown > 5) continue;
      const searched = checkOperations(model, operations, { stepsMax: 5_000 }).verdict;
      tally[searched]++;
      if (searched === 'unknown') continue;
      const swept = checkStream(history);
      if (swept.verdict !== searched)
        expect.fail(describeDisagreement(seed, history, { searched, swept: JSON.stringify(swept) }));
    }
    expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(LONGER_HISTORIES / 10);
    expect(tally.unknown).toBeLessThan(LONGER_HISTORIES / 10);
  });

  test('the order found by the general search is accepted by the replay too', () => {
    const model = toModel(streamModel());
    let accepted = 0;
    for (let seed = 1; seed <= 2_000; seed++) {
      const history = smallHistory(seededRandom(seed), OPERATIONS_MAX);
      const operations = streamOperations(history);
      if (operations.some(({ output }) => output.kind === 'append-indefinite-failure')) continue;
      const result = checkOperations(model, operations);
      if (result.verdict !== 'ok') continue;
      const calls = history.filter((event) => event.type === 'call');
      const opIdAt = new Map(calls.map((event) => [history.indexOf(event), event.opId]));
      const order = result.partitions[0]!.partialLinearizations[0]!;
      const linearization = order.map((index) => opIdAt.get(operations[index]!.call)!);
      expect(refusalOfWitness(history, { linearization, withoutEffect: [] })).toBe(null);
      accepted++;
    }
    expect(accepted).toBeGreaterThan(300);
  });
});

function namesItsOperations(
  history: History,
  { opIds, message }: { opIds: readonly number[]; message: string },
): boolean {
  const known = new Set(history.map((event) => event.opId));
  return opIds.length > 0 && opIds.length <= 4 && opIds.every((opId) => known.has(opId)) && message.length > 20;
}

function describeDisagreement(seed: number, history: History, verdicts: Record<string, string>): string {
  return `seed ${seed}: ${JSON.stringify(verdicts, null, 1)}\n${formatHistory(history)}`;
}

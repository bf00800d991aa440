/**
 * Three engines, one answer: permutation search, the general search and the tail sweep on random small histories.
 *
 * A disagreement prints the seed and the history as a file, ready to be kept under testdata/.
 */

import { describe, expect, test } from 'vitest';
import type { History } from './history.ts';
import { formatHistory } from './formats/jsonl.ts';
import { toModel } from './wgl/model.ts';
import { refusalOfWitness } from './sweep/replay.ts';
import { checkOperations } from './wgl/plain.ts';
import { streamModel, streamOperations } from './models/stream.ts';
import { checkStream } from './sweep/sweep.ts';
import { hasLinearization } from './testing/permutations.ts';
import { seededRandom } from './testing/random.ts';
import { smallHistory } from './testing/small-histories.ts';

const HISTORIES = 40_000;
const OPERATIONS_MAX = 7;
const LONGER_HISTORIES = 8_000;

describe('on random small histories', () => {
  test.each([
    { strictS2: false, tellPercent: 0 },
    { strictS2: true, tellPercent: 0 },
    { strictS2: false, tellPercent: 50 },
    { strictS2: true, tellPercent: 100 },
  ])('permutations, the general search and the sweep always agree (%o)', ({ tellPercent, ...rule }) => {
    const nondeterministic = streamModel(rule);
    const model = toModel(nondeterministic);
    const tally = { ok: 0, illegal: 0 };
    for (let seed = 1; seed <= HISTORIES / 2; seed++) {
      const dice = seededRandom(seed * 2 + Number(rule.strictS2));
      const history = smallHistory(dice, OPERATIONS_MAX, tellPercent);
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
  });

  test.each([0, 50, 100])(
    'the general search and the sweep agree on longer histories with equal bodies, where holes compete (%i %% tell)',
    (tellPercent) => {
      const model = toModel(streamModel());
      const tally = { ok: 0, illegal: 0, unknown: 0 };
      for (let seed = 1; seed <= LONGER_HISTORIES; seed++) {
        const history = smallHistory(seededRandom(seed), 14, tellPercent);
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
    },
  );

  test('telling the content of reads changes no verdict, however many appends of unknown outcome there are', () => {
    const tally = { ok: 0, illegal: 0, unknown: 0 };
    let undecided = 0;
    for (let seed = 1; seed <= LONGER_HISTORIES; seed++) {
      const told = smallHistory(seededRandom(seed), 24, seed % 2 === 0 ? 40 : 100);
      if (told.every((event) => event === withoutContent([event])[0])) continue;
      const { verdict } = checkStream(told);
      tally[verdict]++;
      const untold = checkStream(withoutContent(told), { stepsMax: 100_000 }).verdict;
      if (untold === 'unknown') undecided++;
      else if (untold !== verdict) expect.fail(describeDisagreement(seed, told, { told: verdict, untold }));
    }
    expect(tally.unknown).toBe(0);
    expect(undecided).toBeGreaterThan(0);
    expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(LONGER_HISTORIES / 10);
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

function withoutContent(history: History): History {
  return history.map((event) => {
    if (event.type === 'call' || event.return.kind !== 'read-success' || !event.return.recordHashes) return event;
    const { kind, tail, streamHash } = event.return;
    return { ...event, return: { kind, tail, streamHash } };
  });
}

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

/**
 * Four engines, one answer, on random small histories of a stream; and WGL+ against the oracles on the other models.
 *
 * A seeded slice of what `npm run differential` does at night. A disagreement prints the seed and the shrunk history as
 * a file, ready to be kept under testdata/.
 */

import { describe, expect, test } from 'vitest';
import type { History } from './history.ts';
import { formatHistory } from './formats/jsonl.ts';
import { checkStream } from './sweep/sweep.ts';
import { describeFound, hunt } from './testing/differential/hunt.ts';
import { seededRandom } from './testing/random.ts';
import { smallHistory } from './testing/small-histories.ts';

const HISTORIES = 8_000;
const TOLD_HISTORIES = 2_000;

describe('on random small histories', () => {
  test('permutations, the plain search, WGL+ and the sweep always agree', () => {
    const haul = hunt({ from: 1, to: 1 + HISTORIES });
    if (haul.found !== null) expect.fail(describeFound(haul.found));
    // A generator that only makes one kind of history would test nothing.
    expect(Math.min(haul.ok, haul.illegal)).toBeGreaterThan(HISTORIES / 8);
    expect(haul.unknown).toBeLessThan(HISTORIES / 20);
  });

  test('telling the content of reads changes no verdict, however many appends of unknown outcome there are', () => {
    const tally = { ok: 0, illegal: 0, unknown: 0 };
    let undecided = 0;
    for (let seed = 1; seed <= TOLD_HISTORIES; seed++) {
      const told = smallHistory(seededRandom(seed), 24, seed % 2 === 0 ? 40 : 100);
      if (told.every((event) => event === withoutContent([event])[0])) continue;
      const { verdict } = checkStream(told);
      tally[verdict]++;
      const untold = checkStream(withoutContent(told), { stepsMax: 100_000 }).verdict;
      if (untold === 'unknown') undecided++;
      else if (untold !== verdict)
        expect.fail(`seed ${seed}: told ${verdict}, untold ${untold}\n${formatHistory(told)}`);
    }
    expect(tally.unknown).toBe(0);
    expect(undecided).toBeGreaterThan(0);
    expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(TOLD_HISTORIES / 10);
  });
});

function withoutContent(history: History): History {
  return history.map((event) => {
    if (event.type === 'call' || event.return.kind !== 'read-success' || !event.return.recordHashes) return event;
    const { kind, tail, streamHash } = event.return;
    return { ...event, return: { kind, tail, streamHash } };
  });
}

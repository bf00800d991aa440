/**
 * The verdicts of S2's own Go model on 400 small histories of our generator, complete ones (of a call without a return
 * Porcupine gives a wrong verdict): with `strictS2` ours are the same.
 *
 * `testdata/s2-go-verdicts.txt` was made with the checker of s2-streamstore/s2-verification at 36ce9bd (Porcupine 1.0.3): seed, `+`
 * for linearizable, `-` for not. When the generator changes it has to be made again: each history in a file, as
 * `formatHistory` writes it, `s2-porcupine -file=…`, its exit code.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatHistory } from './formats/jsonl.ts';
import { streamModel, streamOperations } from './models/stream.ts';
import { checkStream } from './sweep/sweep.ts';
import { seededRandom } from './testing/random.ts';
import { smallHistory } from './testing/small-histories.ts';
import { checkOperations } from './wgl/check-operations.ts';

const OPERATIONS_MAX = 12;
/** Of all histories in order, as text. */
const FINGERPRINT = 'e2a813279b5b4e4d';

const table = readFileSync(new URL('testdata/s2-go-verdicts.txt', import.meta.url), 'utf8')
  .trim()
  .split(/\s+/)
  .map((entry) => ({ seed: Number(entry.slice(0, -1)), isLegal: entry.endsWith('+') }));
const historyOf = (seed: number) => smallHistory(seededRandom(seed), OPERATIONS_MAX, 0);

test('the table is about the histories that the generator makes', () => {
  const hash = createHash('sha256');
  for (const { seed } of table) hash.update(formatHistory(historyOf(seed)));
  expect(hash.digest('hex').slice(0, 16)).toBe(FINGERPRINT);
});

test("with strictS2 the sweep and WGL+ give the verdicts of S2's Go model", () => {
  const strictS2 = true;
  for (const { seed, isLegal } of table) {
    const expected = isLegal ? 'ok' : 'illegal';
    const history = historyOf(seed);
    expect(checkStream(history, { strictS2 }).verdict, `seed ${seed}`).toBe(expected);
    expect(checkOperations(streamModel({ strictS2 }), streamOperations(history)).verdict, `seed ${seed}`).toBe(
      expected,
    );
  }
  expect(table.filter(({ isLegal }) => isLegal).length).toBeGreaterThan(table.length / 4);
});

test('the rule of the service differs from it on some', () => {
  const differs = table.filter(({ seed, isLegal }) => (checkStream(historyOf(seed)).verdict === 'ok') !== isLegal);
  expect(differs.length).toBeGreaterThan(0);
});

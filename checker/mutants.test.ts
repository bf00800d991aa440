/** Every rule is needed. All mutants are hunted by `npm run differential`; here that they fit, and that a few are caught. */

import { expect, test } from 'vitest';
import { buildMutant, misfitOf } from './testing/differential/build-mutant.ts';
import { handMadeHistories } from './testing/differential/hand-made.ts';
import { huntHandMade, huntKeyValues, huntWithoutSearch } from './testing/differential/hunt.ts';
import { MUTANTS } from './testing/differential/mutants.ts';

/** What no random history is likely to meet. */
const CAUGHT_BY_HAND = [
  'turns of states',
  'late appends of an earlier life',
  'what is gathered may be gone',
  'what is shown later was there',
  'a read is of one life',
  'a session stays in its life',
  'moments of a read are cut at those behind',
  'moments of a read are cut at those before',
];
const CAUGHT_HERE = ['floors of answers', 'ceilings among unknown appends', 'commits before what returned earlier'];

test('the edits of every mutant fit the sources exactly once', async () => {
  const misfits = await Promise.all(MUTANTS.map((mutant) => misfitOf(mutant)));
  expect(misfits.filter((misfit) => misfit !== null)).toEqual([]);
});

test.each(CAUGHT_HERE)('without %s the engines disagree on some small history', async (breaks) => {
  const { hunt } = await buildMutant(MUTANTS.find((mutant) => mutant.breaks === breaks)!);
  expect(hunt({ from: 1, to: 12_000 }).found?.disagreement).toEqual(expect.any(String));
});

test('without what overwrites WGL+ loses orders of a key-value store', async () => {
  const seeds = { from: 1, to: 400 };
  const mutated = await buildMutant(MUTANTS.find(({ breaks }) => breaks === 'what overwrites may come between')!);
  expect([huntKeyValues(seeds), mutated.huntKeyValues(seeds)]).toEqual([null, expect.any(Number)]);
});

test.each(CAUGHT_BY_HAND)('without %s an engine contradicts the name of a hand-made history', async (breaks) => {
  const handMade = handMadeHistories();
  expect(huntHandMade(handMade)).toBe(null);
  const mutated = await buildMutant(MUTANTS.find((mutant) => mutant.breaks === breaks)!);
  expect(mutated.huntHandMade(handMade)?.name).toEqual(expect.any(String));
});

test('without what only saves a search a history is not decided', async () => {
  expect(huntWithoutSearch()).toBe(null);
  const mutated = await buildMutant(MUTANTS.find(({ breaks }) => breaks === 'shown appends have a place')!);
  expect(mutated.huntWithoutSearch()?.disagreement).toContain('unknown');
});

test('a checker that throws disagrees with everybody, and its history is shrunk', async () => {
  const find = 'return open.size === 0 ? null';
  const edits = [{ file: 'checker/extended/replay.ts', find, replace: 'return open.size < 0 ? null' }];
  const { huntExtended } = await buildMutant({ breaks: 'the replay of extended histories', on: 'extended', edits });
  const { found } = huntExtended({ from: 1, to: 400 });
  expect(found?.disagreement).toContain('the checker throws: the replay refuses the order found');
  expect(found!.history.length).toBeLessThanOrEqual(2);
});

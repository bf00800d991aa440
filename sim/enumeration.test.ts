/** The enumeration does every run within its bound, once. */

import { expect, test } from 'vitest';
import { Choices, defineSite, KeyedSource, runKeys } from './choices.ts';
import { enumerate } from './enumeration.ts';

const COIN = defineSite('test.coin', 'heads or tails');
const DIE = defineSite('test.die', 'how many eyes');
const DULL = defineSite('test.dull', 'what nobody looks at');

function all(deviationsMax: number, runsMax = Infinity, play = (choices: Choices): string | null => played(choices)) {
  const seen: string[] = [];
  const result = enumerate({
    looksAt: (site) => site !== DULL.name,
    deviationsMax,
    runsMax,
    run: async (source) => {
      const choices = new Choices(source(new KeyedSource(runKeys('1', 'p'))));
      const message = play(choices);
      seen.push(choices.flat().join(''));
      return message;
    },
  });
  return result.then((found) => ({ ...found, seen }));
}

/** A die is thrown only after heads: the tree is not a grid. */
function played(choices: Choices): null {
  const isHeads = choices.choose(COIN, 'a', 2) === 1;
  choices.choose(DULL, 'a', 10);
  if (isHeads) choices.choose(DIE, 'a', 3);
  choices.choose(COIN, 'b', 2);
  return null;
}

test('every run is done once, those with fewer deviations first', async () => {
  const { seen, isComplete, runs } = await all(3);
  expect(seen.toSorted()).toEqual(['000', '001', '1000', '1001', '1010', '1011', '1020', '1021']);
  expect(seen[0]).toBe('000');
  expect(isComplete).toBe(true);
  expect(runs).toBe(8);
});

test('a bound on deviations leaves out what deviates more, and is covered whole', async () => {
  const { seen, isComplete, covered } = await all(1);
  expect(seen.toSorted()).toEqual(['000', '001', '1000']);
  expect(isComplete).toBe(true);
  expect(covered).toEqual([
    { deviations: 0, done: 1, known: 1 },
    { deviations: 1, done: 2, known: 2 },
  ]);
});

test('a bound on runs says how much was not covered', async () => {
  const { isComplete, covered } = await all(3, 5);
  expect(isComplete).toBe(false);
  expect(covered.at(-1)).toMatchObject({ deviations: 2, done: 2 });
  expect(covered.at(-1)!.known).toBeGreaterThan(2);
});

test('a failure is told with its deviations, and what hangs on it is not tried', async () => {
  const { failures } = await all(3, Infinity, (choices) => {
    const isHeads = choices.choose(COIN, 'a', 2) === 1;
    choices.choose(COIN, 'b', 2);
    return isHeads ? 'heads' : null;
  });
  expect(failures).toEqual([
    { message: 'heads', deviations: [{ index: 0, site: 'test.coin', entity: 'a', outcome: 1 }] },
  ]);
});

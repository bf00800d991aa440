/** Back-pressure: never more than the budget, first come first served, nobody starves. */

import { expect, test } from 'vitest';

import { settled } from '../testing/manual-ports.ts';
import { ByteBudget } from './byte-budget.ts';

/** Takes and remembers who got in, in order. */
function gate(bytesMax: number) {
  const budget = new ByteBudget(bytesMax);
  const log: string[] = [];
  const take = (name: string, bytes: number) =>
    void budget.take(bytes).then((admitted) => log.push(admitted ? name : `${name} refused`));
  return { budget, log, take };
}

test('exactly the budget fits, one byte more waits', async () => {
  const { budget, log, take } = gate(10);
  take('a', 10);
  take('b', 1);
  await settled();
  expect(log).toEqual(['a']);
  budget.release(10);
  await settled();
  expect(log).toEqual(['a', 'b']);
  expect(budget.used).toBe(1);
});

test('a small one does not overtake a large one that waits', async () => {
  const { budget, log, take } = gate(10);
  take('a', 6);
  take('large', 8);
  take('small', 1);
  expect(budget.tryTake(1)).toBe(false);
  await settled();
  expect(log).toEqual(['a']);
  budget.release(6);
  await settled();
  expect(log).toEqual(['a', 'large', 'small']);
  expect(budget.used).toBe(9);
});

test('one larger than the whole budget gets in when it is alone', async () => {
  const { budget, log, take } = gate(10);
  take('a', 1);
  take('huge', 100);
  await settled();
  expect(log).toEqual(['a']);
  budget.release(1);
  await settled();
  expect(log).toEqual(['a', 'huge']);
  expect(budget.tryTake(1)).toBe(false);
  budget.release(100);
  expect(budget.used).toBe(0);
});

test('closing refuses all who wait and all who come', async () => {
  const { budget, log, take } = gate(10);
  take('a', 10);
  take('b', 1);
  budget.close();
  take('c', 1);
  await settled();
  expect(log).toEqual(['a', 'b refused', 'c refused']);
  expect(budget.tryTake(0)).toBe(false);
});

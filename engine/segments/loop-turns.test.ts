/** Turns of the event loop: one piece of work in each, in order, and at once for who is alone. */

import { expect, test } from 'vitest';

import { LoopTurns } from './loop-turns.ts';

/** Turns of a loop that the test goes through step by step. */
function steppedTurns() {
  const due: (() => void)[] = [];
  const turns = new LoopTurns({ sleep: () => new Promise((resolve) => due.push(resolve)) });
  const step = async () => {
    for (const wake of due.splice(0)) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, step };
}

test('of many readers one has each turn, in the order they came', async () => {
  const { turns, step } = steppedTurns();
  const had: number[] = [];
  for (let reader = 0; reader < 5; reader++) void turns.next().then(() => had.push(reader));
  const seen: number[] = [];
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(had.length);
    await step();
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 5]);
  expect(had).toEqual([0, 1, 2, 3, 4]);
});

test('who comes when nobody had the turn waits for nothing', async () => {
  const { turns, step } = steppedTurns();
  await turns.next();
  await step();
  let had = false;
  void turns.next().then(() => (had = true));
  await Promise.resolve();
  await Promise.resolve();
  expect(had).toBe(true);
});

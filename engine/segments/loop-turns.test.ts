/** Turns of the event loop: a MiB of work in each, in order, and nothing waits while little is done. */

import { expect, test } from 'vitest';

import { LoopTurns } from './loop-turns.ts';

const KIB = 1024;

/** Turns of a loop that the test goes through step by step, and the work that was done so far. */
function stepped() {
  const due: (() => void)[] = [];
  const turns = new LoopTurns({ sleep: () => new Promise((resolve) => due.push(resolve)) });
  const done: string[] = [];
  const ask = (name: string, bytes: number) =>
    turns.run(
      () => void done.push(name),
      () => bytes,
    );
  const step = async () => {
    for (const wake of due.splice(0)) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { turns, done, ask, step, due };
}

test('after a MiB the rest waits for the next turn, in the order it came', async () => {
  const { done, ask, step } = stepped();
  for (const name of ['a', 'b', 'c', 'd', 'e']) void ask(name, 600 * KIB);
  expect(done).toEqual(['a', 'b']);
  await step();
  expect(done).toEqual(['a', 'b', 'c', 'd']);
  void ask('f', 1);
  await step();
  expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
});

test('work that wants a turn of its own has one', async () => {
  const { done, ask, step } = stepped();
  for (const name of ['a', 'b', 'c']) void ask(name, Infinity);
  expect(done).toEqual(['a']);
  await step();
  expect(done).toEqual(['a', 'b']);
  await step();
  expect(done).toEqual(['a', 'b', 'c']);
});

test('while little is done nothing waits, and nothing is asked of the clock', () => {
  const { ask, done, due } = stepped();
  for (let i = 0; i < 100; i++) expect(ask(`${i}`, KIB)).toBeUndefined();
  expect(done).toHaveLength(100);
  expect(due).toEqual([]);
});

test('work that fails fails for who asked, whether it waited or not, and holds up nobody', async () => {
  const { turns, ask, done, step } = stepped();
  const broken = () => {
    throw new Error('broken');
  };
  expect(() => turns.run(broken, () => 0)).toThrow('broken');
  void ask('a', Infinity);
  const waited = expect(turns.run(broken, () => 0)).rejects.toThrow('broken');
  void ask('b', 1);
  await step();
  await waited;
  expect(done).toEqual(['a', 'b']);
});

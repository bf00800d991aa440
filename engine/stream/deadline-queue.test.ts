/** Patience: who is late gets the late answer, at the right moment, and nothing is kept afterwards. */

import { expect, test } from 'vitest';

import { ManualClock, settled } from '../testing/manual-ports.ts';
import { DeadlineQueue } from './deadline-queue.ts';

function bench() {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 100);
  const log: string[] = [];
  /** Waits for a promise that the returned function settles. */
  const wait = (name: string): (() => void) => {
    let finish = () => {};
    const promise = new Promise<string>((resolve) => (finish = () => resolve(name)));
    void queue.limit(promise, () => `${name} late`).then((value) => log.push(value));
    return finish;
  };
  return { clock, queue, log, wait };
}

test('an answer in time is passed on, one that is late is replaced once', async () => {
  const { clock, log, wait } = bench();
  const finish = wait('a');
  wait('b');
  finish();
  await clock.advance(99);
  expect(log).toEqual(['a']);
  await clock.advance(1);
  expect(log).toEqual(['a', 'b late']);
});

test('an answer that comes after the late one changes nothing', async () => {
  const { clock, log, wait } = bench();
  const finish = wait('a');
  await clock.advance(100);
  finish();
  await settled();
  expect(log).toEqual(['a late']);
});

test('each has its own deadline, counted from its own start', async () => {
  const { clock, log, wait } = bench();
  wait('a');
  await clock.advance(60);
  wait('b');
  await clock.advance(40);
  expect(log).toEqual(['a late']);
  await clock.advance(59);
  expect(log).toEqual(['a late']);
  await clock.advance(1);
  expect(log).toEqual(['a late', 'b late']);
});

test('one sleeper serves all, and none is left when all are served', async () => {
  const { clock, wait } = bench();
  for (const name of ['a', 'b', 'c']) wait(name);
  expect(clock.sleepers).toBe(1);
  await clock.advance(100);
  expect(clock.sleepers).toBe(0);
});

test('after closing nothing expires and nobody sleeps, but answers still pass', async () => {
  const { clock, queue, log, wait } = bench();
  const finish = wait('a');
  wait('b');
  queue.close();
  wait('c');
  await settled();
  expect(clock.sleepers).toBe(0);
  await clock.advance(1000);
  expect(log).toEqual([]);
  finish();
  await settled();
  expect(log).toEqual(['a']);
});

test('a failure is passed on', async () => {
  const { queue } = bench();
  await expect(queue.limit(Promise.reject(new Error('broken')), () => 'late')).rejects.toThrow('broken');
});

test('what was answered in time is forgotten at once, whatever the order, and so is everything at closing', async () => {
  const { queue, wait } = bench();
  const [a, b] = [wait('a'), wait('b')];
  expect(queue.length).toBe(2);
  b();
  await settled();
  a();
  await settled();
  expect(queue.length).toBe(0);
  wait('c');
  queue.close();
  await queue.limit(Promise.resolve(1), () => 2);
  expect(queue.length).toBe(0);
});

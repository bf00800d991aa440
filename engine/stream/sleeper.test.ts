/** A task that waits for a time or a call. */

import { expect, test } from 'vitest';

import { ManualClock, settled } from '../testing/manual-ports.ts';
import { Sleeper } from './sleeper.ts';

function bench() {
  const clock = new ManualClock();
  const sleeper = new Sleeper(clock);
  let woken = 0;
  const wait = (atMs: number) => void sleeper.until(atMs).then(() => woken++);
  return { clock, sleeper, wait, woken: () => woken };
}

test('it wakes at its time and not before', async () => {
  const { clock, wait, woken } = bench();
  wait(100);
  await clock.advance(99);
  expect(woken()).toBe(0);
  await clock.advance(1);
  expect(woken()).toBe(1);
});

test('a call wakes it at once, and a call while nobody waits is lost', async () => {
  const { sleeper, wait, woken } = bench();
  sleeper.wake();
  wait(100);
  await settled();
  expect(woken()).toBe(0);
  sleeper.wake();
  await settled();
  expect(woken()).toBe(1);
});

test('waiting for later and later times starts one timer, not one for each', async () => {
  const { clock, sleeper, wait } = bench();
  for (let i = 0; i < 100; i++) {
    wait(1000 + i);
    sleeper.wake();
    await settled();
  }
  expect(clock.sleepers).toBe(1);
});

test('an earlier time than the one it sleeps for is kept', async () => {
  const { clock, sleeper, wait, woken } = bench();
  wait(1000);
  sleeper.wake();
  wait(10);
  await clock.advance(10);
  expect(woken()).toBe(2);
});

test('without a time only a call wakes it', async () => {
  const { clock, sleeper, wait, woken } = bench();
  wait(Infinity);
  await clock.advance(1e9);
  expect([woken(), clock.sleepers]).toEqual([0, 0]);
  sleeper.wake();
  await settled();
  expect(woken()).toBe(1);
});

test('closing leaves no timer behind', async () => {
  const { clock, sleeper, wait } = bench();
  wait(1000);
  sleeper.close();
  await settled();
  expect(clock.sleepers).toBe(0);
});

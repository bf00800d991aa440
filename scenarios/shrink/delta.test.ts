/** What delta debugging leaves. */

import { expect, test } from 'vitest';
import { needed } from './delta.ts';

const numbers = Array.from({ length: 100 }, (_, i) => i);

async function tried(isNeeded: (items: readonly number[]) => boolean, triesMax = Infinity) {
  let tries = 0;
  const left = await needed(numbers, {
    suffices: async (items) => {
      tries++;
      return isNeeded(items);
    },
    isOver: () => tries >= triesMax,
  });
  return { left, tries };
}

test('what is needed alone is left alone, in few tries', async () => {
  const { left, tries } = await tried((items) => items.includes(37));
  expect(left).toEqual([37]);
  expect(tries).toBeLessThan(25);
});

test('what is needed together is left together', async () => {
  const { left } = await tried((items) => [3, 50, 51, 99].every((item) => items.includes(item)));
  expect(left).toEqual([3, 50, 51, 99]);
});

test('nothing is left when nothing is needed, after one try', async () => {
  expect(await tried(() => true)).toEqual({ left: [], tries: 1 });
});

test('a budget ends it with what is known to suffice', async () => {
  const { left, tries } = await tried((items) => items.includes(37), 4);
  expect(tries).toBe(4);
  expect(left).toContain(37);
  expect(left.length).toBeLessThan(100);
});

test('items that went by themselves cost no try', async () => {
  const asked: number[] = [];
  const left = await needed([1, 2, 3, 4], {
    suffices: async (items) => {
      asked.push(items.length);
      return items.includes(1);
    },
    isLeft: (item) => item === 1,
    isOver: () => false,
  });
  expect(left).toEqual([1]);
  expect(asked.length).toBeLessThan(4);
});

import { expect, test } from 'vitest';

import { Turns } from './turns.ts';

test('never more tasks run at once than the limit, and all of them run, in order', async () => {
  const turns = new Turns(3);
  const started: number[] = [];
  let running = 0;
  let runningMax = 0;
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      turns.run(async () => {
        started.push(index);
        runningMax = Math.max(runningMax, (running += 1));
        for (let step = 0; step <= index % 4; step += 1) await Promise.resolve();
        running -= 1;
        return index;
      }),
    ),
  );
  expect(runningMax).toBe(3);
  expect(results).toEqual(started.toSorted((left, right) => left - right));
  expect(started).toEqual(results);
});

test('a task that fails gives its turn to the next', async () => {
  const turns = new Turns(1);
  const failing = turns.run(async () => {
    throw new Error('planted');
  });
  const next = turns.run(async () => 'ran');
  await expect(failing).rejects.toThrow('planted');
  expect(await next).toBe('ran');
});

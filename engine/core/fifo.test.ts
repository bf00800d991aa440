/** The queue, against an array that does the same slowly. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Fifo } from './fifo.ts';

test('what goes in first comes out first, through any mix of operations', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat() }, fc.constant('take')), { maxLength: 500 }),
      (steps) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const step of steps) {
          if (typeof step === 'number') {
            fifo.push(step);
            model.push(step);
          } else {
            expect(fifo.peek()).toBe(model[0]);
            expect(fifo.take()).toBe(model.shift());
          }
          expect(fifo.length).toBe(model.length);
        }
      },
    ),
  );
});

test('a queue that was long and emptied is still in order', () => {
  const fifo = new Fifo<number>();
  for (let i = 0; i < 1000; i++) fifo.push(i);
  for (let i = 0; i < 999; i++) expect(fifo.take()).toBe(i);
  fifo.push(1000);
  expect([fifo.take(), fifo.take(), fifo.take(), fifo.length]).toEqual([999, 1000, undefined, 0]);
});

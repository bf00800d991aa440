import { expect, test } from 'vitest';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';
import { trimStepAt, trimStepsOf } from './trim-points.ts';

test('the trim point rises with acknowledged commands and with what readers are shown, and never falls', () => {
  const operations = operationsOf([
    called(1, append(5)),
    returned(1, { kind: 'append-success', tail: 5 }),
    { ...called(2, append(1)), trim: 99 },
    returned(2, { kind: 'append-success', tail: 6 }),
    called(3, { kind: 'check-tail' }),
    { ...returned(3, { kind: 'check-tail-success', tail: 9 }), trim: 8 },
    { ...called(4, append(1)), trim: 3 },
    returned(4, { kind: 'append-success', tail: 10 }),
    { ...called(5, append(1)), trim: 10 },
    returned(5, { kind: 'append-indefinite-failure' }),
  ]);
  const steps = trimStepsOf(operations, 1);
  expect(steps).toEqual([
    { event: 0, point: 1, operation: null },
    { event: 3, point: 6, operation: 1 },
    { event: 5, point: 8, operation: 2 },
  ]);
  expect([0, 3, 4, 9].map((event) => trimStepAt(steps, event).point)).toEqual([1, 6, 6, 8]);
});

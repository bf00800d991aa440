import { expect, test } from 'vitest';
import { floorsAtCall } from './envelope.ts';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';
import { nextViolation, violationsOf } from './violations.ts';

const history = [
  called(1, append(5)),
  returned(1, { kind: 'append-success', tail: 5 }),
  called(2, { kind: 'check-tail' }),
  returned(2, { kind: 'check-tail-success', tail: 1 }),
  called(3, { kind: 'check-tail' }),
  returned(3, { kind: 'check-tail-success', tail: 5 }),
  called(4, { kind: 'check-tail' }),
  returned(4, { kind: 'check-tail-success', tail: 2 }),
];
const operations = operationsOf(history);

test('violations are what the failure names and whatever hangs below the floor', () => {
  const found = violationsOf(operations, floorsAtCall(operations, history.length), [1, 0]);
  expect(found).toEqual([0, 1, 3]);
});

test('the first jump goes to the most telling one, the next ones through time and round', () => {
  expect(nextViolation([0, 1, 3], [1, 0], null)).toBe(1);
  expect(nextViolation([0, 1, 3], [1, 0], 1)).toBe(3);
  expect(nextViolation([0, 1, 3], [1, 0], 3)).toBe(0);
  expect(nextViolation([], [], null)).toBeNull();
});

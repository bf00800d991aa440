import { expect, test } from 'vitest';
import { logTilesOf } from './log-tiles.ts';
import { operationsOf } from './operations.ts';
import { append, called, returned } from './testing/events.ts';

const operations = operationsOf([
  called(1, append(2, { setFencingToken: 'a' })),
  returned(1, { kind: 'append-success', tail: 2 }),
  called(2, append(3)),
  returned(2, { kind: 'append-indefinite-failure' }),
  called(3, append(1), 2),
  returned(3, { kind: 'append-success', tail: 6 }, 2),
  called(4, append(2), 3),
  returned(4, { kind: 'append-success', tail: 7 }, 3),
  called(5, { kind: 'check-tail' }),
  returned(5, { kind: 'check-tail-success', tail: 9 }),
]);

test('the log is tiled by acknowledged appends; what nobody acknowledged is a hole with those who may have filled it', () => {
  const { tiles, holes, tail } = logTilesOf(operations, new Map());
  expect(tiles.map(({ start, end, operation, row }) => [start, end, operation, row])).toEqual([
    [0, 2, 0, 0],
    [5, 6, 2, 0],
    [5, 7, 3, 1],
  ]);
  expect(holes).toEqual([
    { start: 2, end: 5, candidates: [1] },
    { start: 7, end: 9, candidates: [] },
  ]);
  expect(tail).toBe(9);
});

test('an append the order places fills its hole, and a token is in force behind the fence that set it', () => {
  const { tiles, holes, tokens } = logTilesOf(operations, new Map([[1, 2]]));
  expect(tiles[1]).toMatchObject({ start: 2, end: 5, operation: 1, isImplied: true });
  expect(holes).toHaveLength(1);
  expect(tokens).toEqual([
    { from: 0, token: '', operation: null },
    { from: 2, token: 'a', operation: 0 },
  ]);
});

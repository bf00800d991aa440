/** The hash of a state tells apart whatever its equality tells apart, and nothing else. */

import { expect, test } from 'vitest';
import { batchBehind } from './batches.ts';
import { extendedStreamModel } from './model.ts';
import type { ExtendedState } from './state.ts';

const model = extendedStreamModel();
const state: ExtendedState = {
  ...model.init(),
  last: batchBehind(null, 0, [1n], undefined, 5),
  creation: 'r',
  clockMs: 7,
};
const stamps = { bounds: [{ position: 1, low: 2, high: 3 }], claims: [{ start: 4, from: 5, sinceMs: 6 }] };

test.each<[string, Partial<ExtendedState>]>([
  ['phase', { phase: 'doomed' }],
  ['creation', { creation: 'q' }],
  ['life', { birth: 3 }],
  ['birth', { bornMs: 3 }],
  ['time', { clockMs: 8 }],
  ['late time', { clockMs: 7 + 2 ** 33 }],
  ['age', { config: { retentionAgeMs: null, emptyAgeMs: 3 } }],
  ['contents of writers', { content: 3n }],
  ['contents of readers', { shownContents: new Map([[3, 4n]]) }],
  ['calls', { last: batchBehind(null, 0, [1n], undefined, 6) }],
  ['trim point', { trimmed: 3 }],
  ['trim asked for', { trimAsked: 3 }],
  ['timestamps', { stamps: { ...stamps, claims: [] } }],
  ['reads from timestamps', { stamps: { bounds: [], claims: stamps.claims } }],
  ['turns', { turns: new Map([['s', 1]]) }],
  ['reads', { reads: new Map([['op 1', { moments: 1, birth: 3 }]]) }],
])('states that differ in their %s alone have different hashes', (_what, other) => {
  expect(model.equal!(state, { ...state, ...other })).toBe(false);
  expect(model.hash!({ ...state, ...other })).not.toBe(model.hash!(state));
});

test('equal states have equal hashes, in whatever order they became so', () => {
  const entries = [1, 2, 3].map((moments) => [`op ${moments}`, { moments, birth: null }] as const);
  const made = (order: typeof entries): ExtendedState => ({
    ...state,
    stamps: { ...stamps },
    reads: new Map(order),
    turns: new Map(order.map(([name, { moments }]) => [name, moments])),
    shownContents: new Map(order.map(([, { moments }]) => [moments, BigInt(moments)])),
  });
  const [one, other] = [made(entries), made(entries.toReversed())];
  expect(model.equal!(one, other)).toBe(true);
  expect(model.hash!(one)).toBe(model.hash!(other));
});

/** The order of the list: what compaction takes for neighbours. */

import { expect, test } from 'vitest';

import { SegmentList } from './segment-list.ts';
import type { SegmentRef } from './segment-ref.ts';
import { StateHasher } from './state-hash.ts';

function ref(number: number): SegmentRef {
  return {
    ...{ epoch: 1, number, bytes: 100, indexOffset: 50, indexBytes: 18, indexCrc: number },
    ...{ streamCount: 2, only: null, firstArrivalMs: 0, lastArrivalMs: 0 },
  };
}

function listOf(...numbers: readonly number[]): SegmentList {
  const list = new SegmentList(new StateHasher());
  list.restore({ slot: 0, epoch: 1, number: 1 }, numbers.map(ref));
  return list;
}

function edit(list: SegmentList, removed: readonly number[], added: readonly number[]): number[] {
  list.edit({ type: 'edit', removed: removed.map((number) => ({ epoch: 1, number })), added: added.map(ref) });
  const all = [...list.all()].map(({ number }) => number);
  expect([...list.shared()].map(({ number }) => number)).toEqual(all);
  return all;
}

test('what an EDIT adds stands where the oldest it removed stood', () => {
  expect(edit(listOf(1, 2, 3, 4), [2, 3], [9, 8])).toEqual([1, 9, 8, 4]);
  expect(edit(listOf(1, 2, 3, 4), [4, 1], [9])).toEqual([9, 2, 3]);
  expect(edit(listOf(1, 2, 3), [3], [9])).toEqual([1, 2, 9]);
});

test('an EDIT that only removes or only adds leaves the order of the rest', () => {
  expect(edit(listOf(1, 2, 3), [2], [])).toEqual([1, 3]);
  expect(edit(listOf(1, 2), [], [9])).toEqual([1, 2, 9]);
});

test('an EDIT before an INSTALL and one after a restored checkpoint make the same list', () => {
  const live = listOf(1, 2);
  edit(live, [1, 2], [5]);
  live.install({
    type: 'install',
    checkpoint: { slot: 9, epoch: 1, number: 2 },
    stateHash: { a: 0, b: 0 },
    segments: [ref(3)],
  });
  const restored = edit(listOf(1, 2, 3), [1, 2], [5]);
  expect([...live.all()].map(({ number }) => number)).toEqual(restored);
});

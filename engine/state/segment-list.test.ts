/** The list of segments: in order of age, each once, a stream's own ones by number; and those that left it. */

import { describe, expect, test } from 'vitest';

import { ownSegment, segment } from '../testing/state-samples.ts';
import { SegmentList } from './segment-list.ts';
import { StateHasher } from './state-hash.ts';

function listOf(...numbers: readonly number[]): SegmentList {
  const list = new SegmentList(new StateHasher());
  list.restore(
    { slot: 0, epoch: 1, number: 1 },
    numbers.map((number) => segment(number)),
  );
  return list;
}

function edit(list: SegmentList, removed: readonly number[], added: readonly number[]): number[] {
  list.edit({
    type: 'edit',
    removed: removed.map((number) => ({ epoch: 1, number })),
    added: added.map((number) => segment(number)),
  });
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
    segments: [segment(3)],
  });
  const restored = edit(listOf(1, 2, 3), [1, 2], [5]);
  expect([...live.all()].map(({ number }) => number)).toEqual(restored);
});

describe('segments one stream has for itself', () => {
  const restored = (...refs: Parameters<SegmentList['restore']>[1]) => {
    const list = new SegmentList(new StateHasher());
    list.restore({ slot: 0, epoch: 1, number: 1 }, refs);
    return list;
  };
  const added = (...refs: Parameters<SegmentList['restore']>[1]) => {
    const list = new SegmentList(new StateHasher());
    list.edit({ type: 'edit', removed: [], added: refs });
    return list;
  };
  const [low, middle, high] = [ownSegment(3, 1, 0, 5), ownSegment(1, 1, 5, 9), ownSegment(2, 1, 12, 20)];

  test.each([
    ['restored', restored],
    ['added', added],
  ])('stand by their numbers, whatever their names and their order: %s', (_, fill) => {
    const list = fill(middle, segment(7), high, ownSegment(8, 2, 0, 3), low);
    expect(list.ownOf(1)).toEqual([low, middle, high]);
    expect(list.ownOf(2)).toEqual([ownSegment(8, 2, 0, 3)]);
    expect(list.ownOf(3)).toEqual([]);
    expect([...list.shared()]).toEqual([segment(7)]);
    expect(list.size).toBe(5);
  });

  test.each([
    ['restored', restored],
    ['added', added],
  ])('never overlap: %s', (_, fill) => {
    expect(() => fill(low, high, ownSegment(9, 1, 4, 6))).toThrow('segments of one stream do not overlap');
    expect(() => fill(ownSegment(9, 1, 13, 14), high)).toThrow('segments of one stream do not overlap');
  });

  test('leave when they are removed, and a list a reader holds does not change under it', () => {
    const list = restored(low, middle);
    const held = list.ownOf(1);
    list.edit({ type: 'edit', removed: [low], added: [high] });
    expect([held, list.ownOf(1)]).toEqual([
      [low, middle],
      [middle, high],
    ]);
    list.edit({ type: 'edit', removed: [middle, high], added: [] });
    expect([list.ownOf(1), list.size]).toEqual([[], 0]);
  });
});

test('a segment is listed once, and only a listed one is removed', () => {
  expect(() => edit(listOf(1), [], [1])).toThrow('a segment is listed once');
  expect(() => edit(listOf(1), [2], [])).toThrow('only a listed segment is removed');
  expect(() => edit(listOf(1), [1, 1], [])).toThrow('only a listed segment is removed');
});

test('a segment that left is remembered until its object is gone', () => {
  const list = listOf(1, 2);
  edit(list, [2, 1], [3]);
  expect([...list.retired()]).toEqual([
    { epoch: 1, number: 2 },
    { epoch: 1, number: 1 },
  ]);
  list.forgetRetired({ epoch: 1, number: 2 });
  expect([1, 2, 3].map((number) => list.isRetired({ epoch: 1, number }))).toEqual([true, false, false]);
  expect([1, 2, 3].map((number) => list.has({ epoch: 1, number }))).toEqual([false, false, true]);
});

test('a checkpoint is loaded into an empty list only', () => {
  expect(() => listOf(1).restore({ slot: 9, epoch: 1, number: 2 }, [])).toThrow('loaded into an empty state');
});

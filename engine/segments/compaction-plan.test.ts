/** The schedule of merges: how many groups there can be, and how often a byte is written again. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SegmentList } from '../state/segment-list.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { StateHasher } from '../state/state-hash.ts';
import { type Extent, groupsByAge, mergeable, mergeFrom, ownBytesMin } from './compaction-plan.ts';

/** Lets groups arrive and merges them as planned. Returns how often a byte was rewritten on average. */
function rewriting(arrivals: readonly number[], groupsMax: number): number {
  let groups: number[] = [];
  let rewritten = 0;
  let most = 0;
  for (const bytes of arrivals) {
    groups.push(bytes);
    const from = mergeFrom(groups, groupsMax);
    if (from !== null) {
      const merged = groups.slice(from).reduce((sum, size) => sum + size, 0);
      rewritten += merged;
      groups = [...groups.slice(0, from), merged];
    }
    most = Math.max(most, groups.length);
  }
  expect(most).toBeLessThanOrEqual(groupsMax);
  return rewritten / arrivals.reduce((sum, size) => sum + size, 0);
}

function ones(count: number): number[] {
  return Array.from({ length: count }, () => 1);
}

describe('the schedule', () => {
  test('equal flushes give the digits of the combinatorial number system', () => {
    let groups: number[] = [];
    for (let t = 1; t <= 35; t++) {
      groups.push(1);
      const from = mergeFrom(groups, 3);
      if (from !== null) groups = [...groups.slice(0, from), groups.slice(from).reduce((sum, size) => sum + size, 0)];
    }
    // 35 = C(7, 3): one group, and nothing in the two newer digits.
    expect(groups).toEqual([35]);
  });

  test.each([100, 1_000, 20_000])('eight groups rewrite a byte of %i equal flushes at most log2 times', (flushes) => {
    expect(rewriting(ones(flushes), 8)).toBeLessThan(Math.log2(flushes));
  });

  test('few groups cost what they must, and no more', () => {
    // k (k! t)^(1/k) / (k + 1), and half the flushes for a single group.
    expect(rewriting(ones(1_000), 1)).toBeLessThan(501);
    expect(rewriting(ones(1_000), 2)).toBeLessThan(30.5);
    expect(rewriting(ones(10_000), 4)).toBeLessThan(18.5);
  });

  test('flushes of very different sizes cost little more than equal ones', () => {
    const size = fc.nat({ max: 13 }).map((power) => 2 ** power);
    fc.assert(
      fc.property(fc.array(size, { minLength: 100, maxLength: 800 }), (arrivals) => {
        expect(rewriting(arrivals, 8)).toBeLessThan(1.5 * Math.log2(arrivals.length));
      }),
      { numRuns: 100 },
    );
    const small = ones(5_000);
    const large = small.map(() => 1_000);
    for (const arrivals of [
      [...small, ...large],
      [...large, ...small],
      small.map((_, i) => (i % 50 === 0 ? 500 : 1)),
    ]) {
      expect(rewriting(arrivals, 8)).toBeLessThan(Math.log2(arrivals.length));
    }
  });

  test('whatever there is, merging brings the number down to the bound, and only if it is above', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (bytes, max) => {
          const from = mergeFrom(bytes, max);
          if (bytes.length <= max) expect(from).toBeNull();
          else expect(from).toBeLessThan(max);
        },
      ),
    );
  });
});

function extent(firstStreamId: number, lastStreamId: number): Extent {
  return { ref: ref(0, null), firstStreamId, lastStreamId };
}

describe('groups', () => {
  test('no stream is in two segments of a group, groups are neighbours, and no fewer would do', () => {
    const range = fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 8 })).map(([low, width]) => extent(low, low + width));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 30 }), (extents) => {
        const groups = groupsByAge(extents);
        expect(groups.flat()).toEqual(extents);
        for (const [i, group] of groups.entries()) {
          const ids = group.flatMap((e) =>
            Array.from({ length: e.lastStreamId - e.firstStreamId + 1 }, (_, k) => e.firstStreamId + k),
          );
          expect(new Set(ids).size).toBe(ids.length);
          const next = groups[i + 1]?.[0];
          if (next !== undefined) expect(groupsByAge([...group, next])).toHaveLength(2);
        }
      }),
    );
  });
});

function ref(number: number, only: SegmentRef['only'], bytes = 100): SegmentRef {
  return {
    epoch: 1,
    number,
    bytes: bytes + 82,
    indexOffset: bytes + 32,
    indexBytes: 18,
    indexCrc: number,
    streamCount: only === null ? 2 : 1,
    only,
    firstArrivalMs: 0,
    lastArrivalMs: 0,
  };
}

describe('what may be merged', () => {
  const OWN_BYTES = 1_000;
  const mergeableOf = (refs: readonly SegmentRef[]) => {
    const list = new SegmentList(new StateHasher());
    list.restore({ slot: 0, epoch: 1, number: 1 }, refs);
    return mergeable(list, OWN_BYTES).map(({ number }) => number);
  };
  const own = (firstSeqNum: number, nextSeqNum: number, streamId = 7) => ({ streamId, firstSeqNum, nextSeqNum });

  test('segments of several streams, and small ones of one, in order of age', () => {
    expect(mergeableOf([ref(5, null), ref(4, own(0, 9)), ref(3, null, 5_000)])).toEqual([5, 4, 3]);
  });

  test('a large segment of one stream is never merged again', () => {
    expect(mergeableOf([ref(1, own(0, 9), OWN_BYTES), ref(2, own(9, 12))])).toEqual([2]);
  });

  test('a small segment that is followed by one which is left out is left out, too', () => {
    expect(mergeableOf([ref(1, own(0, 5)), ref(2, own(5, 9)), ref(3, own(9, 99), OWN_BYTES)])).toEqual([]);
    expect(mergeableOf([ref(1, own(0, 5)), ref(2, own(6, 9), OWN_BYTES)])).toEqual([1]);
    expect(mergeableOf([ref(1, own(0, 5)), ref(2, own(5, 9, 8), OWN_BYTES)])).toEqual([1]);
  });

  test('a stream gets segments of its own before it fills half of one', () => {
    expect(ownBytesMin({ ownSegmentBytes: 100, segmentBytesMax: 1_000 })).toBe(100);
    expect(ownBytesMin({ ownSegmentBytes: 900, segmentBytesMax: 1_001 })).toBe(501);
  });
});

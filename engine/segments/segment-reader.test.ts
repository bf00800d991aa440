/** Indexes and pins of segments. Ranges are the block cache's; records are the stream reader's. */

import { describe, expect, test } from 'vitest';

import { segmentKey } from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { settled } from '../testing/manual-ports.ts';
import { SegmentWorld } from '../testing/segment-world.ts';
import { SegmentGone } from './segment-reader.ts';

/** A world with `count` segments of one stream each, oldest first. */
function worldOf(count: number, indexCacheBytesMax = 10_000): { world: SegmentWorld; refs: SegmentRef[] } {
  const world = new SegmentWorld(1, { indexCacheBytesMax });
  for (let i = 0; i < count; i++) {
    world.append(1, [{ timestamp: i, bodyLength: 30 }]);
    world.flush();
  }
  return { world, refs: [...world.committed.state.segments.all()] };
}

function oneOf(refs: readonly SegmentRef[]): SegmentRef {
  const [ref] = refs;
  if (ref === undefined) throw new Error('there is a segment');
  return ref;
}

describe('indexes', () => {
  test('are fetched once however many ask, with one request for them and the footer behind them', async () => {
    const { world, refs } = worldOf(1);
    const ref = oneOf(refs);
    const [a, b] = await Promise.all([world.segments.index(ref), world.segments.index(ref)]);
    expect(a).toBe(b);
    expect(world.segments.index(ref)).toBe(a);
    expect(world.gets).toEqual([`${segmentKey(ref)} ${ref.indexOffset}-${ref.bytes}`]);
  });

  test('take no more memory than allowed; the one used longest ago goes first', async () => {
    const { world, refs } = worldOf(3);
    const { indexBytes } = oneOf(refs);
    const small = worldOf(3, 2 * indexBytes + 1);
    for (const ref of small.refs) await small.world.segments.index(ref);
    expect(small.refs.map((ref) => small.world.segments.cachedIndex(ref) !== null)).toEqual([false, true, true]);
    expect(small.world.segments.bytes).toBeLessThanOrEqual(2 * indexBytes + 1);
    expect(world.segments.bytes).toBe(0);
  });

  test('that are damaged name object and bytes, after a second look', async () => {
    const { world, refs } = worldOf(1);
    const ref = oneOf(refs);
    const object = world.objectOf(ref);
    object[ref.indexOffset] = (object[ref.indexOffset] as number) ^ 1;
    await expect(world.segments.index(ref)).rejects.toThrow(LogCorruption);
    expect(world.gets).toHaveLength(2);
    object[ref.indexOffset] = (object[ref.indexOffset] as number) ^ 1;
    expect((await world.segments.index(ref)).run(1)).toMatchObject({ firstSeqNum: 0 });
  });

  test('of a segment that is gone are SegmentGone', async () => {
    const { world, refs } = worldOf(1);
    world.collect(oneOf(refs));
    await expect(world.segments.index(oneOf(refs))).rejects.toThrow(SegmentGone);
  });

  test('on their way when the segment is forgotten are not kept', async () => {
    const { world, refs } = worldOf(1);
    const ref = oneOf(refs);
    const loading = world.segments.index(ref);
    world.segments.forget(segmentKey(ref));
    await loading;
    await settled();
    expect(world.segments.cachedIndex(ref)).toBeNull();
    expect(world.segments.bytes).toBe(0);
  });
});

describe('pins', () => {
  test('hold until the last is released, and a release counts once', () => {
    const { world, refs } = worldOf(1);
    const ref = oneOf(refs);
    const key = segmentKey(ref);
    const released: string[] = [];
    world.segments.onUnpinned((unpinned) => released.push(unpinned));
    const [first, second] = [world.segments.pin(ref), world.segments.pin(ref)];
    first();
    first();
    expect(world.segments.isPinned(key)).toBe(true);
    expect(released).toEqual([]);
    second();
    expect(world.segments.isPinned(key)).toBe(false);
    expect(released).toEqual([key]);
  });
});

test('a range read without the cache leaves nothing in it', async () => {
  const { world, refs } = worldOf(1);
  const ref = oneOf(refs);
  expect(await world.segments.rangeUncached(ref, 0, ref.bytes)).toEqual(world.objectOf(ref));
  expect(world.segments.bytes).toBe(0);
});

/** Compaction against a plain model: what is read never changes, what is dead goes, and nothing grows without bound. */

import { describe, expect, test } from 'vitest';

import { segmentKey } from '../core/object-names.ts';
import type { BlobStore } from '../ports.ts';
import type { EditEntry, Entry } from '../state/entries.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { CompactionWorld, SMALL_SEGMENTS } from '../testing/compaction-world.ts';
import { seededDice } from '../testing/seeded-dice.ts';
import { frameBytes, groupsByAge, mergeable, ownBytesMin } from './compaction-plan.ts';
import type { Compactor } from './compactor.ts';
import { runFrom } from './segment-format.ts';

async function compactAll(compactor: Compactor): Promise<number> {
  let cycles = 0;
  while (await compactor.run()) cycles++;
  return cycles;
}

/** Groups of the mergeable segments, and the greatest share of one that is dead, in percent. */
async function shape(world: CompactionWorld): Promise<{ groups: number; deadPercent: number }> {
  const { segments, tables } = world.committed.state;
  let deadPercent = 0;
  const extents = [];
  for (const ref of mergeable(segments, ownBytesMin(world.tunables))) {
    const runs = [...(await world.reader.index(ref)).runs()];
    extents.push({ ref, firstStreamId: runs[0]?.streamId ?? 0, lastStreamId: runs.at(-1)?.streamId ?? 0 });
    const live = runs.reduce((sum, run) => {
      return sum + (runFrom(run, tables.stream(run.streamId)?.trimPoint ?? Infinity)?.length ?? 0);
    }, 0);
    deadPercent = Math.max(deadPercent, 100 - (100 * live) / frameBytes(ref));
  }
  return { groups: groupsByAge(extents).length, deadPercent };
}

/** Numbers of one stream are in one segment each, and of all that are not trimmed and flushed none is missing. */
async function expectDisjoint(world: CompactionWorld): Promise<void> {
  const spans = new Map<number, [number, number][]>();
  for (const ref of world.segments) {
    for (const run of (await world.reader.index(ref)).runs()) {
      spans.set(run.streamId, [...(spans.get(run.streamId) ?? []), [run.firstSeqNum, run.nextSeqNum]]);
    }
  }
  for (const all of spans.values()) {
    const ascending = all.toSorted((a, b) => a[0] - b[0]);
    for (const [i, span] of ascending.entries()) expect(span[0]).toBeGreaterThanOrEqual(ascending[i - 1]?.[1] ?? 0);
  }
}

function count(world: CompactionWorld, event: Parameters<CompactionWorld['telemetry']['event']>[0]): number {
  return world.counts.get(event) ?? 0;
}

describe('random histories', () => {
  /** Some streams are hot, some idle; most are trimmed now and then, some deleted. */
  async function walk(seed: number, flushes: number): Promise<CompactionWorld> {
    const dice = seededDice(seed, 'compaction');
    const world = new CompactionWorld({ sharedSegmentsMax: 1 + dice.below(6), deadPercentMax: 20 + dice.below(60) });
    world.pointDistanceBytes = 64 << dice.below(6);
    const compactor = world.compactor();
    const ids = Array.from({ length: 5 + dice.below(20) }, () => world.createStream());
    for (let flush = 0; flush < flushes; flush++) {
      for (let step = dice.below(30); step >= 0; step--) {
        const id = ids[dice.below(dice.below(2) === 0 ? 2 : ids.length)] as number;
        const tail = world.records.get(id)?.length ?? 0;
        const trimPoint = world.committed.state.tables.stream(id)?.trimPoint ?? 0;
        const turn = dice.below(40);
        if (turn === 0) {
          world.deleteStream(id);
          ids[ids.indexOf(id)] = world.createStream();
        } else if (turn < 5) {
          world.trim(id, trimPoint + dice.below(tail - trimPoint + 1));
        } else {
          world.append(id, 1 + dice.below(4), dice.below(400));
        }
      }
      await world.flush();
      if (dice.below(3) === 0) continue;
      const before = world.segments.map(segmentKey);
      await compactor.run();
      expect(await world.misread()).toBeNull();
      await expectDisjoint(world);
      expect((await shape(world)).groups).toBeLessThanOrEqual(world.tunables.sharedSegmentsMax);
      if (dice.below(2) === 0) await world.collect();
      else expect(await world.keys()).toEqual(expect.arrayContaining(before));
    }
    await compactAll(compactor);
    return world;
  }

  test.each(Array.from({ length: 30 }, (_, seed) => seed))('%i: every stream reads what it must', async (seed) => {
    const world = await walk(seed, 25);
    expect(await world.misread()).toBeNull();
    await expectDisjoint(world);
    const { groups, deadPercent } = await shape(world);
    expect(groups).toBeLessThanOrEqual(world.tunables.sharedSegmentsMax);
    expect(deadPercent).toBeLessThanOrEqual(world.tunables.deadPercentMax);
    await world.collect();
    expect(await world.misread()).toBeNull();
    expect(count(world, 'compact.merged')).toBeGreaterThan(0);
  });

  test('when all streams are deleted, no segment is left', async () => {
    const world = await walk(1000, 10);
    for (const id of world.records.keys()) world.deleteStream(id);
    await world.flush();
    await compactAll(world.compactor());
    expect(world.segments).toEqual([]);
    await world.collect();
    expect(await world.keys()).toEqual([]);
  });
});

describe('growth', () => {
  test('two hundred flushes are rewritten a few times, and lookups ask a bounded number of segments', async () => {
    const world = new CompactionWorld({ sharedSegmentsMax: 4 });
    let compactedBytes = 0;
    world.settle = (entry) => {
      if (entry.type === 'edit') compactedBytes += entry.added.reduce((sum, { bytes }) => sum + bytes, 0);
      return 'committed';
    };
    const compactor = world.compactor();
    const ids = Array.from({ length: 40 }, () => world.createStream());
    for (let flush = 0; flush < 200; flush++) {
      for (const id of ids.filter((each) => (each * 7 + flush) % 5 === 0)) world.append(id, 1, 50);
      await world.flush();
      await compactor.run();
      expect((await shape(world)).groups).toBeLessThanOrEqual(4);
    }
    await world.collect();
    expect(await world.misread()).toBeNull();
    expect(compactedBytes / world.flushedBytes).toBeLessThan(Math.log2(200));
    for (const ref of world.segments) expect(ref.bytes).toBeLessThan(1.6 * SMALL_SEGMENTS.segmentBytesMax);
  });

  test('a stream alone in a store gets large segments of its own, and those are left alone', async () => {
    const world = new CompactionWorld({ sharedSegmentsMax: 2 });
    const compactor = world.compactor();
    const id = world.createStream();
    for (let flush = 0; flush < 60; flush++) {
      world.append(id, 2, 200);
      await world.flush();
      await compactor.run();
    }
    const own = world.segments.filter((ref) => frameBytes(ref) >= SMALL_SEGMENTS.ownSegmentBytes);
    expect(own.length).toBeGreaterThan(2);
    expect(world.segments.length - own.length).toBeLessThanOrEqual(2);
    const kept = own.map(segmentKey);
    world.append(id, 2, 200);
    await world.flush();
    await compactAll(compactor);
    expect(world.segments.map(segmentKey)).toEqual(expect.arrayContaining(kept));
    expect(count(world, 'compact.own-cut')).toBeGreaterThan(0);
  });

  test('records between two large segments of their stream are set apart once and never read again', async () => {
    const world = new CompactionWorld({ sharedSegmentsMax: 1 });
    const compactor = world.compactor();
    const [hot, cold] = [world.createStream(), world.createStream()];
    for (let flush = 0; flush < 6; flush++) {
      world.append(hot, 1, flush % 2 === 0 ? 10 : SMALL_SEGMENTS.ownSegmentBytes);
      world.append(cold, 1, 10);
      await world.flush();
      await compactAll(compactor);
      expect(await world.misread()).toBeNull();
      await expectDisjoint(world);
    }
    expect(count(world, 'compact.settled')).toBeGreaterThan(1);
    const settled = world.segments.filter(({ only }) => only?.streamId === hot);
    expect(mergeable(world.committed.state.segments, SMALL_SEGMENTS.ownSegmentBytes)).toHaveLength(1);
    expect(settled.length).toBeGreaterThanOrEqual(5);
  });

  test('runs longer than what is read at a time are copied whole', async () => {
    const mib = 1024 * 1024;
    const sizes = { ownSegmentBytes: 8 * mib, segmentBytesMax: 16 * mib, cacheBytesMax: 8 * mib };
    const world = new CompactionWorld({ sharedSegmentsMax: 1, ...sizes });
    const ids = [world.createStream(), world.createStream()];
    for (let flush = 0; flush < 2; flush++) {
      for (const id of ids) for (let i = 0; i < 3; i++) world.append(id, 1, 700_000);
      await world.flush();
    }
    expect(await world.compactor().run()).toBe(true);
    expect(world.segments).toHaveLength(1);
    expect(await world.misread()).toBeNull();
  });

  test('nothing to do costs no request', async () => {
    const world = new CompactionWorld();
    const id = world.createStream();
    world.append(id, 1, 10);
    await world.flush();
    const compactor = world.compactor();
    await compactor.run();
    let calls = 0;
    world.blobs = counting(world.objects, () => calls++);
    expect(await compactor.run()).toBe(false);
    expect(calls).toBe(0);
  });
});

describe('dead records', () => {
  test('a large segment goes when its stream is trimmed past it, not before', async () => {
    const world = new CompactionWorld();
    const id = world.createStream();
    for (let i = 0; i < 7; i++) world.append(id, 1, 1000);
    await world.flush();
    const [ref] = world.segments;
    const compactor = world.compactor();
    world.trim(id, 6);
    expect(await compactor.run()).toBe(false);
    expect(world.segments).toEqual([ref]);
    world.trim(id, 7);
    expect(await compactor.run()).toBe(true);
    expect(world.segments).toEqual([]);
    expect(count(world, 'compact.dead-dropped')).toBe(1);
  });

  test('a mostly dead segment is written again without what is trimmed, and once', async () => {
    const world = new CompactionWorld();
    const ids = [world.createStream(), world.createStream()];
    for (const id of ids) for (let i = 0; i < 10; i++) world.append(id, 1, 100);
    await world.flush();
    const before = world.segments[0]?.bytes ?? 0;
    const compactor = world.compactor();
    world.trim(ids[0] as number, 5);
    expect(await compactor.run()).toBe(false);
    world.trim(ids[1] as number, 9);
    expect(await compactor.run()).toBe(true);
    expect(count(world, 'compact.rewritten')).toBe(1);
    expect(world.segments[0]?.bytes).toBeLessThan(before / 2);
    expect(await world.misread()).toBeNull();
    expect(await compactor.run()).toBe(false);
  });

  test('a stream deleted while its records are merged is read from the inputs no longer, and nothing else is lost', async () => {
    const world = new CompactionWorld({ sharedSegmentsMax: 1 });
    const ids = Array.from({ length: 3 }, () => world.createStream());
    for (let flush = 0; flush < 2; flush++) {
      for (const id of ids) world.append(id, 1, 100);
      await world.flush();
    }
    world.blobs = {
      ...counting(world.objects, () => {}),
      put: (key, parts) => {
        world.deleteStream(ids[1] as number);
        return world.objects.put(key, parts);
      },
    };
    expect(await world.compactor().run()).toBe(true);
    expect(await world.misread()).toBeNull();
  });
});

function counting(blobs: BlobStore, count: () => void): BlobStore {
  return {
    putIfAbsent: (...call) => (count(), blobs.putIfAbsent(...call)),
    put: (...call) => (count(), blobs.put(...call)),
    get: (...call) => (count(), blobs.get(...call)),
    list: (...call) => (count(), blobs.list(...call)),
    delete: (...call) => (count(), blobs.delete(...call)),
  };
}

describe('what goes wrong', () => {
  /** Three segments that are to be merged. */
  async function crowded(): Promise<CompactionWorld> {
    const world = new CompactionWorld({ sharedSegmentsMax: 1, segmentBytesMax: 2048 });
    const ids = Array.from({ length: 12 }, () => world.createStream());
    for (let flush = 0; flush < 3; flush++) {
      for (const id of ids) world.append(id, 1, 50);
      await world.flush();
    }
    return world;
  }

  async function expectUntouched(world: CompactionWorld, before: readonly string[]): Promise<void> {
    expect(world.segments.map(segmentKey)).toEqual(before);
    expect(await world.keys()).toEqual(expect.arrayContaining([...before]));
    expect(await world.misread()).toBeNull();
  }

  test('a crash after any call of the store leaves the inputs listed and whole, and what it left can be collected', async () => {
    let crashed = 0;
    for (let crashAt = 1; ; crashAt++) {
      const world = await crowded();
      const before = world.segments.map(segmentKey);
      let calls = 0;
      world.blobs = counting(world.objects, () => {
        if (++calls === crashAt) world.abort.abort();
      });
      const changed = await world.compactor().run();
      if (calls < crashAt) break;
      crashed++;
      expect(changed).toBe(false);
      expect(world.segments.map(segmentKey)).toEqual(before);
      await world.collect();
      expect(await world.keys()).toEqual(before.toSorted());
    }
    expect(crashed).toBeGreaterThan(5);
  });

  test.each(['void', 'unknown'] as const)(
    'an EDIT that ends %s ends compaction and changes nothing',
    async (settlement) => {
      const world = await crowded();
      const before = world.segments.map(segmentKey);
      world.settle = () => settlement;
      const compactor = world.compactor();
      expect(await compactor.run()).toBe(false);
      await expectUntouched(world, before);
      world.settle = () => 'committed';
      expect(await compactor.run()).toBe(false);
      expect(count(world, 'compact.stale')).toBe(1);
      expect(await world.collect()).toBeGreaterThan(0);
      await expectUntouched(world, before);
    },
  );

  test('a store that refuses an output loses nothing, keeps nothing of it, and is asked again in the next cycle', async () => {
    const world = await crowded();
    const before = world.segments.map(segmentKey);
    const fault = { code: 'no-space', message: 'the disk is full', retryable: false };
    let puts = 0;
    world.blobs = {
      ...counting(world.objects, () => {}),
      put: (key, parts) => (++puts < 2 ? world.objects.put(key, parts) : Promise.resolve({ kind: 'failed', fault })),
    };
    const compactor = world.compactor();
    expect(await compactor.run()).toBe(false);
    expect(count(world, 'compact.refused')).toBe(1);
    expect(await world.keys()).toEqual(before.toSorted());
    await expectUntouched(world, before);
    world.blobs = world.objects;
    expect(await compactor.run()).toBe(true);
    expect(await world.misread()).toBeNull();
  });

  test('an input that is gone is a bug while this process owns the store', async () => {
    const world = await crowded();
    await world.objects.delete([segmentKey(world.segments[1] as { epoch: number; number: number })]);
    await expect(world.compactor().run()).rejects.toThrow('exists while this process owns the store');
  });

  test('an input that is gone ends the compaction of a process that lost the store, without a word', async () => {
    const world = await crowded();
    await world.objects.delete([segmentKey(world.segments[1] as { epoch: number; number: number })]);
    world.isOwner = false;
    const compactor = world.compactor();
    const edits: Entry[] = [];
    world.settle = (entry) => (edits.push(entry), 'committed');
    expect(await compactor.run()).toBe(false);
    expect(await compactor.run()).toBe(false);
    expect(edits).toEqual([]);
    expect(count(world, 'compact.stale')).toBe(1);
  });

  test('a damaged index stops compaction and nothing else', async () => {
    const world = await crowded();
    const damaged = world.segments[0] as { epoch: number; number: number; indexOffset: number };
    world.blobs = {
      ...counting(world.objects, () => {}),
      get: async (key, range) => {
        const got = await world.objects.get(key, range);
        if (got.kind !== 'found' || key !== segmentKey(damaged) || range?.start !== damaged.indexOffset) return got;
        return { ...got, bytes: got.bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) };
      },
    };
    const before = world.segments.map(segmentKey);
    expect(await world.compactor().run()).toBe(false);
    expect(count(world, 'compact.damaged')).toBe(1);
    expect(world.segments.map(segmentKey)).toEqual(before);
  });

  /** Flips a bit of the first frame's payload in gets of frames, as often as `times` says. */
  function flipping(world: CompactionWorld, times: number): BlobStore {
    let left = times;
    const damaged = world.segments[0] as SegmentRef;
    return {
      ...counting(world.objects, () => {}),
      get: async (key, range) => {
        const got = await world.objects.get(key, range);
        const isFrames = key === segmentKey(damaged) && range !== undefined && range.start < damaged.indexOffset;
        if (got.kind !== 'found' || !isFrames || left === 0) return got;
        left--;
        return { ...got, bytes: got.bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) };
      },
    };
  }

  test('a bit flipped on the way into a merge does not get into the output', async () => {
    const world = await crowded();
    world.blobs = flipping(world, 1);
    expect(await world.compactor().run()).toBe(true);
    expect(await world.misread()).toBeNull();
  });

  test('frames damaged in the store are never copied: the inputs stay, and the merge ends', async () => {
    const world = await crowded();
    world.blobs = flipping(world, Infinity);
    const before = world.segments.map(segmentKey);
    expect(await world.compactor().run()).toBe(false);
    expect(count(world, 'compact.damaged')).toBe(1);
    expect(world.segments.map(segmentKey)).toEqual(before);
  });

  test('the bytes of another segment in the place of one are never copied, though every checksum in them is right', async () => {
    const world = await crowded();
    const [one, other] = pairOfEqualLength(world.segments as SegmentRef[]);
    world.blobs = {
      ...counting(world.objects, () => {}),
      get: (key, range) => {
        const isFrames = key === segmentKey(one) && range !== undefined && range.start < one.indexOffset;
        return world.objects.get(isFrames ? segmentKey(other) : key, range);
      },
    };
    const before = world.segments.map(segmentKey);
    expect(await world.compactor().run()).toBe(false);
    expect(count(world, 'compact.damaged')).toBe(1);
    expect(world.segments.map(segmentKey)).toEqual(before);
  });

  /** Two segments whose frames and indexes stand at the same places. */
  function pairOfEqualLength(segments: readonly SegmentRef[]): [SegmentRef, SegmentRef] {
    for (const one of segments) {
      const other = segments.find(
        (ref) => ref !== one && ref.bytes === one.bytes && ref.indexOffset === one.indexOffset,
      );
      if (other !== undefined) return [one, other];
    }
    throw new Error('all segments are of different lengths');
  }

  test('an INSTALL in the middle of a merge stays behind what the merge adds', async () => {
    const world = await crowded();
    const late = world.createStream();
    world.append(late, 1, 10);
    let flushing: Promise<void> | null = null;
    world.blobs = {
      ...counting(world.objects, () => {}),
      put: async (key, parts) => {
        await (flushing ??= world.flush());
        return world.objects.put(key, parts);
      },
    };
    expect(await world.compactor().run()).toBe(true);
    expect(world.segments.at(-1)?.only?.streamId).toBe(late);
    expect(await world.misread()).toBeNull();
  });

  test('two compactions at once are a bug', async () => {
    const world = await crowded();
    const compactor = world.compactor();
    const running = compactor.run();
    await expect(compactor.run()).rejects.toThrow('one compaction runs at a time');
    await running;
  });

  test('every EDIT removes what is listed and adds what is in the store', async () => {
    const world = await crowded();
    const edits: EditEntry[] = [];
    const stored = new Set<string>();
    world.blobs = {
      ...counting(world.objects, () => {}),
      put: (key, parts) => (stored.add(key), world.objects.put(key, parts)),
    };
    world.settle = (entry) => {
      if (entry.type === 'edit') {
        edits.push(entry);
        for (const name of entry.removed) expect(world.committed.state.segments.has(name)).toBe(true);
        for (const ref of entry.added) expect(stored.has(segmentKey(ref))).toBe(true);
      }
      return 'committed';
    };
    await compactAll(world.compactor());
    expect(edits.length).toBeGreaterThan(0);
  });
});

/** Records of any age: what memory and segments answer together is what one plain array would. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { segmentKey } from '../core/object-names.ts';
import { meteredBytesOf } from '../core/record.ts';
import { LogCorruption } from '../log/corruption.ts';
import { StoreRefused } from '../log/persistent-store.ts';
import { DENIED, settled } from '../testing/manual-ports.ts';
import { type NewRecord, SegmentWorld } from '../testing/segment-world.ts';
import { SegmentGone } from './segment-reader.ts';

const ALL = { recordsMax: 1000, meteredBytesMax: 1_000_000 };
const STREAMS = 3;

/** Chunks of one record each, `count` of them, at timestamps 10, 20, 30 … */
function appendTens(world: SegmentWorld, streamId: number, count: number, bodyLength = 40): void {
  const from = world.records.get(streamId)?.length ?? 0;
  for (let i = 1; i <= count; i++) world.append(streamId, [{ timestamp: 10 * (from + i), bodyLength }]);
}

function onlySegment(world: SegmentWorld) {
  const [ref, ...more] = world.committed.state.segments.all();
  if (ref === undefined || more.length > 0) throw new Error('expected one segment');
  return ref;
}

async function readNumbers(world: SegmentWorld, streamId: number, from: number, limits = ALL): Promise<number[]> {
  return (await world.reader.read(streamId, from, limits)).map((record) => record.seqNum);
}

/** Reads to the tail, batch by batch. */
async function readOn(world: SegmentWorld, streamId: number, from: number): Promise<number[]> {
  const all: number[] = [];
  for (let next = from; ; next = (all.at(-1) ?? 0) + 1) {
    const batch = await readNumbers(world, streamId, next);
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}

describe('against a plain array', () => {
  const streamId = fc.integer({ min: 1, max: STREAMS });
  const news = fc.array(fc.record({ step: fc.integer({ min: 0, max: 3 }), bodyLength: fc.nat(90) }), {
    minLength: 1,
    maxLength: 4,
  });
  const operation = fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constant('append' as const), streamId, news }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('flush' as const), own: fc.array(streamId) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('merge' as const) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('trim' as const), streamId, percent: fc.nat(100) }) },
  );
  const question = fc.record({
    streamId,
    percent: fc.nat(99),
    recordsMax: fc.integer({ min: 1, max: 12 }),
    meteredBytesMax: fc.integer({ min: 1, max: 1_500 }),
    timestamp: fc.nat(120),
  });
  const sizes = fc.record({
    cacheBlockBytes: fc.integer({ min: 1, max: 300 }),
    cacheBytesMax: fc.constantFrom(0, 500, 100_000),
    indexCacheBytesMax: fc.constantFrom(0, 200, 100_000),
    readAheadBlocks: fc.nat(3),
    pointDistanceBytes: fc.integer({ min: 1, max: 600 }),
  });

  type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

  function perform(world: SegmentWorld, operations: readonly Operation[]): void {
    for (const o of operations) {
      if (o.op === 'flush') world.flush(o.own);
      else if (o.op === 'merge') world.merge();
      else {
        const all = world.records.get(o.streamId) ?? [];
        if (o.op === 'trim') world.trim(o.streamId, Math.floor((all.length * o.percent) / 100));
        else world.append(o.streamId, stamped(all.at(-1)?.timestamp ?? 0, o.news));
      }
    }
  }

  function stamped(after: number, steps: readonly { step: number; bodyLength: number }[]): NewRecord[] {
    let timestamp = after;
    return steps.map(({ step, bodyLength }) => ({ timestamp: (timestamp += step), bodyLength }));
  }

  test('reads by number answer a beginning of what the array has, and something whenever something fits', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(operation, { maxLength: 40 }), fc.array(question), async (size, ops, asked) => {
        const world = new SegmentWorld(STREAMS, size);
        perform(world, ops);
        for (const { streamId, percent, ...limits } of asked) {
          const from = Math.floor(((world.records.get(streamId)?.length ?? 0) * percent) / 100);
          const expected = world.expectedRead(streamId, from, limits);
          const records = await world.reader.read(streamId, from, limits);
          expect(records).toEqual(expected.slice(0, records.length));
          expect(records.length > 0).toBe(expected.length > 0);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('reading on and on gives every record that is not trimmed, once and in order, and the bytes before each', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(operation, { maxLength: 40 }), async (size, ops) => {
        const world = new SegmentWorld(STREAMS, size);
        perform(world, ops);
        for (const [streamId, all] of world.records) {
          const live = all.slice(world.trimPoint(streamId)).map((record) => record.seqNum);
          expect(await readOn(world, streamId, 0)).toEqual(live);
          for (const seqNum of live) {
            expect(await world.reader.bytesBelow(streamId, seqNum)).toBe(meteredBytesOf(all.slice(0, seqNum)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('reads by timestamp find the first record not trimmed that is not earlier, or the tail', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(operation, { maxLength: 40 }), fc.array(question), async (size, ops, asked) => {
        const world = new SegmentWorld(STREAMS, size);
        perform(world, ops);
        for (const { streamId, timestamp } of asked) {
          const found = await world.reader.seqNumAtTimestamp(streamId, timestamp);
          expect(found).toBe(world.expectedSeqNumAt(streamId, timestamp));
        }
      }),
      { numRuns: 150 },
    );
  });
});

test('of records with equal timestamps the first is found, across points and segments', async () => {
  const world = new SegmentWorld(2, { pointDistanceBytes: 1 });
  world.append(1, [{ timestamp: 1, bodyLength: 9 }]);
  for (let segment = 0; segment < 3; segment++) {
    for (let i = 0; i < 3; i++) world.append(1, [{ timestamp: 5, bodyLength: 9 }]);
    world.append(2, [{ timestamp: 5, bodyLength: 9 }]);
    world.flush();
  }
  expect(await world.reader.seqNumAtTimestamp(1, 5)).toBe(1);
  expect(await world.reader.seqNumAtTimestamp(1, 2)).toBe(1);
  expect(await world.reader.seqNumAtTimestamp(1, 1)).toBe(0);
});

describe('in the same turn', () => {
  test('records in memory are answered without a promise, whatever is in segments', () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 3);
    world.flush();
    appendTens(world, 1, 2);
    expect(world.reader.read(1, 3, ALL)).toMatchObject([{ seqNum: 3 }, { seqNum: 4 }]);
    expect(world.reader.read(1, 5, ALL)).toEqual([]);
    expect(world.reader.read(1, 3, { ...ALL, meteredBytesMax: 1 })).toEqual([]);
    expect(world.gets).toEqual([]);
  });

  test('a timestamp that memory can place is placed without a promise', () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 3);
    world.flush();
    appendTens(world, 1, 2);
    expect(world.reader.seqNumAtTimestamp(1, 41)).toBe(4);
    expect(world.reader.seqNumAtTimestamp(1, 51)).toBe(5);
    world.trim(1, 3);
    expect(world.reader.seqNumAtTimestamp(1, 1)).toBe(3);
    expect(world.gets).toEqual([]);
  });

  test('a stream that is not there has nothing to read', () => {
    const world = new SegmentWorld(1);
    expect(world.reader.read(7, 0, ALL)).toEqual([]);
    expect(world.reader.seqNumAtTimestamp(7, 0)).toBe(0);
  });
});

describe('while a read waits for the store', () => {
  /** A world whose next ranges of segments are held, and what a read of stream 1 from 0 answers in the end. */
  function waitingRead(world: SegmentWorld) {
    world.ports.blobs.holds = ({ operation }) => operation === 'get';
    const answer = Promise.resolve(world.reader.read(1, 0, ALL)).then((records) => records.map((r) => r.seqNum));
    return { answer, letGo: () => letEverythingGo(world) };
  }

  async function letEverythingGo(world: SegmentWorld): Promise<void> {
    world.ports.blobs.holds = () => false;
    for (const call of world.ports.blobs.held()) await call.complete();
    await settled();
  }

  test('its segment is pinned, and whoever wants to delete it hears when it is not any more', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 3);
    world.flush();
    const key = segmentKey(onlySegment(world));
    await world.segments.index(onlySegment(world));
    const unpinned: string[] = [];
    world.segments.onUnpinned((released) => unpinned.push(released));
    const { answer, letGo } = waitingRead(world);
    expect(world.segments.isPinned(key)).toBe(true);
    expect(unpinned).toEqual([]);
    await letGo();
    expect(await answer).toEqual([0, 1, 2]);
    expect(world.segments.isPinned(key)).toBe(false);
    expect(unpinned).toContain(key);
  });

  test('a compaction that replaced the segment costs it nothing', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 3);
    world.flush();
    const { answer, letGo } = waitingRead(world);
    world.merge(true);
    await letGo();
    expect(await answer).toEqual([0, 1, 2]);
  });

  test('a segment that left the list and is deleted is looked for in its successor', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 3);
    world.flush();
    await world.segments.index(onlySegment(world));
    const { answer, letGo } = waitingRead(world);
    world.merge();
    await letGo();
    expect(await answer).toEqual([0, 1, 2]);
    expect(world.ports.telemetry.count('segment.read.moved')).toBe(1);
  });

  test('an index that is deleted with its segment while it is fetched is not missed', async () => {
    const world = new SegmentWorld(2);
    appendTens(world, 1, 3);
    appendTens(world, 2, 1);
    world.flush();
    const { answer, letGo } = waitingRead(world);
    world.merge();
    await letGo();
    expect(await answer).toEqual([0, 1, 2]);
  });

  test('records trimmed meanwhile are passed over, and those behind are read from where they are by then', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 3);
    world.flush();
    appendTens(world, 1, 3);
    const { answer, letGo } = waitingRead(world);
    world.trim(1, 4);
    await letGo();
    expect(await answer).toEqual([4, 5]);
  });

  test('a stream deleted meanwhile has nothing', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 3);
    world.flush();
    const { answer, letGo } = waitingRead(world);
    world.deleteStream(1);
    await letGo();
    expect(await answer).toEqual([]);
  });

  test('what was in memory when a search began and in a segment when it ended is found', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 2);
    world.flush([1]);
    appendTens(world, 1, 2);
    world.ports.blobs.holds = ({ operation }) => operation === 'get';
    const answer = world.reader.seqNumAtTimestamp(1, 21);
    world.flush([1]);
    await letEverythingGo(world);
    expect(await answer).toBe(2);
  });
});

describe('when the store fails', () => {
  test('a listed segment that is gone ends the read with SegmentGone, which names it', async () => {
    const world = new SegmentWorld(2);
    appendTens(world, 1, 3);
    world.flush([1]);
    appendTens(world, 2, 3);
    const ref = onlySegment(world);
    world.collect(ref);
    await expect(world.reader.read(1, 0, ALL)).rejects.toThrow(SegmentGone);
    await expect(world.reader.seqNumAtTimestamp(1, 0)).rejects.toThrow(segmentKey(ref));
    expect(await readNumbers(world, 2, 0)).toEqual([0, 1, 2]);
    expect(world.segments.isPinned(segmentKey(ref))).toBe(false);
  });

  test('a damaged frame fails the reads that need it, naming object and byte, and no others', async () => {
    const world = new SegmentWorld(2, { pointDistanceBytes: 1 });
    appendTens(world, 1, 2);
    appendTens(world, 2, 2);
    world.flush();
    const ref = onlySegment(world);
    const index = await world.segments.index(ref);
    const damagedAt = index.run(1)?.points[1]?.offset ?? 0;
    const object = world.objectOf(ref);
    object[damagedAt + 20] = (object[damagedAt + 20] as number) ^ 1;
    const one = { ...ALL, recordsMax: 1 };
    expect(await readNumbers(world, 1, 0, one)).toEqual([0]);
    const failed = await Promise.resolve(world.reader.read(1, 1, one)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(LogCorruption);
    expect(String(failed)).toContain(`${segmentKey(ref)}, byte ${damagedAt}: the frame`);
    expect(await readNumbers(world, 2, 0)).toEqual([0, 1]);
  });

  test('damage on the way is read again and never seen', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 2);
    world.flush();
    await world.segments.index(onlySegment(world));
    world.ports.blobs.holds = ({ operation }) => operation === 'get';
    const answer = readNumbers(world, 1, 0);
    const [call] = world.ports.blobs.held('get');
    const honest = call?.effect();
    if (call === undefined || honest?.kind !== 'found') throw new Error('expected a fetch of the frames');
    world.ports.blobs.holds = () => false;
    await call.reply({ ...honest, bytes: honest.bytes.fill(0, 0, 90) });
    for (const more of world.ports.blobs.held('get')) await more.complete();
    expect(await answer).toEqual([0, 1]);
    expect(world.ports.telemetry.count('segment.read.damage-reread')).toBe(1);
  });

  test('a refusal reaches the reader, and the next read tries anew', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 2);
    world.flush();
    world.ports.blobs.holds = ({ operation }) => operation === 'get';
    const refused = expect(world.reader.read(1, 0, ALL)).rejects.toThrow(StoreRefused);
    for (const call of world.ports.blobs.held('get')) await call.reply({ kind: 'failed', fault: DENIED });
    await refused;
    world.ports.blobs.holds = () => false;
    expect(await readNumbers(world, 1, 0)).toEqual([0, 1]);
  });

  test('a record that neither memory nor any segment has is a bug, and is called one', async () => {
    const world = new SegmentWorld(1);
    appendTens(world, 1, 2);
    world.flush();
    appendTens(world, 1, 2);
    world.committed.chunks.clear();
    await expect(world.reader.read(1, 2, ALL)).rejects.toThrow('record 2 of stream 1 is in memory or');
  });
});

describe('sequential readers', () => {
  const sizes = { cacheBlockBytes: 256, cacheBytesMax: 1_000_000, readAheadBlocks: 4, pointDistanceBytes: 1 };
  const ONE = { recordsMax: 1, meteredBytesMax: 1 };

  async function cold() {
    const world = new SegmentWorld(1, sizes);
    appendTens(world, 1, 100);
    world.flush();
    await world.segments.index(onlySegment(world));
    return world;
  }

  test('a reader that goes on where it ended finds its blocks in memory', async () => {
    const world = await cold();
    const limits = { ...ONE, meteredBytesMax: 200 };
    for (let next = 0; next < 100;) {
      const batch = await readNumbers(world, 1, next, limits);
      await settled();
      next += batch.length;
    }
    expect(world.ports.telemetry.count('cache.hit')).toBeGreaterThan(10 * world.ports.telemetry.count('cache.miss'));
  });

  test('a reader that jumps has nothing fetched ahead', async () => {
    const world = await cold();
    for (const from of [50, 10, 80, 30]) await readNumbers(world, 1, from, { recordsMax: 1, meteredBytesMax: 200 });
    expect(world.ports.telemetry.count('segment.read.ahead')).toBe(0);
  });

  test('a reader goes over the ends of segments without waiting there', async () => {
    const world = new SegmentWorld(2, { ...sizes, readAheadBlocks: 8 });
    for (let segment = 0; segment < 12; segment++) {
      appendTens(world, 1, 10);
      appendTens(world, 2, 1);
      world.flush(segment % 2 === 0 ? [1] : []);
    }
    const all: number[] = [];
    while (all.length < 120) {
      const missed = world.ports.telemetry.count('cache.miss') + world.ports.telemetry.count('segment.index.loaded');
      const batch = await readNumbers(world, 1, all.length, { ...ONE, meteredBytesMax: 200 });
      const waited =
        world.ports.telemetry.count('cache.miss') + world.ports.telemetry.count('segment.index.loaded') - missed;
      if (all.length > 10) expect(waited, `at ${all.length}`).toBe(0);
      all.push(...batch);
      await settled();
    }
    expect(all).toEqual(Array.from({ length: 120 }, (_, i) => i));
  });

  test('the longer a reader goes on the farther ahead is fetched, up to eight times as far', async () => {
    const world = new SegmentWorld(1, { ...sizes, cacheBlockBytes: 100, readAheadBlocks: 1 });
    appendTens(world, 1, 200);
    world.flush();
    await world.segments.index(onlySegment(world));
    const aheads: number[] = [];
    for (let next = 0; next < 60;) {
      const batch = await readNumbers(world, 1, next, { ...ONE, meteredBytesMax: 100 });
      await settled();
      next += batch.length;
      const fetchedTo = Math.max(...world.gets.slice(1).map((get) => Number(get.split('-').at(-1))));
      aheads.push(fetchedTo - (onlyRun(world).points[next]?.offset ?? 0));
    }
    expect(aheads[0]).toBeLessThan(200);
    expect(Math.max(...aheads)).toBeGreaterThan(700);
    expect(Math.max(...aheads)).toBeLessThan(1_100);
  });

  function onlyRun(world: SegmentWorld) {
    const run = world.segments.cachedIndex(onlySegment(world))?.run(1);
    if (run === null || run === undefined) throw new Error('the index is loaded and has the stream');
    return run;
  }
});

describe('a read that is announced', () => {
  const sizes = { cacheBlockBytes: 256, cacheBytesMax: 1_000_000, pointDistanceBytes: 1 };

  test('finds what it needs on its way, and nothing is fetched twice', async () => {
    const world = new SegmentWorld(1, sizes);
    appendTens(world, 1, 50);
    world.flush();
    world.reader.readSoon(1, 20, { ...ALL, recordsMax: 1 });
    await settled();
    const fetched = world.gets.length;
    expect(fetched).toBe(2);
    expect(await readNumbers(world, 1, 20, { ...ALL, recordsMax: 1 })).toEqual([20]);
    expect(world.gets.length).toBe(fetched);
    expect(world.ports.telemetry.count('segment.read.early')).toBe(1);
  });

  test('fetches nothing when memory has it or nothing is there', async () => {
    const world = new SegmentWorld(1, sizes);
    appendTens(world, 1, 3);
    world.flush();
    appendTens(world, 1, 3);
    world.trim(1, 3);
    for (const [id, from] of [
      [1, 3],
      [1, 5],
      [1, 6],
      [1, 0],
      [7, 0],
    ] as const)
      world.reader.readSoon(id, from, ALL);
    await settled();
    expect(world.gets).toEqual([]);
  });

  test('does no harm when the segment is damaged or gone', async () => {
    const world = new SegmentWorld(1, sizes);
    appendTens(world, 1, 3);
    world.flush();
    world.collect(onlySegment(world));
    world.reader.readSoon(1, 0, ALL);
    await settled();
    await expect(world.reader.read(1, 0, ALL)).rejects.toThrow(SegmentGone);
  });
});

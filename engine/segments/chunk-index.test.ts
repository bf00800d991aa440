/** Finding the frames of chunks in memory by number, timestamp and slot, and letting go of them. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { chunkOfRecords, frameOf } from '../testing/segment-world.ts';
import { ChunkIndex } from './chunk-index.ts';
import { chunkOf } from './segment-frames.ts';

/** A chunk in a slot: whose, and how far each record's timestamp is from the one before. */
interface Placed {
  slot: number;
  streamId: number;
  steps: readonly number[];
}

function indexOf(placed: readonly Placed[]): ChunkIndex {
  const index = new ChunkIndex();
  const ends = new Map<number, { seqNum: number; timestamp: number }>();
  for (const { slot, streamId, steps } of placed) {
    const end = ends.get(streamId) ?? { seqNum: 0, timestamp: 0 };
    const news = steps.map((step) => ({ timestamp: (end.timestamp += step), bodyLength: 3 }));
    const { chunk } = chunkOfRecords(streamId, end.seqNum, news, slot);
    end.seqNum += chunk.count;
    ends.set(streamId, end);
    const { bytes, start, end: frameEnd } = frameOf(chunk);
    index.add(chunk, { slot, bytes, start, end: frameEnd });
  }
  return index;
}

/** Chunks of these lengths of stream 1, a slot each from 0 on, a timestamp each record from 1 on. */
function oneStream(...counts: readonly number[]): ChunkIndex {
  return indexOf(counts.map((count, slot) => ({ slot, streamId: 1, steps: Array<number>(count).fill(1) })));
}

test('every number is in the frame that is found for it, and its frame is the chunk', () => {
  const index = oneStream(3, 1, 4, 2);
  for (let seqNum = 0; seqNum < 10; seqNum++) {
    const frame = index.frameAt(1, seqNum);
    if (frame === null) throw new Error(`${seqNum} is in memory`);
    expect(frame.firstSeqNum).toBeLessThanOrEqual(seqNum);
    expect(frame.nextSeqNum).toBeGreaterThan(seqNum);
    expect(chunkOf(frame)).toMatchObject({ streamId: 1, firstSeqNum: frame.firstSeqNum, arrivalMs: frame.arrivalMs });
  }
});

test('behind the last number, before the first and in unknown streams there is no frame', () => {
  const index = oneStream(2, 2);
  index.release(0);
  expect(index.frameAt(1, 4)).toBeNull();
  expect(index.frameAt(1, 1)).toBeNull();
  expect(index.frameAt(2, 0)).toBeNull();
  expect(index.firstSeqNum(1)).toBe(2);
  expect(index.firstSeqNum(2)).toBeNull();
});

test('a timestamp finds the first frame that reaches it', () => {
  const index = indexOf([
    { slot: 0, streamId: 1, steps: [10, 0] },
    { slot: 0, streamId: 1, steps: [0, 5] },
    { slot: 1, streamId: 1, steps: [5] },
  ]);
  const first = (timestamp: number) => index.frameAtTimestamp(1, timestamp)?.firstSeqNum;
  expect([0, 10, 11, 15, 16, 20, 21].map(first)).toEqual([0, 0, 2, 2, 4, 4, undefined]);
  expect(index.frameAtTimestamp(2, 0)).toBeNull();
});

test('what is frozen at a slot is exactly what its release lets go, streams ascending', () => {
  const placed = fc
    .array(
      fc.record({
        gap: fc.nat(2),
        streamId: fc.integer({ min: 1, max: 4 }),
        steps: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
      }),
      { maxLength: 30 },
    )
    .map((chunks) => {
      let slot = 0;
      return chunks.map(({ gap, ...chunk }) => ({ ...chunk, slot: (slot += gap) }));
    });
  fc.assert(
    fc.property(placed, fc.nat(40), (chunks, slot) => {
      const index = indexOf(chunks);
      const all = index.upTo(Infinity);
      const frozen = index.upTo(slot);
      expect(frozen.flatMap(({ frames }) => [...frames])).toHaveLength(chunks.filter((c) => c.slot <= slot).length);
      expect(frozen.map(({ streamId }) => streamId)).toEqual(frozen.map((s) => s.streamId).toSorted((a, b) => a - b));
      index.release(slot);
      const left = index.upTo(Infinity);
      for (const { streamId, frames } of all) {
        const parts = [frozen, left].flatMap((part) => [...(part.find((s) => s.streamId === streamId)?.frames ?? [])]);
        expect(parts).toEqual([...frames]);
      }
      expect(index.chunks).toBe(chunks.filter((c) => c.slot > slot).length);
    }),
  );
});

test('memory is counted until everything is released, dropped or cleared', () => {
  const empty = new ChunkIndex().bytes;
  const index = indexOf([
    { slot: 0, streamId: 1, steps: [1] },
    { slot: 1, streamId: 2, steps: [1, 1] },
  ]);
  const both = index.bytes;
  expect(both).toBeGreaterThan(empty);
  index.release(0);
  expect(index.bytes).toBeLessThan(both);
  index.drop(2);
  index.drop(2);
  expect(index.bytes).toBe(empty);
  const again = oneStream(1, 1);
  again.clear();
  expect([again.bytes, again.chunks, again.frameAt(1, 0)]).toEqual([empty, 0, null]);
});

test('a gap between chunks is a bug', () => {
  const index = oneStream(2);
  const { chunk } = chunkOfRecords(1, 3, [{ timestamp: 5, bodyLength: 1 }]);
  const { bytes, start, end } = frameOf(chunk);
  expect(() => index.add(chunk, { slot: 9, bytes, start, end })).toThrow('gaps');
});

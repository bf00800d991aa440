/** Which frames go into which segment, and the lanes that upload them. */

import { expect, test } from 'vitest';

import type { StreamFrames } from './chunk-index.ts';
import { finished } from '../testing/finished.ts';
import { planFlush } from './flush-plan.ts';
import { inParallel } from './parallel.ts';
import { StreamChunks } from './stream-chunks.ts';

const SIZES = { ownSegmentBytes: 300, segmentBytesMax: 250 };

/** Frames of one record each. */
function stream(streamId: number, ...lengths: readonly number[]): StreamFrames {
  const bytes = new Uint8Array(0);
  const stamps = { firstTimestamp: 0, lastTimestamp: 0, arrivalMs: 0 };
  const effects = { appendedBytes: 0, fencingToken: null, trimPoint: null };
  const chunks = new StreamChunks();
  for (const [i, end] of lengths.entries()) {
    const facts = { type: 'chunk', streamId, firstSeqNum: i, count: 1, ...stamps, ...effects } as const;
    chunks.push(facts, { slot: 0, bytes, start: 0, end });
  }
  return { streamId, frames: chunks.first(lengths.length) };
}

function plan(frozen: readonly StreamFrames[], trimPoints: Record<number, number> = {}) {
  const tables = { stream: (id: number) => (id in trimPoints ? { trimPoint: trimPoints[id] } : undefined) as never };
  const { segments, deadBytes } = finished(planFlush(frozen, tables, SIZES));
  const shapes = segments.map((streams) =>
    streams.map(
      ({ streamId, frames }) => `${streamId}:${Array.from(frames, ({ firstSeqNum }) => firstSeqNum).join(',')}`,
    ),
  );
  return { shapes, deadBytes };
}

test('a stream with a lot gets segments of its own, cut between frames; the rest share, cut between streams', () => {
  const frozen = [stream(1, 100, 100), stream(2, 100, 100, 100, 100), stream(3, 40), stream(4, 60), stream(5, 10)];
  expect(plan(frozen, { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 })).toEqual({
    shapes: [['2:0,1'], ['2:2,3'], ['1:0,1', '3:0'], ['4:0', '5:0']],
    deadBytes: 0,
  });
});

test('a frame larger than a segment is not cut', () => {
  expect(plan([stream(1, 400, 10, 400)], { 1: 0 }).shapes).toEqual([['1:0'], ['1:1,2']]);
});

test('parts of one stream are as small as own segments may be, and none is so small that it would be merged again', () => {
  expect(plan([stream(1, 90, 90, 90, 90, 90)], { 1: 0 }).shapes).toEqual([['1:0,1'], ['1:2,3,4']]);
});

test('parts of one stream are about as long as each other', () => {
  const sizes = { ownSegmentBytes: 1_000, segmentBytesMax: 100_000 };
  const frozen = [stream(1, ...Array.from({ length: 59 }, () => 100))];
  const { segments } = finished(planFlush(frozen, { stream: () => ({ trimPoint: 0 }) as never }, sizes));
  expect(segments.map(([part]) => part?.frames.length)).toEqual([12, 12, 12, 12, 11]);
});

test('a stream with very much is cut into a bounded number of parts', () => {
  const sizes = { ownSegmentBytes: 300, segmentBytesMax: 100_000 };
  const frozen = [stream(1, ...Array.from({ length: 1000 }, () => 100))];
  const { segments } = finished(planFlush(frozen, { stream: () => ({ trimPoint: 0 }) as never }, sizes));
  expect(segments.length).toBeGreaterThan(10);
  expect(segments.length).toBeLessThanOrEqual(16);
});

test('deleted streams and frames wholly below the trim point are left out', () => {
  expect(plan([stream(1, 50, 60, 70), stream(2, 80)], { 1: 1 })).toEqual({ shapes: [['1:1,2']], deadBytes: 130 });
  expect(plan([stream(1, 50)], { 1: 1 })).toEqual({ shapes: [], deadBytes: 50 });
});

test('lanes keep the order of results and never run more than they may at once', async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([5, 4, 3, 2, 1], 2, async (item) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < item; i++) await Promise.resolve();
    running--;
    return item * 10;
  });
  expect(results).toEqual([50, 40, 30, 20, 10]);
  expect(most).toBe(2);
});

test('after a failure nothing more is started, and what was started has ended', async () => {
  const started: number[] = [];
  const ended: number[] = [];
  const running = inParallel([0, 1, 2, 3], 2, async (item) => {
    started.push(item);
    for (let i = 0; i < 10 * item; i++) await Promise.resolve();
    ended.push(item);
    if (item === 0) throw new Error('no');
  });
  await expect(running).rejects.toThrow('no');
  expect(started).toEqual([0, 1]);
  expect(ended).toEqual([0, 1]);
});

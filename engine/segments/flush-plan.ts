/**
 * Which frames go into which segment. Pure: the same chunks give the same segments.
 *
 * A stream with a lot of them gets segments of its own, cut between frames and never merged again; all others share,
 * and a shared segment is cut between streams. Own segments are as small as they may be, because they are uploaded side
 * by side and the flush lasts as long as its slowest upload. What nobody can read any more, of deleted streams or below
 * the trim point, is left out.
 */

import type { Tables } from '../state/fold.ts';
import type { StreamFrames } from './chunk-index.ts';
import type { FrameRun } from './stream-chunks.ts';
import { ownBytesMin } from './compaction-plan.ts';
import type { SegmentTunables } from './tunables.ts';

export interface FlushPlan {
  /** One segment each: streams ascending, and the frames of each without gaps. */
  segments: StreamFrames[][];
  /** Bytes of frames that are left out. */
  deadBytes: number;
}

/** Parts of a stream, while they are not too long for a segment: enough for a store's connections, few for a list. */
const OWN_PARTS_MAX = 16;

/** Frames that are looked at in one turn: about 5 ms. */
export const FRAMES_PER_TURN = 4_096;

/**
 * `frozen` as `ChunkIndex.framesUpTo` gives it. Yields when it is time to give the turn away; what is trimmed or deleted
 * meanwhile is left out, too, because the log says so before it says that the segments are there.
 */
export function* planFlush(
  frozen: Iterable<StreamFrames | null>,
  tables: Pick<Tables, 'stream'>,
  { ownSegmentBytes, segmentBytesMax }: Pick<SegmentTunables, 'ownSegmentBytes' | 'segmentBytesMax'>,
): Generator<void, FlushPlan> {
  const own: StreamFrames[][] = [];
  const shared: StreamFrames[][] = [];
  let room = 0;
  let deadBytes = 0;
  let framesInTurn = 0;
  for (const stream of frozen) {
    framesInTurn += stream?.frames.length ?? 0;
    if (stream === null || framesInTurn >= FRAMES_PER_TURN) {
      framesInTurn = 0;
      yield;
    }
    if (stream === null) continue;
    const { streamId, frames } = stream;
    // Below the trim point nothing is needed any more; of a deleted stream nothing at all.
    const live = frames.reaching(tables.stream(streamId)?.trimPoint ?? Infinity);
    const { bytes } = live;
    if (live.length < frames.length) deadBytes += frames.bytes - bytes;
    if (live.length === 0) continue;
    if (bytes >= ownSegmentBytes) {
      const evenly = Math.min(bytes / OWN_PARTS_MAX, segmentBytesMax / 2);
      const bytesMin = Math.max(ownBytesMin({ ownSegmentBytes, segmentBytesMax }), evenly);
      for (const part of cut(live, bytes, bytesMin)) own.push([{ streamId, frames: part }]);
      continue;
    }
    if (bytes > room) {
      shared.push([]);
      room = segmentBytesMax;
    }
    shared.at(-1)?.push(live === frames ? stream : { streamId, frames: live });
    room -= bytes;
  }
  return { segments: [...own, ...shared], deadBytes };
}

/**
 * Parts of at least `bytesMin`, the last one included, and about as long as each other: as many as there can be. `bytes` are
 * those of all frames.
 */
function cut(frames: FrameRun, bytes: number, bytesMin: number): FrameRun[] {
  const even = bytes / Math.max(1, Math.floor(bytes / bytesMin));
  const parts: FrameRun[] = [];
  let begin = 0;
  let done = 0;
  let filled = 0;
  for (let i = 0; i < frames.length; i++) {
    if (filled >= bytesMin && bytes - done >= bytesMin && done >= even * (parts.length + 1)) {
      parts.push(frames.slice(begin, i));
      begin = i;
      filled = 0;
    }
    const length = frames.bytesAt(i);
    filled += length;
    done += length;
  }
  parts.push(frames.slice(begin, frames.length));
  return parts;
}

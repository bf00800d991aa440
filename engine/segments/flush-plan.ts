/**
 * Which frames go into which segment. Pure: the same chunks give the same segments.
 *
 * A stream with a lot of them gets segments of its own, cut between frames and never merged again; all others share,
 * and a shared segment is cut between streams. What nobody can read any more, of deleted streams or below the trim
 * point, is left out.
 */

import type { Tables } from '../state/fold.ts';
import type { Frame, StreamFrames } from './chunk-index.ts';
import type { SegmentTunables } from './tunables.ts';

export interface FlushPlan {
  /** One segment each: streams ascending, and the frames of each without gaps. */
  segments: StreamFrames[][];
  /** Bytes of frames that are left out. */
  deadBytes: number;
}

/** `frozen` as `ChunkIndex.upTo` gives it, `tables` as they are in the same turn. */
export function planFlush(
  frozen: readonly StreamFrames[],
  tables: Pick<Tables, 'stream'>,
  { ownSegmentBytes, segmentBytesMax }: Pick<SegmentTunables, 'ownSegmentBytes' | 'segmentBytesMax'>,
): FlushPlan {
  const own: StreamFrames[][] = [];
  const shared: StreamFrames[][] = [];
  let room = 0;
  let deadBytes = 0;
  for (const { streamId, frames } of frozen) {
    const live = liveFrames(frames, tables.stream(streamId)?.trimPoint ?? Infinity);
    const bytes = bytesOf(live);
    deadBytes += bytesOf(frames) - bytes;
    if (live.length === 0) continue;
    if (bytes >= ownSegmentBytes) {
      for (const part of cut(live, segmentBytesMax)) own.push([{ streamId, frames: part }]);
      continue;
    }
    if (bytes > room) {
      shared.push([]);
      room = segmentBytesMax;
    }
    shared.at(-1)?.push({ streamId, frames: live });
    room -= bytes;
  }
  return { segments: [...own, ...shared], deadBytes };
}

/** Frames with a record that is not trimmed. */
function liveFrames(frames: Frame[], trimPoint: number): Frame[] {
  const first = frames.findIndex(({ nextSeqNum }) => nextSeqNum > trimPoint);
  return first < 0 ? [] : frames.slice(first);
}

/** Parts of at most `bytesMax`, unless a single frame is larger. */
function cut(frames: readonly Frame[], bytesMax: number): Frame[][] {
  const parts: Frame[][] = [];
  let room = 0;
  for (const frame of frames) {
    const length = frame.end - frame.start;
    if (length > room) {
      parts.push([]);
      room = bytesMax;
    }
    parts.at(-1)?.push(frame);
    room -= length;
  }
  return parts;
}

function bytesOf(frames: readonly Frame[]): number {
  return frames.reduce((sum, { start, end }) => sum + end - start, 0);
}

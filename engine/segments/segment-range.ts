/** Which bytes of a run a read has to fetch: decided by the points of the index, before any frame is seen. */

import { assert } from '../core/assert.ts';
import type { ReadLimits } from './record-batch.ts';
import type { SegmentPoint, SegmentRun } from './segment-index.ts';

/** Frames around what was asked for may come with it. */
const RANGE_SLACK_BYTES = 64 * 1024;

/**
 * The bytes to fetch for a read from `seqNum` of the run: whole frames, from the point at or before it, and about as many
 * as the limits allow. The frame that holds `seqNum` is always among them.
 */
export function rangeFor(
  run: SegmentRun,
  seqNum: number,
  limits: ReadLimits,
): { start: SegmentPoint; endOffset: number } {
  const { points } = run;
  const at = points.findLastIndex((point) => point.seqNum <= seqNum);
  const start = points[at];
  assert(start !== undefined, 'a run begins with a point');
  const recordBytes = run.length / (run.nextSeqNum - run.firstSeqNum);
  const skippedBytes = (seqNum - start.seqNum) * recordBytes;
  const wantedBytes = Math.min(limits.recordsMax * recordBytes, limits.meteredBytesMax + RANGE_SLACK_BYTES);
  const until = start.offset + skippedBytes + wantedBytes;
  const end = points.find((point, i) => i > at && point.offset >= until);
  return { start, endOffset: end?.offset ?? run.offset + run.length };
}

/**
 * What the log and the checkpoints know of a segment: enough to find it, to load its index with one range read, to
 * tell a damaged one, and, where a single stream fills it, to skip its index altogether.
 */

import type { OwnedName } from '../core/object-names.ts';
import type { PayloadReader, PayloadWriter } from './payload.ts';

export interface SegmentRef extends OwnedName {
  /** Length of the object, bytes. */
  bytes: number;
  /** Where the index stands in it, and its CRC-32. */
  indexOffset: number;
  indexBytes: number;
  indexCrc: number;
  /** Streams that have records in it. */
  streamCount: number;
  /** Set when `streamCount` is 1: the one stream and its numbers, `nextSeqNum` exclusive. */
  only: { streamId: number; firstSeqNum: number; nextSeqNum: number } | null;
  /** Oldest and newest arrival of a chunk in it, wall milliseconds. */
  firstArrivalMs: number;
  lastArrivalMs: number;
}

export function writeSegmentRefs(out: PayloadWriter, refs: readonly SegmentRef[]): void {
  out.number(refs.length);
  for (const ref of refs) {
    out.number(ref.epoch).number(ref.number).number(ref.bytes);
    out.number(ref.indexOffset).number(ref.indexBytes).number(ref.indexCrc).number(ref.streamCount);
    out.number(ref.firstArrivalMs).number(ref.lastArrivalMs);
    if (ref.only === null) out.number(0);
    else out.number(1).number(ref.only.streamId).number(ref.only.firstSeqNum).number(ref.only.nextSeqNum);
  }
}

export function readSegmentRefs(from: PayloadReader): SegmentRef[] {
  return Array.from({ length: from.number() }, () => ({
    epoch: from.number(),
    number: from.number(),
    bytes: from.number(),
    indexOffset: from.number(),
    indexBytes: from.number(),
    indexCrc: from.number(),
    streamCount: from.number(),
    firstArrivalMs: from.number(),
    lastArrivalMs: from.number(),
    only:
      from.number() === 0 ? null : { streamId: from.number(), firstSeqNum: from.number(), nextSeqNum: from.number() },
  }));
}

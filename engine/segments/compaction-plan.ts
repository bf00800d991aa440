/**
 * What to compact, decided from sizes and positions alone.
 *
 * The segment list is in order of age: INSTALL appends, an EDIT puts what it adds where the first of what it removed
 * stood. A *group* is a stretch of neighbours whose stream ids do not overlap, so a stream has records in at most one
 * segment of each group, and the number of groups is what a lookup costs. Too many groups and the newest few are merged
 * into one; how few, the binomial schedule below decides.
 */

import type { SegmentList } from '../state/segment-list.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { SEGMENT_HEADER_BYTES } from './segment-layout.ts';
import type { SegmentTunables } from './tunables.ts';

/** A segment and the lowest and highest stream id in it. */
export interface Extent {
  ref: SegmentRef;
  firstStreamId: number;
  lastStreamId: number;
}

/** Bytes of frames in the object. */
export function frameBytes(ref: SegmentRef): number {
  return ref.indexOffset - SEGMENT_HEADER_BYTES;
}

/** A stream with this much gets segments of its own; half a segment at most, or none would ever be full. */
export function ownBytesMin(tunables: Pick<SegmentTunables, 'ownSegmentBytes' | 'segmentBytesMax'>): number {
  return Math.min(tunables.ownSegmentBytes, Math.ceil(tunables.segmentBytesMax / 2));
}

/**
 * The segments a merge may take, oldest first. Left out for good is what holds one stream and is either large or
 * *settled*: its records are followed directly by a segment that is left out, so nothing could ever be put behind them.
 */
export function mergeable(segments: SegmentList, ownBytes: number): SegmentRef[] {
  const settled = new Map<number, ReadonlySet<SegmentRef>>();
  const leftOut = (ref: SegmentRef): boolean => {
    if (ref.only === null) return false;
    if (frameBytes(ref) >= ownBytes) return true;
    const { streamId } = ref.only;
    let known = settled.get(streamId);
    if (known === undefined) settled.set(streamId, (known = settledOf(segments.ownOf(streamId), ownBytes)));
    return known.has(ref);
  };
  return [...segments.all()].filter((ref) => !leftOut(ref));
}

function settledOf(own: readonly SegmentRef[], ownBytes: number): ReadonlySet<SegmentRef> {
  const settled = new Set<SegmentRef>();
  let leftOutFrom: number | null = null;
  for (const ref of own.toReversed()) {
    const follows: boolean = ref.only?.nextSeqNum === leftOutFrom;
    if (follows) settled.add(ref);
    leftOutFrom = follows || frameBytes(ref) >= ownBytes ? (ref.only?.firstSeqNum ?? null) : null;
  }
  return settled;
}

/** Cuts the list, oldest first, into as few groups as there can be. */
export function groupsByAge<T extends Extent>(extents: readonly T[]): T[][] {
  const groups: T[][] = [];
  let open: T[] = [];
  for (const extent of extents) {
    if (open.some((other) => overlap(other, extent))) {
      groups.push(open);
      open = [];
    }
    open.push(extent);
  }
  return open.length === 0 ? groups : [...groups, open];
}

function overlap(a: Extent, b: Extent): boolean {
  return a.firstStreamId <= b.lastStreamId && b.firstStreamId <= a.lastStreamId;
}

/** Sizes that differ by more than this factor from the whole are rounded up: it bounds the arithmetic only. */
const SMALLEST_SHARE = 2 ** 22;

/**
 * Which groups to merge: all from the answer on (an index into `bytes`, oldest first). Null when there are not too many.
 *
 * The binomial schedule: after t equal arrivals its groups have the sizes of the digits of t in the combinatorial number
 * system, C(c_k, k) + ... + C(c_1, 1) with c_k > ... > c_1, which is the least rewriting any schedule with at most k
 * groups can do (Mathieu, Staelin, Young, Yousefi: Bigtable merge compaction, 2014). A merge that would make a digit as
 * large as the next one carries into it. Sizes that are not equal are measured in units of the newest group's. A byte is
 * rewritten about k (k! t)^(1/k) / (k + 1) times: 8 times for k = 8 and 20,000 flushes.
 */
export function mergeFrom(bytes: readonly number[], groupsMax: number): number | null {
  if (bytes.length <= groupsMax) return null;
  const total = bytes.reduce((sum, size) => sum + size, 0);
  const unit = Math.max(bytes.at(-1) ?? 0, total / SMALLEST_SHARE, 1);
  let merged = bytes.slice(groupsMax).reduce((sum, size) => sum + size, 0);
  for (let from = groupsMax - 1; from > 0; from--) {
    merged += bytes[from] as number;
    const degree = groupsMax - from;
    if (digit(merged / unit, degree) < digit((bytes[from - 1] as number) / unit, degree + 1)) return from;
  }
  return 0;
}

/** The greatest c with C(c, degree) <= size. */
function digit(size: number, degree: number): number {
  if (degree === 1) return Math.floor(size);
  let c = degree - 1;
  // C(c + 1, degree) from C(c, degree), which is 0 here.
  for (let next = 1; next <= size; next = (next * (c + 1)) / (c + 1 - degree)) c++;
  return c;
}

/**
 * Every number that shapes flushing, compaction, collection and reading but no format, with its stated range.
 * Production takes the defaults; the simulator draws them anew for every run.
 */

import { assert } from '../core/assert.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface SegmentTunables {
  /** A checkpoint begins when this many bytes of chunks are in no segment. 1 KiB..1 GiB. */
  flushBytes: number;
  /** …or this many slots committed since the last one. 1..100,000. */
  flushSlots: number;
  /** …or this long after the first entry that is in none. 10..86,400,000 ms. */
  flushIntervalMs: number;
  /** Appends wait while this many bytes of chunks are in no segment. At least twice `flushBytes`, up to 8 GiB. */
  unflushedBytesMax: number;
  /** A stream with at least this much in one flush gets segments of its own. 1 KiB..1 GiB. */
  ownSegmentBytes: number;
  /** Segments are cut at about this size. 1 KiB..1 GiB. */
  segmentBytesMax: number;
  /** Compaction merges segments of several streams when there are more than this. 1..64. */
  sharedSegmentsMax: number;
  /** …and rewrites one of which more than this percentage is dead. 1..100. */
  deadPercentMax: number;
  /** Rows of the checkpoint root that are newer than their page; more of them and pages are rewritten. 0..1,000,000. */
  overlayRowsMax: number;
  /** Streams a metadata page holds, by id. Part of what a store is written with, read from each checkpoint. 1..65,536. */
  pageRows: number;
  /** Bytes of segments kept for readers. 0..64 GiB. */
  cacheBytesMax: number;
  /** Unit in which segments are fetched and cached. 1 KiB..8 MiB. */
  cacheBlockBytes: number;
  /** Bytes of segment indexes kept. 0..64 GiB. */
  indexCacheBytesMax: number;
  /** Blocks fetched ahead of a reader that goes on where it ended. 0..64. */
  readAheadBlocks: number;
  /** Expired records are looked for this often. 10..86,400,000 ms. */
  retentionIntervalMs: number;
  /** Objects of dead owners are looked for after every so many publications; the first of an owner always. 1..10,000. */
  orphanSweepEvery: number;
  /** Every so many publications one is a milestone, which is never deleted; the others go when one is above them. 1..900. */
  milestoneEvery: number;
}

export const SEGMENT_DEFAULTS: SegmentTunables = {
  flushBytes: 64 * MIB,
  flushSlots: 1_000,
  flushIntervalMs: 300_000,
  unflushedBytesMax: 256 * MIB,
  ownSegmentBytes: 16 * MIB,
  segmentBytesMax: 64 * MIB,
  sharedSegmentsMax: 8,
  deadPercentMax: 50,
  overlayRowsMax: 65_536,
  pageRows: 4_096,
  cacheBytesMax: 128 * MIB,
  cacheBlockBytes: 256 * KIB,
  indexCacheBytesMax: 64 * MIB,
  readAheadBlocks: 4,
  retentionIntervalMs: 60_000,
  orphanSweepEvery: 16,
  milestoneEvery: 256,
};

/** Refuses combinations that could never work, instead of hanging later. */
export function checkSegmentTunables(tunables: SegmentTunables): void {
  const within = (name: keyof SegmentTunables, low: number, high: number) =>
    assert(tunables[name] >= low && tunables[name] <= high, `${name} must be within ${low}..${high}`);
  const dayMs = 86_400_000;
  within('flushBytes', KIB, 1024 * MIB);
  within('flushSlots', 1, 100_000);
  within('flushIntervalMs', 10, dayMs);
  within('unflushedBytesMax', 2 * tunables.flushBytes, 8 * 1024 * MIB);
  within('ownSegmentBytes', KIB, 1024 * MIB);
  within('segmentBytesMax', KIB, 1024 * MIB);
  within('sharedSegmentsMax', 1, 64);
  within('deadPercentMax', 1, 100);
  within('overlayRowsMax', 0, 1_000_000);
  within('pageRows', 1, 65_536);
  within('cacheBytesMax', 0, 64 * 1024 * MIB);
  within('cacheBlockBytes', KIB, 8 * MIB);
  within('indexCacheBytesMax', 0, 64 * 1024 * MIB);
  within('readAheadBlocks', 0, 64);
  within('retentionIntervalMs', 10, dayMs);
  within('orphanSweepEvery', 1, 10_000);
  within('milestoneEvery', 1, 900);
}

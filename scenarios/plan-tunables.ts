/**
 * The engine's tunables of a run, drawn within their stated ranges and consistent with each other. They are drawn small:
 * checkpoints, compactions and collections come every few slots, so that a short run has many of them.
 */

import { ENGINE_DEFAULTS, type EngineTunables } from '../engine/index.ts';
import { type Draw, SITES } from './plan-draw.ts';

const KIB = 1024;

export function drawTunables(draw: Draw): EngineTunables {
  const retryMsMin = draw.pick(SITES.tunable, 'retry', [50, 10, 200]);
  return {
    log: {
      ...ENGINE_DEFAULTS.log,
      lingerMs: draw.pick(SITES.tunable, 'linger', [5, 0, 20, 50]),
      issueIntervalMs: draw.pick(SITES.tunable, 'interval', [5, 0, 50]),
      slotBytesMax: draw.pick(SITES.tunable, 'slot', [1 << 20, 1 << 10, 1 << 12]),
      windowSlots: draw.pick(SITES.tunable, 'window', [16, 1, 2, 4, 64]),
      retryMsMin,
      retryMsMax: retryMsMin * draw.pick(SITES.tunable, 'retry-max', [20, 5, 100]),
      idleProofMs: draw.pick(SITES.tunable, 'idle-proof', [5_000, 500, 60_000]),
      replayAheadSlots: draw.pick(SITES.tunable, 'ahead', [16, 1, 4]),
    },
    segments: drawSegmentTunables(draw),
    patienceMs: draw.pick(SITES.tunable, 'patience', [30_000, 4_000, 1_000]),
    undurableBytesMax: draw.pick(SITES.tunable, 'undurable', [1 << 20, 1 << 10, 1 << 24]),
    // A deleted name is free at once: clients create streams again without waiting.
    tombstoneMs: draw.pick(SITES.tunable, 'tombstone', [0, 200, 2_000]),
    emptySweepMs: draw.pick(SITES.tunable, 'empty-sweep', [1_000, 100, 10_000]),
    usageFlushMs: draw.pick(SITES.tunable, 'usage-flush', [1_000, 200, 10_000, 60_000]),
  };
}

function drawSegmentTunables(draw: Draw): EngineTunables['segments'] {
  const flushBytes = draw.pick(SITES.tunable, 'flush-bytes', [64 * KIB, KIB, 4 * KIB]);
  return {
    ...ENGINE_DEFAULTS.segments,
    flushBytes,
    flushSlots: draw.pick(SITES.tunable, 'flush-slots', [50, 10, 3, 1]),
    flushIntervalMs: draw.pick(SITES.tunable, 'flush-interval', [1_000, 300, 50, 5_000]),
    unflushedBytesMax: flushBytes * draw.pick(SITES.tunable, 'unflushed', [64, 2, 4]),
    ownSegmentBytes: draw.pick(SITES.tunable, 'own-segment', [1 << 24, KIB, 2 * KIB]),
    segmentBytesMax: draw.pick(SITES.tunable, 'segment', [1 << 20, KIB, 4 * KIB]),
    sharedSegmentsMax: draw.pick(SITES.tunable, 'shared-segments', [2, 1, 4]),
    deadPercentMax: draw.pick(SITES.tunable, 'dead-percent', [50, 1, 20, 100]),
    overlayRowsMax: draw.pick(SITES.tunable, 'overlay-rows', [1, 0, 4, 1_000]),
    pageRows: draw.pick(SITES.tunable, 'page-rows', [2, 1, 4]),
    cacheBytesMax: draw.pick(SITES.tunable, 'cache', [1 << 20, 0, 2 * KIB]),
    cacheBlockBytes: draw.pick(SITES.tunable, 'block', [KIB, 4 * KIB, 256 * KIB]),
    indexCacheBytesMax: draw.pick(SITES.tunable, 'index-cache', [1 << 20, 0, KIB]),
    readAheadBlocks: draw.pick(SITES.tunable, 'read-ahead', [1, 0, 4]),
    retentionIntervalMs: draw.pick(SITES.tunable, 'retention', [1_000, 100, 10_000]),
    orphanSweepEvery: draw.pick(SITES.tunable, 'orphans', [2, 1, 3]),
    milestoneEvery: draw.pick(SITES.tunable, 'milestones', [2, 1, 3, 8]),
  };
}

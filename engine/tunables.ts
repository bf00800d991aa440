/** All numbers that shape the engine's behaviour but not its format, with ranges. */

import { assert } from './core/assert.ts';
import { checkLogTunables, LOG_DEFAULTS, type LogTunables } from './log/tunables.ts';
import { checkSegmentTunables, SEGMENT_DEFAULTS, type SegmentTunables } from './segments/tunables.ts';

export interface EngineTunables {
  log: LogTunables;
  segments: SegmentTunables;
  /** How long an operation waits for the store before it ends unknown or unavailable. 100..600,000 ms. */
  patienceMs: number;
  /** Metered bytes of appends that are admitted and not durable. 1 KiB..4 GiB. */
  undurableBytesMax: number;
  /**
   * How long at least a deleted stream or basin is shown as being deleted before its name is free, so that a repeated
   * deletion is told that it succeeded. 0 frees a stream's name at once. 0..3,600,000 ms.
   */
  tombstoneMs: number;
  /** Between two looks for streams that are to be deleted because they are empty. 100..3,600,000 ms. */
  emptySweepMs: number;
  /** Operations that were counted are logged this often, and trimmed bytes counted. 100..3,600,000 ms. */
  usageFlushMs: number;
}

export const ENGINE_DEFAULTS: EngineTunables = {
  log: LOG_DEFAULTS,
  segments: SEGMENT_DEFAULTS,
  patienceMs: 30_000,
  undurableBytesMax: 128 * 1024 * 1024,
  tombstoneMs: 5_000,
  emptySweepMs: 60_000,
  usageFlushMs: 60_000,
};

/** For each kind of store the engine is served from: what a put costs there decides how long to wait for company. */
export const STORE_TUNABLES: Readonly<Record<'memory' | 'file' | 's3', EngineTunables>> = {
  /** A put costs no time: nobody waits for company when nothing is in flight, and slots stay in the processor's cache. */
  memory: { ...ENGINE_DEFAULTS, log: { ...LOG_DEFAULTS, issueIntervalMs: 0, lingerMs: 1, slotBytesMax: 256 * 1024 } },
  /** A put costs little time and no money. */
  file: { ...ENGINE_DEFAULTS, log: { ...LOG_DEFAULTS, issueIntervalMs: 0, lingerMs: 1 } },
  /**
   * A put costs money: with at most one every 50 ms a month of constant appends costs about 260 $ of requests, and a large
   * object costs no more than a small one. An append that comes alone does not wait.
   */
  s3: {
    ...ENGINE_DEFAULTS,
    log: { ...LOG_DEFAULTS, issueIntervalMs: 50, lingerMs: 50, slotBytesMax: 4 * 1024 * 1024 },
  },
};

export function checkTunables(tunables: EngineTunables): void {
  checkLogTunables(tunables.log);
  checkSegmentTunables(tunables.segments);
  assert(tunables.patienceMs >= 100 && tunables.patienceMs <= 600_000, 'patienceMs must be within 100..600000');
  assert(
    tunables.undurableBytesMax >= 1024 && tunables.undurableBytesMax <= 4 * 1024 ** 3,
    'undurableBytesMax must be within 1 KiB..4 GiB',
  );
  assert(tunables.tombstoneMs >= 0 && tunables.tombstoneMs <= 3_600_000, 'tombstoneMs must be within 0..3600000');
  assert(
    tunables.emptySweepMs >= 100 && tunables.emptySweepMs <= 3_600_000,
    'emptySweepMs must be within 100..3600000',
  );
  assert(
    tunables.usageFlushMs >= 100 && tunables.usageFlushMs <= 3_600_000,
    'usageFlushMs must be within 100..3600000',
  );
}

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
}

export const ENGINE_DEFAULTS: EngineTunables = {
  log: LOG_DEFAULTS,
  segments: SEGMENT_DEFAULTS,
  patienceMs: 30_000,
  undurableBytesMax: 128 * 1024 * 1024,
};

export function checkTunables(tunables: EngineTunables): void {
  checkLogTunables(tunables.log);
  checkSegmentTunables(tunables.segments);
  assert(tunables.patienceMs >= 100 && tunables.patienceMs <= 600_000, 'patienceMs must be within 100..600000');
  assert(
    tunables.undurableBytesMax >= 1024 && tunables.undurableBytesMax <= 4 * 1024 ** 3,
    'undurableBytesMax must be within 1 KiB..4 GiB',
  );
}

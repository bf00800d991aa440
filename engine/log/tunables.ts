/**
 * Every number that shapes the log's behaviour but not its format, with its stated range. Production takes the
 * defaults or flags; the simulator draws them anew for every run.
 */

import { assert } from '../core/assert.ts';
import { WINDOW_SLOTS } from '../core/limits.ts';

export interface LogTunables {
  /** Longest wait of an entry for company before its slot is issued. 0..1000 ms. */
  lingerMs: number;
  /** Shortest time between issues while nothing is in flight. 0..1000 ms. */
  issueIntervalMs: number;
  /** A slot is issued when its body reaches this. 1 KiB..8 MiB. */
  slotBytesMax: number;
  /** Puts in flight at once. 1..64: the format's window is the ceiling. */
  windowSlots: number;
  /** First and longest back-off before a put or get is repeated; doubled each time, with jitter. 1..60,000 ms. */
  retryMsMin: number;
  retryMsMax: number;
  /** An owner that has not proved its ownership for so long does it unasked. 100..600,000 ms; a get each time. */
  idleProofMs: number;
  /** Slots fetched ahead during a takeover's replay. 1..32. */
  replayAheadSlots: number;
}

export const LOG_DEFAULTS: LogTunables = {
  lingerMs: 5,
  issueIntervalMs: 5,
  slotBytesMax: 1024 * 1024,
  windowSlots: 16,
  retryMsMin: 50,
  retryMsMax: 2_000,
  idleProofMs: 5_000,
  replayAheadSlots: 16,
};

/** Refuses combinations that could never work, instead of hanging later. */
export function checkLogTunables(tunables: LogTunables): void {
  const within = (name: keyof LogTunables, low: number, high: number) =>
    assert(tunables[name] >= low && tunables[name] <= high, `${name} must be within ${low}..${high}`);
  within('lingerMs', 0, 1_000);
  within('issueIntervalMs', 0, 1_000);
  within('slotBytesMax', 1024, 8 * 1024 * 1024);
  within('windowSlots', 1, WINDOW_SLOTS);
  within('retryMsMin', 1, 60_000);
  within('retryMsMax', tunables.retryMsMin, 60_000);
  within('idleProofMs', 100, 600_000);
  within('replayAheadSlots', 1, 32);
}

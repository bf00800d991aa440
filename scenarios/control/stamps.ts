/**
 * Timestamps of records as far as a judge can know them (API contract §4.2). Nobody knows what a server's clock shows, so
 * clients claim times that no clock shows: the long past or the far future. Which of the three a record has tells the
 * mode and the cap in force when it was appended. Pure.
 */

import type { StreamConfig } from './config.ts';

/** Milliseconds since the epoch: what clients claim lies below, or from here on; what servers' clocks show in between. */
const CLOCK_MS_MIN = 1e12;
const CLOCK_MS_MAX = 1e13;

/** Claims of clients. */
export const LONG_PAST_MS = 1e9;
export const FAR_FUTURE_MS = 1e14;

/** `clock`: what the server's clock showed, which nobody was told yet. */
export type Stamp = number | 'clock';

/** Of a record behind one with the stamp `last`; null when the record needs a timestamp and has none. */
export function stampOf(claimed: number | null, { mode, uncapped }: StreamConfig, last: Stamp): Stamp | null {
  if (claimed === null && mode === 'client-require') return null;
  const isOwn = claimed === null || mode === 'arrival' || (claimed > CLOCK_MS_MAX && !uncapped);
  return later(isOwn ? 'clock' : claimed, last);
}

/** What is known once the record was shown with `timestamp`; null when it can not have it. */
export function toldStamp(stamp: Stamp, timestamp: number, last: Stamp): Stamp | null {
  if (stamp !== 'clock') return stamp === timestamp ? stamp : null;
  const isOfClock = timestamp >= CLOCK_MS_MIN && timestamp <= CLOCK_MS_MAX;
  return isOfClock && (last === 'clock' || timestamp >= last) ? timestamp : null;
}

/** Timestamps never fall. What a clock showed before may be above what it shows now: then it is that. */
function later(wanted: Stamp, last: Stamp): Stamp {
  if (wanted === 'clock') return last !== 'clock' && last > CLOCK_MS_MAX ? last : 'clock';
  if (last === 'clock') return wanted > CLOCK_MS_MAX ? wanted : 'clock';
  return Math.max(wanted, last);
}

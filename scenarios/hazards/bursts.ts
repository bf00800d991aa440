/** Records that come all at once, and whether a reader got all of them. */

import { ENGINE_DEFAULTS } from '../../engine/index.ts';

/** One put at a time: what comes while it is kept back is committed together. */
export const ONE_PUT = { log: { ...ENGINE_DEFAULTS.log, lingerMs: 0, issueIntervalMs: 0, windowSlots: 1 } };

/** 0, 1, 2, … as messages name it, or what it is instead. */
export function gapIn(seqNums: readonly number[], count: number): string | null {
  const at = seqNums.findIndex((seqNum, i) => seqNum !== i);
  if (at >= 0) return `record ${seqNums[at]} in the place of ${at}`;
  return seqNums.length === count ? null : `${seqNums.length} records of ${count}`;
}

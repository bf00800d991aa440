/** Whether a run has a client that is metered, and how much it does. */

import { type Draw, SITES } from '../plan-draw.ts';

export interface UsagePlan {
  /** In each life. */
  appends: number;
  /** Of its basin, while faults go on. */
  lives: number;
  bodyBytesMax: number;
  /** Of the appends, about one in so many trims. */
  trimEvery: number;
  thinkMsMax: number;
}

/** In one run of `oneIn`: what it costs is taken from the number of seeds. */
export function drawUsage(draw: Draw, oneIn: number): UsagePlan | null {
  const has = draw.pick(
    SITES.usage,
    'has',
    Array.from({ length: oneIn }, (_, i) => i === oneIn - 1),
  );
  if (!has) return null;
  return {
    appends: draw.pick(SITES.usage, 'appends', [8, 4, 16]),
    lives: draw.pick(SITES.usage, 'lives', [1, 2, 3]),
    bodyBytesMax: draw.pick(SITES.usage, 'body', [40, 1, 400, 3_000]),
    trimEvery: draw.pick(SITES.usage, 'trim', [4, 2, 10]),
    thinkMsMax: draw.pick(SITES.usage, 'think', [50, 0, 500, 2_000]),
  };
}

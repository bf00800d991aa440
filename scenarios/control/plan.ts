/** Which clients of the control plane a run has. Most runs have none: what they cost is taken from the number of seeds. */

import type { FaultSettings } from '../../sim/index.ts';
import { type Draw, SITES } from '../plan-draw.ts';

export interface ControlPlan {
  /** Clients, all of them at the same few names. */
  clients: number;
  operationsPerClient: number;
  /** Names of basins, and of streams in each. */
  basins: number;
  streams: number;
  thinkMsMax: number;
}

/**
 * In one of `oneIn` runs, but not where a clock may jump ahead by longer than records are kept by default: what is left of
 * a stream then is for side streams, which know about ages.
 */
export function drawControl(draw: Draw, faults: FaultSettings, oneIn: number): ControlPlan | null {
  const has = draw.pick(
    SITES.control,
    'has',
    Array.from({ length: oneIn }, (_, i) => i === oneIn - 1),
  );
  if (!has || faults.clockStep[0] > 0) return null;
  return {
    clients: draw.pick(SITES.control, 'clients', [3, 2, 4]),
    operationsPerClient: draw.pick(SITES.control, 'operations', [8, 5, 12]),
    basins: draw.pick(SITES.control, 'basins', [1, 2, 2]),
    streams: draw.pick(SITES.control, 'streams', [1, 2]),
    thinkMsMax: draw.pick(SITES.control, 'think', [20, 0, 300, 1_000]),
  };
}

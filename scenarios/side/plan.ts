/**
 * Which side streams a run has. Most runs have none: what they cost is taken from the number of seeds. Where clocks are
 * wrong, retention may err within what decision 0007 states, so there it is exercised and not judged.
 */

import type { FaultSettings } from '../../sim/index.ts';
import { type Draw, SITES } from '../plan-draw.ts';

export interface SidePlan {
  /** Side streams, each with one writer. */
  streams: number;
  readersPerStream: number;
  /** Whether each has a client that follows it through read sessions. */
  followers: boolean;
  operationsPerClient: number;
  /** Age that some of the streams are created with, in milliseconds; whole seconds. */
  retentionAgeMs: number;
  /** Time after which some of the streams are deleted when they are empty. */
  emptyAgeMs: number;
  batchRecordsMax: number;
  /** Padding of bodies, in bytes. */
  bodyBytesMax: number;
  thinkMsMax: number;
  retentionIsJudged: boolean;
}

export function drawSide(
  draw: Draw,
  faults: FaultSettings,
  oneIn: number,
  thinkMsMax: readonly number[],
): SidePlan | null {
  const has = draw.pick(
    SITES.side,
    'has',
    Array.from({ length: oneIn }, (_, i) => i === oneIn - 1),
  );
  if (!has) return null;
  return {
    streams: draw.pick(SITES.side, 'streams', [1, 1, 2]),
    readersPerStream: draw.pick(SITES.side, 'readers', [1, 1, 2]),
    followers: draw.pick(SITES.side, 'followers', [true, false]),
    operationsPerClient: draw.pick(SITES.side, 'operations', [12, 8, 24]),
    retentionAgeMs: draw.pick(SITES.side, 'age', [5_000, 2_000, 20_000]),
    emptyAgeMs: 1_000,
    batchRecordsMax: draw.pick(SITES.side, 'batch', [3, 1, 8]),
    bodyBytesMax: draw.pick(SITES.side, 'body', [16, 0, 300, 1_000]),
    thinkMsMax: draw.pick(SITES.side, 'think', thinkMsMax),
    retentionIsJudged: [faults.clockOffset, faults.clockDrift, faults.clockStep].every(([n]) => n === 0),
  };
}

/**
 * What one random run is like: how many processes, how wide the window, how bad the weather, how often who does what.
 * Every run draws its own, so that the runs differ in kind and not only in order. Stalls are longer than a whole
 * takeover, checkpoint and collection: without them wrong rules survive.
 */

import type { Dice } from './dice.ts';
import type { Weather } from './network.ts';
import type { Listing } from './publications.ts';

export type Deed =
  | 'append'
  | 'issue'
  | 'read'
  | 'reject'
  | 'readSegment'
  | 'trim'
  | 'compact'
  | 'dropDead'
  | 'checkpoint'
  | 'orphans'
  | 'sweep';

export interface Swarm {
  processes: number;
  window: number;
  steps: number;
  weather: Weather;
  listing: Listing;
  milestoneEvery: number;
  /** Per step, that a process does something of its own instead of a request moving on. */
  initiative: number;
  /** Per deed of a process that owns nothing, that it tries to take over. */
  takeover: number;
  crash: number;
  stall: number;
  stallSteps: readonly [number, number];
  /** Each deed as often as it stands in here. */
  deeds: readonly Deed[];
}

const WINDOWS = [1, 2, 3, 4, 6];

export function drawSwarm(dice: Dice, steps: number): Swarm {
  const upkeep = dice.between(1, 4);
  return {
    processes: dice.between(1, 5),
    window: dice.pick(WINDOWS),
    steps,
    weather: {
      lostReply: dice.pick([0, 0.12, 0.12, 0.25]),
      doubled: dice.pick([0, 0.03]),
      slow: dice.pick([0.02, 0.08]),
      slowStepsMax: dice.pick([60, 450]),
      timeout: dice.pick([0.01, 0.05]),
    },
    listing: dice.pick(['snapshot', 'loose', 'loose', 'blind']),
    milestoneEvery: dice.between(1, 4),
    initiative: dice.pick([0.15, 0.3]),
    takeover: dice.pick([0.02, 0.1, 0.3]),
    crash: dice.pick([0, 0.001, 0.004]),
    stall: dice.pick([0, 0.002, 0.008]),
    stallSteps: [50, 450],
    deeds: [
      ...repeat('append', 8),
      ...repeat('issue', 8),
      ...repeat('read', 4),
      ...repeat('reject', 1),
      ...repeat('readSegment', dice.between(0, 2)),
      ...repeat('trim', dice.between(0, 1)),
      ...repeat('compact', dice.between(0, 3)),
      ...repeat('dropDead', 1),
      ...repeat('checkpoint', upkeep),
      ...repeat('orphans', dice.between(0, 2)),
      ...repeat('sweep', 1),
    ],
  };
}

function repeat(deed: Deed, times: number): Deed[] {
  return Array.from({ length: times }, () => deed);
}

/**
 * Schedules for the rules that random search does not reach. Each returns the ghost that watched it; played
 * with the rule the ghost has no violation, played with the mutant it must have one.
 */

import type { Ghost } from './checks.ts';
import { Director } from './director.ts';
import type { MutantName } from './mutants.ts';

export type Schedule = (mutant: MutantName | undefined) => Ghost;

/**
 * Rule: a loss is definite only if no publication is at or above the slot. An owner's put lands and its reply is lost;
 * a successor replays the slot, publishes a checkpoint above it and collects it; a stale taker fences the empty slot;
 * the first owner retries and finds a foreign fence where its record, committed long ago, was.
 */
export const lossBehindAStrayFence: Schedule = (mutant) => {
  const director = new Director(2, mutant);
  const writer = director.boot();
  director.hold(writer, 'put', 'wal/2', 'reply');
  const stale = director.boot(['put', 'wal/2']);
  director.act(writer, 'append', 'issue');
  const successor = director.boot();
  director.checkpoint(successor);
  director.release(stale, ['list', 'pub/']);
  director.loseReplies(writer);
  return director.cluster.ghost;
};

/**
 * Rule: the publication must be *unchanged* after the fence. Two takers know of no publication and have replayed slot
 * 3. The owner publishes a checkpoint at 4 and collects, then commits slots 5 and 6. The first taker fences the empty
 * slot 4; the second jumps through that false fence over the live slots to slot 7, above every publication.
 */
const jumpThroughAFalseFence: Schedule = (mutant) => {
  const director = new Director(3, mutant);
  const owner = director.boot();
  director.act(owner, 'append', 'issue');
  const first = director.boot(['put', 'wal/4']);
  const second = director.boot(['get', 'wal/4']);
  director.act(owner, 'append', 'issue');
  director.checkpoint(owner);
  director.act(owner, 'append', 'issue');
  director.release(first, ['list', 'pub/']);
  director.release(second);
  return director.cluster.ghost;
};

/**
 * Rules: milestones are never deleted, and a takeover is validated by two listings. A taker knows of no publication;
 * the first slot of the log is collected under it and it fences that. While each listing that is to validate the fence
 * is under way, so many checkpoints are published that what it should show is deleted before it gets there, and what
 * replaces it appears behind it. The first one shows nothing at all; the second one shows the milestone.
 */
export const shiftingListings: Schedule = (mutant) => {
  const director = new Director(2, mutant, 'blind');
  const rest = ['list', 'pub/ (rest)'] as const;
  const owner = director.boot();
  const publish = (times: number): void => {
    for (let count = 0; count < times; count++) {
      director.act(owner, 'append', 'issue');
      director.checkpoint(owner);
    }
  };
  const taker = director.boot(['get', 'wal/2']);
  publish(1);
  for (let listing = 0; listing < 2; listing++) {
    director.release(taker, rest);
    publish(4);
  }
  director.release(taker);
  return director.cluster.ghost;
};

/**
 * Rule: only data far behind an empty slot proves that it was written. Three takers began before a checkpoint; the first
 * fences a collected slot, the second follows that fence over a window that was never written and fences there, the
 * third goes on like that. A fresh taker, from the checkpoint, finds the true end of the log and a fence far behind it.
 */
const fenceAheadOfTheLog: Schedule = (mutant) => {
  const director = new Director(3, mutant);
  const owner = director.boot();
  const stale = [director.boot(['put', 'wal/3']), director.boot(['get', 'wal/3']), director.boot(['get', 'wal/3'])];
  director.act(owner, 'append', 'issue');
  director.checkpoint(owner);
  for (const taker of stale) director.release(taker, ['list', 'pub/']);
  director.boot();
  return director.cluster.ghost;
};

export const SCHEDULES: Readonly<Partial<Record<MutantName, Schedule>>> = {
  definiteUnchecked: lossBehindAStrayFence,
  validateByName: jumpThroughAFalseFence,
  oneListing: shiftingListings,
  noMilestones: shiftingListings,
  fencesAsWitnesses: fenceAheadOfTheLog,
};

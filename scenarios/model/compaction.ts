/**
 * Segments come and go through the log: two neighbours are merged into one, dead ones are dropped, and an EDIT says
 * so. An output whose EDIT never commits is an orphan; orphans of lower epochs are collected without any clock.
 */

import { deleteCheckpoint, deletePage, uploadSegment } from './checkpoint.ts';
import { insist, type Task, until } from './network.ts';
import type { Entry, SegmentRef } from './objects.ts';
import type { Upkeep } from './upkeep.ts';

/** Merges two neighbours that no other EDIT under way removes. */
export function* compact(upkeep: Upkeep): Task {
  const { owner } = upkeep;
  const pair = upkeep.isCompacting ? undefined : neighbours(upkeep);
  if (pair === undefined) return;
  upkeep.isCompacting = true;
  for (const { name } of pair) upkeep.claimed.add(name);
  const [older, newer] = pair;
  const head = yield* upkeep.fetch(older);
  const rest = yield* upkeep.fetch(newer);
  if (head === undefined || rest === undefined) return;
  const ops = [...head.ops, ...rest.ops];
  const merged = yield* uploadSegment(owner, { uploader: owner.epoch, first: older.first, ops });
  yield* edit(upkeep, pair, [merged]);
  upkeep.isCompacting = false;
}

function neighbours(upkeep: Upkeep): [SegmentRef, SegmentRef] | undefined {
  const { owner, claimed } = upkeep;
  const pairs: [SegmentRef, SegmentRef][] = [];
  for (const [index, newer] of owner.state.segments.entries()) {
    const older = owner.state.segments[index - 1];
    if (older?.next !== newer.first || claimed.has(older.name) || claimed.has(newer.name)) continue;
    pairs.push([older, newer]);
  }
  return pairs.length === 0 ? undefined : owner.world.network.dice.pick(pairs);
}

/** Drops every segment that the trim point has passed. */
export function* dropDead(upkeep: Upkeep): Task {
  const { state } = upkeep.owner;
  const dead = state.segments.filter(({ name, next }) => next <= state.trim && !upkeep.claimed.has(name));
  if (dead.length > 0) yield* edit(upkeep, dead, []);
}

function* edit(upkeep: Upkeep, removed: readonly SegmentRef[], added: readonly SegmentRef[]): Task {
  const { owner } = upkeep;
  const names = removed.map(({ name }) => name);
  for (const name of names) upkeep.claimed.add(name);
  const entry: Entry = { type: 'edit', removed: names, added };
  const proposal = owner.propose(entry);
  yield* until(() => owner.isCommitted(proposal));
  for (const name of names) upkeep.claimed.delete(name);
  if (owner.world.mutant !== 'editedDeletedEarly') return;
  for (const name of names) owner.world.network.start(owner.life, upkeep.deleteSegment(name));
}

/**
 * Deletes uploads of lower epochs that neither the newest publication nor any committed entry above it names, and only
 * while the installed checkpoint is that publication: nobody below this epoch can install any more, and no late
 * publication can become the newest. What an EDIT removed is no orphan yet: the newest publication, or the checkpoint
 * on its way to become it, may still name it.
 */
export function* collectOrphans(upkeep: Upkeep): Task {
  const { owner } = upkeep;
  const { mutant } = owner.world;
  const isSettled = (): boolean => owner.state.installedAt === upkeep.publishedAt;
  if (!isSettled() && mutant !== 'orphansBeforePublication') return;
  const segments = yield* insist({ verb: 'list', name: 'seg/', effect: (store) => store.listSegments() });
  const checkpoints = yield* insist({ verb: 'list', name: 'ckpt/', effect: (store) => store.listCheckpoints() });
  const pages = yield* insist({ verb: 'list', name: 'meta/', effect: (store) => store.listPages() });
  if (!isSettled() && mutant !== 'orphansBeforePublication') return;
  const isDeadEpoch = (uploader: number): boolean => uploader < owner.epoch || mutant === 'orphansAnyEpoch';
  const named = new Set(owner.state.segments.map(({ name }) => name));
  if (mutant !== 'orphansEdited') for (const name of owner.takeover.removedAt.keys()) named.add(name);
  for (const { name, uploader } of segments) {
    if (!isDeadEpoch(uploader) || named.has(name)) continue;
    owner.world.network.start(owner.life, upkeep.deleteSegment(name));
  }
  for (const { name, uploader } of checkpoints) {
    if (!isDeadEpoch(uploader) || name === owner.state.installed) continue;
    owner.world.network.start(owner.life, deleteCheckpoint(name));
  }
  for (const { name, uploader } of pages) {
    if (!isDeadEpoch(uploader) || upkeep.knownPages.has(name)) continue;
    owner.world.network.start(owner.life, deletePage(name));
  }
}

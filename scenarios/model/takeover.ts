/**
 * Taking over: newest publication → its checkpoint → replay → fence in the first gap → the publication again. A view
 * that turns out stale starts all over, with a new identity, so that no two attempts can be mistaken for each other.
 * The fence skips a whole window, hence late puts of the old owner land in slots nobody will ever read.
 */

import { EMPTY, foldData } from './fold.ts';
import { type Life, type Task, UNKNOWN, insist, once } from './network.ts';
import type { Checkpoint, Fence, LogObject, Publication, SegmentRef, State } from './objects.ts';
import { noteRemovals, Owner, type Takeover, type World } from './owner.ts';
import { listAllPublications, listPublications } from './publications.ts';

/** Slots fetched at once during replay; only the 404 of the first one counts. */
const PREFETCH = 6;

interface Replay {
  state: State;
  position: number;
  epoch: number;
  disposable: number[];
  removedAt: Map<string, number>;
  isStale: boolean;
}

export function* takeOver(world: World, life: Life): Task<Owner> {
  for (;;) {
    const takeover = yield* attempt(world);
    if (takeover === undefined) continue;
    const owner = new Owner(world, life, takeover);
    world.ghost.becomeOwner(owner, takeover.next, takeover.fenceSlot);
    return owner;
  }
}

function* attempt(world: World): Task<Takeover | undefined> {
  const publications = yield* findNewest(world, listPublications(world));
  const newest = publications.at(-1);
  const checkpoint = newest === undefined ? undefined : yield* openCheckpoint(newest);
  if (newest !== undefined && checkpoint === undefined) {
    world.ghost.reach('published checkpoint collected under a taker');
    return yield* staleUnlessNewest(world, newest, `checkpoint ${newest.checkpoint} or a part of it is not there`);
  }
  const replay = startFrom(checkpoint);
  const fence = yield* replayAndFence(world, replay);
  if (fence === undefined) return yield* staleUnlessNewest(world, newest, `slot ${replay.position} contradicts`);
  if (!(yield* isStillNewest(world, newest, fence.slot))) return undefined;
  const { state, disposable, removedAt } = replay;
  dispose(world, disposable, fence);
  const { epoch, identity, slot: fenceSlot } = fence;
  const table = { of: newest?.checkpoint ?? '', pages: checkpoint?.pages ?? [] };
  return { epoch, identity, fenceSlot, next: fence.next, state, disposable, removedAt, publications, table };
}

/**
 * What collection leaves behind looks like damage to whoever began before it. It is taken for damage when nothing newer
 * is published; nothing is ever damaged here, so that would be a false alarm.
 */
function* staleUnlessNewest(world: World, newest: Publication | undefined, what: string): Task<undefined> {
  const isLatest = yield* isStillNewest(world, newest, Infinity);
  // Some mutants do damage the store; their alarm is a right one.
  if (isLatest && (world.mutant === undefined || world.mutant === 'fencesAsWitnesses'))
    world.ghost.violate('a sound log is never called damaged', what);
}

/** @param listing how publications are listed, where they are */
function* findNewest(world: World, listing: Task<Publication[]>): Task<Publication[]> {
  if (world.mutant !== 'newestByCheckpointList') return yield* listing;
  const checkpoints = yield* insist({
    verb: 'list',
    name: 'ckpt/',
    effect: (store) => [...store.checkpoints.values()].sort((one, other) => one.frozenAt - other.frozenAt),
  });
  return checkpoints.map(({ name, frozenAt }) => ({ checkpoint: name, frozenAt, isMilestone: false }));
}

/** The checkpoint with its pages and the index of every segment it names (tails of cold streams come from there), or nothing. */
function* openCheckpoint({ checkpoint: name }: Publication): Task<Checkpoint | undefined> {
  const found = yield* insist({ verb: 'get', name: `ckpt/${name}`, effect: (store) => store.checkpoints.get(name) });
  if (found === undefined) return found;
  const isWhole = yield* insist({
    verb: 'get',
    name: 'meta/ and seg/ (indexes)',
    effect: (store) =>
      found.pages.every((page) => store.pages.has(page)) &&
      found.state.segments.every((segment: SegmentRef) => store.segments.has(segment.name)),
  });
  return isWhole ? found : undefined;
}

function startFrom(checkpoint: Checkpoint | undefined): Replay {
  return {
    state: checkpoint?.state ?? EMPTY,
    position: checkpoint === undefined ? 0 : checkpoint.frozenAt + 1,
    epoch: checkpoint?.epoch ?? 0,
    disposable: [],
    removedAt: new Map(),
    isStale: false,
  };
}

/** Reads to the first gap and claims it. @returns our fence, or nothing when the view was stale */
function* replayAndFence(world: World, replay: Replay): Task<Fence | undefined> {
  const identity = world.fresh();
  while (!replay.isStale) {
    const from = replay.position;
    const objects = yield* insist({
      verb: 'get',
      name: `wal/${from}`,
      effect: (store) => Array.from({ length: PREFETCH }, (_, ahead) => store.wal.get(from + ahead)),
    });
    for (const object of objects) {
      if (object === undefined || object.slot !== replay.position || replay.isStale) break;
      follow(world, replay, object);
    }
    if (objects[0] !== undefined) continue;
    const gap = yield* lookBehind(world, from);
    if (gap === 'missing') return undefined;
    if (gap === 'filled') continue;
    const next = world.mutant === 'noSkip' ? from + 1 : from + world.window;
    const fence: Fence = { kind: 'fence', slot: from, epoch: replay.epoch + 1, identity, next };
    const inTheWay = yield* claim(fence);
    if (inTheWay === undefined) return fence;
    follow(world, replay, inTheWay);
  }
  return undefined;
}

/**
 * Whether an empty slot is the end of the log. Data K or more behind it was written after it was durable, so it was
 * deleted by hand if it is empty still, or collected if a newer checkpoint is published. A fence proves nothing: a taker
 * with an old view follows the stray fence of another one over a window that was never written, and fences there.
 */
function* lookBehind(world: World, slot: number): Task<'end' | 'filled' | 'missing'> {
  const isWitness = (isFence: boolean): boolean => !isFence || world.mutant === 'fencesAsWitnesses';
  const isFollowed = yield* insist({
    verb: 'list',
    name: 'wal/ (behind)',
    effect: (store) =>
      store.listSlots(Infinity).some((found) => found.slot >= slot + world.window && isWitness(found.isFence)),
  });
  if (!isFollowed) return 'end';
  const again = yield* insist({ verb: 'get', name: `wal/${slot}`, effect: (store) => store.wal.get(slot) });
  if (again !== undefined) return 'filled';
  world.ghost.reach('data far behind an empty slot');
  return 'missing';
}

/** @returns what somebody else has put into the slot, or nothing when it is ours */
function* claim(fence: Fence): Task<LogObject | undefined> {
  const name = `wal/${fence.slot}`;
  for (;;) {
    const put = yield* once({ verb: 'put', name, effect: (store) => store.putSlot(fence) });
    if (put === 'done') return undefined;
    if (put === UNKNOWN) continue;
    const found = yield* insist({ verb: 'get', name, effect: (store) => store.wal.get(fence.slot) });
    if (found === undefined) continue;
    return found.identity === fence.identity ? undefined : found;
  }
}

/** One step of the replay. Data of another epoch, or a fence that is not higher, means that the view is stale. */
function follow(world: World, replay: Replay, object: LogObject): void {
  if (object.kind === 'fence') {
    replay.isStale = object.epoch <= replay.epoch;
    if (replay.isStale) return;
    replay.epoch = object.epoch;
    replay.position = object.next;
    dispose(world, replay.disposable, object);
    return;
  }
  replay.isStale = object.epoch !== replay.epoch;
  if (replay.isStale) return;
  const isKnown = object.entries.some(
    (entry) => entry.type === 'install' && entry.frozenAt <= replay.state.installedAt,
  );
  if (isKnown) world.ghost.reach('replay from a checkpoint meets its own INSTALL');
  replay.state = foldData(replay.state, object, world.mutant === 'installReplaces');
  noteRemovals(object, replay.removedAt);
  replay.disposable.push(object.slot);
  replay.position = object.slot + 1;
}

/** A publication that moved allows deletions, so that a 404 of ours may mean "collected" instead of "never written". */
function* isStillNewest(world: World, newest: Publication | undefined, fenceSlot: number): Task<boolean> {
  if (world.mutant === 'noValidation') return true;
  const again = (yield* findNewest(world, listAllPublications(world))).at(-1);
  if (world.mutant === 'validateByName') return again === undefined || again.frozenAt < fenceSlot;
  if (again?.checkpoint === newest?.checkpoint) return true;
  world.ghost.reach('publication moved during a takeover');
  return false;
}

/** What a fence leaves to collect: the slots it skips, never itself. */
function dispose({ mutant }: World, disposable: number[], { slot, next }: Fence): void {
  for (let skipped = slot + 1; skipped < next; skipped++) disposable.push(skipped);
  if (mutant === 'fencesCollected') disposable.push(slot);
}

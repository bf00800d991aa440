/**
 * What a published checkpoint makes unnecessary, found and named, nothing deleted (storage reference §4.6).
 *
 * Why each of these may go, whatever else is under way:
 * - The newest publication is one of our own epoch, so no late publication of a predecessor can become the newest, and
 *   no takeover ends well that does not begin at it or above: it lists twice more behind its fence (§4.5 step 5). That is
 *   why a segment or page may go although older publications still name it.
 * - A publication goes when a milestone above it is there (`log/publication.ts`); milestones never do.
 * - Log slots up to the checkpoint's are in it. A fence is never among them: it is what stops a former owner for good.
 * - A segment goes when an EDIT at or below the checkpoint removed it and no local reader has it pinned.
 * - Names of lower epochs that neither the committed state nor a kept checkpoint names are orphans: nobody below this
 *   epoch can commit an INSTALL or EDIT any more. Names of the own epoch are never judged by a listing.
 */

import {
  CHECKPOINT_PREFIX,
  type CheckpointName,
  checkpointKey,
  compareCheckpoints,
  type OwnedName,
  PAGE_PREFIX,
  parseCheckpointKey,
  parseOwnedKey,
  publicationKey,
  SEGMENT_PREFIX,
  segmentKey,
} from '../core/object-names.ts';
import { WINDOW_SLOTS } from '../core/limits.ts';
import { HEADER_BYTES, slotKey } from '../log/format.ts';
import type { PersistentStore } from '../log/persistent-store.ts';
import type { Publication } from '../log/publication.ts';
import type { ListedBlob } from '../ports.ts';
import type { LogState } from '../state/log-state.ts';
import type { EngineEvent } from '../telemetry.ts';
import type { CheckpointPages } from './checkpoint.ts';

/** One is all a start needs; the one before it shows what was changed last. */
const CHECKPOINTS_KEPT = 2;
/** S3 takes a thousand keys in one request. */
const KEYS_PER_DELETE = 1_000;

/** A checkpoint that is published for certain. */
export interface Published {
  name: CheckpointName;
  /** Segments that an EDIT up to its slot removed, and whose objects may still be there. */
  retired: readonly OwnedName[];
}

export interface GarbageView {
  store: Pick<PersistentStore, 'list'>;
  /** As committed, at or above the published checkpoint. */
  state: LogState;
  /** The epoch whose owner asks. */
  epoch: number;
  /** Slots from here on are the owner's own: data without gaps, fences or void slots among them. */
  firstSlot: number;
  published: Published;
  /** As one listing showed them, oldest first. */
  publications: readonly Publication[];
  /**
   * Pages of every checkpoint the owner loaded or published, by its key, as far as they may exist; the newest's do. As
   * known when the collection begins: what is published meanwhile makes nothing old that was not looked at.
   */
  pagesOf: ReadonlyMap<string, CheckpointPages>;
  isPinned: (key: string) => boolean;
}

export interface Sweeps {
  /** Look for objects of dead owners. */
  orphans: boolean;
  /** Look for log objects below the checkpoint that no name leads to. */
  litter: boolean;
}

/** Keys of one kind that may be deleted now, or none when a part is done; `deleted` is to be called once they are. */
export interface Garbage {
  event: EngineEvent;
  keys: string[];
  deleted?: () => void;
}

/** Something that could be garbage and stays. */
type Kept = (event: EngineEvent, detail: string) => void;

/** In an order that can be broken off anywhere: what leads to other names goes after them. */
export async function* findGarbage(view: GarbageView, sweeps: Sweeps, kept: Kept): AsyncGenerator<Garbage> {
  const newest = view.publications.at(-1);
  if (newest === undefined || newest.epoch !== view.epoch || compareCheckpoints(newest, view.published.name) < 0) {
    kept('collect.superseded', newest === undefined ? 'none' : publicationKey(newest));
    return;
  }
  if (sweeps.litter) yield* sweptSlots(view, kept);
  else yield* ownSlots(view);
  yield* retiredSegments(view, kept);
  yield* oldCheckpoints(view);
  if (sweeps.orphans) yield* orphans(view, kept);
  yield { event: 'collect.completed', keys: [] };
}

/** By name: every slot of ours up to the checkpoint's was data, and no one else ever writes there. */
function* ownSlots({ state, firstSlot, published }: GarbageView): Generator<Garbage> {
  const from = Math.max(state.collectedTo, firstSlot);
  for (let first = from; first <= published.name.slot; first += KEYS_PER_DELETE) {
    const end = Math.min(first + KEYS_PER_DELETE, published.name.slot + 1);
    yield {
      event: 'collect.data-deleted',
      keys: Array.from({ length: end - first }, (_, i) => slotKey(first + i)),
      deleted: () => {
        state.collectedTo = Math.max(state.collectedTo, end);
      },
    };
  }
}

/**
 * By listing: predecessors left data, void slots that late puts filled, and litter behind their collectors. A fence is
 * known twice over, by the state and by its size: a header and nothing else.
 */
async function* sweptSlots({ store, state, published }: GarbageView, kept: Kept): AsyncGenerator<Garbage> {
  const fences = new Set(state.fences);
  const found: Record<'data' | 'void' | 'litter', string[]> = { data: [], void: [], litter: [] };
  for (const { key, size } of await store.list('wal/')) {
    const slot = slotOf(key);
    if (slot === null || slot > published.name.slot || fences.has(slot)) continue;
    if (size <= HEADER_BYTES) {
      kept('collect.stray-fence-kept', key);
      continue;
    }
    if (slot < state.collectedTo) found.litter.push(key);
    else found[isVoid(slot, state.fences) ? 'void' : 'data'].push(key);
  }
  yield* inBatches('collect.data-deleted', found.data);
  yield* inBatches('collect.void-swept', found.void);
  yield* inBatches('collect.litter-deleted', found.litter);
  const deleted = () => {
    state.collectedTo = Math.max(state.collectedTo, published.name.slot + 1);
  };
  yield { event: 'collect.litter-swept', keys: [], deleted };
}

function* retiredSegments({ state, published, isPinned }: GarbageView, kept: Kept): Generator<Garbage> {
  const free: OwnedName[] = [];
  for (const name of published.retired) {
    if (isPinned(segmentKey(name))) kept('collect.pinned-kept', segmentKey(name));
    else free.push(name);
  }
  for (const batch of batches(free)) {
    yield {
      event: 'collect.segment-deleted',
      keys: batch.map(segmentKey),
      deleted: () => {
        for (const name of batch) state.segments.forgetRetired(name);
      },
    };
  }
}

/** All but the newest checkpoints, the pages that none of those names, and the publications below a milestone. */
function* oldCheckpoints(view: GarbageView): Generator<Garbage> {
  const { pagesOf, publications } = view;
  const spared = keptPages(view);
  const known = new Set([...pagesOf.values()].flatMap(({ pages }) => [...pages]));
  yield* inBatches(
    'collect.page-deleted',
    [...known].filter((key) => !spared.has(key)),
  );
  const old = [...pagesOf.values()].filter(({ name }) => isOld(name, view));
  yield* inBatches(
    'collect.checkpoint-deleted',
    old.map(({ name }) => checkpointKey(name)),
  );
  yield* inBatches('collect.publication-deleted', belowMilestone(publications).map(publicationKey));
}

/** Every one that is no milestone, and below one: it is published for certain, for it was listed. */
function belowMilestone(publications: readonly Publication[]): Publication[] {
  const milestone = publications.findLastIndex(({ isMilestone }) => isMilestone);
  return publications.slice(0, Math.max(0, milestone)).filter(({ isMilestone }) => !isMilestone);
}

/** Pages of every checkpoint that stays, as far as this owner knows them: of the newest always. */
function keptPages(view: GarbageView): Set<string> {
  const kept = [...view.pagesOf.values()].filter(({ name }) => !isOld(name, view));
  return new Set(kept.flatMap(({ pages }) => [...pages]));
}

/** Below the newest checkpoints this owner loaded or published. */
function isOld(name: CheckpointName, { pagesOf }: GarbageView): boolean {
  const newer = [...pagesOf.values()].filter((other) => compareCheckpoints(other.name, name) > 0);
  return newer.length >= CHECKPOINTS_KEPT;
}

async function* orphans(view: GarbageView, kept: Kept): AsyncGenerator<Garbage> {
  const { store, state, epoch, published, isPinned } = view;
  const isDead = (name: OwnedName): boolean => name.epoch < epoch;
  const retired = new Set(published.retired.map(segmentKey));

  const segments = ownedOf(await store.list(SEGMENT_PREFIX)).filter(({ key, name }) => {
    // What an EDIT removed above the published checkpoint is still named by it, and goes with the next one.
    if (!isDead(name) || state.segments.has(name) || state.segments.isRetired(name) || retired.has(key)) return false;
    if (isPinned(key)) kept('collect.pinned-kept', key);
    return !isPinned(key);
  });
  yield* inBatches('collect.orphan-deleted', keysOf(segments));

  const spared = keptPages(view);
  const pages = ownedOf(await store.list(PAGE_PREFIX)).filter(({ key, name }) => isDead(name) && !spared.has(key));
  yield* inBatches('collect.orphan-deleted', keysOf(pages));

  const checkpoints = (await listNames(store, CHECKPOINT_PREFIX)).filter(isDead).map(checkpointKey);
  yield* inBatches(
    'collect.orphan-deleted',
    checkpoints.filter((key) => !view.pagesOf.has(key)),
  );
  yield { event: 'collect.orphans-swept', keys: [] };
}

/** Slots a fence made void: late puts of the owner it ended may land there, and nobody reads them. */
function isVoid(slot: number, fences: readonly number[]): boolean {
  const fence = fences.findLast((candidate) => candidate < slot);
  return fence !== undefined && slot < fence + WINDOW_SLOTS;
}

function slotOf(key: string): number | null {
  const match = /^wal\/(\d{20})$/.exec(key);
  return match === null ? null : Number(match[1]);
}

/** Names of checkpoints, oldest first. */
async function listNames(store: GarbageView['store'], prefix: string): Promise<CheckpointName[]> {
  const names = (await store.list(prefix)).map(({ key }) => parseCheckpointKey(key));
  return names.filter((name) => name !== null).toSorted(compareCheckpoints);
}

/** Objects with a name of ours; others are left alone. */
function ownedOf(listed: readonly ListedBlob[]): { key: string; name: OwnedName }[] {
  return listed.flatMap(({ key }) => {
    const name = parseOwnedKey(key);
    return name === null ? [] : [{ key, name }];
  });
}

function keysOf(objects: readonly { key: string }[]): string[] {
  return objects.map(({ key }) => key);
}

function* inBatches(event: EngineEvent, keys: readonly string[]): Generator<Garbage> {
  for (const batch of batches(keys)) yield { event, keys: batch };
}

function* batches<Item>(items: readonly Item[]): Generator<Item[]> {
  for (let at = 0; at < items.length; at += KEYS_PER_DELETE) yield items.slice(at, at + KEYS_PER_DELETE);
}

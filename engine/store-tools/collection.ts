/**
 * What a collection would delete now, object by object, with the reason; nothing is deleted. The rules are the
 * collector's own (`segments/garbage.ts`), asked for the present owner from what anybody can read.
 *
 * Two things only the owner knows: which segments its readers have pinned, and which objects of its own epoch it is about
 * to name. Pins are left out of account; unnamed objects of the present epoch are told apart and never called garbage.
 * Where a dead owner's checkpoint can not be told from one the present owner began with, it is not named either.
 */

import {
  CHECKPOINT_PREFIX,
  type CheckpointName,
  checkpointKey,
  compareCheckpoints,
  type OwnedName,
  pageKey,
  parseCheckpointKey,
  parseOwnedKey,
  publicationKey,
  segmentKey,
} from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import { listPublications, type Publication } from '../log/publication.ts';
import { type CheckpointRoot, decodeRoot } from '../segments/checkpoint-format.ts';
import type { CheckpointPages } from '../segments/checkpoint.ts';
import { planCollection } from '../segments/collector.ts';
import { type CommittedView, readCommitted } from './committed-view.ts';
import { onSteadyView, readSound, requireStore, type StoreLook } from './store-look.ts';

export interface DryRunObject {
  key: string;
  /** Length in bytes. */
  bytes: number;
  why: string;
}

export interface DryRun {
  /** In force at the end of the log. */
  epoch: number;
  /** Key of the newest publication; null before the first. */
  published: string | null;
  /** In the order in which a collection deletes. */
  garbage: readonly DryRunObject[];
  /** What could be taken for garbage and stays. */
  kept: readonly DryRunObject[];
  /** Why nothing may be deleted now; null when something may. */
  blocked: string | null;
}

/** By the event a collection reports it as. */
const REASONS: Record<string, string> = {
  'collect.data-deleted': 'log below the checkpoint',
  'collect.void-swept': 'late write of a fenced owner, in a slot that nobody reads',
  'collect.litter-deleted': 'log that landed behind an earlier collection',
  'collect.segment-deleted': 'segment that compaction or deletion dropped',
  'collect.page-deleted': 'page that no kept checkpoint names',
  'collect.checkpoint-deleted': 'old checkpoint',
  'collect.publication-deleted': 'old publication, below a milestone',
  'collect.orphan-deleted': 'orphan of an owner that is gone',
  'collect.stray-fence-kept': 'fence of a takeover that began again; fences stay',
};

const UNSETTLED = 'of the present owner, which may be about to name it';

/** Throws LogCorruption, NoStoreHere or ForeignStore. */
export async function planGarbage(look: StoreLook): Promise<DryRun> {
  await requireStore(look);
  return onSteadyView(look, async (published) => {
    const view = await readCommitted(look, published);
    const { epoch } = view;
    const sizes = new Map((await look.store.list('')).map(({ key, size }) => [key, size]));
    const result = { epoch, published: published === null ? null : publicationKey(published), garbage: [], kept: [] };
    if (published === null) return { ...result, blocked: 'no checkpoint is published yet: the whole log is needed' };
    if (published.epoch < epoch) {
      const blocked = `the owner of epoch ${epoch} has published no checkpoint yet: until then it deletes nothing`;
      return { ...result, blocked };
    }
    return { ...result, ...(await plannedFor(look, view, published, sizes)), blocked: null };
  });
}

async function plannedFor(
  look: StoreLook,
  view: CommittedView,
  published: CheckpointName,
  sizes: ReadonlyMap<string, number>,
): Promise<Pick<DryRun, 'garbage' | 'kept'>> {
  const { state, epoch } = view;
  const publications = await listPublications(look.store);
  const known = await rootsOf(look, knownToOwner(published, publications, sizes));
  const pagesOf = new Map(known.map((root) => [checkpointKey(root.name), pagesIn(root)]));
  const retired = droppedBetween(known.at(-2), known.at(-1));
  const plan = await planCollection({
    ...{ store: look.store, state, epoch, publications, pagesOf },
    firstSlot: state.fences.at(-1) ?? 0,
    published: { name: published, retired },
    isPinned: () => false,
  });
  const garbage = plan.garbage.flatMap(({ reason, keys }) =>
    keys.map((key) => [key, REASONS[reason] ?? reason] as const),
  );
  const named = new Set([
    ...garbage.map(([key]) => key),
    ...[...pagesOf].flatMap(([key, { pages }]) => [key, ...pages]),
    ...[...view.segments, ...state.segments.all(), ...state.segments.retired()].map(segmentKey),
  ]);
  const unsettled = [...sizes.keys()].filter((key) => ownedBy(key) === epoch && !named.has(key));
  const kept = [
    ...plan.kept.map(({ reason, key }) => [key, REASONS[reason] ?? reason] as const),
    ...unsettled.map((key) => [key, UNSETTLED] as const),
  ];
  return { garbage: sized(garbage, sizes), kept: sized(kept, sizes) };
}

/**
 * The checkpoints that the present owner began with or published, oldest first, as far as they exist: those of its epoch
 * up to the newest publication, and the newest published one below its epoch. That one's publication may be deleted; then
 * so are the checkpoints of dead owners that were never published, and the newest left is the one.
 */
function knownToOwner(
  published: CheckpointName,
  publications: readonly Publication[],
  sizes: ReadonlyMap<string, number>,
): CheckpointName[] {
  const roots = [...sizes.keys()]
    .filter((key) => key.startsWith(CHECKPOINT_PREFIX))
    .map(parseCheckpointKey)
    .filter((name) => name !== null)
    .toSorted(compareCheckpoints);
  const names = new Set(publications.map(publicationKey));
  const earlier = roots.filter((name) => name.epoch < published.epoch);
  const loaded = earlier.findLast((name) => names.has(publicationKey(name))) ?? earlier.at(-1);
  const own = roots.filter((name) => name.epoch === published.epoch && compareCheckpoints(name, published) <= 0);
  return loaded === undefined ? own : [loaded, ...own];
}

/** Those that are damaged or went away meanwhile are left out; the newest is sound, or this would not be reached. */
async function rootsOf(look: StoreLook, names: readonly CheckpointName[]): Promise<CheckpointRoot[]> {
  const roots: CheckpointRoot[] = [];
  for (const name of names) {
    try {
      roots.push(await readSound(look, checkpointKey(name), (bytes) => decodeRoot(name, bytes, look.compute)));
    } catch (error) {
      if (!(error instanceof LogCorruption)) throw error;
    }
  }
  return roots;
}

function pagesIn({ name, pages }: CheckpointRoot): CheckpointPages {
  return { name, pages: new Set(pages.map(pageKey)) };
}

/** Segments that the older of two checkpoints names and the newer does not: an EDIT between them removed them. */
function droppedBetween(older: CheckpointRoot | undefined, newer: CheckpointRoot | undefined): OwnedName[] {
  if (older === undefined || newer === undefined) return [];
  const left = new Set(newer.segments.map(segmentKey));
  return older.segments.filter((ref) => !left.has(segmentKey(ref)));
}

/** The epoch in the name; null for objects whose names have none. */
function ownedBy(key: string): number | null {
  if (!key.startsWith(CHECKPOINT_PREFIX)) return parseOwnedKey(key)?.epoch ?? null;
  return parseCheckpointKey(key)?.epoch ?? null;
}

/** What does not exist is nothing to delete. */
function sized(named: readonly (readonly [string, string])[], sizes: ReadonlyMap<string, number>): DryRunObject[] {
  return named.flatMap(([key, why]) => {
    const bytes = sizes.get(key);
    return bytes === undefined ? [] : [{ key, bytes, why }];
  });
}

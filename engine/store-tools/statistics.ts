/**
 * Figures of a store: who owned it last, where a server would begin, what its segments hold, and what is left over.
 *
 * Dead bytes are those of frames that nobody can read any more, at the distance of the index's points, which is what
 * compaction would save. An object no checkpoint names is an orphan only when its epoch is over; the present owner may
 * be about to name its own.
 */

import {
  checkpointKey,
  pageKey,
  parseCheckpointKey,
  parseOwnedKey,
  publicationKey,
  segmentKey,
} from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import { decodeRoot } from '../segments/checkpoint-format.ts';
import { decodeSegmentIndex, runFrom } from '../segments/segment-format.ts';
import type { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { type CommittedView, readCommitted } from './committed-view.ts';
import { listStore, type StoredObject } from './inventory.ts';
import { onSteadyView, readSound, requireStore, type StoreLook } from './store-look.ts';

/** Objects and the bytes in them. */
export interface Amount {
  objects: number;
  bytes: number;
}

export interface StoreStatistics {
  /** In force at the end of the log. */
  epoch: number;
  fences: number;
  /** Key of the newest publication; null before the first. */
  published: string | null;
  /** Data slots a takeover would replay. */
  behind: Amount;
  streams: number;
  /** Segments of the committed state, whole objects. */
  segments: Amount;
  /** Bytes of frames in them. */
  liveBytes: number;
  deadBytes: number;
  all: Amount;
  /** Objects of epochs that are over and that nothing names. */
  orphans: Amount;
  /** Objects of the present epoch that nothing names: on their way, or waiting to be collected. */
  unsettled: Amount;
  /** Data slots a checkpoint made unnecessary and that are not deleted yet. */
  collectable: Amount;
  /** The same where collection went past: the next owner's sweep deletes them. */
  litter: Amount;
}

/** Throws LogCorruption, NoStoreHere or ForeignStore. */
export async function storeStatistics(look: StoreLook): Promise<StoreStatistics> {
  await requireStore(look);
  return onSteadyView(look, async (published) => {
    const view = await readCommitted(look, published);
    const { state, epoch } = view;
    const segments = [...state.segments.all()];
    let [liveBytes, deadBytes] = [0, 0];
    for (const ref of segments) {
      const live = await liveBytesOf(look, state, ref);
      liveBytes += live.live;
      deadBytes += live.dead;
    }
    return {
      epoch,
      fences: state.fences.length,
      published: published === null ? null : publicationKey(published),
      behind: { objects: view.slotsBehind, bytes: view.bytesBehind },
      streams: state.tables.streamCount,
      segments: { objects: segments.length, bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0) },
      liveBytes,
      deadBytes,
      ...(await leftovers(look, view)),
    };
  });
}

async function liveBytesOf(
  look: StoreLook,
  { tables }: LogState,
  ref: SegmentRef,
): Promise<{ live: number; dead: number }> {
  const range = { start: ref.indexOffset, end: ref.indexOffset + ref.indexBytes };
  const read = (bytes: Uint8Array) => [...decodeSegmentIndex(ref, bytes, look.compute).runs()];
  let [live, dead] = [0, 0];
  for (const run of await readSound(look, segmentKey(ref), read, range)) {
    const stream = tables.stream(run.streamId);
    const rest = stream === undefined ? 0 : (runFrom(run, stream.trimPoint)?.length ?? 0);
    live += rest;
    dead += run.length - rest;
  }
  return { live, dead };
}

type Leftovers = Pick<StoreStatistics, 'all' | 'orphans' | 'unsettled' | 'collectable' | 'litter'>;

async function leftovers(look: StoreLook, view: CommittedView): Promise<Leftovers> {
  const objects = await listStore(look);
  const named = await namesOf(look, view, objects);
  const nothing = (): Amount => ({ objects: 0, bytes: 0 });
  const found: Leftovers = {
    all: nothing(),
    orphans: nothing(),
    unsettled: nothing(),
    collectable: nothing(),
    litter: nothing(),
  };
  for (const object of objects) {
    count(found.all, object);
    const over = object.kind === 'slot' ? slotLeftOver(object, view) : objectLeftOver(object, view, named);
    if (over !== null) count(found[over], object);
  }
  return found;
}

function count(amount: Amount, { bytes }: StoredObject): void {
  amount.objects++;
  amount.bytes += bytes;
}

function slotLeftOver({ key }: StoredObject, { published, state }: CommittedView): 'collectable' | 'litter' | null {
  const slot = Number(key.slice('wal/'.length));
  if (published === null || slot > published.slot) return null;
  return slot < state.collectedTo ? 'litter' : 'collectable';
}

function objectLeftOver(
  { kind, key }: StoredObject,
  { epoch }: CommittedView,
  named: ReadonlySet<string>,
): 'orphans' | 'unsettled' | null {
  if (kind !== 'segment' && kind !== 'page' && kind !== 'checkpoint') return null;
  const name = parseOwnedKey(key) ?? parseCheckpointKey(key);
  if (name === null || named.has(key)) return null;
  return name.epoch < epoch ? 'orphans' : 'unsettled';
}

/** Keys the committed state or any publication's checkpoint leads to. */
async function namesOf(look: StoreLook, view: CommittedView, objects: readonly StoredObject[]): Promise<Set<string>> {
  const named = new Set([...view.pages, ...[...view.segments, ...view.state.segments.all()].map(segmentKey)]);
  const present = new Set(objects.map(({ key }) => key));
  for (const { kind, key } of objects) {
    const name = kind === 'publication' ? parseCheckpointKey(key) : null;
    // Publications stay up to the next milestone, and milestones for ever; their checkpoints do not.
    if (name === null || !present.has(checkpointKey(name))) continue;
    const root = checkpointKey(name);
    named.add(root);
    for (const page of await pagesOf(look, root, (bytes) => decodeRoot(name, bytes, look.compute).pages.map(pageKey))) {
      named.add(page);
    }
  }
  return named;
}

/** Of an older checkpoint that is being deleted, or of no use any more, nothing is needed. */
async function pagesOf(look: StoreLook, root: string, read: (bytes: Uint8Array) => string[]): Promise<string[]> {
  try {
    return await readSound(look, root, read);
  } catch (error) {
    if (error instanceof LogCorruption) return [];
    throw error;
  }
}

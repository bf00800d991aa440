/**
 * Which checkpoints are published. The newest publication is where every takeover begins, what must not have moved past
 * during one, and the last word on whether a lost append may have been kept.
 *
 * No listing is a snapshot: what is deleted while it runs may be missed, and so may what replaces it. Two things make
 * that harmless (docs/MODEL.md). Some publications are milestones, which are never deleted, and the others go only when
 * a milestone above them is published for certain. And who concludes anything from what a listing does not show lists
 * twice: a publication that the first listing missed was deleted before that one ended, so a milestone above it was
 * there by then, and the second one shows it.
 */

import {
  type CheckpointName,
  compareCheckpoints,
  parseCheckpointKey,
  PUBLICATION_PREFIX,
} from '../core/object-names.ts';
import type { BlobStore, ListedBlob, Ports, StoreFault } from '../ports.ts';
import { backOff } from './backoff.ts';
import type { PersistentStore } from './persistent-store.ts';
import type { LogTunables } from './tunables.ts';

/** So many listings in a row show everything that was published before the first of them, or something newer. */
export const LISTINGS = 2;

/** The body of a milestone; other publications are empty. */
const MILESTONE = new Uint8Array([1]);

export interface Publication extends CheckpointName {
  /** It is never deleted. */
  isMilestone: boolean;
}

type PublishedFrom = { kind: 'answered'; isSo: boolean } | { kind: 'failed'; fault: StoreFault };

/** The bytes of a publication. */
export function publicationBody(isMilestone: boolean): Uint8Array[] {
  return isMilestone ? [MILESTONE] : [];
}

/**
 * Whether anything is, or was, published at or above `slot` when the call began. Waits out a store that is away; one
 * that will not say counts as yes.
 */
export async function isPublishedFrom(
  ports: Pick<Ports, 'clock' | 'random' | 'blobs'>,
  tunables: LogTunables,
  slot: number,
): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    const published = await listedFrom(ports.blobs, slot);
    if (published.kind === 'answered') return published.isSo;
    if (!published.fault.retryable) return true;
    await backOff(ports, tunables, attempt, published.fault);
  }
}

async function listedFrom(blobs: BlobStore, slot: number): Promise<PublishedFrom> {
  for (let listing = 0; listing < LISTINGS; listing++) {
    for (let after: string | undefined; ;) {
      const page = await blobs.list(PUBLICATION_PREFIX, after);
      if (page.kind === 'failed') return page;
      if (publicationsOf(page.blobs).some((name) => name.slot >= slot)) return { kind: 'answered', isSo: true };
      if (page.next === null) break;
      after = page.next;
    }
  }
  return { kind: 'answered', isSo: false };
}

/** Null when one listing shows none, which proves nothing. */
export async function newestPublication(store: PersistentStore): Promise<CheckpointName | null> {
  const listed = await store.list(PUBLICATION_PREFIX);
  const names = listed.map(({ key }) => parseCheckpointKey(key)).filter((name) => name !== null);
  return names.toSorted(compareCheckpoints).at(-1) ?? null;
}

/** What one listing shows, oldest first. Names that are not ours are left out. */
export async function listPublications(store: Pick<PersistentStore, 'list'>): Promise<Publication[]> {
  return publicationsOf(await store.list(PUBLICATION_PREFIX));
}

/** Publications above the newest milestone among them. */
export function aboveMilestone(publications: readonly Publication[]): number {
  return publications.length - 1 - publications.findLastIndex(({ isMilestone }) => isMilestone);
}

function publicationsOf(listed: readonly ListedBlob[]): Publication[] {
  const publications: Publication[] = [];
  for (const { key, size } of listed) {
    const name = parseCheckpointKey(key);
    if (name !== null) publications.push({ ...name, isMilestone: size > 0 });
  }
  return publications.toSorted(compareCheckpoints);
}

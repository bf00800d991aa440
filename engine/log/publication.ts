/**
 * Which checkpoints are published. The newest publication is where every takeover begins, what a listing of it must
 * not have moved past during one, and the last word on whether a lost append may have been kept; it is never deleted.
 */

import {
  type CheckpointName,
  compareCheckpoints,
  parseCheckpointKey,
  PUBLICATION_PREFIX,
} from '../core/object-names.ts';
import type { BlobStore, StoreFault } from '../ports.ts';
import type { PersistentStore } from './persistent-store.ts';

export type Publications = { kind: 'listed'; names: CheckpointName[] } | { kind: 'failed'; fault: StoreFault };

/** All publications, oldest first. Names that are not ours are left alone. */
export async function listPublications(blobs: BlobStore): Promise<Publications> {
  const names: CheckpointName[] = [];
  for (let after: string | undefined; ;) {
    const page = await blobs.list(PUBLICATION_PREFIX, after);
    if (page.kind === 'failed') return page;
    for (const { key } of page.blobs) {
      const name = parseCheckpointKey(key);
      if (name !== null) names.push(name);
    }
    if (page.next === null) return { kind: 'listed', names: names.toSorted(compareCheckpoints) };
    after = page.next;
  }
}

/** Null when nothing is published yet. */
export async function newestPublication(store: PersistentStore): Promise<CheckpointName | null> {
  const listed = await store.list(PUBLICATION_PREFIX);
  const names = listed.map(({ key }) => parseCheckpointKey(key)).filter((name) => name !== null);
  return names.toSorted(compareCheckpoints).at(-1) ?? null;
}

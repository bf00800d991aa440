/**
 * What is in a store, by name and size alone: one row per object, in the order of the keys. Nothing is read, so it
 * costs one request per thousand objects and works on a damaged store too. A fence is told by its size: a header.
 */

import {
  CHECKPOINT_PREFIX,
  PAGE_PREFIX,
  parseCheckpointKey,
  parseOwnedKey,
  PUBLICATION_PREFIX,
  SEGMENT_PREFIX,
} from '../core/object-names.ts';
import { FORMAT_KEY } from '../log/format-object.ts';
import { HEADER_BYTES } from '../log/format.ts';
import type { ListedBlob } from '../ports.ts';
import { requireStore, type StoreLook } from './store-look.ts';

type ObjectKind =
  | 'format'
  | 'slot'
  | 'fence'
  | 'checkpoint'
  | 'publication'
  | 'segment'
  | 'page'
  | 'probe'
  | 'stranger';

export interface StoredObject {
  kind: ObjectKind;
  key: string;
  /** Length in bytes. */
  bytes: number;
}

/** Every object of the store. Throws NoStoreHere or ForeignStore. */
export async function listStore(look: StoreLook): Promise<StoredObject[]> {
  await requireStore(look);
  return (await look.store.list('')).map((blob) => ({ kind: kindOf(blob), key: blob.key, bytes: blob.size }));
}

function kindOf({ key, size }: ListedBlob): ObjectKind {
  if (key === FORMAT_KEY) return 'format';
  if (key.startsWith('probe/')) return 'probe';
  if (/^wal\/\d{20}$/.test(key)) return size <= HEADER_BYTES ? 'fence' : 'slot';
  if (parseCheckpointKey(key) !== null) {
    if (key.startsWith(CHECKPOINT_PREFIX)) return 'checkpoint';
    if (key.startsWith(PUBLICATION_PREFIX)) return 'publication';
  }
  if (parseOwnedKey(key) !== null) {
    if (key.startsWith(SEGMENT_PREFIX)) return 'segment';
    if (key.startsWith(PAGE_PREFIX)) return 'page';
  }
  return 'stranger';
}

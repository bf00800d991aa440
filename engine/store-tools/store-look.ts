/**
 * A store as an operator's tool sees it: objects can be read and listed, nothing can be written, so a tool may run
 * beside the server that owns the store. What such a server collects meanwhile must not look like damage: whatever
 * contradicts the view a tool began with counts only when no newer checkpoint was published since.
 */

import {
  type CheckpointName,
  compareCheckpoints,
  parseCheckpointKey,
  PUBLICATION_PREFIX,
} from '../core/object-names.ts';
import { checkMarker, FORMAT_KEY, ForeignStore } from '../log/format-object.ts';
import { LogCorruption } from '../log/corruption.ts';
import type { PersistentStore } from '../log/persistent-store.ts';
import type { ByteRange, Compute, Telemetry } from '../ports.ts';

export interface StoreLook {
  store: Pick<PersistentStore, 'get' | 'list'>;
  compute: Compute;
  telemetry: Telemetry;
}

/** There is no Tailrace store here; the message says what is. */
export class NoStoreHere extends Error {
  override name = 'NoStoreHere';
}

/** How often a tool begins again because the owner published a checkpoint under it. */
const BEGINNINGS_MAX = 10;

/** Throws NoStoreHere for an empty place, ForeignStore for somebody else's. */
export async function requireStore({ store }: StoreLook): Promise<void> {
  for (let readings = 1; ; readings++) {
    const found = await store.get(FORMAT_KEY);
    if (found.kind === 'absent') {
      throw new NoStoreHere(`there is no object \`${FORMAT_KEY}\`: no server has used this place as a store yet`);
    }
    try {
      return checkMarker(found.bytes);
    } catch (error) {
      // Damage on the way here is not damage in the store.
      if (!(error instanceof ForeignStore) || readings === 2) throw error;
    }
  }
}

/** Runs `work` on the newest publication, again when what went wrong may come from a newer one. */
export async function onSteadyView<Result>(
  look: StoreLook,
  work: (published: CheckpointName | null) => Promise<Result>,
): Promise<Result> {
  for (let beginnings = 1; ; beginnings++) {
    const published = await newestPublished(look);
    try {
      return await work(published);
    } catch (error) {
      if (!(error instanceof LogCorruption) || beginnings === BEGINNINGS_MAX) throw error;
      if (isSame(published, await newestPublished(look))) throw error;
    }
  }
}

/**
 * What `read` makes of the object, or of a range of it. Damage on the way here is not damage in the store: a second
 * reading decides. Throws LogCorruption.
 */
export async function readSound<Result>(
  { store }: StoreLook,
  key: string,
  read: (bytes: Uint8Array) => Result,
  range?: ByteRange,
): Promise<Result> {
  for (let readings = 1; ; readings++) {
    const found = await store.get(key, range);
    if (found.kind === 'absent') throw new LogCorruption(key, 0, 'the object is missing');
    try {
      return read(found.bytes);
    } catch (error) {
      if (!(error instanceof LogCorruption) || readings === 2) throw error;
    }
  }
}

async function newestPublished({ store }: StoreLook): Promise<CheckpointName | null> {
  const names = (await store.list(PUBLICATION_PREFIX)).map(({ key }) => parseCheckpointKey(key));
  return (
    names
      .filter((name) => name !== null)
      .toSorted(compareCheckpoints)
      .at(-1) ?? null
  );
}

function isSame(a: CheckpointName | null, b: CheckpointName | null): boolean {
  return a === null || b === null ? a === b : compareCheckpoints(a, b) === 0;
}

/**
 * The names of objects beside the log (storage reference §4.2): checkpoints, publications, segments, metadata pages.
 *
 * A checkpoint `ckpt/<slot>-<epoch>-<number>` holds everything up to and including log slot `slot`. The empty object
 * `pub/` of the same suffix says that it was installed through the log and that deletion may rely on it. Segments and
 * pages are `seg/` and `meta/` of `<epoch>-<number>`. No such name is ever written twice.
 */

/** An object one owner writes once: its epoch, and a counter of that epoch. */
export interface OwnedName {
  epoch: number;
  number: number;
}

/** Which checkpoint: the slot it was taken at, and who wrote it. */
export interface CheckpointName extends OwnedName {
  slot: number;
}

export const PUBLICATION_PREFIX = 'pub/';
export const CHECKPOINT_PREFIX = 'ckpt/';
export const SEGMENT_PREFIX = 'seg/';
export const PAGE_PREFIX = 'meta/';

export function checkpointKey(name: CheckpointName): string {
  return CHECKPOINT_PREFIX + checkpointSuffix(name);
}

export function publicationKey(name: CheckpointName): string {
  return PUBLICATION_PREFIX + checkpointSuffix(name);
}

export function segmentKey(name: OwnedName): string {
  return SEGMENT_PREFIX + ownedSuffix(name);
}

export function pageKey(name: OwnedName): string {
  return PAGE_PREFIX + ownedSuffix(name);
}

/** Reads a `ckpt/` or `pub/` key; null when it is none of ours. */
export function parseCheckpointKey(key: string): CheckpointName | null {
  const match = /^(?:ckpt|pub)\/(\d{20})-(\d{10})-(\d{10})$/.exec(key);
  return match === null ? null : { slot: Number(match[1]), epoch: Number(match[2]), number: Number(match[3]) };
}

/** Reads a `seg/` or `meta/` key; null when it is none of ours. */
export function parseOwnedKey(key: string): OwnedName | null {
  const match = /^(?:seg|meta)\/(\d{10})-(\d{10})$/.exec(key);
  return match === null ? null : { epoch: Number(match[1]), number: Number(match[2]) };
}

/** Ascending by slot, then epoch, then number: the order of the keys themselves. */
export function compareCheckpoints(a: CheckpointName, b: CheckpointName): number {
  return a.slot - b.slot || compareOwned(a, b);
}

function compareOwned(a: OwnedName, b: OwnedName): number {
  return a.epoch - b.epoch || a.number - b.number;
}

function checkpointSuffix(name: CheckpointName): string {
  return `${String(name.slot).padStart(20, '0')}-${ownedSuffix(name)}`;
}

function ownedSuffix({ epoch, number }: OwnedName): string {
  return `${String(epoch).padStart(10, '0')}-${String(number).padStart(10, '0')}`;
}

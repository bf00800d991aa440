/**
 * Writes new files so that their bytes are on the disk when it says so. A name is given to them by somebody else.
 *
 * The disk, and the four threads with which Node waits for it, serve short files and long ones. A long one is written
 * in slices, each synced by itself, and few long ones at a time; so a short one, which an append waits for, waits for
 * a slice and not for 16 MiB of a segment.
 */

import type { FileHandle, FolderFiles } from './folder-files.ts';
import { Turns } from './turns.ts';

/** No object of the log is longer. */
const SHORT_BYTES_MAX = 8 * 1024 * 1024;

/** Long files that are written at a time, and the bytes of one between two syncs. */
const LONG_FILES_MAX = 2;
const SLICE_BYTES = 1024 * 1024;

export class DurableFiles {
  readonly #files: Pick<FolderFiles, 'open'>;
  readonly #longTurns = new Turns(LONG_FILES_MAX);

  constructor(files: Pick<FolderFiles, 'open'>) {
    this.#files = files;
  }

  /** Rejects with what the file system says; the file is to be thrown away then, and never synced again. */
  async write(path: string, parts: readonly Uint8Array[]): Promise<void> {
    const handle = await this.#files.open(path, 'wx');
    try {
      if (lengthOf(parts) <= SHORT_BYTES_MAX) await writeSynced(handle, parts);
      else await this.#longTurns.run(() => writeInSlices(handle, parts));
    } finally {
      await handle.close();
    }
  }
}

async function writeInSlices(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (const slice of slicesOf(parts)) await writeSynced(handle, slice);
}

async function writeSynced(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (let left = parts.filter((part) => part.length > 0); left.length > 0;) {
    const { bytesWritten } = await handle.writev(left);
    left = withoutFirst(left, bytesWritten);
  }
  await handle.datasync();
}

/** The same bytes, in groups of parts that are `SLICE_BYTES` long together, the last one shorter. */
function* slicesOf(parts: readonly Uint8Array[]): Generator<Uint8Array[]> {
  let slice: Uint8Array[] = [];
  let room = SLICE_BYTES;
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      const taken = part.subarray(at, at + room);
      slice.push(taken);
      at += taken.length;
      room -= taken.length;
      if (room > 0) continue;
      yield slice;
      slice = [];
      room = SLICE_BYTES;
    }
  }
  if (slice.length > 0) yield slice;
}

/** What remains of `parts` after `bytes` of them were written. */
function withoutFirst(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let first = 0;
  let skip = bytes;
  while (first < parts.length && skip >= parts[first]!.length) {
    skip -= parts[first]!.length;
    first += 1;
  }
  const left = parts.slice(first);
  if (skip > 0) left[0] = left[0]!.subarray(skip);
  return left;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

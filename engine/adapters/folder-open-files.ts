/**
 * Files that stay open between reads of their parts: opening and closing costs more than reading 64 KiB does.
 *
 * The most recently used ones are kept, those of deleted files are not: they would hold the disk's space. A name
 * may be deleted, and given to another file, by any process, so each read through a kept handle also looks,
 * meanwhile, whether the name still leads to that file; what it read is used only then.
 */

import { errnoOf } from './folder-faults.ts';
import type { FileHandle, FolderFiles } from './folder-files.ts';

/** A file as it was when it was opened; the files of a store never change. */
export interface OpenFile {
  handle: FileHandle;
  size: number;
}

interface KeptFile extends OpenFile {
  ino: number;
  readers: number;
  /** Not in the cache any more; the last reader closes it. */
  dropped: boolean;
}

export class OpenFiles {
  readonly #files: FolderFiles;
  readonly #keptMax: number;
  /** By path, the least recently used first. */
  readonly #kept = new Map<string, KeptFile>();
  #drops = 0;

  constructor(files: FolderFiles, keptMax: number) {
    this.#files = files;
    this.#keptMax = keptMax;
  }

  /** What `read` makes of the file, or null when there is none. With `keep` it stays open for the next read. */
  async read<T>(path: string, keep: boolean, read: (file: OpenFile) => Promise<T>): Promise<T | null> {
    const kept = this.#kept.get(path);
    if (kept !== undefined) {
      const result = await this.#readKept(path, kept, read);
      if (result !== null) return result.value;
    }
    return this.#readFresh(path, keep, read);
  }

  /** The file was deleted, or is about to be. */
  async drop(path: string): Promise<void> {
    this.#drops += 1;
    const kept = this.#kept.get(path);
    if (kept !== undefined) await this.#remove(path, kept);
  }

  async close(): Promise<void> {
    this.#drops += 1;
    await Promise.all([...this.#kept].map(([path, kept]) => this.#remove(path, kept)));
  }

  /** Null when the name leads to another file by now, or nowhere. */
  async #readKept<T>(path: string, kept: KeptFile, read: (file: OpenFile) => Promise<T>): Promise<{ value: T } | null> {
    this.#kept.delete(path);
    this.#kept.set(path, kept);
    kept.readers += 1;
    try {
      const [value, named] = await Promise.all([read(kept), this.#files.stat(path).catch(nullIfMissing)]);
      if (named?.ino === kept.ino) return { value };
      await this.#remove(path, kept);
      return null;
    } finally {
      kept.readers -= 1;
      if (kept.dropped && kept.readers === 0) await kept.handle.close();
    }
  }

  async #readFresh<T>(path: string, keep: boolean, read: (file: OpenFile) => Promise<T>): Promise<T | null> {
    const drops = this.#drops;
    const handle = await this.#files.open(path, 'r').catch(nullIfMissing);
    if (handle === null) return null;
    let keeping = false;
    try {
      const { size, ino } = await handle.stat();
      const value = await read({ handle, size });
      // A deletion since it was opened may have been that of this file.
      keeping = keep && drops === this.#drops && !this.#kept.has(path);
      if (keeping) await this.#keep(path, { handle, size, ino, readers: 0, dropped: false });
      return value;
    } finally {
      if (!keeping) await handle.close();
    }
  }

  async #keep(path: string, file: KeptFile): Promise<void> {
    this.#kept.set(path, file);
    const [oldest] = this.#kept;
    if (this.#kept.size > this.#keptMax && oldest !== undefined) await this.#remove(...oldest);
  }

  async #remove(path: string, kept: KeptFile): Promise<void> {
    if (kept.dropped) return;
    kept.dropped = true;
    this.#kept.delete(path);
    if (kept.readers === 0) await kept.handle.close();
  }
}

/** For errors that say that there is no such file. */
export function nullIfMissing(error: unknown): null {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return null;
  throw error;
}

/**
 * The directories of a store's folder, each created durably before anything is put into it.
 *
 * A name in a directory is on the disk only when a sync of that directory STARTED after the name was made.
 * Callers that ask while a sync is running therefore share the next one. After a failed sync nothing is
 * known about the directory and no later success may be believed: the failure is final.
 */

import { dirname, join } from 'node:path';

import { DirectorySyncError, errnoOf } from './folder-faults.ts';
import type { FileHandle, FolderFiles } from './folder-files.ts';

export class DurableDirectory {
  readonly path: string;
  readonly #handle: FileHandle;
  #running: Promise<void> | null = null;
  #following: Promise<void> | null = null;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Resolves when every name that was in the directory at the time of the call is on the disk. */
  sync(): Promise<void> {
    if (this.#running === null) return this.#start();
    this.#following ??= this.#running.then(() => {
      this.#following = null;
      return this.#start();
    });
    return this.#following;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #start(): Promise<void> {
    this.#running = this.#handle.sync().then(
      () => {
        this.#running = null;
      },
      // The rejected promise stays in place: whoever syncs after a failure is told of that failure.
      (error: unknown) => {
        throw new DirectorySyncError(this.path, error);
      },
    );
    return this.#running;
  }
}

/** All directories of one store that were used so far, with one open handle for each. */
export class DirectoryTree {
  readonly #files: FolderFiles;
  readonly #root: DurableDirectory;
  readonly #reached = new Map<string, Promise<DurableDirectory>>();
  #closed = false;

  constructor(files: FolderFiles, root: DurableDirectory) {
    this.#files = files;
    this.#root = root;
  }

  /** The directory below the root with these names, created if need be; its own name is on the disk. */
  reach(names: readonly string[]): Promise<DurableDirectory> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    if (names.length === 0) return Promise.resolve(this.#root);
    const path = join(this.#root.path, ...names);
    let directory = this.#reached.get(path);
    if (directory === undefined) {
      directory = this.reach(names.slice(0, -1)).then((parent) => this.#enter(parent, path));
      this.#reached.set(path, directory);
      // A failure may pass (too many open files), so the next caller tries again.
      directory.catch(() => this.#reached.delete(path));
    }
    return directory;
  }

  /** Nothing is opened any more, so no handle is left to the garbage collector. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const directory of await Promise.allSettled(this.#reached.values())) {
      if (directory.status === 'fulfilled') await directory.value.close();
    }
    this.#reached.clear();
    await this.#root.close();
  }

  async #enter(parent: DurableDirectory, path: string): Promise<DurableDirectory> {
    await makeDirectory(this.#files, path);
    // Also when it existed: another process may have made it a moment ago and not have synced it yet.
    await parent.sync();
    return new DurableDirectory(path, await this.#files.open(path, 'r'));
  }
}

/**
 * Opens `path`, creating it and its ancestors so that they survive a power failure. Each name is on the disk before
 * anything is made below it; so of a folder that is there already only its own name can be lacking, when whoever
 * made it was killed before its sync, or has not come to it yet.
 */
export async function openRoot(files: FolderFiles, path: string): Promise<DurableDirectory> {
  const missing: string[] = [];
  let existing = path;
  for (; !(await isDirectory(files, existing)); existing = dirname(existing)) missing.push(existing);
  await syncNamesIn(files, dirname(existing)).catch(ignoreForeignParent);
  for (const made of missing.reverse()) {
    await makeDirectory(files, made);
    await syncNamesIn(files, dirname(made));
  }
  return new DurableDirectory(path, await files.open(path, 'r'));
}

async function syncNamesIn(files: FolderFiles, path: string): Promise<void> {
  const directory = new DurableDirectory(path, await files.open(path, 'r'));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** What we may not open, and what can not be synced, is not where this program made a folder. */
function ignoreForeignParent(error: unknown): void {
  const cause = error instanceof DirectorySyncError ? error.cause : error;
  if (!['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EROFS'].includes(errnoOf(cause) ?? '')) throw error;
}

async function isDirectory(files: FolderFiles, path: string): Promise<boolean> {
  try {
    if ((await files.stat(path)).isDirectory()) return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  throw Object.assign(new Error(`${path} is not a folder`), { code: 'ENOTDIR' });
}

async function makeDirectory(files: FolderFiles, path: string): Promise<void> {
  try {
    await files.mkdir(path);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * What happens to a folder before it serves as a store: it must be one, or empty; leftovers of killed processes are
 * swept, and the file system shows that it can link, refuse a second link, and sync a directory. Some network, FAT and
 * user-space file systems can not; on those an acknowledged append could be lost, so they are refused.
 */

import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';

import type { DurableDirectory } from './folder-directories.ts';
import { errnoOf, FolderRefusedError, linkFault } from './folder-faults.ts';
import type { DirectoryEntry, FolderFiles } from './folder-files.ts';
import { segmentOfFile, TMP_DIRECTORY } from './folder-names.ts';

const PROBE_PREFIX = 'probe.';
/** The object `format`, which every store has first. */
const MARKER_FILE = 'format.blob';

/**
 * Throws a FolderRefusedError when the folder holds things and no sign of a store: somebody gave the wrong path. A
 * store's folder has a directory for temporary files, or, when it was copied without empty ones, an object.
 */
export async function refuseForeignFolder(files: FolderFiles, path: string): Promise<void> {
  const entries = await files.readdir(path, { withFileTypes: true });
  if (entries.some((entry) => entry.name === TMP_DIRECTORY || isObject(entry))) return;
  const stranger = entries.find(({ name }) => !name.startsWith('.') && name !== 'lost+found');
  if (stranger === undefined) return;
  const inner = await firstStoreIn(files, path, entries);
  const remedy =
    inner === null
      ? 'choose an empty folder, or one that does not exist yet'
      : `there is a store in ${inner}, add that to the path`;
  const message = `cannot keep a store in ${path}: it holds \`${stranger.name}\` and nothing of a store; ${remedy}`;
  throw new FolderRefusedError({ code: 'foreign-folder', message });
}

/** Throws a FolderRefusedError when the folder lies inside a store, which would sweep what it does not know. */
export async function refuseFolderInStore(files: FolderFiles, path: string): Promise<void> {
  for (let outer = dirname(path); ; outer = dirname(outer)) {
    if (await isStore(files, outer)) {
      const message = `cannot keep a store in ${path}: it lies inside the store ${outer}; use file:${outer}, or another folder`;
      throw new FolderRefusedError({ code: 'inside-a-store', message });
    }
    if (outer === dirname(outer)) return;
  }
}

async function firstStoreIn(
  files: FolderFiles,
  path: string,
  entries: readonly DirectoryEntry[],
): Promise<string | null> {
  for (const entry of entries) {
    const inner = join(path, entry.name);
    if (entry.isDirectory() && (await isStore(files, inner))) return inner;
  }
  return null;
}

/** Whether the marker of a store stands there. What can not be looked at is none. */
async function isStore(files: FolderFiles, path: string): Promise<boolean> {
  try {
    await files.stat(join(path, MARKER_FILE));
    return true;
  } catch {
    return false;
  }
}

/**
 * Removes the temporary files of processes that died. A living process that loses one this way is told that
 * its put is unknown and repeats it. Probes are spared: a start must not fail because of another one.
 */
export async function sweepTemporaries(files: FolderFiles, tmp: string): Promise<void> {
  for (const { name } of await files.readdir(tmp, { withFileTypes: true })) {
    if (!name.startsWith(PROBE_PREFIX)) await files.unlink(join(tmp, name)).catch(ignoreMissing);
  }
}

/** Throws a FolderRefusedError when the file system below `tmp` lacks what the store needs. */
export async function probeFolder(files: FolderFiles, tmp: DurableDirectory): Promise<void> {
  const path = join(tmp.path, `${PROBE_PREFIX}${randomBytes(8).toString('hex')}`);
  const named = `${path}.named`;
  try {
    await (await files.open(path, 'wx')).close();
    if (!(await linked(files, path, named))) throw refusal(tmp.path, 'a fresh name was reported as taken');
    if (await linked(files, path, named)) throw refusal(tmp.path, 'link(2) replaced a name that was taken');
    await tmp.sync();
  } finally {
    for (const leftover of [named, path]) await files.unlink(leftover).catch(ignoreMissing);
  }
}

/** False when the name was taken. */
async function linked(files: FolderFiles, path: string, newPath: string): Promise<boolean> {
  try {
    await files.link(path, newPath);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw new FolderRefusedError(linkFault('publish objects', path, error));
  }
}

function isObject(entry: DirectoryEntry): boolean {
  return entry.isFile() && segmentOfFile(entry.name) !== null;
}

function refusal(path: string, what: string): FolderRefusedError {
  const message = `cannot keep a store in ${path}: ${what}; choose a folder on a local file system`;
  return new FolderRefusedError({ code: 'unsafe-links', message });
}

function ignoreMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

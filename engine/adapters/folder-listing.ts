/**
 * Keys of the objects below a store's folder, in order. A walk over directories: names that no key maps to
 * are somebody else's and are passed over, and a directory that vanishes meanwhile counts as empty.
 */

import { join } from 'node:path';

import { errnoOf } from './folder-faults.ts';
import type { DirectoryEntry, FolderFiles } from './folder-files.ts';
import { segmentOfDirectory, segmentOfFile } from './folder-names.ts';

export interface FolderPage {
  keys: string[];
  /** There are further keys after the last one. */
  more: boolean;
  /** The directories whose names were read, as names from the folder down. */
  visited: (readonly string[])[];
}

/** The first `keysMax` keys that start with `prefix` and come after `after`. */
export async function listFolder(
  files: FolderFiles,
  folder: string,
  wanted: { prefix: string; after: string; keysMax: number },
): Promise<FolderPage> {
  const { prefix, after, keysMax } = wanted;
  const keys: string[] = [];
  const visited: string[][] = [];
  await visit([], '');
  // Sorted as whole keys: "a-1" comes before "a/1", though the directory "a" comes before the file "a-1".
  keys.sort();
  return { keys: keys.slice(0, keysMax), more: keys.length > keysMax, visited };

  async function visit(names: string[], parent: string): Promise<void> {
    const entries = await entriesOf(files, join(folder, ...names), names.length === 0);
    if (entries === null) return;
    visited.push(names);
    for (const entry of entries) {
      if (entry.isFile()) {
        const segment = segmentOfFile(entry.name);
        const key = parent + segment;
        if (segment !== null && key.startsWith(prefix) && key > after) keys.push(key);
      } else if (entry.isDirectory()) {
        const segment = segmentOfDirectory(entry.name);
        if (segment !== null && mayHold(`${parent}${segment}/`)) {
          await visit([...names, entry.name], `${parent}${segment}/`);
        }
      }
    }
  }

  /** Whether keys that begin with `start` can be among the wanted ones. */
  function mayHold(start: string): boolean {
    return (start.startsWith(prefix) || prefix.startsWith(start)) && (start > after || after.startsWith(start));
  }
}

async function entriesOf(files: FolderFiles, path: string, isRoot: boolean): Promise<DirectoryEntry[] | null> {
  try {
    return await files.readdir(path, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && !isRoot) return null;
    throw error;
  }
}

/**
 * A BlobStore in a folder of a local file system, safe against crashes, power failures and other processes.
 *
 * An object is written to a temporary file, synced, and then given its name by link(2), which fails when the
 * name is taken and is atomic across processes; last the directory is synced. So a name never shows partial
 * content, and `done` and `refused` both mean that the name is on the disk. A listing syncs what it saw:
 * an object it returns is durable even if its creator died before saying so. Deleted objects may come back
 * after a power failure. No lock is taken: rivals are kept apart by the log's fences.
 *
 * When a directory can not be synced, what the folder shows is not what the disk holds: from then on every
 * call fails, and the process should stop.
 */

import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';

import type {
  BlobStore,
  ByteRange,
  DeleteOutcome,
  GetOutcome,
  ListedBlob,
  ListOutcome,
  PutOutcome,
  StoreFault,
} from '../ports.ts';
import { checkKey, checkRange, clip, pageKeys } from './blob-key.ts';
import { DurableFiles } from './durable-files.ts';
import { DirectoryTree, openRoot, type DurableDirectory } from './folder-directories.ts';
import { DirectorySyncError, errnoOf, folderFault, FolderRefusedError, linkFault } from './folder-faults.ts';
import { nodeFiles, type FolderFiles } from './folder-files.ts';
import { listFolder } from './folder-listing.ts';
import { pathOfKey, TMP_DIRECTORY } from './folder-names.ts';
import { nullIfMissing, type OpenFile, OpenFiles } from './folder-open-files.ts';
import { probeFolder, refuseFolderInStore, refuseForeignFolder, sweepTemporaries } from './folder-probe.ts';
import { Turns } from './turns.ts';

/** Objects that are written at a time: more files would be open than the usual limit of 1024 for a process bears. */
const WRITES_MAX = 128;

/**
 * Reads at a time: enough to keep Node's four threads busy, few enough that a write, which needs a turn of theirs seven
 * times over, does not stand behind all readers there are.
 */
const READS_MAX = 8;

/** Files kept open for further reads of their parts, in addition. */
const KEPT_FILES_MAX = 64;

/** Unlinks one call of `delete` has under way at a time: they take long where a disk frees space, and nobody waits. */
const UNLINKS_MAX = 2;

/**
 * Opens (and creates) `folder` as a store: removes what a killed process left unfinished and tries out
 * whether the file system keeps the promises the store rests on. Throws a FolderRefusedError if not. To `look`, the folder
 * has to be there, and nothing in it is touched. To `probe` it, neither, but for a place to write to: a server may be
 * using the folder, and what it has unfinished is not swept.
 */
export async function openFolderBlobStore(
  folder: string,
  files: FolderFiles = nodeFiles,
  access: 'own' | 'look' | 'probe' = 'own',
): Promise<FolderBlobStore> {
  const path = resolve(folder);
  let tree: DirectoryTree | undefined;
  try {
    await refuseFolderInStore(files, path);
    tree = new DirectoryTree(files, await openRoot(files, path));
    await refuseForeignFolder(files, path);
    if (access === 'look') return new FolderBlobStore(path, files, tree, await signOfMount(files, path));
    const tmp = await tree.reach([TMP_DIRECTORY]);
    if (access === 'probe') return new FolderBlobStore(path, files, tree, tmp.path);
    await sweepTemporaries(files, tmp.path);
    await probeFolder(files, tmp);
    return new FolderBlobStore(path, files, tree, tmp.path);
  } catch (error) {
    await tree?.close();
    if (error instanceof FolderRefusedError) throw error;
    throw new FolderRefusedError(folderFault('open a store', path, error));
  }
}

/** What a looker expects to go on standing there: a copy may have come without its empty directories. */
async function signOfMount(files: FolderFiles, path: string): Promise<string> {
  const tmp = join(path, TMP_DIRECTORY);
  return (await files.stat(tmp).catch(nullIfMissing)) === null ? path : tmp;
}

export class FolderBlobStore implements BlobStore {
  /** Absolute path of the folder. */
  readonly path: string;
  readonly #files: FolderFiles;
  readonly #tree: DirectoryTree;
  /** Is there as long as the folder is what it was when it was opened. */
  readonly #signOfMount: string;
  readonly #openFiles: OpenFiles;
  readonly #writes = new Turns(WRITES_MAX);
  readonly #reads = new Turns(READS_MAX);
  readonly #durable: DurableFiles;
  /** Makes the temporary names of this process unlike those of any other. */
  readonly #nonce = randomBytes(8).toString('hex');
  #temporaries = 0;
  /** Set once a directory could not be synced, and final. */
  #broken: StoreFault | null = null;

  /** Use `openFolderBlobStore`. */
  constructor(path: string, files: FolderFiles, tree: DirectoryTree, mountedWhile: string) {
    this.path = path;
    this.#signOfMount = mountedWhile;
    this.#files = files;
    this.#tree = tree;
    this.#openFiles = new OpenFiles(files, KEPT_FILES_MAX);
    this.#durable = new DurableFiles(files);
  }

  async putIfAbsent(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    checkKey(key);
    return this.#writes.run(() => this.#publish(key, parts));
  }

  async put(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    return this.putIfAbsent(key, parts);
  }

  async get(key: string, range?: ByteRange): Promise<GetOutcome> {
    checkKey(key);
    if (range !== undefined) checkRange(range);
    return this.#reads.run(async () => {
      if (this.#broken) return { kind: 'failed', fault: this.#broken };
      try {
        return await this.#read(key, range);
      } catch (error) {
        return { kind: 'failed', fault: this.#fault(`read ${key}`, error) };
      }
    });
  }

  async list(prefix: string, after = '', limit?: number): Promise<ListOutcome> {
    const keysMax = pageKeys(limit);
    if (this.#broken) return { kind: 'failed', fault: this.#broken };
    try {
      const { keys, more, visited } = await listFolder(this.#files, this.path, { prefix, after, keysMax });
      // After the names were read, so that whatever was seen is on the disk when the caller hears of it.
      await Promise.all(visited.map(async (names) => (await this.#tree.reach(names)).sync()));
      await this.#checkMounted();
      const blobs = await this.#withSizes(keys);
      return { kind: 'page', blobs, next: more ? keys.at(-1)! : null };
    } catch (error) {
      return { kind: 'failed', fault: this.#fault(`list ${prefix || 'the objects'}`, error) };
    }
  }

  async delete(keys: readonly string[]): Promise<DeleteOutcome> {
    for (const key of keys) checkKey(key);
    if (this.#broken) return { kind: 'failed', fault: this.#broken };
    for (let start = 0; start < keys.length; start += UNLINKS_MAX) {
      const group = keys.slice(start, start + UNLINKS_MAX);
      const results = await Promise.allSettled(group.map((key) => this.#unlink(key)));
      const at = results.findIndex(({ status }) => status === 'rejected');
      if (at === -1) continue;
      const { reason } = results[at] as PromiseRejectedResult;
      return { kind: 'unknown', fault: this.#fault(`delete ${group[at]}`, reason) };
    }
    return { kind: 'done' };
  }

  /** Closes every handle. Calls still under way may fail. */
  async close(): Promise<void> {
    await this.#openFiles.close();
    await this.#tree.close();
  }

  /** The steps of the storage reference §3.4, each with what its failure means. */
  async #publish(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    if (this.#broken) return { kind: 'failed', fault: this.#broken };
    const { directories, file } = pathOfKey(key);
    const tmp = join(this.path, TMP_DIRECTORY, `${file.slice(0, 80)}.${this.#nonce}.${(this.#temporaries += 1)}`);
    let directory: DurableDirectory;
    try {
      directory = await this.#tree.reach(directories);
      await this.#durable.write(tmp, parts);
    } catch (error) {
      // Nothing has the name yet. The file is thrown away, never synced again: after a failed sync the
      // kernel may have dropped the bytes and would report success the next time.
      await this.#discard(tmp);
      return { kind: 'failed', fault: this.#fault(`write ${key}`, error) };
    }
    try {
      return await this.#name(key, { tmp, directory, path: join(directory.path, file) });
    } finally {
      await this.#discard(tmp);
    }
  }

  async #name(key: string, made: { tmp: string; directory: DurableDirectory; path: string }): Promise<PutOutcome> {
    let taken = false;
    try {
      await this.#files.link(made.tmp, made.path);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') {
        return { kind: 'unknown', fault: linkFault(`name ${key}`, this.path, error) };
      }
      taken = true;
    }
    try {
      // Also for a taken name: it may be our own earlier link, or a rival's, that nobody has synced yet, and
      // the caller will build on its being there.
      await made.directory.sync();
    } catch (error) {
      return { kind: 'unknown', fault: this.#fault(`name ${key}`, error) };
    }
    return { kind: taken ? 'refused' : 'done' };
  }

  async #read(key: string, range: ByteRange | undefined): Promise<GetOutcome> {
    const { directories, file } = pathOfKey(key);
    const path = join(this.path, ...directories, file);
    const found = await this.#openFiles.read(path, range !== undefined, (opened) => readPart(opened, range));
    if (found !== null) return { kind: 'found', ...found };
    await this.#checkMounted();
    return { kind: 'absent' };
  }

  /** A folder that was unmounted or removed must not pass for an empty one. */
  async #checkMounted(): Promise<void> {
    await this.#files.stat(this.#signOfMount);
  }

  /** Objects deleted since their names were read are left out. */
  async #withSizes(keys: readonly string[]): Promise<ListedBlob[]> {
    const stats = await Promise.all(
      keys.map((key) => {
        const { directories, file } = pathOfKey(key);
        return this.#files.stat(join(this.path, ...directories, file)).catch(nullIfMissing);
      }),
    );
    return keys.flatMap((key, index) => (stats[index] ? [{ key, size: stats[index].size }] : []));
  }

  async #unlink(key: string): Promise<void> {
    const { directories, file } = pathOfKey(key);
    const path = join(this.path, ...directories, file);
    await this.#files.unlink(path).catch(nullIfMissing);
    await this.#openFiles.drop(path);
  }

  /** What stays behind is swept when the folder is opened the next time. */
  async #discard(tmp: string): Promise<void> {
    await this.#files.unlink(tmp).catch(() => undefined);
  }

  #fault(action: string, error: unknown): StoreFault {
    const fault = folderFault(action, this.path, error);
    if (error instanceof DirectorySyncError) this.#broken ??= fault;
    return fault;
  }
}

/** The bytes of `range` that exist, or all. A file that ends before its size says so is an error, not an end. */
async function readPart(
  { handle, size }: OpenFile,
  range: ByteRange | undefined,
): Promise<{ bytes: Uint8Array; size: number }> {
  const { start, end } = clip(range, size);
  const buffer = Buffer.allocUnsafeSlow(end - start);
  const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
  for (let filled = 0; filled < bytes.length;) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) throw new Error(`the file ended at ${start + filled} of ${size} bytes`);
    filled += bytesRead;
  }
  return { bytes, size };
}

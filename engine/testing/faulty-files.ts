/**
 * A real file system that fails on request, and remembers what was asked of it.
 *
 * Tests of the folder store name a step (`link`, `datasync`, …) and the errno it shall fail with; all else
 * works. The log of steps shows orders that no outcome can show, such as "synced before it said refused".
 */

import { basename } from 'node:path';

import { errnoOf } from '../adapters/folder-faults.ts';
import { nodeFiles, type FileHandle, type FolderFiles } from '../adapters/folder-files.ts';

/** In place of an errno for `read`: the file ends before its size says so. */
export const END_EARLY = 'END_EARLY';

/** What a file system is asked for; see `FolderFiles` and its handles. */
export type FileStep =
  | 'open'
  | 'writev'
  | 'datasync'
  | 'sync'
  | 'close'
  | 'read'
  | 'link'
  | 'unlink'
  | 'mkdir'
  | 'readdir'
  | 'stat';

export interface FaultyFiles {
  files: FolderFiles;
  /** Steps done so far, as `step name`, with the last part of the path. Clear it by setting its length. */
  steps: string[];
  /** Lets the next `times` steps of this kind fail, on paths that contain `where`. `after` has the effect first. */
  fail(step: FileStep, errno: string, rule?: { where?: string; times?: number; after?: boolean }): void;
  /** Lets every `writev` store at most so many bytes, as a disk that is nearly full does. */
  shortWrites(bytes: number): void;
}

interface Rule {
  step: FileStep;
  errno: string;
  where: string;
  times: number;
  after: boolean;
}

export function faultyFiles(): FaultyFiles {
  const steps: string[] = [];
  const rules: Rule[] = [];
  let writeBytesMax = Infinity;

  async function attempt<T>(step: FileStep, path: string, act: () => Promise<T>): Promise<T> {
    steps.push(`${step} ${basename(path)}`);
    const rule = rules.find((candidate) => candidate.step === step && path.includes(candidate.where));
    if (rule === undefined) return act();
    rule.times -= 1;
    if (rule.times === 0) rules.splice(rules.indexOf(rule), 1);
    // A close that fails has closed all the same.
    if (rule.after || step === 'close') await act();
    throw Object.assign(new Error(`${rule.errno}: planted, ${step} '${path}'`), { code: rule.errno });
  }

  function faultyHandle(path: string, handle: FileHandle): FileHandle {
    return {
      writev: (buffers) => attempt('writev', path, () => handle.writev(firstBytes(buffers, writeBytesMax))),
      read: async (...where) => {
        try {
          return await attempt('read', path, () => handle.read(...where));
        } catch (error) {
          if (errnoOf(error) === END_EARLY) return { bytesRead: 0 };
          throw error;
        }
      },
      stat: () => attempt('stat', path, () => handle.stat()),
      datasync: () => attempt('datasync', path, () => handle.datasync()),
      sync: () => attempt('sync', path, () => handle.sync()),
      close: () => attempt('close', path, () => handle.close()),
    };
  }

  const files: FolderFiles = {
    open: async (path, flags) => faultyHandle(path, await attempt('open', path, () => nodeFiles.open(path, flags))),
    link: (path, newPath) => attempt('link', newPath, () => nodeFiles.link(path, newPath)),
    unlink: (path) => attempt('unlink', path, () => nodeFiles.unlink(path)),
    mkdir: (path) => attempt('mkdir', path, () => nodeFiles.mkdir(path)),
    readdir: (path, options) => attempt('readdir', path, () => nodeFiles.readdir(path, options)),
    stat: (path) => attempt('stat', path, () => nodeFiles.stat(path)),
  };
  return {
    files,
    steps,
    fail: (step, errno, { where = '', times = 1, after = false } = {}) => {
      rules.push({ step, errno, where, times, after });
    },
    shortWrites: (bytes) => {
      writeBytesMax = bytes;
    },
  };
}

function firstBytes(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  let left = bytes;
  for (const buffer of buffers) {
    if (left <= 0) break;
    taken.push(buffer.subarray(0, left));
    left -= buffer.length;
  }
  return taken;
}

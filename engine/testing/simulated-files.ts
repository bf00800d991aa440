/**
 * A file system that exists only in memory, for several processes, in an order chosen by dice: what lies beneath
 * the folder store in the tests that switch the power off.
 *
 * Every call waits in a queue until `step` picks it, so two processes interleave in every way the seed allows,
 * and some calls stall for long. A sync covers what was there when it was ASKED for, no more; a listing of a
 * directory is no snapshot and has no order. Killing a process takes or drops each of its calls and answers none
 * of them; a power failure does that to all processes and then to the disk (`simulated-disk.ts`). Same dice,
 * same calls: same run.
 */

import { basename, dirname } from 'node:path';

import type { DirectoryEntry, FileFacts, FileHandle, FolderFiles } from '../adapters/folder-files.ts';
import type { Random } from '../ports.ts';
import type { FileStep } from './faulty-files.ts';
import { changesSoFar, type DiskNode, SimulatedDirectory, SimulatedFile } from './simulated-disk.ts';

/** One in so many calls is held back, for up to `STALL_STEPS_MAX` steps. */
const STALLS_ONE_IN = 20;
const STALL_STEPS_MAX = 150;

export type SimulatedStep = FileStep | 'create';

/** How a call fails: with this errno, before its effect or after it. */
export interface SimulatedFault {
  errno: string;
  after?: boolean;
}

export interface SimulatedProcess {
  files: FolderFiles;
  /** Ends it as SIGKILL does. */
  kill(): void;
}

interface Call {
  process: number;
  act: () => void;
  /** Runs `act` and tells the process how it ended. */
  run: () => void;
  /** Not to be picked before this step, while there are others. */
  notBefore: number;
}

export class SimulatedFiles {
  readonly #dice: Random;
  readonly #root = new SimulatedDirectory();
  readonly #alive = new Set<number>();
  #calls: Call[] = [];
  #processes = 0;
  #steps = 0;
  /** Asked at every call; a fault it returns happens. */
  faultOf: (step: SimulatedStep, path: string) => SimulatedFault | null = () => null;
  /** Writes and reads may do less than they were asked to, as the kernel allows. */
  shortTransfers = false;

  constructor(dice: Random) {
    this.#dice = dice;
  }

  process(): SimulatedProcess {
    this.#processes += 1;
    const id = this.#processes;
    this.#alive.add(id);
    return { files: this.#filesOf(id), kill: () => this.#kill(id) };
  }

  /** Lets one waiting call happen. False when none waits. */
  step(): boolean {
    this.#steps += 1;
    if (this.#calls.length === 0) return false;
    const due = this.#calls.filter(({ notBefore }) => notBefore <= this.#steps);
    const ready = due.length > 0 ? due : this.#calls;
    const call = ready[this.#dice.below(ready.length)]!;
    this.#calls.splice(this.#calls.indexOf(call), 1);
    call.run();
    return true;
  }

  /** Every process is gone, and of what was not synced some. */
  powerFail(): void {
    for (const process of this.#alive) this.#kill(process);
    this.#root.powerFailed(this.#dice);
  }

  /** The bytes of a file as processes see it, and as it is on the disk right after a power failure. */
  contentOf(path: string): Uint8Array | null {
    try {
      return fileAt(path, this.#find(path)).bytes;
    } catch {
      return null;
    }
  }

  #kill(process: number): void {
    this.#alive.delete(process);
    const orphaned = this.#calls.filter((call) => call.process === process);
    this.#calls = this.#calls.filter((call) => call.process !== process);
    for (const { act } of orphaned) {
      if (this.#dice.below(2) === 0) continue;
      try {
        act();
      } catch {
        // Nobody is left to hear of it.
      }
    }
  }

  /** Acts when it is its turn, unless a fault comes first or in place of the answer. */
  #call<T>(process: number, step: SimulatedStep, path: string, act: () => T): Promise<T> {
    const fault = this.faultOf(step, path);
    return this.#turn(process, () => {
      if (fault === null) return act();
      if (fault.after === true) act();
      throw errno(fault.errno, `${step} '${path}'`);
    });
  }

  /** A process that was killed meanwhile never hears how it ended. */
  #turn<T>(process: number, act: () => T): Promise<T> {
    const stall = this.#dice.below(STALLS_ONE_IN) === 0 ? this.#dice.below(STALL_STEPS_MAX) : 0;
    return new Promise((resolve, reject) => {
      if (!this.#alive.has(process)) return;
      const run = (): void => {
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      };
      this.#calls.push({ process, act, run, notBefore: this.#steps + stall });
    });
  }

  #filesOf(process: number): FolderFiles {
    const call = <T>(step: SimulatedStep, path: string, act: () => T): Promise<T> =>
      this.#call(process, step, path, act);
    return {
      open: (path, flags) =>
        call(flags === 'wx' ? 'create' : 'open', path, () =>
          this.#handle(process, path, flags === 'wx' ? this.#create(path) : this.#open(path)),
        ),
      link: (path, newPath) =>
        call('link', newPath, () => {
          const node = this.#find(path);
          this.#claim(newPath, node);
        }),
      unlink: (path) =>
        call('unlink', path, () => {
          this.#find(path);
          this.#directory(dirname(path)).set(basename(path), null);
        }),
      mkdir: (path) => call('mkdir', path, () => this.#claim(path, new SimulatedDirectory())),
      readdir: async (path) => {
        const before = this.#namesAt(path);
        return call('readdir', path, () => this.#listed(this.#directory(path), before));
      },
      stat: (path) => call('stat', path, () => statOf(this.#find(path))),
    };
  }

  #handle(process: number, path: string, node: DiskNode): FileHandle {
    let failuresTold = node.kind === 'directory' ? node.failures : 0;
    const call = <T>(step: SimulatedStep, act: () => T): Promise<T> => this.#call(process, step, path, act);
    const sync = (step: 'sync' | 'datasync'): Promise<void> => {
      const upTo = changesSoFar();
      const fault = this.faultOf(step, path);
      return this.#turn(process, () => {
        if (fault !== null) node.syncFailed(this.#dice);
        if (fault === null && (node.kind === 'file' || node.failures === failuresTold)) return node.synced(upTo);
        if (node.kind === 'directory') failuresTold = node.failures;
        throw errno(fault?.errno ?? 'EIO', `${step} '${path}'`);
      });
    };
    return {
      writev: (buffers) => call('writev', () => ({ bytesWritten: this.#write(path, node, buffers) })),
      read: (buffer, offset, length, position) =>
        call('read', () => {
          const rest = fileAt(path, node).bytes.subarray(position);
          const bytesRead = this.#some(Math.min(length, rest.length));
          buffer.set(rest.subarray(0, bytesRead), offset);
          return { bytesRead };
        }),
      stat: () => call('stat', () => statOf(node)),
      datasync: () => sync('datasync'),
      sync: () => sync('sync'),
      close: () => call('close', () => undefined),
    };
  }

  #write(path: string, node: DiskNode, buffers: readonly Uint8Array[]): number {
    const whole = Buffer.concat(buffers);
    const bytesWritten = this.#some(whole.length);
    fileAt(path, node).append(whole.subarray(0, bytesWritten));
    return bytesWritten;
  }

  /** How much of a transfer happens: all of it, or now and then a part, but never nothing. */
  #some(length: number): number {
    if (!this.shortTransfers || length < 2 || this.#dice.below(4) > 0) return length;
    return 1 + this.#dice.below(length - 1);
  }

  #create(path: string): DiskNode {
    const file = new SimulatedFile();
    this.#claim(path, file);
    return file;
  }

  #open(path: string): DiskNode {
    const node = this.#find(path);
    if (node.kind === 'directory' && node.failures > 0) throw errno('EIO', `open '${path}'`);
    return node;
  }

  #claim(path: string, node: DiskNode): void {
    const directory = this.#directory(dirname(path));
    if (directory.entries.has(basename(path))) throw errno('EEXIST', path);
    directory.set(basename(path), node);
  }

  #namesAt(path: string): ReadonlyMap<string, DiskNode> {
    try {
      return new Map(this.#directory(path).entries);
    } catch {
      return new Map();
    }
  }

  /** A name that was there from beginning to end shows for sure, one that came or went shows or does not. */
  #listed(directory: SimulatedDirectory, before: ReadonlyMap<string, DiskNode>): DirectoryEntry[] {
    const listed = [...new Map([...before, ...directory.entries])].filter(([name]) => {
      const steady = before.has(name) && directory.entries.has(name);
      return steady || this.#dice.below(2) === 0;
    });
    for (let last = listed.length - 1; last > 0; last -= 1) {
      const other = this.#dice.below(last + 1);
      [listed[last], listed[other]] = [listed[other]!, listed[last]!];
    }
    return listed.map(([name, { kind }]) => ({
      name,
      isFile: () => kind === 'file',
      isDirectory: () => kind === 'directory',
    }));
  }

  #directory(path: string): SimulatedDirectory {
    const node = this.#find(path);
    if (node.kind !== 'directory') throw errno('ENOTDIR', path);
    return node;
  }

  #find(path: string): DiskNode {
    let node: DiskNode = this.#root;
    for (const name of path.split('/').filter(Boolean)) {
      if (node.kind !== 'directory') throw errno('ENOTDIR', path);
      const next = node.entries.get(name);
      if (next === undefined) throw errno('ENOENT', path);
      node = next;
    }
    return node;
  }
}

function fileAt(path: string, node: DiskNode): SimulatedFile {
  if (node.kind !== 'file') throw errno('EISDIR', path);
  return node;
}

function statOf(node: DiskNode): FileFacts {
  const size = node.kind === 'file' ? node.bytes.length : 0;
  return { size, ino: node.ino, isDirectory: () => node.kind === 'directory' };
}

function errno(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

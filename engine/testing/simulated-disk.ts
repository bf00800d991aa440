/**
 * A disk and the cache above it, as a power failure sees them: pure state, no time and no promises.
 *
 * Files and directories exist twice, as processes see them (cache) and as they are found after a power failure
 * (disk). What was not synced reaches the disk page by page and name by name, each by a throw of dice: bytes
 * tear, links get lost, unlinks are undone. After a FAILED sync the cache counts as clean (the kernel dropped or
 * kept each page as it pleased), so a later sync succeeds and makes nothing durable. A directory whose sync
 * failed says so once to every handle that was open then, and can not be opened again before the power went off,
 * as on a journal that was aborted.
 */

import type { Random } from '../ports.ts';

/** Small, so that small objects have several pages to lose. */
const PAGE_BYTES = 32;

export type DiskNode = SimulatedFile | SimulatedDirectory;

/** A page or name that was changed in the cache; `at` counts changes, so that a sync covers what came before it. */
let changes = 0;

let nodes = 0;

/** The moment a sync covers: every change made until now. */
export function changesSoFar(): number {
  return changes;
}

export class SimulatedFile {
  readonly kind = 'file';
  readonly ino = (nodes += 1);
  bytes = new Uint8Array(0);
  #onDisk = new Uint8Array(0);
  /** Pages whose cached bytes the disk may lack, and when each was changed last. */
  readonly #dirty = new Map<number, number>();

  append(data: Uint8Array): void {
    const before = this.bytes.length;
    const bytes = new Uint8Array(before + data.length);
    bytes.set(this.bytes);
    bytes.set(data, before);
    this.bytes = bytes;
    changes += 1;
    for (let page = pageOf(before); page * PAGE_BYTES < bytes.length; page += 1) this.#dirty.set(page, changes);
  }

  synced(upTo: number): void {
    for (const [page, at] of this.#dirty) if (at <= upTo) this.#reach(page);
  }

  syncFailed(dice: Random): void {
    for (const page of this.#dirty.keys()) {
      if (dice.below(2) === 0) this.#reach(page);
    }
    this.#dirty.clear();
  }

  powerFailed(dice: Random): void {
    this.syncFailed(dice);
    this.bytes = this.#onDisk.slice();
  }

  /** The page is on the disk; pages before it that are not read as zeros. */
  #reach(page: number): void {
    const start = page * PAGE_BYTES;
    const end = Math.min(start + PAGE_BYTES, this.bytes.length);
    if (this.#onDisk.length < end) {
      const longer = new Uint8Array(end);
      longer.set(this.#onDisk);
      this.#onDisk = longer;
    }
    this.#onDisk.set(this.bytes.subarray(start, end), start);
    this.#dirty.delete(page);
  }
}

interface NameChange {
  node: DiskNode | null;
  at: number;
}

export class SimulatedDirectory {
  readonly kind = 'directory';
  readonly ino = (nodes += 1);
  /** As processes see it. */
  readonly entries = new Map<string, DiskNode>();
  #onDisk = new Map<string, DiskNode>();
  /** What each name was changed to since it reached the disk, oldest first. */
  #unsynced = new Map<string, NameChange[]>();
  /** How often a sync failed since the power was last off. */
  failures = 0;

  set(name: string, node: DiskNode | null): void {
    changes += 1;
    if (node === null) this.entries.delete(name);
    else this.entries.set(name, node);
    const history = this.#unsynced.get(name) ?? [];
    this.#unsynced.set(name, [...history, { node, at: changes }]);
  }

  synced(upTo: number): void {
    for (const [name, history] of this.#unsynced) {
      const covered = history.filter(({ at }) => at <= upTo);
      if (covered.length === 0) continue;
      this.#reach(name, covered.at(-1)!.node);
      if (covered.length === history.length) this.#unsynced.delete(name);
      else this.#unsynced.set(name, history.slice(covered.length));
    }
  }

  syncFailed(dice: Random): void {
    this.failures += 1;
    for (const [name, history] of this.#unsynced) {
      // As many of the changes of this name as happened to be written; none is possible too.
      const reached = history[dice.below(history.length + 1) - 1];
      if (reached !== undefined) this.#reach(name, reached.node);
    }
    this.#unsynced.clear();
  }

  powerFailed(dice: Random): void {
    this.syncFailed(dice);
    this.failures = 0;
    this.entries.clear();
    for (const [name, node] of this.#onDisk) {
      this.entries.set(name, node);
      node.powerFailed(dice);
    }
  }

  #reach(name: string, node: DiskNode | null): void {
    if (node === null) this.#onDisk.delete(name);
    else this.#onDisk.set(name, node);
  }
}

function pageOf(byte: number): number {
  return Math.floor(byte / PAGE_BYTES);
}

/**
 * A random walk of two or three processes over one folder on a simulated disk: they create, read, list and delete
 * the same few names while calls fail, processes are killed and the power goes off. A ghost holds the store to
 * what it said. The same seed is the same walk.
 */

import { openFolderBlobStore, type FolderBlobStore } from '../adapters/folder-blob-store.ts';
import { pathOfKey } from '../adapters/folder-names.ts';
import type { Random, StoreFault } from '../ports.ts';
import { FolderGhost, type Got, Violation } from './folder-ghost.ts';
import { settled } from './manual-ports.ts';
import { seededDice } from './seeded-dice.ts';
import { SimulatedFiles, type SimulatedFault, type SimulatedProcess, type SimulatedStep } from './simulated-files.ts';

const FOLDER = '/data/store';
const STEPS = 500;
const PROCESSES_MAX = 3;
const CALLS_EACH_MAX = 4;

const FAULTS: Readonly<Record<SimulatedStep, readonly SimulatedFault[]>> = {
  open: [{ errno: 'EMFILE' }, { errno: 'EIO' }],
  create: [{ errno: 'EMFILE' }, { errno: 'ENOSPC' }, { errno: 'EACCES' }],
  writev: [{ errno: 'ENOSPC' }, { errno: 'EDQUOT' }, { errno: 'EIO', after: true }],
  datasync: [{ errno: 'EIO' }, { errno: 'ENOSPC' }],
  sync: [{ errno: 'EIO' }],
  close: [{ errno: 'EIO' }],
  read: [{ errno: 'EIO' }],
  link: [{ errno: 'EIO' }, { errno: 'EIO', after: true }, { errno: 'ENOSPC' }],
  unlink: [{ errno: 'EIO' }, { errno: 'EIO', after: true }],
  mkdir: [{ errno: 'ENOSPC' }, { errno: 'EACCES' }],
  readdir: [{ errno: 'EIO' }],
  stat: [{ errno: 'EIO' }],
};

/** How hostile one walk is; thrown once per seed. A rate is "one in so many", 0 is never. */
interface Weather {
  faultsOneIn: number;
  /** Of the syncs of directories, which end the use of a store and so must not be in every walk. */
  syncFaultsOneIn: number;
  killsOneIn: number;
  powerFailuresOneIn: number;
  deletionsOneIn: number;
}

export interface WalkReport {
  /** What the store said that was not so. */
  violation: string | null;
  /** How often what happened. */
  counts: Readonly<Record<string, number>>;
}

export async function walkFolder(seed: number): Promise<WalkReport> {
  const walk = new Walk(seed);
  await walk.run();
  return { violation: walk.violation, counts: walk.counts };
}

/**
 * The first seed from 0 on whose walk shows a violation, or null when none of `seeds` does.
 * @public the plants of the folder store are programs made of this module
 */
export async function huntFolder(seeds: number): Promise<{ seed: number; violation: string } | null> {
  for (let seed = 0; seed < seeds; seed += 1) {
    const { violation } = await walkFolder(seed);
    if (violation !== null) return { seed, violation };
  }
  return null;
}

interface Living {
  process: SimulatedProcess;
  store: FolderBlobStore | null;
  callsOpen: number;
  got: Got;
  deleting: Set<string>;
}

class Walk {
  readonly #dice: Random;
  readonly #files: SimulatedFiles;
  readonly #ghost = new FolderGhost();
  readonly #weather: Weather;
  readonly #processes = new Set<Living>();
  #bodies = 0;
  violation: string | null = null;
  readonly counts: Record<string, number> = {};

  constructor(seed: number) {
    this.#dice = seededDice(seed, 'walk');
    this.#files = new SimulatedFiles(seededDice(seed, 'files'));
    this.#files.shortTransfers = this.#oneIn(2);
    this.#files.faultOf = (step) => this.#faultOf(step);
    this.#weather = {
      faultsOneIn: this.#pick([0, 0, 40]),
      syncFaultsOneIn: this.#pick([0, 0, 0, 30]),
      killsOneIn: this.#pick([0, 60, 150]),
      powerFailuresOneIn: this.#pick([100, 250]),
      deletionsOneIn: this.#pick([0, 0, 12]),
    };
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS && this.violation === null; step += 1) {
      this.#happen(step);
      await settled();
    }
    if (this.violation === null) this.#powerFails();
    this.counts['promises checked'] = this.#ghost.checked;
  }

  #happen(step: number): void {
    const { killsOneIn, powerFailuresOneIn } = this.#weather;
    const living = [...this.#processes];
    if (living.length < PROCESSES_MAX && this.#oneIn(30)) return this.#starts();
    if (living.length > 0 && this.#oneIn(killsOneIn)) return this.#dies(this.#pick(living));
    if (this.#oneIn(powerFailuresOneIn)) return this.#powerFails();
    const ready = living.filter(({ store, callsOpen }) => store !== null && callsOpen < CALLS_EACH_MAX);
    if (ready.length > 0 && this.#oneIn(4)) return this.#calls(this.#pick(ready), step);
    this.#files.step();
  }

  #starts(): void {
    const living: Living = {
      process: this.#files.process(),
      store: null,
      callsOpen: 0,
      got: new Map(),
      deleting: new Set(),
    };
    this.#processes.add(living);
    openFolderBlobStore(FOLDER, living.process.files).then(
      (store) => {
        this.#count('opened');
        living.store = store;
      },
      () => {
        this.#count('not opened');
        this.#dies(living);
      },
    );
  }

  #dies(living: Living): void {
    this.#count('killed');
    living.process.kill();
    this.#processes.delete(living);
    for (const key of living.deleting) this.#ghost.deletionEnded(key);
  }

  #powerFails(): void {
    this.#count('power failed');
    for (const living of this.#processes) this.#dies(living);
    this.#files.powerFail();
    this.#guarded(() => {
      this.#ghost.powerFailed((key) => {
        const { directories, file } = pathOfKey(key);
        const content = this.#files.contentOf([FOLDER, ...directories, file].join('/'));
        return content === null ? null : Buffer.from(content).toString('latin1');
      });
    });
  }

  /** Lets a process do one thing more, about a name near the front of what exists by now. */
  #calls(living: Living, step: number): void {
    const store = living.store!;
    const front = Math.floor(step / 120);
    const key = `${this.#pick(['wal', 'wal', 'wal', 'pub'])}/${front + this.#dice.below(3)}`;
    living.callsOpen += 1;
    this.#callOf(living, store, key)
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        living.callsOpen -= 1;
      });
  }

  #callOf(living: Living, store: FolderBlobStore, key: string): Promise<void> {
    if (this.#oneIn(this.#weather.deletionsOneIn)) return this.#deletes(living, store, key);
    switch (this.#pick(['put', 'put', 'put', 'get', 'get', 'list'])) {
      case 'put':
        return this.#puts(living, store, key);
      case 'get':
        return this.#gets(living, store, key);
      default:
        return this.#lists(store, key);
    }
  }

  async #puts(living: Living, store: FolderBlobStore, key: string): Promise<void> {
    this.#bodies += 1;
    const body = `${key} ${this.#bodies} `.padEnd(16 + this.#dice.below(120), `${this.#bodies}~`);
    const bytes = Buffer.from(body, 'latin1');
    const middle = this.#dice.below(bytes.length);
    for (let retried = false; ; retried = true) {
      const mark = this.#ghost.mark(key);
      this.#ghost.putBegins(key, body);
      const before = new Map(living.got);
      const outcome = await store.putIfAbsent(key, [bytes.subarray(0, middle), bytes.subarray(middle)]);
      this.#count(`put ${outcome.kind}`);
      if (outcome.kind !== 'unknown') this.#ghost.putEnded(mark, { body, kind: outcome.kind, retried, before });
      if (outcome.kind === 'failed' || outcome.kind === 'unknown') this.#ends(living, outcome.fault);
      if (outcome.kind !== 'unknown' || this.#oneIn(2)) return;
    }
  }

  async #gets(living: Living, store: FolderBlobStore, key: string): Promise<void> {
    const mark = this.#ghost.mark(key);
    // A part that has the number of the body in it.
    const range = this.#oneIn(2) ? { start: this.#dice.below(3), end: 16 + this.#dice.below(60) } : undefined;
    const outcome = await store.get(key, range);
    this.#count(`get ${range === undefined ? '' : 'part '}${outcome.kind}`);
    if (outcome.kind === 'absent') this.#ghost.absent(mark);
    if (outcome.kind !== 'found') return;
    const part = Buffer.from(outcome.bytes).toString('latin1');
    const body = this.#ghost.found(mark, { part, start: range?.start ?? 0, size: outcome.size });
    living.got.set(key, { mark, body });
  }

  async #lists(store: FolderBlobStore, key: string): Promise<void> {
    const prefix = this.#pick(['', key.slice(0, 4)]);
    const marks = new Map(this.#ghost.markAll().map((mark) => [mark.key, mark]));
    const outcome = await store.list(prefix);
    this.#count(`list ${outcome.kind}`);
    if (outcome.kind !== 'page') return;
    for (const blob of outcome.blobs) {
      const mark = marks.get(blob.key);
      // Without one it came into being meanwhile: then whether it was deleted meanwhile is not known.
      if (mark !== undefined) this.#ghost.listed(mark, blob.size);
      marks.delete(blob.key);
    }
    for (const [missing, mark] of marks) if (missing.startsWith(prefix)) this.#ghost.absent(mark);
  }

  async #deletes(living: Living, store: FolderBlobStore, key: string): Promise<void> {
    // One at a time, so that a kill can end each exactly once.
    if (living.deleting.has(key)) return;
    living.deleting.add(key);
    this.#ghost.deletionBegins(key);
    const outcome = await store.delete([key]);
    this.#count(`delete ${outcome.kind}`);
    living.deleting.delete(key);
    this.#ghost.deletionEnded(key);
  }

  /** A process that does as it is told stops when a directory could not be synced; some do not. */
  #ends(living: Living, fault: StoreFault): void {
    if (fault.code !== 'directory-sync') return;
    this.#count('directory broken');
    if (this.#processes.has(living) && this.#oneIn(4)) this.#dies(living);
  }

  #faultOf(step: SimulatedStep): SimulatedFault | null {
    const { faultsOneIn, syncFaultsOneIn } = this.#weather;
    return this.#oneIn(step === 'sync' ? syncFaultsOneIn : faultsOneIn) ? this.#pick(FAULTS[step]) : null;
  }

  #guarded(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof Violation)) throw error;
    this.violation ??= error.message;
  }

  #oneIn(sides: number): boolean {
    return sides > 0 && this.#dice.below(sides) === 0;
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#dice.below(choices.length)]!;
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

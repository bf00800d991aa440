/**
 * An onlooker that sees every effect in the store and knows the rules of docs/STORAGE.md: what is reachable from the
 * newest publication exists, nothing else that may still be needed is deleted, fences stay, no name is given other
 * bytes, and a publication has its INSTALL in the log. It says what is wrong in the very event it went wrong in.
 */

import { epochOf, isFence, pageEpochOf, promisedBytes, readCheckpoint, slotKey, slotOf, suffixOf } from './decode.ts';
import { newestOf, type Walk, walkStore } from './walk.ts';

/** An effect, as `StoreEffect` of the simulator has it. */
interface Effect {
  kind: 'put' | 'delete';
  key: string;
  /** Who asked for it. */
  host: string;
  generation: number;
}

export interface Onlooker {
  /** Something is wrong for good; `never` is the probe that must stay dark, where the mistake has one. */
  violated(message: string, never?: NeverProbe): void;
  /** Counts a state worth knowing. */
  noted(probe: StorageProbe): void;
}

/** What the onlooker can tell has happened, with the sentence of the probe. */
export const STORAGE_PROBES = {
  'store.recreated': 'a deleted name came back with the bytes it had',
  'store.stray-fence': 'a fence was written into a slot that was collected',
  'store.publication-not-newest': 'a publication arrived when a newer one was there',
  'store.publication-of-dead-owner': 'a publication arrived whose writer was not the owner any more',
  'store.segment-deleted': 'a segment was deleted',
  'store.slot-deleted': 'an object of the log was deleted',
  'store.zombie-data': 'a former owner wrote into a slot that a fence had made void, or that was collected',
} as const;
type StorageProbe = keyof typeof STORAGE_PROBES;

/** What the design excludes, as far as it can be seen from outside. These probes stay dark: one that lights fails its run. */
export const NEVER_PROBES = {
  'never.overwritten': 'a name was given other bytes than it had',
  'never.in-parts': 'an object of the log was there with less than its header promises',
  'never.name-shared': 'two processes wrote an object of one name',
  'never.two-owners': 'two processes had one epoch, or both wrote into the interval of one',
  'never.litter': 'something stayed that nobody needs, as what a reader who is gone holds on to',
} as const;
export type NeverProbe = keyof typeof NEVER_PROBES;

export class StorageGhost {
  readonly #get: (key: string) => Uint8Array | undefined;
  readonly #onlooker: Onlooker;
  /** First bytes of every name there ever was. */
  readonly #known = new Map<string, Uint8Array>();
  /** The process that wrote a name beside the log. */
  readonly #writers = new Map<string, string>();
  readonly #publications = new Set<string>();
  #walk: Walk;

  constructor(get: (key: string) => Uint8Array | undefined, onlooker: Onlooker) {
    this.#get = get;
    this.#onlooker = onlooker;
    this.#walk = walkStore(get, []);
  }

  /** To be told of every effect, right after it. */
  saw({ kind, key, host, generation }: Effect): void {
    // What tries the store out is nobody's.
    if (key.startsWith('probe/')) return;
    if (kind === 'delete') return this.#deleted(key);
    if (!key.startsWith('wal/')) this.#wrote(key, `${host}, process ${generation}`);
    this.#put(key);
  }

  /** Epochs are in the names beside the log, and no two processes have the same. */
  #wrote(key: string, writer: string): void {
    const first = this.#writers.get(key) ?? writer;
    this.#writers.set(key, first);
    if (first !== writer) this.#onlooker.violated(`${key} was written by ${first} and ${writer}`, 'never.name-shared');
  }

  /** Everything a start would need, now. */
  walk(): Walk {
    this.#walk = walkStore(this.#get, this.#publications);
    for (const { what, never } of this.#walk.problems) this.#onlooker.violated(what, never);
    return this.#walk;
  }

  #put(key: string): void {
    const bytes = this.#get(key) ?? new Uint8Array();
    const before = this.#known.get(key);
    if (before === undefined) this.#known.set(key, bytes);
    else this.#cameBack(key, before, bytes);
    if (key.startsWith('pub/')) this.#published(key);
    else if (key.startsWith('ckpt/')) this.#checkpointed(key, bytes);
    else if (key.startsWith('wal/')) this.#logged(key, bytes);
  }

  /**
   * Pages are the owner's own, or those of the checkpoint in force: any other may be deleted by the owner before, who may
   * still publish that one. What is behind it already comes to nothing, and so does a former owner's.
   */
  #checkpointed(key: string, bytes: Uint8Array): void {
    const { epoch, newestInstalled } = walkStore(this.#get, this.#publications);
    if (epochOf(key) !== epoch || (newestInstalled !== null && suffixOf(key) <= newestInstalled)) return;
    const inForce = newestInstalled === null ? undefined : this.#known.get(`ckpt/${newestInstalled}`);
    const lasting = new Set(inForce === undefined ? [] : readCheckpoint(inForce).pages.map((page) => page.key));
    for (const page of readCheckpoint(bytes).pages) {
      if (pageEpochOf(page.key) === epoch || lasting.has(page.key)) continue;
      const what = `${key} shares ${page.key}, which ckpt/${newestInstalled} has not, and its owner may delete`;
      return this.#onlooker.violated(what);
    }
  }

  #cameBack(key: string, before: Uint8Array, bytes: Uint8Array): void {
    this.#onlooker.noted('store.recreated');
    if (sameBytes(before, bytes)) return;
    // The one exception: a late taker may find the first slot it can not see collected, and fence it.
    if (key.startsWith('wal/') && isFence(bytes)) return;
    this.#onlooker.violated(`${key} was written again with other bytes`, 'never.overwritten');
  }

  #logged(key: string, bytes: Uint8Array): void {
    const slot = slotOf(key);
    if (bytes.length !== promisedBytes(bytes)) {
      this.#onlooker.violated(`${key} has ${bytes.length} bytes, its header promises others`, 'never.in-parts');
    }
    if (isFence(bytes)) {
      if (slot <= this.#walk.slot) this.#onlooker.noted('store.stray-fence');
      else this.walk();
    } else if (slot <= this.#walk.slot) {
      this.#onlooker.noted('store.zombie-data');
    }
  }

  #published(key: string): void {
    const newest = newestOf(this.#publications);
    this.#publications.add(key);
    if (newest !== null && key < newest) return this.#onlooker.noted('store.publication-not-newest');
    const before = walkStore(this.#get, newest === null ? [] : [newest]);
    if (epochOf(key) < before.epoch) this.#onlooker.noted('store.publication-of-dead-owner');
    if (!before.installed.has(suffixOf(key)) && key !== newest) {
      this.#onlooker.violated(`${key} is published, and its INSTALL is not in the log`);
    }
    const log = this.walk();
    if (log.segments.size !== before.segments.size || [...before.segments].some((name) => !log.segments.has(name))) {
      this.#onlooker.violated(`a start from ${key} ends with other segments than a start before it`);
    }
  }

  #deleted(key: string): void {
    const bytes = this.#known.get(key) ?? new Uint8Array();
    const [kind] = key.split('/');
    if (kind === 'pub') return this.#unpublished(key);
    if (kind === 'wal') {
      this.#onlooker.noted('store.slot-deleted');
      if (isFence(bytes)) this.#onlooker.violated(`${key} is a fence and was deleted`);
      if (slotOf(key) > this.#walk.slot) {
        this.#onlooker.violated(
          `${key} was deleted, and the newest publication is ${this.#walk.publication ?? 'none'}`,
        );
      }
      return;
    }
    if (kind === 'format') return this.#onlooker.violated(`${key} was deleted`);
    if (kind === 'seg') this.#onlooker.noted('store.segment-deleted');
    if (this.#walk.reachable.has(key)) {
      this.#onlooker.violated(`${key} was deleted, and ${this.#walk.publication ?? 'nothing'} leads to it`);
    }
    // Segments that came after the checkpoint are in force by the log alone.
    if (kind === 'seg') this.walk();
  }

  #unpublished(key: string): void {
    this.#publications.delete(key);
    const newer = [...this.#publications].filter((other) => other > key);
    if (this.#isMilestone(key)) this.#onlooker.violated(`${key} is a milestone and was deleted`);
    else if (newer.length === 0) this.#onlooker.violated(`${key} was the newest publication and was deleted`);
    else if (!newer.some((other) => this.#isMilestone(other))) {
      this.#onlooker.violated(`${key} was deleted, and no milestone is above it`);
    }
  }

  /** Publications are empty but for milestones. */
  #isMilestone(key: string): boolean {
    return (this.#known.get(key)?.length ?? 0) > 0;
  }

  /**
   * What is there and nobody needs, once everything is healed, one more owner took over, flushed and collected. Fences
   * stay, and so do milestones, the publications above the newest of them, and two checkpoints with what they name.
   */
  litter(keys: Iterable<string>): string[] {
    const { reachable, segments, slot, end } = this.walk();
    const kept = new Set<string>();
    const present = [...keys];
    const publications = [...this.#publications].toSorted();
    const milestone = publications.findLast((key) => this.#isMilestone(key)) ?? '';
    for (const key of publications) if (this.#isMilestone(key) || key > milestone) kept.add(key);
    for (const key of present
      .filter((name) => name.startsWith('ckpt/'))
      .toSorted()
      .slice(-2)) {
      kept.add(key);
      const older = walkStore(this.#get, [`pub/${suffixOf(key)}`]);
      for (const name of older.reachable) if (name.startsWith('meta/')) kept.add(name);
    }
    const isNeeded = (key: string): boolean => {
      if (key === 'format' || key.startsWith('probe/') || kept.has(key) || reachable.has(key) || segments.has(key))
        return true;
      if (!key.startsWith('wal/')) return false;
      if (isFence(this.#get(key) ?? new Uint8Array())) return true;
      return slotOf(key) > slot && key < slotKey(end);
    };
    return present.filter((key) => !isNeeded(key));
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

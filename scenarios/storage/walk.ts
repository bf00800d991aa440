/**
 * From the newest publication to everything a start would need: its checkpoint, pages and segments, then the log to its
 * first gap, with what INSTALL and EDIT entries bring and take away. What is missing or contradicts on the way is a
 * problem, in words.
 */

import {
  type LogObject,
  readCheckpoint,
  readLogObject,
  type SegmentName,
  slotKey,
  slotOf,
  suffixOf,
} from './decode.ts';

export interface Walk {
  /** Key of the newest publication, or null before the first. */
  publication: string | null;
  /** Its slot; -1 before the first. */
  slot: number;
  /** Everything a start from that publication reads, the log apart. */
  reachable: ReadonlySet<string>;
  /** Segments in force at the end of the log. */
  segments: ReadonlySet<string>;
  /** Suffixes of the checkpoints installed by the log behind the publication. */
  installed: ReadonlySet<string>;
  /** Suffix of the newest checkpoint installed, the publication's own included; null before the first. */
  newestInstalled: string | null;
  /** First slot never written. */
  end: number;
  /** Of the newest fence; 0 before the first. */
  epoch: number;
  /** Chunks that no installed checkpoint has, of whatever stream. */
  unflushed: { chunks: number; bytes: number };
  problems: readonly Problem[];
}

/** What is wrong, and the probe that must stay dark, where it has one. */
interface Problem {
  what: string;
  never?: 'never.two-owners';
}

type Get = (key: string) => Uint8Array | undefined;

/** `publications`: the keys below `pub/` that exist. */
export function walkStore(get: Get, publications: Iterable<string>): Walk {
  return new Walker(get, newestOf(publications)).walk();
}

export function newestOf(publications: Iterable<string>): string | null {
  let newest: string | null = null;
  for (const key of publications) if (newest === null || key > newest) newest = key;
  return newest;
}

class Walker {
  readonly #get: Get;
  readonly #publication: string | null;
  readonly #reachable = new Set<string>();
  readonly #segments = new Set<string>();
  readonly #installed = new Set<string>();
  readonly #problems: Problem[] = [];
  /** The newest checkpoint installed so far; null until its slot is known. */
  #installedSlot = -1;
  #newestInstalled: string | null = null;
  #epoch = 0;
  /** Of each data slot behind the publication, its chunks. */
  readonly #chunks: { slot: number; bytes: number }[] = [];

  constructor(get: Get, publication: string | null) {
    this.#get = get;
    this.#publication = publication;
  }

  walk(): Walk {
    const slot = this.#publication === null ? -1 : this.#fromCheckpoint(this.#publication);
    const end = this.#alongLog(slot + 1);
    return {
      publication: this.#publication,
      slot,
      reachable: this.#reachable,
      segments: this.#segments,
      installed: this.#installed,
      newestInstalled: this.#newestInstalled,
      end,
      epoch: this.#epoch,
      unflushed: this.#unflushed(),
      problems: this.#problems,
    };
  }

  #fromCheckpoint(publication: string): number {
    const key = `ckpt/${suffixOf(publication)}`;
    this.#reachable.add(key);
    this.#installedSlot = slotOf(publication);
    this.#newestInstalled = suffixOf(publication);
    const bytes = this.#get(key);
    if (bytes === undefined) {
      this.#problems.push({ what: `the newest publication names ${key}, which does not exist` });
      return this.#installedSlot;
    }
    const { pages, segments, slot } = readCheckpoint(bytes);
    for (const page of pages) this.#expect(page, key);
    for (const segment of segments) {
      this.#expect(segment, key);
      this.#segments.add(segment.key);
    }
    return slot;
  }

  #expect({ key, bytes }: SegmentName, by: string): void {
    this.#reachable.add(key);
    const found = this.#get(key);
    if (found === undefined) this.#problems.push({ what: `${by} names ${key}, which does not exist` });
    else if (found.length !== bytes) {
      this.#problems.push({ what: `${by} says that ${key} has ${bytes} bytes, it has ${found.length}` });
    }
  }

  #alongLog(from: number): number {
    let owner: LogObject | null = null;
    for (let slot = from; ;) {
      const bytes = this.#get(slotKey(slot));
      if (bytes === undefined) {
        this.#segmentsExist();
        return slot;
      }
      const object = readLogObject(bytes);
      if (owner !== null) this.#oneOwner(owner, object);
      // Before the first fence the owner is whoever wrote the first slot.
      if (object.kind === 'fence' || owner === null) owner = object;
      this.#epoch = object.epoch;
      if (object.kind === 'data') {
        for (const change of object.changes) this.#fold(change);
        for (const length of object.chunkBytes) this.#chunks.push({ slot, bytes: length });
      }
      slot = object.kind === 'fence' ? object.next : slot + 1;
    }
  }

  /** Between two fences there is one writer, the one whose fence came first. */
  #oneOwner(owner: LogObject, object: LogObject): void {
    const where = slotKey(object.slot);
    if (object.kind === 'fence') {
      if (object.epoch <= owner.epoch) this.#twoOwners(`${where} is a fence that does not raise the epoch`);
    } else if (object.epoch !== owner.epoch || object.identity !== owner.identity) {
      this.#twoOwners(`${where} is not written by the owner of its interval`);
    }
  }

  #twoOwners(what: string): void {
    this.#problems.push({ what, never: 'never.two-owners' });
  }

  #fold(change: Extract<LogObject, { kind: 'data' }>['changes'][number]): void {
    if (change.kind === 'edit') {
      for (const key of change.removed) {
        if (!this.#segments.delete(key)) this.#problems.push({ what: `an EDIT removes ${key}, which is not in force` });
      }
    } else {
      if (change.slot <= this.#installedSlot) return;
      this.#installedSlot = change.slot;
      this.#newestInstalled = change.checkpoint;
      this.#installed.add(change.checkpoint);
    }
    for (const { key } of change.added) this.#segments.add(key);
  }

  #unflushed(): Walk['unflushed'] {
    const above = this.#chunks.filter(({ slot }) => slot > this.#installedSlot);
    return { chunks: above.length, bytes: above.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /** Whatever a replay ends with is there to be read. */
  #segmentsExist(): void {
    for (const key of this.#segments) {
      if (this.#get(key) === undefined)
        this.#problems.push({ what: `${key} is in force at the end of the log and does not exist` });
    }
  }
}

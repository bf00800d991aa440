/**
 * Becoming the owner of a store (storage reference §4.5): load the newest published checkpoint, replay the log from it
 * to the first gap, close the gap with a permanent fence of a higher epoch, and go on behind the window that fence
 * makes void; unless a checkpoint was published meanwhile, which may have let slots be collected: then begin again.
 *
 * Invariants: the fence stands in the first slot never written, so whatever the former owner can still acknowledge was
 * replayed here; at most K of its puts are under way, so late ones land in void slots only. That an absent slot was
 * never written rests on the second look at the publications, not on the listing of the log.
 */

import { assert, InvariantError } from '../core/assert.ts';
import { type CheckpointName, checkpointKey, compareCheckpoints } from '../core/object-names.ts';
import { WINDOW_SLOTS } from '../core/limits.ts';
import type { BlobStore, GetOutcome, Ports } from '../ports.ts';
import { backOff } from './backoff.ts';
import { LogCorruption, meaningOf, REMEDY, VERSION_OFFSET } from './corruption.ts';
import {
  type DataHeader,
  decodeEntries,
  decodeHeader,
  encodeFence,
  IDENTITY_BYTES,
  type LogHeader,
  READINGS_MAX,
  type RawEntry,
  sameIdentity,
  slotKey,
} from './format.ts';
import { claimFormat } from './format-object.ts';
import type { LogFold, ReplayStart } from './fold.ts';
import { missingSlot, witnessBehind } from './missing-slot.ts';
import { PersistentStore, StoreRefused } from './persistent-store.ts';
import { LISTINGS, newestPublication } from './publication.ts';
import type { LogTunables } from './tunables.ts';

/** The right to write: epoch, who we are in it, and the first slot of ours. */
export interface Ownership {
  epoch: number;
  identity: Uint8Array;
  next: number;
}

type TakeoverPorts = Pick<Ports, 'clock' | 'random' | 'entropy' | 'compute' | 'blobs' | 'telemetry'>;

/**
 * Brings `fold` to the state at the end of the log and returns the ownership. Waits out a store that is away; rejects
 * with StoreRefused when the store refuses for good and with LogCorruption when an object is not what it must be.
 */
export async function takeOver<Entry>(
  ports: TakeoverPorts,
  tunables: LogTunables,
  fold: LogFold<Entry>,
): Promise<Ownership> {
  ports.telemetry.event('takeover.started');
  await claimFormat(ports, tunables);
  const takeover = new Takeover(ports, tunables, fold);
  for (;;) {
    const ownership = await takeover.attempt();
    if (ownership !== null) {
      ports.telemetry.event('takeover.completed', ownership.epoch);
      return ownership;
    }
  }
}

class Takeover<Entry> {
  readonly #ports: TakeoverPorts;
  readonly #tunables: LogTunables;
  readonly #fold: LogFold<Entry>;
  readonly #store: PersistentStore;
  readonly #identity: Uint8Array;

  constructor(ports: TakeoverPorts, tunables: LogTunables, fold: LogFold<Entry>) {
    this.#ports = ports;
    this.#tunables = tunables;
    this.#fold = fold;
    this.#store = new PersistentStore(ports, tunables, 'takeover.store-retried');
    this.#identity = ports.entropy.bytes(IDENTITY_BYTES);
  }

  /** Null when the view it began with turned out to be old. */
  async attempt(): Promise<Ownership | null> {
    const published = await newestPublication(this.#store);
    const start = await this.#begin(published);
    if (start === null) return null;
    const replay = new Replay(this.#ports, this.#tunables, this.#fold, this.#store, start);
    for (;;) {
      const contradiction = await replay.toFirstGap();
      if (contradiction !== null) return this.#staleUnless(published, contradiction);
      const [slot, epoch] = [replay.position, replay.epoch + 1];
      const ownership = { epoch, identity: this.#identity, next: slot + WINDOW_SLOTS };
      if (await this.#fence(slot, ownership)) return this.#validate(published, slot, ownership);
      this.#ports.telemetry.event('takeover.fence-contended', slot);
    }
  }

  /** The state to replay on; null when the checkpoint is not there any more. */
  async #begin(published: CheckpointName | null): Promise<ReplayStart | null> {
    this.#fold.reset();
    if (published === null) return { slot: -1, epoch: 0 };
    const start = await this.#fold.restore(published);
    if (start === null) {
      const missing = 'it is published, and it or a page it names is missing';
      return this.#staleUnless(published, new LogCorruption(checkpointKey(published), 0, missing));
    }
    assert(start.slot === published.slot, 'a checkpoint holds the state of the slot in its name');
    this.#ports.telemetry.event('takeover.from-checkpoint', published.slot);
    return start;
  }

  /**
   * What collection leaves behind looks like a contradiction to whoever began before it. Nothing is collected before a
   * newer publication is there to be seen; if there is none, the contradiction is real, and it is thrown.
   */
  async #staleUnless(published: CheckpointName | null, contradiction: LogCorruption): Promise<null> {
    if (await this.#isStillNewest(published)) throw contradiction;
    this.#ports.telemetry.event('takeover.stale-view', contradiction.message);
    return null;
  }

  /** With the fence in place: if nothing was published since the replay began, every absence in it was real. */
  async #validate(published: CheckpointName | null, slot: number, ownership: Ownership): Promise<Ownership | null> {
    if (await this.#isStillNewest(published)) {
      this.#fold.fence(slot, ownership.epoch);
      return ownership;
    }
    this.#ports.telemetry.event('takeover.publication-moved', slot);
    return null;
  }

  /** Whether nothing newer was published before this call. Two listings, because one may miss what goes meanwhile. */
  async #isStillNewest(published: CheckpointName | null): Promise<boolean> {
    for (let listing = 0; listing < LISTINGS; listing++) {
      if (isSame(await newestPublication(this.#store), published)) continue;
      if (listing > 0) this.#ports.telemetry.event('takeover.listing-missed');
      return false;
    }
    return true;
  }

  /** Null when the slot is empty. */
  async #headerIn(slot: number): Promise<LogHeader | null> {
    const found = await this.#store.get(slotKey(slot));
    if (found.kind === 'absent') return null;
    return readSoundly(this.#ports, this.#store, slot, found.bytes, (bytes) =>
      decodeHeader(slot, bytes, this.#ports.compute),
    );
  }

  /** Puts the fence into `slot`. False when somebody else's object is there, which the replay then reads. */
  async #fence(slot: number, { epoch, identity, next }: Ownership): Promise<boolean> {
    const { blobs, compute, telemetry } = this.#ports;
    const parts = encodeFence({ slot, epoch, identity, next }, compute);
    for (let attempt = 0; ; attempt++) {
      const outcome = await blobs.putIfAbsent(slotKey(slot), parts);
      switch (outcome.kind) {
        case 'done':
          return true;
        case 'refused': {
          const header = await this.#headerIn(slot);
          if (header === null) break;
          const mine = sameIdentity(header.identity, identity) && header.epoch === epoch;
          if (mine) telemetry.event('takeover.fence-mine', slot);
          return mine;
        }
        case 'failed':
        case 'unknown':
          if (!outcome.fault.retryable) throw new StoreRefused(`writing ${slotKey(slot)}`, outcome.fault);
          telemetry.event('takeover.store-retried', 'put');
          await backOff(this.#ports, this.#tunables, attempt, outcome.fault);
      }
    }
  }
}

/**
 * Damage on the way here is not damage in the store: what comes damaged is got again, so often, before it is believed.
 * Null when the object is gone by then, which says nothing about how it was.
 */
async function readSoundly<Shape>(
  ports: TakeoverPorts,
  store: PersistentStore,
  slot: number,
  first: Uint8Array,
  read: (bytes: Uint8Array) => Shape,
): Promise<Shape | null> {
  let bytes = first;
  for (let readings = 1; ; readings++) {
    try {
      return read(bytes);
    } catch (error) {
      if (!(error instanceof LogCorruption) || readings === READINGS_MAX) throw error;
      const again = await store.get(slotKey(slot));
      if (again.kind === 'absent') return null;
      ports.telemetry.event('takeover.damage-reread', slot);
      bytes = again.bytes;
    }
  }
}

/** Walks the log, applying data and following fences over their void windows. */
class Replay<Entry> {
  readonly #ports: TakeoverPorts;
  readonly #fold: LogFold<Entry>;
  readonly #store: PersistentStore;
  readonly #ahead: ReadAhead;
  /** Epoch of the newest fence seen. */
  epoch: number;
  /** The first object seen of that epoch: all others are of the same writer. */
  #first: LogHeader | null = null;
  /** The slot to look at next; after `toFirstGap` the first that was never written. */
  position: number;

  constructor(
    ports: TakeoverPorts,
    tunables: LogTunables,
    fold: LogFold<Entry>,
    store: PersistentStore,
    start: ReplayStart,
  ) {
    this.#ports = ports;
    this.#fold = fold;
    this.#store = store;
    this.#ahead = new ReadAhead(ports.blobs, tunables.replayAheadSlots);
    this.epoch = start.epoch;
    this.position = start.slot + 1;
  }

  /** Null at the gap; otherwise what can not stand in this slot of a log that is read from its beginning. */
  async toFirstGap(): Promise<LogCorruption | null> {
    for (;;) {
      let found: GetOutcome = await this.#ahead.get(this.position);
      // An object found ahead of time can not have changed; an absence or a failure is only a hint.
      if (found.kind !== 'found') found = await this.#store.get(slotKey(this.position));
      if (found.kind === 'absent') {
        const witness = await witnessBehind(this.#store, this.position);
        if (witness === null) return null;
        // It was written, before that one or since we looked; what is gone now was collected, or deleted by hand.
        found = await this.#store.get(slotKey(this.position));
        if (found.kind === 'absent') return missingSlot(this.position, witness);
        this.#ports.telemetry.event('takeover.log-moved', this.position);
      }
      const contradiction = await this.#step(found.bytes);
      if (contradiction !== null) return contradiction;
    }
  }

  async #step(bytes: Uint8Array): Promise<LogCorruption | null> {
    const object = await readSoundly(this.#ports, this.#store, this.position, bytes, (read) => this.#read(read));
    if (object === null) return new LogCorruption(slotKey(this.position), 0, 'it was there, came damaged, and is gone');
    const { header } = object;
    if (header.kind === 'fence') {
      if (header.epoch <= this.epoch) return contradiction(header, this.epoch);
      this.#first = header;
      this.#fold.fence(header.slot, header.epoch);
      this.epoch = header.epoch;
      this.position = header.next;
      this.#ports.telemetry.event('takeover.skipped-window', header.slot);
      return null;
    }
    if (header.epoch !== this.epoch) return contradiction(header, this.epoch);
    this.#first ??= header;
    if (!sameIdentity(header.identity, this.#first.identity)) return twoWriters(header, this.#first);
    for (const raw of object.entries) this.#apply(header, object.bytes, raw);
    this.#fold.endOfSlot(header.slot, object.bytes[VERSION_OFFSET] as number);
    this.position++;
    this.#ports.telemetry.event('takeover.replayed-data', header.slot);
    return null;
  }

  #read(bytes: Uint8Array) {
    const header = decodeHeader(this.position, bytes, this.#ports.compute);
    return { bytes, header, entries: header.kind === 'data' ? decodeEntries(header, bytes, this.#ports.compute) : [] };
  }

  #apply(header: DataHeader, bytes: Uint8Array, raw: RawEntry & { start: number; end: number }): void {
    const place = { slot: header.slot, bytes, start: raw.start, end: raw.end };
    const key = slotKey(header.slot);
    try {
      meaningOf(key, raw.start, () => this.#fold.apply(this.#fold.decode(raw), place));
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error;
      // A bug of whoever wrote it, or of ours: not the store's fault, and whoever looks into it needs the place.
      const what = `the entry contradicts the state before it: ${error.message}`;
      throw new InvariantError(`${key}, byte ${raw.start}: ${what}. ${REMEDY.report}`);
    }
  }
}

function isSame(a: CheckpointName | null, b: CheckpointName | null): boolean {
  return a === null || b === null ? a === b : compareCheckpoints(a, b) === 0;
}

/** Gets a few slots before they are needed. */
class ReadAhead {
  readonly #blobs: BlobStore;
  readonly #depth: number;
  #pending = new Map<number, Promise<GetOutcome>>();

  constructor(blobs: BlobStore, depth: number) {
    this.#blobs = blobs;
    this.#depth = depth;
  }

  get(slot: number): Promise<GetOutcome> {
    const kept = new Map<number, Promise<GetOutcome>>();
    for (let s = slot; s < slot + this.#depth; s++) {
      kept.set(s, this.#pending.get(s) ?? this.#blobs.get(slotKey(s)));
    }
    this.#pending = kept;
    const wanted = kept.get(slot) as Promise<GetOutcome>;
    kept.delete(slot);
    return wanted;
  }
}

function twoWriters({ slot, epoch }: LogHeader, first: LogHeader): LogCorruption {
  const what = `it is by another writer than ${slotKey(first.slot)}, and both are of epoch ${epoch}`;
  return new LogCorruption(slotKey(slot), 24, what, REMEDY.report);
}

function contradiction(header: LogHeader, epoch: number): LogCorruption {
  const what = `a ${header.kind} slot of epoch ${header.epoch} stands where epoch ${epoch} is in force`;
  return new LogCorruption(slotKey(header.slot), 16, what, REMEDY.report);
}

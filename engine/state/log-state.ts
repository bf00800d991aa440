/**
 * Everything the log means, records apart: rows, segments, usage, the fences passed. This is what a checkpoint holds, and
 * what two owners that replayed the same log agree on; `hash` is how they find out if they do not.
 */

import type { AdmittedChunk } from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import { FORMAT_VERSION } from '../core/format-version.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { ChunkEntry, Entry, InstallEntry } from './entries.ts';
import { fold, foldChunk, type RareRowEntry } from './fold.ts';
import { SegmentList } from './segment-list.ts';
import { sameHash, type StateHash, StateHasher } from './state-hash.ts';
import { DurableTables } from './tables.ts';
import { Usage } from './usage.ts';

/** Slots whose state hash is remembered, so that a later INSTALL can be compared. Beyond it nothing is compared. */
const REMEMBERED_SLOTS = 8192;

/** A replay came to another state than the owner that wrote the log. */
export class StateMismatch extends RangeError {
  override name = 'StateMismatch';
}

export class LogState {
  readonly #hasher = new StateHasher();
  readonly tables = new DurableTables(this.#hasher);
  readonly segments = new SegmentList(this.#hasher);
  readonly usage = new Usage(this.#hasher);
  /** Slots of all fences of the log, ascending. They are never deleted. */
  readonly fences: number[] = [];
  /** Data slots below are collected: a hint where collection goes on. */
  collectedTo = 0;
  /** The newest arrival of any chunk: arrivals never decrease along the log. */
  #lastArrivalMs = 0;
  readonly #hashes = new SlotHashes();
  /** Entries that no checkpoint has, as far as this process knows: what a flush would be for. INSTALLs do not count. */
  unfrozenEntries = 0;

  get hash(): StateHash {
    this.usage.settle();
    return this.#hasher.value();
  }

  get lastArrivalMs(): number {
    return this.#lastArrivalMs;
  }

  arrived(ms: number): void {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, ms);
  }

  /**
   * One committed entry. `crc` is the checksum of its bytes. True for an INSTALL that counted. Throws StateMismatch when
   * an INSTALL was written by an owner in another state.
   */
  apply(entry: Entry, crc: number): boolean {
    if (entry.type !== 'install') this.unfrozenEntries++;
    if (entry.type === 'install') return this.#install(entry);
    if (entry.type === 'chunk') this.#append(entry, crc);
    else if (entry.type === 'edit') this.segments.edit(entry);
    else if (entry.type === 'usage') this.usage.reported(entry);
    else this.#fold(entry);
    return false;
  }

  /** All entries of the slot are applied. An older build folded them by other rules, so with its states nothing is compared. */
  endOfSlot(slot: number, version = FORMAT_VERSION): void {
    if (version === FORMAT_VERSION) this.#hashes.remember(slot, this.hash);
  }

  /** What `#fold` does, for the entries nearly all are: this is the way of every append. */
  #append(chunk: ChunkEntry | AdmittedChunk, crc: number): void {
    assert(chunk.arrivalMs >= this.#lastArrivalMs, 'arrivals never decrease along the log');
    // One that is no later than the one before may have been held back to it, and tells no time.
    if (chunk.arrivalMs > this.#lastArrivalMs) this.usage.told(chunk.arrivalMs);
    this.#lastArrivalMs = chunk.arrivalMs;
    const before = this.tables.stream(chunk.streamId);
    const row = foldChunk(before, chunk, crc);
    this.tables.putStream(row);
    this.usage.appended(chunk, before as StreamState, row);
  }

  #fold(entry: RareRowEntry): void {
    const before = 'streamId' in entry ? this.tables.stream(entry.streamId) : undefined;
    const change = fold(this.tables, entry);
    this.tables.put(change);
    this.usage.changed({ entry, change, before, lastArrivalMs: this.#lastArrivalMs });
  }

  #install(entry: InstallEntry): boolean {
    if (!this.segments.install(entry)) return false;
    const { slot } = entry.checkpoint;
    const then = this.#hashes.at(slot);
    if (then !== undefined && !sameHash(then, entry.stateHash)) {
      throw new StateMismatch(`the state at slot ${slot} is not the one its checkpoint was taken of`);
    }
    this.#hashes.forgetTo(slot);
    return true;
  }
}

/** State hashes of the newest slots, as far as an INSTALL may still ask for them. */
class SlotHashes {
  readonly #hashes = new Map<number, StateHash>();
  /** None is kept below. */
  #from: number | null = null;

  at(slot: number): StateHash | undefined {
    return this.#hashes.get(slot);
  }

  remember(slot: number, hash: StateHash): void {
    this.#from ??= slot;
    this.#hashes.set(slot, hash);
    this.forgetTo(slot - REMEMBERED_SLOTS);
  }

  /** `slot` and all below. */
  forgetTo(slot: number): void {
    if (this.#from === null) return;
    for (; this.#from <= slot; this.#from++) this.#hashes.delete(this.#from);
  }
}

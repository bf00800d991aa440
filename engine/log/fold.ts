/**
 * What the log needs to know of its entries, given to it as a value: how they become bytes, how bytes become
 * entries, where committed ones go, and how to begin from a checkpoint. The log itself knows nothing of streams.
 */

import type { CheckpointName } from '../core/object-names.ts';
import type { RawEntry } from './format.ts';

/** Where a committed entry stands: its frame (entry header and payload) is `bytes[start, end)`, and never changes. */
export interface EntryPlace {
  slot: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

interface EntryCodec<Entry> {
  typeOf(entry: Entry): number;
  /** Length of the payload, bytes. */
  lengthOf(entry: Entry): number;
  /** Writes exactly that many bytes at `at`. */
  write(entry: Entry, out: Uint8Array, at: number): void;
  /** Throws a RangeError when the bytes are no entry of a known type. */
  decode(raw: RawEntry): Entry;
}

/** Where a replay begins: slots up to and including `slot` are in the state already, written under `epoch` or before. */
export interface ReplayStart {
  slot: number;
  epoch: number;
}

export interface LogFold<Entry> extends EntryCodec<Entry> {
  /**
   * Called once per entry, in the one order of the log: first by replay, then as slots commit. Throws a RangeError when
   * a replayed entry contradicts the state.
   */
  apply(entry: Entry, place: EntryPlace): void;
  /** All entries of the slot are applied; its object has that version of the format. */
  endOfSlot(slot: number, version: number): void;
  /** A fence of the log, in the same order; also the one that began this ownership. */
  fence(slot: number, epoch: number): void;
  /** Forgets everything: the log is replayed from slot 0. */
  reset(): void;
  /**
   * Forgets everything and loads the checkpoint. Null when one of its objects is not there any more, which happens
   * while a newer one is being published. Rejects with LogCorruption or StoreRefused.
   */
  restore(checkpoint: CheckpointName): Promise<ReplayStart | null>;
}

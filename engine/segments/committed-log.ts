/**
 * The committed side of an owner: what replay and commits feed, in the one order of the log. State that checkpoints
 * hold is in `state`; chunks that are in no segment yet are in `chunks`.
 */

import { FORMAT_VERSION } from '../core/format-version.ts';
import type { CheckpointName } from '../core/object-names.ts';
import type { EntryPlace, LogFold, ReplayStart } from '../log/fold.ts';
import { frameCrc, type RawEntry } from '../log/format.ts';
import type { Telemetry } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import { ENTRY_CODEC } from '../state/entry-codec.ts';
import { LogState } from '../state/log-state.ts';
import { ChunkIndex } from './chunk-index.ts';

/** Loads a checkpoint into an empty state; null when one of its objects is gone. */
export type LoadCheckpoint = (checkpoint: CheckpointName, into: LogState) => Promise<ReplayStart | null>;

export class CommittedLog implements LogFold<Entry> {
  readonly #load: LoadCheckpoint;
  readonly #telemetry: Telemetry | null;
  readonly chunks = new ChunkIndex();
  #state = new LogState();
  /** Told of every applied entry, after it; set once the log is served. */
  onApplied: ((entry: Entry) => void) | null = null;
  /** Told when all entries of a slot are applied; set with it. */
  onSlotApplied: (() => void) | null = null;

  constructor(load: LoadCheckpoint, telemetry: Telemetry | null = null) {
    this.#load = load;
    this.#telemetry = telemetry;
  }

  /** Replaced whenever a replay begins again; final once ownership is taken. */
  get state(): LogState {
    return this.#state;
  }

  typeOf(entry: Entry): number {
    return ENTRY_CODEC.typeOf(entry);
  }

  lengthOf(entry: Entry): number {
    return ENTRY_CODEC.lengthOf(entry);
  }

  write(entry: Entry, out: Uint8Array, at: number): void {
    ENTRY_CODEC.write(entry, out, at);
  }

  decode(raw: RawEntry): Entry {
    return ENTRY_CODEC.decode(raw);
  }

  apply(entry: Entry, place: EntryPlace): void {
    const counted = this.#state.apply(entry, frameCrc(place.bytes, place.start));
    if (entry.type === 'chunk') this.chunks.add(entry, place);
    else if (entry.type === 'delete-stream') this.chunks.drop(entry.streamId);
    else if (entry.type === 'install' && counted) this.chunks.release(entry.checkpoint.slot);
    else if (entry.type === 'install') this.#telemetry?.event('install.noop', entry.checkpoint.slot);
    this.onApplied?.(entry);
  }

  endOfSlot(slot: number, version = FORMAT_VERSION): void {
    this.#state.endOfSlot(slot, version);
    this.onSlotApplied?.();
  }

  fence(slot: number): void {
    this.#state.fences.push(slot);
  }

  reset(): void {
    this.#state = new LogState();
    this.chunks.clear();
  }

  async restore(checkpoint: CheckpointName): Promise<ReplayStart | null> {
    this.reset();
    const start = await this.#load(checkpoint, this.#state);
    if (start === null) this.reset();
    return start;
  }
}

/**
 * The owner's background work, put together: checkpoints, compaction after each of them, retention, collection,
 * what trims took away.
 *
 * Each part does one thing at a time and none waits for another but through the log, so none can hold up an append for
 * longer than the turn it takes. All of it ends with the engine.
 */

import { type PersistentStore, StoreAbandoned } from '../log/persistent-store.ts';
import type { Settlement } from '../log/queued.ts';
import type { SlotLog } from '../log/slot-log.ts';
import type { Ports } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { SpeculativeTables } from '../state/tables.ts';
import type { Checkpoints } from './checkpoint.ts';
import { Collector } from './collector.ts';
import type { CommittedLog } from './committed-log.ts';
import { Compactor } from './compactor.ts';
import { Flusher } from './flusher.ts';
import { NameSource } from './names.ts';
import { Retention } from './retention.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { StreamReader } from './stream-reader.ts';
import { TrimCounter } from './trim-counter.ts';
import type { SegmentTunables } from './tunables.ts';

export interface UpkeepParts {
  log: SlotLog<Entry>;
  committed: CommittedLog;
  checkpoints: Checkpoints;
  segments: SegmentReader;
  reader: StreamReader;
  store: PersistentStore;
  submit: (entry: Entry) => Promise<Settlement>;
  /** What queued entries will make of the tables: nothing is proposed for a stream whose deletion is queued. */
  ahead: SpeculativeTables;
  /** Trimmed bytes are counted this often. */
  trimCountMs: number;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
  /** The store refused something the owner can not do without, or a bug. */
  failed: (error: unknown) => void;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #flusher: Flusher;
  readonly #compactor: Compactor;
  readonly #retention: Retention;
  readonly #trimCounter: TrimCounter;
  #compacting: Promise<boolean> | null = null;

  constructor(ports: Pick<Ports, 'clock' | 'compute' | 'telemetry'>, tunables: SegmentTunables, parts: UpkeepParts) {
    const { log, committed, checkpoints, segments, reader, store, submit, ahead, signal, failed } = parts;
    const { state, chunks } = committed;
    const names = new NameSource(log.epoch);
    this.#parts = parts;
    const collector = new Collector({
      telemetry: ports.telemetry,
      store,
      state,
      epoch: log.epoch,
      firstSlot: log.committed,
      loaded: checkpoints.newest(state),
      orphanSweepEvery: tunables.orphanSweepEvery,
      milestoneEvery: tunables.milestoneEvery,
      readers: segments,
      failed,
    });
    this.#flusher = new Flusher({
      ports,
      tunables,
      store,
      log: { committed: () => log.committed },
      state,
      chunks,
      checkpoints,
      names,
      collector,
      submit,
      failed,
      signal,
      uploaded: (ref, index) => segments.remember(ref, index),
      published: () => this.#published(),
    });
    this.#compactor = new Compactor({
      ports,
      tunables,
      store,
      names,
      state,
      reader: segments,
      submit,
      proveOwnership: () => log.proveOwnership(),
      signal,
    });
    // Right after the takeover: its idea of how much time has passed is anchored there.
    this.#retention = new Retention({ ports, tunables, state, ahead, reader: segments, submit, signal });
    void this.#retention.serve().catch(failed);
    const intervalMs = parts.trimCountMs;
    this.#trimCounter = new TrimCounter({ ports, state, ahead, reader, submit, intervalMs, signal, failed });
  }

  /** An entry was folded. */
  applied(entry: Entry): void {
    if (entry.type === 'reconfigure-stream') this.#retention.agesChanged();
    this.#trimCounter.applied(entry);
  }

  /** All entries of a slot were folded. */
  slotApplied(): void {
    this.#flusher.applied();
  }

  /** Flushes, compacts until there is nothing left to compact, and collects. False when the engine ended first. */
  async flushNow(): Promise<boolean> {
    try {
      await this.#flusher.flushNow();
      while (await this.#compact()) await this.#flusher.flushNow();
      return true;
    } catch (error) {
      if (error instanceof StoreAbandoned) return false;
      throw error;
    }
  }

  #published(): void {
    this.#retention.segmentsChanged();
    if (this.#compacting === null) void this.#compact().catch((error: unknown) => this.#parts.failed(error));
  }

  /** One cycle; callers that come during one wait for its end and have one of their own. */
  async #compact(): Promise<boolean> {
    while (this.#compacting !== null) await this.#compacting.catch(() => false);
    this.#compacting = this.#compactor.run();
    try {
      const changed = await this.#compacting;
      if (changed) this.#retention.segmentsChanged();
      return changed;
    } finally {
      this.#compacting = null;
    }
  }
}

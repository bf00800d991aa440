/**
 * Finishes deletions: a stream that is being deleted goes when its tombstone is old enough, a basin when its streams are
 * gone (API contract §3.5, §3.6).
 *
 * Everything goes through the log in bounded batches, so no deletion holds up others for long. What a predecessor left
 * undone is in the tables, and is begun again: nothing depends on where it stopped.
 */

import { Fifo } from '../core/fifo.ts';
import type { Clock, Telemetry } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { DurableTables } from '../state/tables.ts';
import type { Journal } from './journal.ts';

/** Entries in the log at once for one basin, and for all tombstones of streams. */
const BATCH = 64;

export interface DeletionParts {
  ports: { clock: Pick<Clock, 'monoMs' | 'sleep'>; telemetry: Telemetry };
  journal: Journal;
  tables: DurableTables;
  /** How long at least a deletion is to be seen. */
  tombstoneMs: number;
  /** The end of the basin is queued in this turn. */
  basinEnds: (name: string) => void;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
  /** A bug. */
  failed: (error: unknown) => void;
}

export class Deletions {
  readonly #parts: DeletionParts;
  /** Tombstones of streams, oldest first. */
  readonly #streams = new Fifo<{ id: number; dueMs: number }>();
  #isServing = false;

  /** Goes on with what the tables say is being deleted. */
  constructor(parts: DeletionParts) {
    this.#parts = parts;
    const [streams, basins] = [[...parts.tables.tombstones()], [...parts.tables.doomedBasins()]];
    if (streams.length + basins.length > 0) parts.ports.telemetry.event('control.resumed');
    for (const id of streams) this.#add(id);
    for (const name of basins) this.#begin(() => this.#removeBasin(name));
  }

  /** An entry was folded into the durable tables. */
  committed(entry: Entry): void {
    if (entry.type === 'tombstone-stream') this.#add(entry.streamId);
    else if (entry.type === 'tombstone-basin') this.#begin(() => this.#removeBasin(entry.name));
  }

  #add(id: number): void {
    this.#streams.push({ id, dueMs: this.#parts.ports.clock.monoMs() + this.#parts.tombstoneMs });
    if (this.#isServing) return;
    this.#isServing = true;
    this.#begin(() => this.#removeStreams());
  }

  /** Not in the turn of a commit, which is not over yet. */
  #begin(work: () => Promise<void>): void {
    void Promise.resolve().then(work).catch(this.#parts.failed);
  }

  async #removeStreams(): Promise<void> {
    for (let next = this.#streams.take(); next !== undefined; next = this.#streams.take()) {
      if (!(await this.#reached(next.dueMs))) return;
      const removed = [this.#remove(next.id)];
      while (removed.length < BATCH) {
        const other = this.#streams.peek();
        if (other === undefined || other.dueMs > this.#parts.ports.clock.monoMs()) break;
        this.#streams.take();
        removed.push(this.#remove(other.id));
      }
      if ((await Promise.all(removed)).includes(false)) return;
    }
    this.#isServing = false;
  }

  async #removeBasin(name: string): Promise<void> {
    const { journal, tables, tombstoneMs, basinEnds, ports } = this.#parts;
    const dueMs = ports.clock.monoMs() + tombstoneMs;
    for (let startAfter = ''; ;) {
      const { rows } = tables.listStreams(name, { prefix: '', startAfter, limit: BATCH });
      const last = rows.at(-1);
      if (last === undefined && startAfter === '') break;
      // At the end once more from the beginning: only a look from there that finds nothing is an end.
      startAfter = last?.name ?? '';
      if ((await Promise.all(rows.map(({ id }) => this.#remove(id)))).includes(false)) return;
      ports.telemetry.event('basin.streams-deleted', rows.length);
    }
    if (!(await this.#reached(dueMs))) return;
    basinEnds(name);
    if ((await journal.submit({ type: 'delete-basin', name })) === 'committed') ports.telemetry.event('basin.deleted');
  }

  /** True when the stream is gone; false when nothing can be done any more. */
  async #remove(id: number): Promise<boolean> {
    const { journal, tables, ports } = this.#parts;
    // Somebody else's deletion is on its way: gone is what is gone for good.
    if (journal.ahead.stream(id) === undefined) return !tables.hasStream(id) || (await journal.flushed());
    if ((await journal.submit({ type: 'delete-stream', streamId: id })) !== 'committed') return false;
    ports.telemetry.event('stream.deleted');
    return true;
  }

  /** Waits until then; false when the engine ended first. */
  async #reached(dueMs: number): Promise<boolean> {
    const { ports, signal } = this.#parts;
    for (let waitMs = 1; waitMs > 0 && !signal.aborted;) {
      waitMs = dueMs - ports.clock.monoMs();
      if (waitMs > 0) await ports.clock.sleep(waitMs, signal);
    }
    return !signal.aborted;
  }
}

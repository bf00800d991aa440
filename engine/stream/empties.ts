/**
 * Deletion on empty (API contract §3.7): a stream that is configured so goes when it has been empty, and nothing has
 * happened to it, for its minimum age.
 *
 * Whether it may go is decided in one turn with the deletion that is queued, against what queued entries will make of the
 * stream: a batch or a change of configuration on its way keeps it. How long ago something happened has to be proven
 * (decision 0007). Streams are looked for row by row, a bounded number a turn, and only while some stream is configured so.
 */

import type { Clock, Telemetry } from '../ports.ts';
import { ProvenAge } from '../segments/proven-age.ts';
import type { Entry } from '../state/entries.ts';
import type { DurableTables } from '../state/tables.ts';
import type { Journal } from './journal.ts';

const ROWS_PER_TURN = 8_192;

export interface EmptyParts {
  ports: { clock: Clock; telemetry: Telemetry };
  journal: Journal;
  tables: DurableTables;
  /** The newest arrival of the log replayed. */
  lastArrivalMs: number;
  /** Between two looks at all streams. */
  sweepMs: number;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
  /** A bug. */
  failed: (error: unknown) => void;
}

export class Empties {
  readonly #parts: EmptyParts;
  readonly #age: ProvenAge;
  #isServing = false;

  /** To be made when ownership begins: its idea of how much time has passed is anchored there. */
  constructor(parts: EmptyParts) {
    this.#parts = parts;
    this.#age = new ProvenAge(parts.ports.clock, parts.lastArrivalMs);
    this.#serveIfNeeded();
  }

  /** An entry was folded into the durable tables. */
  committed(entry: Entry): void {
    if (entry.type === 'create-stream' || entry.type === 'reconfigure-stream') this.#serveIfNeeded();
  }

  #serveIfNeeded(): void {
    if (this.#isServing || !this.#parts.tables.deletesOnEmpty) return;
    this.#isServing = true;
    void this.#serve().catch(this.#parts.failed);
  }

  async #serve(): Promise<void> {
    const { ports, tables, sweepMs, signal } = this.#parts;
    while (tables.deletesOnEmpty) {
      await ports.clock.sleep(sweepMs, signal);
      if (signal.aborted) return;
      await this.#sweep();
    }
    this.#isServing = false;
  }

  async #sweep(): Promise<void> {
    const { ports, tables, signal } = this.#parts;
    for (let row: number | null = 0; row !== null && !signal.aborted;) {
      const { ids, next } = tables.emptyOnes(row, ROWS_PER_TURN);
      await Promise.all(ids.map((id) => this.#deleteIfDue(id)));
      row = next;
      if (row !== null) await ports.clock.sleep(0, signal);
    }
  }

  async #deleteIfDue(streamId: number): Promise<void> {
    const { ports, journal } = this.#parts;
    const stream = journal.ahead.stream(streamId);
    if (stream === undefined || stream.deletedAtMs !== null || stream.trimPoint < stream.tail.seqNum) return;
    const minAgeMs = stream.config.deleteOnEmptyMinAgeS * 1000;
    if (minAgeMs === 0 || this.#age.untilLookMs(stream.idleSinceMs, minAgeMs) > 0) return;
    const settlement = await journal.submit({ type: 'delete-stream', streamId });
    if (settlement === 'committed') ports.telemetry.event('stream.deleted-on-empty', streamId);
  }
}

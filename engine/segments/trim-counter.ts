/**
 * What a trim took away, in metered bytes: looked up where the first record that is left stands, because chunks say what
 * their stream had up to their end, and logged as a TRIM that moves nothing. A trim to the tail needs none of it.
 *
 * Done some time later, once for all trims of a stream meanwhile; until then the stream counts as storing what was trimmed.
 * Which streams wait is part of the state, so the next owner goes on, and does so at once.
 */

import { LogCorruption } from '../log/corruption.ts';
import { StoreAbandoned, StoreRefused } from '../log/persistent-store.ts';
import type { Settlement } from '../log/queued.ts';
import type { Clock, Telemetry } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { Tables } from '../state/fold.ts';
import type { LogState } from '../state/log-state.ts';
import { inParallel } from './parallel.ts';
import { SegmentGone } from './segment-gone.ts';
import type { StreamReader } from './stream-reader.ts';

/** Chunks fetched at once. */
const LOOKUPS_MAX = 8;

export interface TrimCounterParts {
  ports: { clock: Clock; telemetry: Telemetry };
  /** The committed state. */
  state: LogState;
  /** What will be: of a stream whose deletion is queued nothing is told any more. */
  ahead: Pick<Tables, 'stream'>;
  reader: Pick<StreamReader, 'bytesBelow'>;
  submit: (entry: Entry) => Promise<Settlement>;
  /** Between two looks. */
  intervalMs: number;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
  /** A bug. */
  failed: (error: unknown) => void;
}

export class TrimCounter {
  readonly #parts: TrimCounterParts;
  #isServing = false;

  constructor(parts: TrimCounterParts) {
    this.#parts = parts;
    // What owners before left has waited long enough, and this one may not last either.
    this.#serveIfNeeded(0);
  }

  /** An entry was folded. */
  applied(entry: Entry): void {
    if (entry.type !== 'trim' && (entry.type !== 'chunk' || entry.trimPoint === null)) return;
    this.#serveIfNeeded(this.#parts.intervalMs);
  }

  #serveIfNeeded(firstMs: number): void {
    if (this.#isServing || this.#parts.state.usage.uncounted.size === 0) return;
    this.#isServing = true;
    void this.#serve(firstMs).catch(this.#parts.failed);
  }

  async #serve(firstMs: number): Promise<void> {
    const { ports, state, intervalMs, signal } = this.#parts;
    for (let waitMs = firstMs; state.usage.uncounted.size > 0; waitMs = intervalMs) {
      await ports.clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      await inParallel([...state.usage.uncounted], LOOKUPS_MAX, (id) => this.#count(id));
    }
    this.#isServing = false;
  }

  async #count(streamId: number): Promise<void> {
    const { ports, state, ahead, submit, signal } = this.#parts;
    const stream = state.tables.stream(streamId);
    if (stream === undefined || signal.aborted) return;
    const { trimPoint } = stream;
    const trimmedBytes = await this.#bytesBelow(streamId, trimPoint);
    if (trimmedBytes === null || ahead.stream(streamId) === undefined) return;
    const atMs = Math.max(state.lastArrivalMs, ports.clock.wallMs());
    const settlement = await submit({ type: 'trim', streamId, trimPoint, atMs, trimmedBytes });
    if (settlement === 'committed') ports.telemetry.event('usage.trim-counted', streamId);
  }

  /** Null when it cannot be told now. */
  async #bytesBelow(streamId: number, seqNum: number): Promise<number | null> {
    try {
      return await this.#parts.reader.bytesBelow(streamId, seqNum);
    } catch (error) {
      const expected = [SegmentGone, LogCorruption, StoreRefused, StoreAbandoned].some((kind) => error instanceof kind);
      if (!expected) throw error;
      if (!this.#parts.signal.aborted) this.#parts.ports.telemetry.event('usage.unreadable', String(error));
      return null;
    }
  }
}

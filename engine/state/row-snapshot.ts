/**
 * The rows of all streams as they were in one turn, to be read over many while the tables go on: a row that changes is
 * kept as it was before its first change. Costs nothing to take, and memory for the rows that change while it is open.
 */

import type { StreamState } from '../core/stream-state.ts';

/** Where the rows are that did not change. */
interface RowSource {
  peek(id: number): StreamState | undefined;
}

export class RowSnapshot {
  readonly #rows: RowSource;
  /** Rows that changed since; null for one that was not there. */
  readonly #before = new Map<number, StreamState | null>();
  /** Streams that were dirty then. */
  readonly dirtyIds: ReadonlySet<number>;
  /** Above every id there was. */
  readonly nextStreamId: number;

  constructor(rows: RowSource, dirtyIds: ReadonlySet<number>, nextStreamId: number) {
    this.#rows = rows;
    this.dirtyIds = dirtyIds;
    this.nextStreamId = nextStreamId;
  }

  /** To be told of every change, before it: the row as it is, or undefined. */
  changes(id: number, row: StreamState | undefined): void {
    if (id < this.nextStreamId && !this.#before.has(id)) this.#before.set(id, row ?? null);
  }

  /** The row as it was; null when there was none. */
  row(id: number): StreamState | null {
    if (id >= this.nextStreamId) return null;
    const before = this.#before.get(id);
    return before === undefined ? (this.#rows.peek(id) ?? null) : before;
  }
}

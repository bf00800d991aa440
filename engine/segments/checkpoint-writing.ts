/**
 * The rows of one frozen state on their way to the pages and the overlay of its checkpoint, a slice at a time. Which rows
 * those are was decided in the turn of the freeze, and a snapshot keeps them as they were; so nobody has to wait for as
 * long as it takes to write a million of them.
 */

import { assert } from '../core/assert.ts';
import { pageKey } from '../core/object-names.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { Compute, Telemetry } from '../ports.ts';
import type { LogState } from '../state/log-state.ts';
import type { RowSnapshot } from '../state/row-snapshot.ts';
import { encodePageWith, type PageRef, type WrittenRows, writeOverlay, writePageRows } from './checkpoint-format.ts';
import type { RowChange } from './checkpoint-rows.ts';
import type { NameSource } from './names.ts';

/** Rows that are written in one turn: about 5 ms. */
const ROWS_PER_TURN = 1_024;
/** Dirty ids that are counted or sorted out in one turn: about 10 ms. */
const IDS_PER_TURN = 65_536;

export interface NewPage {
  key: string;
  bytes: Uint8Array;
}

/** The pages of the newest checkpoint that was loaded or frozen, by number. */
interface Pages {
  pageRows: number;
  refs: Map<number, PageRef>;
}

interface WritingPlan {
  /** So many rows may stand beside their pages. */
  overlayRowsMax: number;
  /** Every page is written anew. */
  everything: boolean;
}

export class RowWriting {
  readonly #state: LogState;
  readonly #pages: Pages;
  readonly #names: NameSource;
  readonly #plan: WritingPlan;
  readonly #ports: { compute: Compute; telemetry: Telemetry };
  readonly #snapshot: RowSnapshot;
  #rowsInTurn = 0;
  #result: { pages: PageRef[]; keys: ReadonlySet<string>; overlay: WrittenRows } | null = null;

  /** Takes the snapshot: to be made in the turn whose rows are to be written. */
  constructor(
    state: LogState,
    pages: Pages,
    names: NameSource,
    plan: WritingPlan,
    ports: { compute: Compute; telemetry: Telemetry },
  ) {
    this.#state = state;
    this.#pages = pages;
    this.#names = names;
    this.#plan = plan;
    this.#ports = ports;
    this.#snapshot = state.tables.snapshot();
  }

  /** What the root says of the rows, once all are written. */
  result() {
    assert(this.#result !== null, 'a root is made of rows that are written');
    return this.#result;
  }

  /** Yields a page to upload, or null when it is time to give the turn away. */
  *run(): Generator<NewPage | null> {
    const written = new Set<number>();
    for (const page of yield* this.#pagesToWrite()) {
      written.add(page);
      const made = yield* this.#page(page);
      if (made !== null) yield made;
    }
    const overlay = yield* this.#overlay(written);
    this.#state.tables.closeSnapshot();
    const { refs } = this.#pages;
    this.#result = { pages: [...refs.values()], keys: new Set([...refs.values()].map(pageKey)), overlay };
  }

  /** Gives the turn away when it has had its rows. */
  *#wrote(rows: number): Generator<null> {
    this.#rowsInTurn += rows;
    if (this.#rowsInTurn < ROWS_PER_TURN) return;
    this.#rowsInTurn = 0;
    yield null;
  }

  /** So many pages that few enough rows stand beside theirs. */
  *#pagesToWrite(): Generator<null, number[]> {
    const { dirtyIds, nextStreamId } = this.#snapshot;
    const { pageRows } = this.#pages;
    if (this.#plan.everything) return Array.from({ length: Math.ceil(nextStreamId / pageRows) }, (_, page) => page);
    if (dirtyIds.size <= this.#plan.overlayRowsMax) return [];
    const counts = new Map<number, number>();
    let counted = 0;
    for (const id of dirtyIds) {
      const page = Math.floor(id / pageRows);
      counts.set(page, (counts.get(page) ?? 0) + 1);
      if (++counted % IDS_PER_TURN === 0) yield null;
    }
    // Down to half, so that the next checkpoints need not write pages at once again.
    const chosen: number[] = [];
    let left = dirtyIds.size;
    for (const [page, rows] of [...counts].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])) {
      if (left <= this.#plan.overlayRowsMax / 2) break;
      chosen.push(page);
      left -= rows;
    }
    return chosen;
  }

  /** Null when no stream of the page is left. */
  *#page(page: number): Generator<null, NewPage | null> {
    const { pageRows, refs } = this.#pages;
    const [from, to] = [page * pageRows, Math.min((page + 1) * pageRows, this.#snapshot.nextStreamId)];
    const parts: Uint8Array[] = [];
    let count = 0;
    for (let first = from; first < to; first += ROWS_PER_TURN) {
      const rows: StreamState[] = [];
      for (let id = first; id < Math.min(first + ROWS_PER_TURN, to); id++) {
        const row = this.#snapshot.row(id);
        if (row !== null) rows.push(row);
      }
      parts.push(writePageRows(rows));
      count += rows.length;
      yield* this.#wrote(rows.length);
    }
    if (count === 0) {
      refs.delete(page);
      return null;
    }
    const { bytes, ref } = encodePageWith({ rows: count, parts }, this.#names.next(), page, this.#ports.compute);
    refs.set(page, ref);
    this.#ports.telemetry.event('checkpoint.page-written', page);
    return { key: pageKey(ref), bytes };
  }

  /** Rows newer than their page, which are dirty still. A deletion is told only where a page still has the row. */
  *#overlay(written: ReadonlySet<number>): Generator<null, WrittenRows> {
    const { pageRows, refs } = this.#pages;
    const ids: number[] = [];
    let looked = 0;
    for (const id of this.#snapshot.dirtyIds) {
      if (!written.has(Math.floor(id / pageRows))) ids.push(id);
      if (++looked % IDS_PER_TURN === 0) yield null;
    }
    const sorted = Float64Array.from(ids).sort();
    const parts: Uint8Array[] = [];
    let rows = 0;
    for (let at = 0; at < sorted.length; at += ROWS_PER_TURN) {
      const changes: RowChange[] = [];
      for (const id of sorted.subarray(at, at + ROWS_PER_TURN)) {
        const row = this.#snapshot.row(id);
        if (row !== null || refs.has(Math.floor(id / pageRows))) changes.push({ id, row });
      }
      this.#state.tables.markDirty(changes.map(({ id }) => id));
      parts.push(writeOverlay(changes));
      rows += changes.length;
      yield* this.#wrote(changes.length);
    }
    return { rows, parts };
  }
}

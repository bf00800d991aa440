/**
 * The tables as they are and as they will be. `DurableTables` hold what is committed and only that is ever
 * shown; `SpeculativeTables` lay the effect of queued entries over them, so that admission can pipeline.
 */

import type { TokenState } from '../core/access.ts';
import { assert } from '../core/assert.ts';
import { Fifo } from '../core/fifo.ts';
import { type ListQuery, type Page, pageOf } from '../core/listing.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { Change, Tables } from './fold.ts';
import { RowSnapshot } from './row-snapshot.ts';
import { SortedNames } from './sorted-names.ts';
import { StateHasher } from './state-hash.ts';
import { StreamTable } from './stream-table.ts';
import { TokenTable } from './token-table.ts';

export class DurableTables implements Tables {
  readonly #basins = new Map<string, BasinState>();
  readonly #basinNames = new SortedNames();
  /** Names of basins that are being deleted. */
  readonly #doomedBasins = new Set<string>();
  readonly #streams = new StreamTable();
  readonly tokens: TokenTable;
  #dirtyIds = new Set<number>();
  #snapshot: RowSnapshot | null = null;
  readonly #hasher: StateHasher;
  #nextStreamId = 1;

  constructor(hasher = new StateHasher()) {
    this.#hasher = hasher;
    this.tokens = new TokenTable(hasher);
  }

  basin(name: string): BasinState | undefined {
    return this.#basins.get(name);
  }

  stream(id: number): StreamState | undefined {
    return this.#streams.get(id);
  }

  streamId(basin: string, name: string): number | undefined {
    return this.#streams.idOf(basin, name);
  }

  streamByName(basin: string, name: string): StreamState | undefined {
    const id = this.streamId(basin, name);
    return id === undefined ? undefined : this.#streams.get(id);
  }

  token(id: string): TokenState | undefined {
    return this.tokens.get(id);
  }

  hasStream(id: number): boolean {
    return this.#streams.has(id);
  }

  /** Above every id ever given out in the committed log. */
  get nextStreamId(): number {
    return this.#nextStreamId;
  }

  put(change: Change): void {
    switch (change.table) {
      case 'basin':
        this.#putBasin(change.row);
        return;
      case 'deleted-basin':
        assert(!this.hasStreams(change.row.name), 'a basin goes after its streams');
        this.#hasher.basin(change.row, -1);
        this.#basins.delete(change.row.name);
        this.#basinNames.delete(change.row.name);
        this.#doomedBasins.delete(change.row.name);
        return;
      case 'stream':
        this.putStream(change.row);
        return;
      case 'deleted-stream':
        this.#snapshot?.changes(change.row.id, this.#streams.peek(change.row.id));
        this.#hasher.streamIdentity(change.row, -1);
        this.#hasher.streamSettings(change.row, -1);
        this.#hasher.streamPosition(change.row, -1);
        this.#streams.delete(change.row.id);
        this.#dirtyIds.add(change.row.id);
        return;
      case 'token':
        this.tokens.add(change.row);
        return;
      case 'revoked-token':
        this.tokens.delete(change.row);
    }
  }

  /** A new row of a stream, in place of the one it has. */
  putStream(row: StreamState): void {
    const before = this.#streams.get(row.id);
    this.#snapshot?.changes(row.id, before);
    this.#hashStream(before, row);
    this.#streams.put(row);
    this.#dirtyIds.add(row.id);
  }

  #putBasin(row: BasinState): void {
    const before = this.#basins.get(row.name);
    if (before === undefined) this.#basinNames.add(row.name);
    else this.#hasher.basin(before, -1);
    this.#hasher.basin(row, 1);
    this.#basins.set(row.name, row);
    if (row.deletedAtMs !== null) this.#doomedBasins.add(row.name);
  }

  // --- listings and upkeep ---------------------------------------------------------------------------------

  listBasins({ prefix, startAfter, limit }: ListQuery): Page<BasinState> {
    const { rows, hasMore } = pageOf(this.#basinNames.named(prefix, startAfter), limit);
    return { rows: rows.map((name) => this.#basins.get(name) as BasinState), hasMore };
  }

  listStreams(basin: string, { prefix, startAfter, limit }: ListQuery): Page<StreamState> {
    return pageOf(this.#streams.named(basin, prefix, startAfter), limit);
  }

  hasStreams(basin: string): boolean {
    return this.#streams.named(basin, '', '').next().done !== true;
  }

  /** Names of basins that are being deleted, in the order they were doomed as far as this process knows. */
  doomedBasins(): IterableIterator<string> {
    return this.#doomedBasins.values();
  }

  /** Ids of streams that are being deleted. */
  tombstones(): IterableIterator<number> {
    return this.#streams.tombstones();
  }

  /** Some stream is to be deleted when it is empty for long enough. */
  get deletesOnEmpty(): boolean {
    return this.#streams.deletesOnEmpty;
  }

  /** See `StreamTable.emptyOnes`. */
  emptyOnes(row: number, rows: number): { ids: number[]; next: number | null } {
    return this.#streams.emptyOnes(row, rows);
  }

  // --- what checkpoints need -------------------------------------------------------------------------------

  get streamCount(): number {
    return this.#streams.size;
  }

  basins(): IterableIterator<BasinState> {
    return this.#basins.values();
  }

  /** Rows with `fromId <= id < toId`, ascending; one that changes meanwhile may be seen before or after its change. */
  streamsInRange(fromId: number, toId: number): IterableIterator<StreamState> {
    return this.#streams.inRange(fromId, toId);
  }

  /**
   * All rows as they are now, to be read while they change. It takes the dirty ids with it: whoever asked gives back,
   * by `markDirty`, those whose rows it does not bring to a page. Ends with `closeSnapshot`; one at a time.
   */
  snapshot(): RowSnapshot {
    assert(this.#snapshot === null, 'one snapshot of the rows at a time');
    this.#snapshot = new RowSnapshot(this.#streams, this.#dirtyIds, this.#nextStreamId);
    this.#dirtyIds = new Set();
    return this.#snapshot;
  }

  closeSnapshot(): void {
    this.#snapshot = null;
  }

  /** Streams put or deleted since a snapshot last took them: their metadata page is out of date. */
  get dirtyIds(): ReadonlySet<number> {
    return this.#dirtyIds;
  }

  /** For rows and deletions a root holds beside the pages. */
  markDirty(ids: Iterable<number>): void {
    for (const id of ids) this.#dirtyIds.add(id);
  }

  /** The `restore` calls load a checkpoint: they count in the hash and leave nothing dirty. */
  restoreBasin(row: BasinState): void {
    this.#putBasin(row);
  }

  restoreStream(row: StreamState): void {
    assert(!this.#streams.has(row.id), 'a checkpoint holds a stream once');
    this.#hashStream(undefined, row);
    this.#streams.putCold(row);
  }

  restoreCounters({ nextStreamId }: { nextStreamId: number }): void {
    this.#raiseNextStreamId(nextStreamId);
  }

  #hashStream(before: StreamState | undefined, row: StreamState): void {
    if (before !== undefined) {
      this.#hasher.streamPosition(before, -1);
      if (before.config !== row.config || before.deletedAtMs !== row.deletedAtMs) {
        this.#hasher.streamSettings(before, -1);
        this.#hasher.streamSettings(row, 1);
      }
    } else {
      this.#hasher.streamIdentity(row, 1);
      this.#hasher.streamSettings(row, 1);
      this.#raiseNextStreamId(row.id + 1);
    }
    this.#hasher.streamPosition(row, 1);
  }

  #raiseNextStreamId(id: number): void {
    if (id <= this.#nextStreamId) return;
    this.#hasher.nextStreamId(this.#nextStreamId, -1);
    this.#hasher.nextStreamId(id, 1);
    this.#nextStreamId = id;
  }
}

/** A row laid over the durable one, until every queued entry that made a version of it is committed. */
class Overlay<Key, Row> {
  row: Row;
  /** All that one such entry changed, as `put` remembers it: nearly always one row. */
  readonly alone: readonly Overlay<Key, Row>[] = [this];
  readonly #overlays: Map<Key, Overlay<Key, Row>>;
  readonly #key: Key;
  #queued = 0;

  constructor(overlays: Map<Key, Overlay<Key, Row>>, key: Key, row: Row) {
    this.#overlays = overlays;
    this.#key = key;
    this.row = row;
  }

  lay(row: Row): this {
    this.row = row;
    this.#queued++;
    return this;
  }

  settle(): void {
    if (--this.#queued === 0) this.#overlays.delete(this.#key);
  }
}

export class SpeculativeTables implements Tables {
  readonly #durable: DurableTables;
  readonly #basins = new Map<string, Overlay<string, BasinState | undefined>>();
  readonly #streams = new Map<number, Overlay<number, StreamState | undefined>>();
  readonly #streamIds = new Map<string, Overlay<string, number | undefined>>();
  readonly #tokens = new Map<string, Overlay<string, TokenState | undefined>>();
  #nextStreamId: number;
  /** What each queued entry changed, oldest first. */
  readonly #order = new Fifo<readonly { settle(): void }[]>();

  constructor(durable: DurableTables) {
    this.#durable = durable;
    this.#nextStreamId = durable.nextStreamId;
  }

  basin(name: string): BasinState | undefined {
    const overlay = this.#basins.get(name);
    return overlay === undefined ? this.#durable.basin(name) : overlay.row;
  }

  stream(id: number): StreamState | undefined {
    const overlay = this.#streams.get(id);
    return overlay === undefined ? this.#durable.stream(id) : overlay.row;
  }

  streamId(basin: string, name: string): number | undefined {
    // Nearly always: no creation or deletion is in flight, and no key has to be made.
    if (this.#streamIds.size === 0) return this.#durable.streamId(basin, name);
    const overlay = this.#streamIds.get(streamKey(basin, name));
    return overlay === undefined ? this.#durable.streamId(basin, name) : overlay.row;
  }

  streamByName(basin: string, name: string): StreamState | undefined {
    const id = this.streamId(basin, name);
    return id === undefined ? undefined : this.stream(id);
  }

  token(id: string): TokenState | undefined {
    const overlay = this.#tokens.get(id);
    return overlay === undefined ? this.#durable.token(id) : overlay.row;
  }

  /** True when the stream has effects that are not durable yet. */
  isAhead(streamId: number): boolean {
    return this.#streams.has(streamId);
  }

  takeStreamId(): number {
    return this.#nextStreamId++;
  }

  /** The effect of an entry that was just queued; null for one that changes no row. */
  put(change: Change | null): void {
    this.#order.push(change === null ? [] : this.#lay(change));
  }

  /** `put` of a stream that is there already: the way of every append. */
  putStream(row: StreamState): void {
    this.#order.push(layOver(this.#streams, row.id, row).alone);
  }

  #lay(change: Change): readonly { settle(): void }[] {
    if (change.table === 'token') return layOver(this.#tokens, change.row.id, change.row).alone;
    if (change.table === 'revoked-token') return layOver(this.#tokens, change.row.id, undefined).alone;
    if (change.table === 'basin') return layOver(this.#basins, change.row.name, change.row).alone;
    if (change.table === 'deleted-basin') return layOver(this.#basins, change.row.name, undefined).alone;
    const { id, basin, name } = change.row;
    if (change.table === 'deleted-stream') {
      return [layOver(this.#streams, id, undefined), layOver(this.#streamIds, streamKey(basin, name), undefined)];
    }
    const isNew = !this.#streams.has(id) && !this.#durable.hasStream(id);
    const stream = layOver(this.#streams, id, change.row);
    return isNew ? [stream, layOver(this.#streamIds, streamKey(basin, name), id)] : stream.alone;
  }

  /** The oldest queued entry is committed and in the durable tables now. */
  settleOldest(): void {
    const changed = this.#order.take();
    assert(changed !== undefined, 'only queued entries are settled');
    for (const overlay of changed) overlay.settle();
  }
}

function layOver<Key, Row>(overlays: Map<Key, Overlay<Key, Row>>, key: Key, row: Row): Overlay<Key, Row> {
  let overlay = overlays.get(key);
  if (overlay === undefined) overlays.set(key, (overlay = new Overlay(overlays, key, row)));
  return overlay.lay(row);
}

function streamKey(basin: string, name: string): string {
  return `${basin}\0${name}`;
}

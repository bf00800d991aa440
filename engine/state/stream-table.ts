/**
 * All streams, packed: one row of typed-array columns per stream, texts apart (`row-texts.ts`), two hash indexes (by id, by
 * basin and name). An idle stream costs its columns, about 20 bytes of index and its texts, and nothing for the garbage collector
 * to visit; a stream in use is also an object in a small cache (storage reference §4.9).
 *
 * Rows are numbered anew as streams come and go; ids are not. The identity of a stream (basin, name, creation, request)
 * never changes, so `put` of a known id writes what appends change, and the settings where they are others.
 */

import { assert } from '../core/assert.ts';
import type { StreamState } from '../core/stream-state.ts';
import { bytesOf, copied } from './columns.ts';
import { HotRows } from './hot-rows.ts';
import { finish, mixNumber, mixText } from './mixing.ts';
import { NO_ROW, RowIndex } from './row-index.ts';
import { RowOrder } from './row-order.ts';
import { RowTexts } from './row-texts.ts';
import { SettingsPool } from './settings-pool.ts';

const ROWS_MIN = 64;
/** Columns grow by a quarter: at most a fifth of them is unused. */
const GROWTH = 1.25;
/** Streams kept as objects by default. */
const HOT_ROWS_MAX = 10_000;
/** In the id column: the row is free. */
const NONE = -1;

const utf8 = new TextEncoder();

export class StreamTable {
  #ids = new Float64Array(ROWS_MIN);
  #seqNums = new Float64Array(ROWS_MIN);
  #timestamps = new Float64Array(ROWS_MIN);
  #trimPoints = new Float64Array(ROWS_MIN);
  #appendedBytes = new Float64Array(ROWS_MIN);
  #trimmedBytes = new Float64Array(ROWS_MIN);
  #createdAtMs = new Float64Array(ROWS_MIN);
  #idleSinceMs = new Float64Array(ROWS_MIN);
  #digests = new Uint32Array(ROWS_MIN);
  #settings = new Uint32Array(ROWS_MIN);
  /** In a free row: the next free one + 1. */
  #basins = new Uint32Array(ROWS_MIN);
  #nameHashes = new Int32Array(ROWS_MIN);
  readonly #texts = new RowTexts(ROWS_MIN);
  readonly #basinNames: string[] = [];
  readonly #basinNumbers = new Map<string, number>();
  readonly #byId = new RowIndex((row) => hashOfId(this.#ids[row] as number));
  readonly #byName = new RowIndex((row) => this.#nameHashes[row] as number);
  /** By basin, then by the bytes of the name. */
  readonly #order = new RowOrder((row, other) => this.#compare(row, other));
  readonly #pool = new SettingsPool();
  /** Streams that are being deleted: few at any time. */
  readonly #deletedAtMs = new Map<number, number>();
  readonly #hot: HotRows;
  /** Rows ever used; those below are live or in the list of free ones. */
  #rowsUsed = 0;
  #firstFree = 0;

  constructor(hotRowsMax = HOT_ROWS_MAX) {
    this.#hot = new HotRows(hotRowsMax);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Bytes of columns, indexes and texts, unused room included; the cache of rows in use is not in it. */
  get packedBytes(): number {
    return bytesOf(this.#columns()) + this.#byId.bytes + this.#byName.bytes + this.#order.bytes + this.#texts.bytes;
  }

  has(id: number): boolean {
    return this.#rowOf(id) !== NO_ROW;
  }

  get(id: number): StreamState | undefined {
    const hot = this.#hot.get(id);
    if (hot !== undefined) return hot;
    const row = this.#rowOf(id);
    if (row === NO_ROW) return undefined;
    const state = this.#unpack(row);
    this.#hot.set(state);
    return state;
  }

  /** As `get`, for whoever looks at many: leaves the cache of rows in use alone. */
  peek(id: number): StreamState | undefined {
    const row = this.#rowOf(id);
    return row === NO_ROW ? undefined : this.#unpack(row);
  }

  idOf(basin: string, name: string): number | undefined {
    const basinNumber = this.#basinNumbers.get(basin);
    if (basinNumber === undefined) return undefined;
    const row = this.#rowNamed(basinNumber, name);
    return row === NO_ROW ? undefined : this.#ids[row];
  }

  /** A new stream, or what appends change of a known one. */
  put(state: StreamState): void {
    this.putCold(state);
    this.#hot.set(state);
  }

  /** `put` of a stream that is not in use: loading a checkpoint must not churn the cache. */
  putCold(state: StreamState): void {
    const known = this.#rowOf(state.id);
    const row = known === NO_ROW ? this.#add(state) : known;
    if (known !== NO_ROW) {
      this.#texts.putFencingToken(row, state.fencingToken);
      if (this.#pool.at(this.#settings[row] as number).config !== state.config) this.#putSettings(row, state);
    }
    if (state.deletedAtMs !== null) this.#deletedAtMs.set(state.id, state.deletedAtMs);
    this.#seqNums[row] = state.tail.seqNum;
    this.#timestamps[row] = state.tail.timestamp;
    this.#trimPoints[row] = state.trimPoint;
    this.#appendedBytes[row] = state.appendedBytes;
    this.#trimmedBytes[row] = state.trimmedBytes;
    this.#idleSinceMs[row] = state.idleSinceMs;
    this.#digests[row] = state.digest;
  }

  /** False when there is no such stream. */
  delete(id: number): boolean {
    const row = this.#rowOf(id);
    if (row === NO_ROW) return false;
    this.#byId.remove(row);
    this.#byName.remove(row);
    this.#order.remove(row);
    this.#hot.delete(id);
    this.#pool.release(this.#settings[row] as number);
    this.#deletedAtMs.delete(id);
    this.#texts.release(row);
    this.#ids[row] = NONE;
    this.#basins[row] = this.#firstFree;
    this.#firstFree = row + 1;
    return true;
  }

  /**
   * Streams with `fromId <= id < toId`, ascending. Streams put or deleted meanwhile may or may not be seen as they are
   * then; the others are seen once. Costs the smaller of the range and the table.
   */
  *inRange(fromId: number, toId: number): IterableIterator<StreamState> {
    for (const id of this.#idsInRange(fromId, toId)) {
      const row = this.#rowOf(id);
      if (row !== NO_ROW) yield this.#unpack(row);
    }
  }

  /** Streams of a basin whose names begin with `prefix` and stand behind `startAfter`, in the order of their bytes. */
  *named(basin: string, prefix: string, startAfter: string): IterableIterator<StreamState> {
    const number = this.#basinNumbers.get(basin);
    if (number === undefined) return;
    const [first, after] = [utf8.encode(prefix), utf8.encode(startAfter)];
    const isBefore = (row: number) => {
      const difference = (this.#basins[row] as number) - number;
      if (difference !== 0) return difference < 0;
      return (
        this.#texts.compareNameTo(row, first) < 0 || (after.length > 0 && this.#texts.compareNameTo(row, after) <= 0)
      );
    };
    for (const row of this.#order.from(isBefore)) {
      if (this.#basins[row] !== number) return;
      const state = this.#unpack(row);
      if (!state.name.startsWith(prefix)) return;
      yield state;
    }
  }

  /** Ids of streams that are being deleted. */
  tombstones(): IterableIterator<number> {
    return this.#deletedAtMs.keys();
  }

  /** Some stream is to be deleted when it is empty for long enough. */
  get deletesOnEmpty(): boolean {
    return this.#pool.deletesOnEmpty;
  }

  /** Ids, among `rows` rows from `row` on, of empty streams that are to be deleted for it; null as `next` at the end. */
  emptyOnes(row: number, rows: number): { ids: number[]; next: number | null } {
    const end = Math.min(row + rows, this.#rowsUsed);
    const ids: number[] = [];
    for (let at = row; at < end; at++) {
      if (this.#ids[at] === NONE || this.#trimPoints[at] !== this.#seqNums[at]) continue;
      if (this.#pool.at(this.#settings[at] as number).config.deleteOnEmptyMinAgeS > 0)
        ids.push(this.#ids[at] as number);
    }
    return { ids, next: end < this.#rowsUsed ? end : null };
  }

  *#idsInRange(fromId: number, toId: number): IterableIterator<number> {
    if (toId - fromId <= this.#rowsUsed) {
      for (let id = fromId; id < toId; id++) yield id;
      return;
    }
    yield* this.#ids
      .subarray(0, this.#rowsUsed)
      .filter((id) => id !== NONE && id >= fromId && id < toId)
      .sort();
  }

  // --- looking up ------------------------------------------------------------------------------------------

  #rowOf(id: number): number {
    const index = this.#byId;
    for (let slot = index.slotOf(hashOfId(id)); ; slot = index.after(slot)) {
      const row = index.rowAt(slot);
      if (row === NO_ROW || this.#ids[row] === id) return row;
    }
  }

  #rowNamed(basin: number, name: string): number {
    const index = this.#byName;
    const hash = hashOfName(basin, name);
    for (let slot = index.slotOf(hash); ; slot = index.after(slot)) {
      const row = index.rowAt(slot);
      if (row === NO_ROW) return NO_ROW;
      if (this.#nameHashes[row] === hash && this.#basins[row] === basin && this.#texts.isNamed(row, name)) return row;
    }
  }

  #compare(row: number, other: number): number {
    const basins = (this.#basins[row] as number) - (this.#basins[other] as number);
    return basins !== 0 ? basins : this.#texts.compareNames(row, other);
  }

  // --- rows ------------------------------------------------------------------------------------------------

  #add(state: StreamState): number {
    const basin = this.#basinNumber(state.basin);
    assert(this.#rowNamed(basin, state.name) === NO_ROW, 'a name belongs to one stream');
    const row = this.#takeRow();
    this.#ids[row] = state.id;
    this.#createdAtMs[row] = state.createdAtMs;
    this.#settings[row] = this.#pool.take(state);
    this.#basins[row] = basin;
    this.#nameHashes[row] = hashOfName(basin, state.name);
    this.#texts.add(row, state.name, state.requestToken, state.fencingToken);
    this.#byId.add(row);
    this.#byName.add(row);
    this.#order.add(row);
    return row;
  }

  #putSettings(row: number, state: StreamState): void {
    const before = this.#settings[row] as number;
    this.#settings[row] = this.#pool.take(state);
    this.#pool.release(before);
  }

  #unpack(row: number): StreamState {
    const id = this.#ids[row] as number;
    const { config, requested, cipher } = this.#pool.at(this.#settings[row] as number);
    return {
      id,
      basin: this.#basinNames[this.#basins[row] as number] as string,
      name: this.#texts.name(row),
      createdAtMs: this.#createdAtMs[row] as number,
      requestToken: this.#texts.requestToken(row),
      requested,
      cipher,
      config,
      deletedAtMs: this.#deletedAtMs.get(id) ?? null,
      tail: { seqNum: this.#seqNums[row] as number, timestamp: this.#timestamps[row] as number },
      fencingToken: this.#texts.fencingToken(row),
      trimPoint: this.#trimPoints[row] as number,
      appendedBytes: this.#appendedBytes[row] as number,
      trimmedBytes: this.#trimmedBytes[row] as number,
      idleSinceMs: this.#idleSinceMs[row] as number,
      digest: this.#digests[row] as number,
    };
  }

  #basinNumber(basin: string): number {
    const known = this.#basinNumbers.get(basin);
    if (known !== undefined) return known;
    this.#basinNumbers.set(basin, this.#basinNames.length);
    return this.#basinNames.push(basin) - 1;
  }

  // --- room ------------------------------------------------------------------------------------------------

  #takeRow(): number {
    if (this.#firstFree !== 0) {
      const row = this.#firstFree - 1;
      this.#firstFree = this.#basins[row] as number;
      return row;
    }
    if (this.#rowsUsed === this.#ids.length) this.#growColumns(Math.ceil(this.#ids.length * GROWTH));
    return this.#rowsUsed++;
  }

  #columns() {
    return [
      this.#ids,
      this.#seqNums,
      this.#timestamps,
      this.#trimPoints,
      this.#appendedBytes,
      this.#trimmedBytes,
      this.#createdAtMs,
      this.#idleSinceMs,
      this.#digests,
      this.#settings,
      this.#basins,
      this.#nameHashes,
    ];
  }

  #growColumns(rows: number): void {
    this.#ids = copied(this.#ids, new Float64Array(rows));
    this.#seqNums = copied(this.#seqNums, new Float64Array(rows));
    this.#timestamps = copied(this.#timestamps, new Float64Array(rows));
    this.#trimPoints = copied(this.#trimPoints, new Float64Array(rows));
    this.#appendedBytes = copied(this.#appendedBytes, new Float64Array(rows));
    this.#trimmedBytes = copied(this.#trimmedBytes, new Float64Array(rows));
    this.#createdAtMs = copied(this.#createdAtMs, new Float64Array(rows));
    this.#idleSinceMs = copied(this.#idleSinceMs, new Float64Array(rows));
    this.#digests = copied(this.#digests, new Uint32Array(rows));
    this.#settings = copied(this.#settings, new Uint32Array(rows));
    this.#basins = copied(this.#basins, new Uint32Array(rows));
    this.#nameHashes = copied(this.#nameHashes, new Int32Array(rows));
    this.#texts.grow(rows);
  }
}

function hashOfId(id: number): number {
  return finish(mixNumber(0, id));
}

function hashOfName(basin: number, name: string): number {
  return finish(mixText(basin, name));
}

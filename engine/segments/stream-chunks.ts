/**
 * Where the chunks of one stream stand in memory: a table of numbers, a row for each chunk, and the arenas beside it.
 * There may be millions of rows, so they are nothing the garbage collector looks at or copies, but for the arenas.
 *
 * Invariant: a row never changes once it is there. What goes away goes with the whole table, which is replaced, so that a
 * `FrameRun` of it stays as it was for as long as somebody holds it.
 */

import type { ChunkFacts } from '../core/chunk.ts';
import type { EntryPlace } from '../log/fold.ts';

/** One chunk as it stands in memory or in a segment: `bytes[start, end)` is its verbatim frame. */
export interface Frame {
  firstSeqNum: number;
  /** Exclusive. */
  nextSeqNum: number;
  firstTimestamp: number;
  lastTimestamp: number;
  arrivalMs: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** Columns of a row. Those that are searched ascend from row to row. */
const SLOT = 0;
const FIRST_SEQ_NUM = 1;
const NEXT_SEQ_NUM = 2;
const FIRST_TIMESTAMP = 3;
const LAST_TIMESTAMP = 4;
const ARRIVAL_MS = 5;
const START = 6;
const END = 7;
const COLUMNS = 8;

/** Most streams have few chunks between two flushes. */
const ROWS_MIN = 2;

/** Chunks of one stream in a row, without gaps. Nothing is made for each of them before somebody asks for it. */
export class FrameRun {
  readonly #rows: Float64Array;
  readonly #arenas: readonly Uint8Array[];
  readonly #from: number;
  readonly #to: number;

  /** Rows `[from, to)` of the table. */
  constructor(rows: Float64Array, arenas: readonly Uint8Array[], from: number, to: number) {
    this.#rows = rows;
    this.#arenas = arenas;
    this.#from = from;
    this.#to = to;
  }

  get length(): number {
    return this.#to - this.#from;
  }

  at(index: number): Frame {
    return frameOfRow(this.#rows, this.#arenas, this.#from + index);
  }

  /** What the frame takes. */
  bytesAt(index: number): number {
    return bytesOfRow(this.#rows, this.#from + index);
  }

  /** What all of them take. */
  get bytes(): number {
    return bytesOfRows(this.#rows, this.#from, this.#to);
  }

  /** Those at `[start, end)`. */
  slice(start: number, end: number): FrameRun {
    return new FrameRun(this.#rows, this.#arenas, this.#from + start, this.#from + end);
  }

  /** Those that reach `seqNum` or beyond. */
  reaching(seqNum: number): FrameRun {
    const first = firstAbove(this.#rows, NEXT_SEQ_NUM, seqNum, this.#from, this.#to);
    return first === this.#from ? this : new FrameRun(this.#rows, this.#arenas, first, this.#to);
  }

  *[Symbol.iterator](): IterableIterator<Frame> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

export class StreamChunks {
  #rows = new Float64Array(ROWS_MIN * COLUMNS);
  #arenas: Uint8Array[] = [];

  get length(): number {
    return this.#arenas.length;
  }

  push(chunk: ChunkFacts, { slot, bytes, start, end }: EntryPlace): void {
    const row = this.length * COLUMNS;
    if (row === this.#rows.length) this.#rows = resized(this.#rows, 2 * row);
    const rows = this.#rows;
    rows[row + SLOT] = slot;
    rows[row + FIRST_SEQ_NUM] = chunk.firstSeqNum;
    rows[row + NEXT_SEQ_NUM] = chunk.firstSeqNum + chunk.count;
    rows[row + FIRST_TIMESTAMP] = chunk.firstTimestamp;
    rows[row + LAST_TIMESTAMP] = chunk.lastTimestamp;
    rows[row + ARRIVAL_MS] = chunk.arrivalMs;
    rows[row + START] = start;
    rows[row + END] = end;
    this.#arenas.push(bytes);
  }

  frame(at: number): Frame {
    return frameOfRow(this.#rows, this.#arenas, at);
  }

  /** The first `count` as they are now. */
  first(count: number): FrameRun {
    return new FrameRun(this.#rows, this.#arenas, 0, count);
  }

  /** Of the oldest chunk; there is one. */
  get firstSeqNum(): number {
    return this.#value(0, FIRST_SEQ_NUM);
  }

  /** Behind the newest chunk; there is one. */
  get nextSeqNum(): number {
    return this.#value(this.length - 1, NEXT_SEQ_NUM);
  }

  /** How many chunks end at or before `seqNum`, so that the next one holds it if it is not below the first. */
  countBefore(seqNum: number): number {
    return this.#countUpTo(NEXT_SEQ_NUM, seqNum);
  }

  /** How many chunks have nothing as late as `timestamp`. */
  countEarlier(timestamp: number): number {
    // Timestamps are integers, so "before t" is "up to t - 1".
    return this.#countUpTo(LAST_TIMESTAMP, timestamp - 1);
  }

  /** How many chunks are of slots up to and including `slot`. */
  countInSlots(slot: number): number {
    return this.#countUpTo(SLOT, slot);
  }

  /** What the frames of the first `count` take. */
  firstBytes(count: number): number {
    return bytesOfRows(this.#rows, 0, count);
  }

  removeFirst(count: number): void {
    this.#rows = resized(this.#rows.subarray(count * COLUMNS, this.length * COLUMNS), 0);
    this.#arenas = this.#arenas.slice(count);
  }

  #value(at: number, column: number): number {
    return this.#rows[at * COLUMNS + column] as number;
  }

  #countUpTo(column: number, value: number): number {
    return firstAbove(this.#rows, column, value, 0, this.length);
  }
}

function frameOfRow(rows: Float64Array, arenas: readonly Uint8Array[], at: number): Frame {
  const row = at * COLUMNS;
  return {
    firstSeqNum: rows[row + FIRST_SEQ_NUM] as number,
    nextSeqNum: rows[row + NEXT_SEQ_NUM] as number,
    firstTimestamp: rows[row + FIRST_TIMESTAMP] as number,
    lastTimestamp: rows[row + LAST_TIMESTAMP] as number,
    arrivalMs: rows[row + ARRIVAL_MS] as number,
    bytes: arenas[at] as Uint8Array,
    start: rows[row + START] as number,
    end: rows[row + END] as number,
  };
}

function bytesOfRow(rows: Float64Array, at: number): number {
  return (rows[at * COLUMNS + END] as number) - (rows[at * COLUMNS + START] as number);
}

function bytesOfRows(rows: Float64Array, from: number, to: number): number {
  let bytes = 0;
  for (let at = from; at < to; at++) bytes += bytesOfRow(rows, at);
  return bytes;
}

/** The first of the rows `[from, to)` whose value in an ascending column is above `value`; `to` when none is. */
function firstAbove(rows: Float64Array, column: number, value: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rows[middle * COLUMNS + column] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A copy with room for `length` numbers, or as many as there are. */
function resized(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(Math.max(length, numbers.length, ROWS_MIN * COLUMNS));
  copy.set(numbers);
  return copy;
}

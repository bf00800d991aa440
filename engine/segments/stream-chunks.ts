/**
 * Where the chunks of one stream stand in memory: a table of numbers, a row for each chunk, and the arenas beside it.
 * There may be millions of rows, so they are nothing the garbage collector looks at or copies, but for the arenas.
 */

import type { EntryPlace } from '../log/fold.ts';
import type { ChunkFacts } from '../state/entries.ts';

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

export class StreamChunks {
  #rows = new Float64Array(ROWS_MIN * COLUMNS);
  readonly #arenas: Uint8Array[] = [];

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
    return {
      firstSeqNum: this.#value(at, FIRST_SEQ_NUM),
      nextSeqNum: this.#value(at, NEXT_SEQ_NUM),
      firstTimestamp: this.#value(at, FIRST_TIMESTAMP),
      lastTimestamp: this.#value(at, LAST_TIMESTAMP),
      arrivalMs: this.#value(at, ARRIVAL_MS),
      bytes: this.#arenas[at] as Uint8Array,
      start: this.#value(at, START),
      end: this.#value(at, END),
    };
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

  /** What the frames of the first `count` chunks take. */
  firstBytes(count: number): number {
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += this.#value(i, END) - this.#value(i, START);
    return bytes;
  }

  removeFirst(count: number): void {
    this.#rows = resized(this.#rows.subarray(count * COLUMNS, this.length * COLUMNS), 0);
    this.#arenas.splice(0, count);
  }

  #value(at: number, column: number): number {
    return this.#rows[at * COLUMNS + column] as number;
  }

  /** Rows whose value in an ascending column is at most `value`. */
  #countUpTo(column: number, value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#value(middle, column) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A copy with room for `length` numbers, or as many as there are. */
function resized(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(Math.max(length, numbers.length, ROWS_MIN * COLUMNS));
  copy.set(numbers);
  return copy;
}

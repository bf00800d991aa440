/**
 * The committed chunks that are in no segment yet, found by stream and sequence number. A chunk stays where the log put
 * it: the index keeps the arena it stands in and its place there, in parallel arrays per stream, and nothing is decoded
 * before somebody reads it. What a checkpoint took over is released by slot.
 */

import { assert } from '../core/assert.ts';
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

/** All frames of one stream up to some slot, ascending and without gaps. */
export interface StreamFrames {
  streamId: number;
  frames: Frame[];
}

/** What a chunk costs in memory besides its frame, estimated: index entries, and a share of its stream's. */
const CHUNK_OVERHEAD_BYTES = 128;

/** Streams that are looked through in one turn: about 5 ms. */
const STREAMS_PER_TURN = 32_768;

/** Parallel arrays, one element per chunk: objects would cost three times as much. */
class StreamChunks {
  readonly slots: number[] = [];
  readonly firstSeqNums: number[] = [];
  readonly nextSeqNums: number[] = [];
  readonly firstTimestamps: number[] = [];
  readonly lastTimestamps: number[] = [];
  readonly arrivals: number[] = [];
  readonly arenas: Uint8Array[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];

  get length(): number {
    return this.slots.length;
  }

  frame(at: number): Frame {
    return {
      firstSeqNum: this.firstSeqNums[at] as number,
      nextSeqNum: this.nextSeqNums[at] as number,
      firstTimestamp: this.firstTimestamps[at] as number,
      lastTimestamp: this.lastTimestamps[at] as number,
      arrivalMs: this.arrivals[at] as number,
      bytes: this.arenas[at] as Uint8Array,
      start: this.starts[at] as number,
      end: this.ends[at] as number,
    };
  }

  /** What the frames of the first `count` chunks take. */
  firstBytes(count: number): number {
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += (this.ends[i] as number) - (this.starts[i] as number);
    return bytes;
  }

  removeFirst(count: number): void {
    for (const column of [
      this.slots,
      this.firstSeqNums,
      this.nextSeqNums,
      this.firstTimestamps,
      this.lastTimestamps,
      this.arrivals,
      this.arenas,
      this.starts,
      this.ends,
    ]) {
      column.splice(0, count);
    }
  }
}

export class ChunkIndex {
  #streams = new Map<number, StreamChunks>();
  #chunks = 0;
  #frameBytes = 0;

  /** What the chunks hold of memory, with what it takes to find them. */
  get bytes(): number {
    return this.#frameBytes + this.#chunks * CHUNK_OVERHEAD_BYTES;
  }

  get chunks(): number {
    return this.#chunks;
  }

  add(chunk: ChunkFacts, { slot, bytes, start, end }: EntryPlace): void {
    let chunks = this.#streams.get(chunk.streamId);
    if (chunks === undefined) this.#streams.set(chunk.streamId, (chunks = new StreamChunks()));
    const next = chunks.nextSeqNums[chunks.length - 1] ?? chunk.firstSeqNum;
    assert(next === chunk.firstSeqNum, 'chunks of a stream have no gaps');
    chunks.slots.push(slot);
    chunks.firstSeqNums.push(chunk.firstSeqNum);
    chunks.nextSeqNums.push(chunk.firstSeqNum + chunk.count);
    chunks.firstTimestamps.push(chunk.firstTimestamp);
    chunks.lastTimestamps.push(chunk.lastTimestamp);
    chunks.arrivals.push(chunk.arrivalMs);
    chunks.arenas.push(bytes);
    chunks.starts.push(start);
    chunks.ends.push(end);
    this.#chunks++;
    this.#frameBytes += end - start;
  }

  /** The frame that holds `seqNum`; null when it is not in memory. */
  frameAt(streamId: number, seqNum: number): Frame | null {
    const chunks = this.#streams.get(streamId);
    if (chunks === undefined || seqNum < (chunks.firstSeqNums[0] as number)) return null;
    const at = firstAbove(chunks.nextSeqNums, seqNum);
    return at === chunks.length ? null : chunks.frame(at);
  }

  /** The first number in memory; null when the stream has none there. */
  firstSeqNum(streamId: number): number | null {
    return this.#streams.get(streamId)?.firstSeqNums[0] ?? null;
  }

  /** The first frame whose last timestamp is at or after `timestamp`; null when none is in memory. */
  frameAtTimestamp(streamId: number, timestamp: number): Frame | null {
    const chunks = this.#streams.get(streamId);
    if (chunks === undefined) return null;
    // Timestamps are integers, so "at or after t" is "above t - 1".
    const at = firstAbove(chunks.lastTimestamps, timestamp - 1);
    return at === chunks.length ? null : chunks.frame(at);
  }

  /** Everything of slots up to and including `slot`, streams ascending. */
  upTo(slot: number): StreamFrames[] {
    return [...this.framesUpTo(slot)].filter((frames) => frames !== null);
  }

  /**
   * As `upTo`, one stream after the other, and null when it is time to give the turn away. Chunks of later slots may come
   * meanwhile; what is deleted meanwhile is left out.
   */
  *framesUpTo(slot: number): Generator<StreamFrames | null> {
    const ids: number[] = [];
    let looked = 0;
    for (const [streamId, chunks] of this.#streams) {
      if ((chunks.slots[0] as number) <= slot) ids.push(streamId);
      if (++looked % STREAMS_PER_TURN === 0) yield null;
    }
    for (const streamId of Float64Array.from(ids).sort()) {
      const chunks = this.#streams.get(streamId);
      const count = chunks === undefined ? 0 : firstAbove(chunks.slots, slot);
      if (chunks === undefined || count === 0) continue;
      yield { streamId, frames: Array.from({ length: count }, (_, i) => chunks.frame(i)) };
    }
  }

  /** A checkpoint took over everything of slots up to and including `slot`. */
  release(slot: number): void {
    // Nearly all of them go, and there may be many: what is left is counted out, not what goes.
    const left = new Map<number, StreamChunks>();
    for (const [streamId, chunks] of this.#streams) {
      const count = firstAbove(chunks.slots, slot);
      this.#forget(chunks, count);
      if (count === chunks.length) continue;
      if (count > 0) chunks.removeFirst(count);
      left.set(streamId, chunks);
    }
    this.#streams = left;
  }

  /** The stream is deleted. */
  drop(streamId: number): void {
    const chunks = this.#streams.get(streamId);
    if (chunks === undefined) return;
    this.#forget(chunks, chunks.length);
    this.#streams.delete(streamId);
  }

  clear(): void {
    this.#streams.clear();
    this.#chunks = 0;
    this.#frameBytes = 0;
  }

  /** The first `count` chunks are not held any more. */
  #forget(chunks: StreamChunks, count: number): void {
    this.#chunks -= count;
    this.#frameBytes -= chunks.firstBytes(count);
  }
}

/** Index of the first element above `value` in an ascending array; its length when there is none. */
function firstAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

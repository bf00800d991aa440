/**
 * The committed chunks that are in no segment yet, found by stream and sequence number. A chunk stays where the log put
 * it: the index keeps the arena it stands in and its place there, in a table per stream, and nothing is decoded before
 * somebody reads it. What a checkpoint took over is released by slot.
 */

import { assert } from '../core/assert.ts';
import type { ChunkFacts } from '../core/chunk.ts';
import type { EntryPlace } from '../log/fold.ts';
import { type Frame, type FrameRun, StreamChunks } from './stream-chunks.ts';

/** All frames of one stream up to some slot, ascending and without gaps. */
export interface StreamFrames {
  streamId: number;
  frames: FrameRun;
}

/** What a chunk costs in memory besides its frame, estimated: index entries, and a share of its stream's. */
const CHUNK_OVERHEAD_BYTES = 128;

/** Streams that are looked through in one turn: about 5 ms. */
const STREAMS_PER_TURN = 32_768;

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

  add(chunk: ChunkFacts, place: EntryPlace): void {
    let chunks = this.#streams.get(chunk.streamId);
    if (chunks === undefined) this.#streams.set(chunk.streamId, (chunks = new StreamChunks()));
    else assert(chunks.nextSeqNum === chunk.firstSeqNum, 'chunks of a stream have no gaps');
    chunks.push(chunk, place);
    this.#chunks++;
    this.#frameBytes += place.end - place.start;
  }

  /** The frame that holds `seqNum`; null when it is not in memory. */
  frameAt(streamId: number, seqNum: number): Frame | null {
    const chunks = this.#streams.get(streamId);
    if (chunks === undefined || seqNum < chunks.firstSeqNum) return null;
    const at = chunks.countBefore(seqNum);
    return at === chunks.length ? null : chunks.frame(at);
  }

  /** The first number in memory; null when the stream has none there. */
  firstSeqNum(streamId: number): number | null {
    return this.#streams.get(streamId)?.firstSeqNum ?? null;
  }

  /** The first frame whose last timestamp is at or after `timestamp`; null when none is in memory. */
  frameAtTimestamp(streamId: number, timestamp: number): Frame | null {
    const chunks = this.#streams.get(streamId);
    if (chunks === undefined) return null;
    const at = chunks.countEarlier(timestamp);
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
    // Streams that come meanwhile have nothing of those slots.
    const ids = new Float64Array(this.#streams.size);
    let found = 0;
    let looked = 0;
    for (const [streamId, chunks] of this.#streams) {
      if (chunks.countInSlots(slot) > 0) ids[found++] = streamId;
      if (++looked % STREAMS_PER_TURN === 0) yield null;
    }
    // Sorting a quarter of a million takes a turn of its own.
    if (looked >= STREAMS_PER_TURN) yield null;
    const ascending = ids.subarray(0, found).sort();
    if (looked >= STREAMS_PER_TURN) yield null;
    for (const streamId of ascending) {
      const chunks = this.#streams.get(streamId);
      const count = chunks === undefined ? 0 : chunks.countInSlots(slot);
      if (chunks === undefined || count === 0) continue;
      yield { streamId, frames: chunks.first(count) };
    }
  }

  /** A checkpoint took over everything of slots up to and including `slot`. */
  release(slot: number): void {
    // Nearly all of them go, and there may be many: what is left is counted out, not what goes.
    const left = new Map<number, StreamChunks>();
    for (const [streamId, chunks] of this.#streams) {
      const count = chunks.countInSlots(slot);
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

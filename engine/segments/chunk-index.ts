/**
 * The committed chunks of every stream, in memory, found by sequence number. Chunks are the verbatim bytes of
 * log objects; nothing is decoded before somebody reads it.
 */

import { assert } from '../core/assert.ts';
import { type ChunkSpan, decodeRecords } from '../core/chunk.ts';
import { meteredBytes, type SequencedRecord } from '../core/record.ts';

interface StoredChunk extends ChunkSpan {
  records: Uint8Array;
}

export interface RangeLimits {
  recordsMax: number;
  meteredBytesMax: number;
}

export class ChunkIndex {
  /** Per stream, ascending and without gaps. */
  readonly #chunks = new Map<number, StoredChunk[]>();

  add(streamId: number, chunk: StoredChunk): void {
    const { firstSeqNum, count, firstTimestamp, lastTimestamp, records } = chunk;
    const stored = { firstSeqNum, count, firstTimestamp, lastTimestamp, records };
    const chunks = this.#chunks.get(streamId);
    if (chunks === undefined) {
      this.#chunks.set(streamId, [stored]);
      return;
    }
    const last = chunks[chunks.length - 1];
    assert(last !== undefined && last.firstSeqNum + last.count === firstSeqNum, 'chunks of a stream have no gaps');
    chunks.push(stored);
  }

  /** Records from `fromSeqNum` on, until the first that would exceed a limit. */
  read(streamId: number, fromSeqNum: number, limits: RangeLimits): SequencedRecord[] {
    const chunks = this.#chunks.get(streamId) ?? [];
    const out: SequencedRecord[] = [];
    let bytes = 0;
    for (let i = chunkOf(chunks, fromSeqNum); i < chunks.length; i++) {
      const chunk = chunks[i] as StoredChunk;
      for (const record of decodeRecords(chunk, chunk.records)) {
        if (record.seqNum < fromSeqNum) continue;
        bytes += meteredBytes(record);
        if (out.length >= limits.recordsMax || bytes > limits.meteredBytesMax) return out;
        out.push(record);
      }
    }
    return out;
  }
}

/** Index of the chunk that holds `seqNum`, or of the first behind it. */
function chunkOf(chunks: readonly StoredChunk[], seqNum: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const chunk = chunks[middle] as StoredChunk;
    if (chunk.firstSeqNum + chunk.count <= seqNum) low = middle + 1;
    else high = middle;
  }
  return low;
}

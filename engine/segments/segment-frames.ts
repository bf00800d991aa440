/**
 * Frames out of a segment, each verified before anything in it is believed: its type, its checksum, its stream, and that
 * it goes on where the one before ended. Frames in memory were verified when they came there.
 */

import { segmentKey } from '../core/object-names.ts';
import { frameCrc, LogCorruption, payloadStart } from '../log/format.ts';
import type { Compute } from '../ports.ts';
import { CHUNK_TYPE, type ChunkEntry, decodeEntry } from '../state/entries.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { Frame } from './chunk-index.ts';
import type { SegmentPoint, SegmentRun } from './segment-index.ts';

/** The chunk of a frame in memory. */
export function chunkOf({ bytes, start, end }: Frame): ChunkEntry {
  return decodeChunk(bytes.subarray(payloadStart(start), end));
}

/**
 * The chunks in `bytes`, which stand at `from` in the run and are whole frames. Throws LogCorruption that names object
 * and byte.
 */
export function* verifiedChunks(
  ref: SegmentRef,
  run: SegmentRun,
  from: SegmentPoint,
  bytes: Uint8Array,
  compute: Compute,
): Generator<ChunkEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let seqNum = from.seqNum;
  for (let at = 0; at < bytes.length;) {
    const damage = (what: string) =>
      new LogCorruption(`${segmentKey(ref)}: the frame at byte ${from.offset + at} ${what}`);
    const start = payloadStart(at);
    const end = start <= bytes.length ? start + view.getUint32(at + 4, true) : Infinity;
    if (end > bytes.length) throw damage('is longer than its place');
    if (view.getUint32(at, true) !== CHUNK_TYPE) throw damage('is no chunk');
    const payload = bytes.subarray(start, end);
    if (compute.crc32(payload) !== frameCrc(bytes, at)) throw damage('does not match its checksum');
    const chunk = decodeChunk(payload);
    if (chunk.streamId !== run.streamId || chunk.firstSeqNum !== seqNum) {
      throw damage(`holds ${chunk.firstSeqNum} of stream ${chunk.streamId}, not ${seqNum} of stream ${run.streamId}`);
    }
    yield chunk;
    seqNum += chunk.count;
    at = end;
  }
}

function decodeChunk(payload: Uint8Array): ChunkEntry {
  return decodeEntry({ type: CHUNK_TYPE, payload }) as ChunkEntry;
}

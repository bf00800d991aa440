/**
 * Frames out of a segment, each verified before anything in it is believed: its type, its checksum, its stream, and that
 * it goes on where the one before ended. Frames in memory were verified when they came there.
 */

import { segmentKey } from '../core/object-names.ts';
import { LogCorruption, meaningOf } from '../log/corruption.ts';
import { frameCrc, frameLength, payloadStart } from '../log/format.ts';
import type { Compute } from '../ports.ts';
import { CHUNK_PLACE_BYTES_MAX, CHUNK_TYPE, type ChunkEntry, chunkPlace, decodeEntry } from '../state/entries.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { Frame } from './stream-chunks.ts';
import type { SegmentPoint, SegmentRun } from './segment-index.ts';

const FRAME_HEADER_BYTES = frameLength(0);

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
    const damage = (what: string) => new LogCorruption(segmentKey(ref), from.offset + at, `the frame ${what}`);
    const start = payloadStart(at);
    const end = start <= bytes.length ? start + view.getUint32(at + 4, true) : Infinity;
    if (end > bytes.length) throw damage('is longer than its place');
    if (view.getUint32(at, true) !== CHUNK_TYPE) throw damage('is no chunk');
    const payload = bytes.subarray(start, end);
    if (compute.crc32(payload) !== frameCrc(bytes, at)) throw damage('does not match its checksum');
    const chunk = meaningOf(segmentKey(ref), from.offset + at, () => decodeChunk(payload));
    if (chunk.streamId !== run.streamId || chunk.firstSeqNum !== seqNum) {
      throw damage(`holds ${chunk.firstSeqNum} of stream ${chunk.streamId}, not ${seqNum} of stream ${run.streamId}`);
    }
    yield chunk;
    seqNum += chunk.count;
    at = end;
  }
}

/**
 * Where the first frame begins that is not the chunk that belongs there, counted from the beginning of the parts; null when
 * all are. A sound frame of elsewhere is damage, too: an object may have the bytes of another. The parts together are whole
 * frames of `run` from its first one on, cut anywhere; nothing but the beginning of each is kept.
 */
export function damagedFrame(parts: readonly Uint8Array[], run: SegmentRun, compute: Compute): number | null {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const head = new Uint8Array(CHUNK_PLACE_BYTES_MAX);
  let seqNum = run.firstSeqNum;
  let frameStart = 0;
  let headerBytes = 0;
  let headBytes = 0;
  let payloadLeft = 0;
  let crc = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      if (headerBytes < FRAME_HEADER_BYTES) {
        const taken = part.subarray(at, at + FRAME_HEADER_BYTES - headerBytes);
        header.set(taken, headerBytes);
        headerBytes += taken.length;
        at += taken.length;
        if (headerBytes < FRAME_HEADER_BYTES) break;
        if (view.getUint32(0, true) !== CHUNK_TYPE) return frameStart;
        payloadLeft = view.getUint32(4, true);
        headBytes = 0;
        crc = 0;
      }
      const payload = part.subarray(at, at + payloadLeft);
      const kept = payload.subarray(0, CHUNK_PLACE_BYTES_MAX - headBytes);
      head.set(kept, headBytes);
      headBytes += kept.length;
      crc = compute.crc32(payload, crc);
      at += payload.length;
      payloadLeft -= payload.length;
      if (payloadLeft > 0) break;
      if (crc !== view.getUint32(8, true)) return frameStart;
      const { streamId, firstSeqNum, count } = chunkPlace(head.subarray(0, headBytes));
      if (streamId !== run.streamId || firstSeqNum !== seqNum) return frameStart;
      seqNum += count;
      frameStart += FRAME_HEADER_BYTES + view.getUint32(4, true);
      headerBytes = 0;
    }
  }
  return headerBytes === 0 ? null : frameStart;
}

function decodeChunk(payload: Uint8Array): ChunkEntry {
  return decodeEntry({ type: CHUNK_TYPE, payload }) as ChunkEntry;
}

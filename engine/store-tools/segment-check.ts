/**
 * Every byte of a segment, checked: header, footer, index, and each frame against its checksum, its stream and the
 * number it has to begin with. The index accounts for every byte between header and index, so nothing is left out.
 */

import { segmentKey } from '../core/object-names.ts';
import { LogCorruption, REMEDY } from '../log/corruption.ts';
import { payloadStart } from '../log/format.ts';
import type { Compute } from '../ports.ts';
import {
  decodeSegmentHeaderAndFooter,
  decodeSegmentIndex,
  SEGMENT_FOOTER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentRun,
} from '../segments/segment-format.ts';
import { verifiedChunks } from '../segments/segment-frames.ts';
import { encodeSegmentFooter, encodeSegmentHeader } from '../segments/segment-layout.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { readSound, type StoreLook } from './store-look.ts';

/** Resolves with the number of frames. Throws LogCorruption. */
export function checkSegment(look: StoreLook, ref: SegmentRef): Promise<number> {
  return readSound(look, segmentKey(ref), (bytes) => checkBytes(ref, bytes, look.compute));
}

function checkBytes(ref: SegmentRef, bytes: Uint8Array, compute: Compute): number {
  const key = segmentKey(ref);
  if (bytes.length !== ref.bytes) {
    const shorter = Math.min(bytes.length, ref.bytes);
    throw new LogCorruption(key, shorter, `the object has ${bytes.length} bytes, its checkpoint says ${ref.bytes}`);
  }
  checkFixedParts(ref, bytes, compute);
  const { indexOffset, indexBytes } = ref;
  const index = decodeSegmentIndex(ref, bytes.subarray(indexOffset, indexOffset + indexBytes), compute);
  const runs = [...index.runs()];
  let frames = 0;
  let at = SEGMENT_HEADER_BYTES;
  for (const run of runs) {
    if (run.offset !== at) {
      throw new LogCorruption(key, at, `the index says that its next run is at ${run.offset}`, REMEDY.report);
    }
    frames += checkRun(ref, run, bytes, compute);
    at += run.length;
  }
  if (at !== indexOffset) {
    throw new LogCorruption(key, at, 'the index knows nothing of the bytes from here on', REMEDY.report);
  }
  return frames;
}

/** Both parts follow from what the checkpoint knows of the segment, so a wrong byte in them is known exactly. */
function checkFixedParts(ref: SegmentRef, bytes: Uint8Array, compute: Compute): void {
  const key = segmentKey(ref);
  const footerAt = bytes.length - SEGMENT_FOOTER_BYTES;
  const header = bytes.subarray(0, SEGMENT_HEADER_BYTES);
  const footer = bytes.subarray(footerAt);
  const wrong =
    firstDifference(header, encodeSegmentHeader(ref, compute), 0) ??
    firstDifference(footer, encodeSegmentFooter(ref, compute), footerAt);
  if (wrong === null) return;
  try {
    decodeSegmentHeaderAndFooter(ref, { header, footer, bytes: bytes.length }, compute);
  } catch (error) {
    if (error instanceof LogCorruption) throw new LogCorruption(key, wrong, error.what, error.remedy);
    throw error;
  }
  throw new LogCorruption(key, wrong, 'it is sound by itself, and not the segment its checkpoint knows');
}

function firstDifference(found: Uint8Array, wanted: Uint8Array, offset: number): number | null {
  const at = wanted.findIndex((byte, i) => byte !== found[i]);
  return at < 0 ? null : offset + at;
}

function checkRun(ref: SegmentRef, run: SegmentRun, bytes: Uint8Array, compute: Compute): number {
  const key = segmentKey(ref);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const runEnd = run.offset + run.length;
  const start = run.points[0];
  if (start === undefined) throw new LogCorruption(key, run.offset, 'the run has no first point');
  let { seqNum } = start;
  let frames = 0;
  for (let at = run.offset; at < runEnd; frames++) {
    const end = payloadStart(at) <= runEnd ? payloadStart(at) + view.getUint32(at + 4, true) : Infinity;
    if (end > runEnd) throw new LogCorruption(key, at, 'the frame is longer than its place');
    const from = { ...start, seqNum, offset: at };
    const [chunk] = verifiedChunks(ref, run, from, bytes.subarray(at, end), compute);
    seqNum += chunk?.count ?? 0;
    at = end;
  }
  if (seqNum !== run.nextSeqNum || frames !== run.frames) {
    const what = `stream ${run.streamId} ends at ${seqNum} in ${frames} frames, the index says ${run.nextSeqNum} in ${run.frames}`;
    throw new LogCorruption(key, run.offset, what, REMEDY.report);
  }
  return frames;
}

/**
 * Sealed records where they lie in stored objects, as somebody finds them who can read and write the bucket and has no key:
 * from docs/FORMAT.md and not with the engine's code. One is put in place of another of its length, and the checksum of
 * the frame around it is made right again.
 */

import { crc32 } from 'node:zlib';
import { ENTRY_CHUNK, FENCE_BYTES, Fields, type Frame, framesIn, isFence } from './decode.ts';

/** One record of a stream with a cipher. */
export interface SealedRecord {
  streamId: number;
  seqNum: number;
  /** Its envelope: a view of the object. */
  envelope: Uint8Array;
}

const ENTRY_CREATE_STREAM = 2;
const SEGMENT_HEAD_BYTES = 32;
const SEGMENT_FOOT_BYTES = 32;
/** Algorithms of envelopes are 1 and 2. */
const ALGORITHM_MAX = 2;

/** Sealed records in an object of the log, and the streams it creates, by id. */
export function readSealed(object: Uint8Array): { records: SealedRecord[]; streams: Map<number, string> } {
  const found = { records: [] as SealedRecord[], streams: new Map<number, string>() };
  if (isFence(object)) return found;
  for (const { type, payload } of framesIn(object, FENCE_BYTES, object.length)) {
    if (type === ENTRY_CHUNK) found.records.push(...sealedIn(payload));
    if (type !== ENTRY_CREATE_STREAM) continue;
    const from = new Fields(payload);
    found.streams.set(from.number(), `${from.text()}/${from.text()}`);
  }
  return found;
}

/** Sealed records of a stream in a segment. */
export function sealedInSegment(object: Uint8Array, streamId: number): SealedRecord[] {
  return [...chunksOf(object)]
    .flatMap(({ payload }) => sealedIn(payload))
    .filter((record) => record.streamId === streamId);
}

/**
 * A copy of a segment in which records have other envelopes, and sound checksums: `replacement` is asked for each, and an
 * answer is as long as what it replaces.
 */
export function forgedSegment(
  object: Uint8Array,
  replacement: (record: SealedRecord) => Uint8Array | null,
): Uint8Array {
  const forged = object.slice();
  const view = new DataView(forged.buffer);
  for (const { at, payload } of chunksOf(forged)) {
    for (const record of sealedIn(payload)) {
      const other = replacement(record);
      if (other !== null) record.envelope.set(other);
    }
    view.setUint32(at + 8, crc32(payload), true);
  }
  return forged;
}

function chunksOf(segment: Uint8Array): Generator<Frame> {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length);
  const indexAt = view.getUint32(segment.length - SEGMENT_FOOT_BYTES, true);
  return framesIn(segment, SEGMENT_HEAD_BYTES, indexAt);
}

function sealedIn(chunk: Uint8Array): SealedRecord[] {
  const from = new Fields(chunk);
  const [streamId, firstSeqNum, count] = [from.number(), from.number(), from.number()];
  // Timestamps, arrival, metered bytes; then fencing token and trim point, if there are any, and the length of the records.
  for (let i = 0; i < 4; i++) from.number();
  if (from.number() === 1) from.text();
  if (from.number() === 1) from.number();
  from.number();
  const records: SealedRecord[] = [];
  for (let i = 0; i < count; i++) {
    from.number();
    const headers = from.number();
    const length = from.number();
    for (let header = 0; header < headers; header++) from.skip(from.number() + from.number());
    const envelope = chunk.subarray(from.position, from.position + length);
    from.skip(length);
    const isSealed =
      headers === 0 && length > 1 && (envelope[0] as number) >= 1 && (envelope[0] as number) <= ALGORITHM_MAX;
    if (isSealed) records.push({ streamId, seqNum: firstSeqNum + i, envelope });
  }
  return records;
}

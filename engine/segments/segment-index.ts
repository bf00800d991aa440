/**
 * The index of a segment: which streams it holds, where their frames stand, and a point about every 64 KiB.
 *
 * It stays packed as it was stored, so a million streams cost what their bytes cost (about 25 each). Runs are varints,
 * ascending by stream id, in groups of 64; a directory of fixed entries (first stream id u64, offset of its frames in
 * the object u64, offset of the group in the index u32) follows the last group. Per run: stream id (in a group relative
 * to the one before), first seq num, record count, first timestamp, its distance to the last, first arrival, its
 * distance to the last, length of the frames, number of frames, bytes of points, points. Runs touch each other, so
 * only a group's first offset is stored. A point: distances of seq num, timestamp, arrival, offset and frame number to
 * the point before, the first to the start of the run.
 */

import { segmentKey } from '../core/object-names.ts';
import { varintLength, writeVarint } from '../core/chunk.ts';
import { LogCorruption, REMEDY } from '../log/corruption.ts';
import type { Compute } from '../ports.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { readU64, writeU64 } from './segment-layout.ts';

const GROUP_RUNS = 64;
const DIRECTORY_ENTRY_BYTES = 20;
const NOTHING = new Uint8Array(0);

/** A frame's start: everything before has smaller numbers and no greater timestamps and arrivals. */
export interface SegmentPoint {
  seqNum: number;
  /** Of the first record of that frame. */
  timestamp: number;
  arrivalMs: number;
  /** In the object. */
  offset: number;
  /** How many frames of the run stand before it. */
  framesBefore: number;
}

/** All frames of one stream in one segment: `[offset, offset + length)` of the object, without gaps in numbers. */
export interface SegmentRun {
  streamId: number;
  firstSeqNum: number;
  /** Exclusive. */
  nextSeqNum: number;
  firstTimestamp: number;
  lastTimestamp: number;
  firstArrivalMs: number;
  lastArrivalMs: number;
  offset: number;
  length: number;
  frames: number;
  /** Ascending; the first is the start of the run. */
  points: readonly SegmentPoint[];
}

/** Packs runs as they come, ascending by stream id and touching each other, so that only bytes are kept of them. */
export class IndexWriter {
  readonly #groups = new GrowingBytes();
  readonly #directory = new GrowingBytes();
  #runs = 0;
  #previousId = 0;

  get streamCount(): number {
    return this.#runs;
  }

  add(run: SegmentRun): void {
    if (this.#runs % GROUP_RUNS === 0) this.#openGroup(run);
    writeRun(this.#groups, run, this.#previousId);
    this.#previousId = run.streamId;
    this.#runs++;
  }

  finish(): Uint8Array {
    this.#groups.append(this.#directory.finish());
    return this.#groups.finish();
  }

  #openGroup(run: SegmentRun): void {
    const entry = new Uint8Array(DIRECTORY_ENTRY_BYTES);
    const view = new DataView(entry.buffer);
    writeU64(view, 0, run.streamId);
    writeU64(view, 8, run.offset);
    view.setUint32(16, this.#groups.length, true);
    this.#directory.append(entry);
    this.#previousId = 0;
  }
}

function writeRun(out: GrowingBytes, run: SegmentRun, previousId: number): void {
  out.varint(run.streamId - previousId);
  out.varint(run.firstSeqNum);
  out.varint(run.nextSeqNum - run.firstSeqNum);
  out.varint(run.firstTimestamp);
  out.varint(run.lastTimestamp - run.firstTimestamp);
  out.varint(run.firstArrivalMs);
  out.varint(run.lastArrivalMs - run.firstArrivalMs);
  out.varint(run.length);
  out.varint(run.frames);
  const points = run.points.length > 1 ? packPoints(run.points) : NOTHING;
  out.varint(points.length);
  out.append(points);
}

/** All but the first, which is the start of the run. */
function packPoints(points: readonly SegmentPoint[]): Uint8Array {
  const out = new GrowingBytes();
  for (let i = 1; i < points.length; i++) {
    const [before, point] = [points[i - 1] as SegmentPoint, points[i] as SegmentPoint];
    out.varint(point.seqNum - before.seqNum);
    out.varint(point.timestamp - before.timestamp);
    out.varint(point.arrivalMs - before.arrivalMs);
    out.varint(point.offset - before.offset);
    out.varint(point.framesBefore - before.framesBefore);
  }
  return out.finish();
}

/** Collects bytes whose number is not known before. */
class GrowingBytes {
  #bytes = NOTHING;
  length = 0;

  varint(value: number): void {
    this.#makeRoom(varintLength(value));
    this.length = writeVarint(this.#bytes, this.length, value);
  }

  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Exactly as long as it is: an index is kept for long. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }

  #makeRoom(length: number): void {
    if (this.length + length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(64, 2 * this.#bytes.length, this.length + length));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }
}

/** `bytes` is the index alone, and is kept. Throws LogCorruption. */
export function decodeSegmentIndex(ref: SegmentRef, bytes: Uint8Array, compute: Compute): SegmentIndex {
  const key = segmentKey(ref);
  const end = ref.indexOffset + ref.indexBytes;
  if (bytes.length !== ref.indexBytes) {
    const cut = ref.indexOffset + bytes.length;
    throw new LogCorruption(
      key,
      cut,
      `the index (bytes ${ref.indexOffset}-${end}) is cut short: ${bytes.length} bytes`,
    );
  }
  if (compute.crc32(bytes) !== ref.indexCrc) {
    const what = `the checksum of the index (bytes ${ref.indexOffset}-${end}) does not match`;
    throw new LogCorruption(key, ref.indexOffset, what);
  }
  return new SegmentIndex(ref, bytes);
}

export class SegmentIndex {
  readonly ref: SegmentRef;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Where the directory begins in the index, and how many groups it names. */
  readonly #directoryAt: number;
  readonly #groups: number;
  /** Readers ask for the same run again and again; its points are decoded once. */
  #newest: SegmentRun | null = null;

  /** The bytes were checked: use `decodeSegmentIndex`. */
  constructor(ref: SegmentRef, bytes: Uint8Array) {
    this.ref = ref;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#groups = Math.ceil(ref.streamCount / GROUP_RUNS);
    this.#directoryAt = bytes.length - this.#groups * DIRECTORY_ENTRY_BYTES;
    if (this.#directoryAt < 0) throw corrupt(ref, 'has no room for its directory', 0);
  }

  /** What keeping it costs. */
  get bytes(): number {
    return this.#bytes.length;
  }

  /** Null when the segment has nothing of the stream. */
  run(streamId: number): SegmentRun | null {
    if (this.#newest?.streamId === streamId) return this.#newest;
    const group = this.#groupOf(streamId);
    if (group < 0) return null;
    const cursor = this.#cursorAt(group);
    let { offset } = cursor;
    for (let left = this.#runsIn(group), id = 0; left > 0; left--) {
      id += cursor.varint();
      if (id > streamId) return null;
      if (id === streamId) return (this.#newest = readRun(cursor, id, offset));
      offset += skipRun(cursor);
    }
    return null;
  }

  /** Every run, ascending by stream id. */
  *runs(): Generator<SegmentRun> {
    for (let group = 0; group < this.#groups; group++) {
      const cursor = this.#cursorAt(group);
      let { offset } = cursor;
      for (let left = this.#runsIn(group), id = 0; left > 0; left--) {
        id += cursor.varint();
        const run = readRun(cursor, id, offset);
        offset += run.length;
        yield run;
      }
    }
  }

  /** The last group that begins at or below the stream; -1 when there is none. */
  #groupOf(streamId: number): number {
    let low = 0;
    let high = this.#groups;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (readU64(this.#view, this.#directoryAt + middle * DIRECTORY_ENTRY_BYTES) <= streamId) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #cursorAt(group: number): RunCursor {
    const entry = this.#directoryAt + group * DIRECTORY_ENTRY_BYTES;
    const at = this.#view.getUint32(entry + 16, true);
    return new RunCursor(this.ref, this.#bytes, at, this.#directoryAt, readU64(this.#view, entry + 8));
  }

  #runsIn(group: number): number {
    return Math.min(GROUP_RUNS, this.ref.streamCount - group * GROUP_RUNS);
  }
}

/** What follows the stream id of a run whose frames begin at `offset`. */
function readRun(cursor: RunCursor, streamId: number, offset: number): SegmentRun {
  const firstSeqNum = cursor.varint();
  const nextSeqNum = firstSeqNum + cursor.varint();
  const firstTimestamp = cursor.varint();
  const lastTimestamp = firstTimestamp + cursor.varint();
  const firstArrivalMs = cursor.varint();
  const lastArrivalMs = firstArrivalMs + cursor.varint();
  const length = cursor.varint();
  const frames = cursor.varint();
  const pointBytes = cursor.varint();
  let point: SegmentPoint = {
    seqNum: firstSeqNum,
    timestamp: firstTimestamp,
    arrivalMs: firstArrivalMs,
    offset,
    framesBefore: 0,
  };
  const points = [point];
  for (const end = cursor.at + pointBytes; cursor.at < end;) points.push((point = readPoint(cursor, point)));
  return {
    streamId,
    firstSeqNum,
    nextSeqNum,
    firstTimestamp,
    lastTimestamp,
    firstArrivalMs,
    lastArrivalMs,
    offset,
    length,
    frames,
    points,
  };
}

function readPoint(cursor: RunCursor, before: SegmentPoint): SegmentPoint {
  return {
    seqNum: before.seqNum + cursor.varint(),
    timestamp: before.timestamp + cursor.varint(),
    arrivalMs: before.arrivalMs + cursor.varint(),
    offset: before.offset + cursor.varint(),
    framesBefore: before.framesBefore + cursor.varint(),
  };
}

/** Passes over what follows the stream id of a run. Returns the length of its frames. */
function skipRun(cursor: RunCursor): number {
  for (let field = 0; field < 6; field++) cursor.varint();
  const length = cursor.varint();
  cursor.varint();
  cursor.skip(cursor.varint());
  return length;
}

/** Reads varints out of bytes that came from a store: what does not fit is damage, not a bug. */
class RunCursor {
  readonly #ref: SegmentRef;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  at: number;
  /** Where the frames of the first run stand in the object. */
  readonly offset: number;

  constructor(ref: SegmentRef, bytes: Uint8Array, at: number, end: number, offset: number) {
    this.#ref = ref;
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
    this.offset = offset;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      if (this.at >= this.#end) throw corrupt(this.#ref, 'is cut short', this.at);
      const byte = this.#bytes[this.at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw corrupt(this.#ref, 'has a number longer than 8 bytes', this.at);
  }

  skip(length: number): void {
    if (this.at + length > this.#end) throw corrupt(this.#ref, 'is cut short', this.at);
    this.at += length;
  }
}

function corrupt(ref: SegmentRef, what: string, at: number): LogCorruption {
  return new LogCorruption(segmentKey(ref), ref.indexOffset + at, `the index ${what}`, REMEDY.report);
}

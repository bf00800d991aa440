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

import { assert } from '../core/assert.ts';
import { segmentKey } from '../core/object-names.ts';
import { varintLength, writeVarint } from '../core/chunk.ts';
import { LogCorruption } from '../log/format.ts';
import type { Compute } from '../ports.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { readU64, writeU64 } from './segment-layout.ts';

const GROUP_RUNS = 64;
const DIRECTORY_ENTRY_BYTES = 20;

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
  const points = packPoints(run.points);
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

const NOTHING = new Uint8Array(0);

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
    throw new LogCorruption(`${key}: the index (bytes ${ref.indexOffset}-${end}) is cut short: ${bytes.length} bytes`);
  }
  if (compute.crc32(bytes) !== ref.indexCrc) {
    throw new LogCorruption(`${key}: checksum of the index (bytes ${ref.indexOffset}-${end}) does not match`);
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
    if (this.#directoryAt < 0) throw this.#corrupt('has no room for its directory', 0);
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
    for (const run of this.#runsOf(group)) {
      if (run.streamId > streamId) return null;
      if (run.streamId === streamId) return (this.#newest = this.#complete(run));
    }
    return null;
  }

  /** Every run, ascending by stream id. */
  *runs(): Generator<SegmentRun> {
    for (let group = 0; group < this.#groups; group++) {
      for (const run of this.#runsOf(group)) yield this.#complete(run);
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

  /** The runs of a group, with their points still packed. */
  *#runsOf(group: number): Generator<PackedRun> {
    const entry = this.#directoryAt + group * DIRECTORY_ENTRY_BYTES;
    const cursor = new Cursor(this.#bytes, this.#view.getUint32(entry + 16, true), this.#directoryAt, (what, at) =>
      this.#corrupt(what, at),
    );
    let streamId = 0;
    let offset = readU64(this.#view, entry + 8);
    const count = Math.min(GROUP_RUNS, this.ref.streamCount - group * GROUP_RUNS);
    for (let i = 0; i < count; i++) {
      streamId += cursor.varint();
      const run = readRun(cursor, streamId, offset);
      offset += run.length;
      yield run;
    }
  }

  #complete({ pointsAt, pointsEnd, ...run }: PackedRun): SegmentRun {
    const { firstSeqNum: seqNum, firstTimestamp: timestamp, firstArrivalMs: arrivalMs, offset } = run;
    let point: SegmentPoint = { seqNum, timestamp, arrivalMs, offset, framesBefore: 0 };
    const points = [point];
    const cursor = new Cursor(this.#bytes, pointsAt, pointsEnd, (what, at) => this.#corrupt(what, at));
    while (cursor.at < pointsEnd) {
      point = {
        seqNum: point.seqNum + cursor.varint(),
        timestamp: point.timestamp + cursor.varint(),
        arrivalMs: point.arrivalMs + cursor.varint(),
        offset: point.offset + cursor.varint(),
        framesBefore: point.framesBefore + cursor.varint(),
      };
      points.push(point);
    }
    return { ...run, points };
  }

  #corrupt(what: string, at: number): LogCorruption {
    return new LogCorruption(`${segmentKey(this.ref)}: the index ${what} at byte ${this.ref.indexOffset + at}`);
  }
}

interface PackedRun extends Omit<SegmentRun, 'points'> {
  /** Where its points stand in the index. */
  pointsAt: number;
  pointsEnd: number;
}

function readRun(cursor: Cursor, streamId: number, offset: number): PackedRun {
  const firstSeqNum = cursor.varint();
  const nextSeqNum = firstSeqNum + cursor.varint();
  const firstTimestamp = cursor.varint();
  const lastTimestamp = firstTimestamp + cursor.varint();
  const firstArrivalMs = cursor.varint();
  const lastArrivalMs = firstArrivalMs + cursor.varint();
  const [length, frames, pointBytes] = [cursor.varint(), cursor.varint(), cursor.varint()];
  const pointsAt = cursor.at;
  cursor.skip(pointBytes);
  const numbers = { streamId, firstSeqNum, nextSeqNum, firstTimestamp, lastTimestamp, firstArrivalMs, lastArrivalMs };
  return { ...numbers, offset, length, frames, pointsAt, pointsEnd: pointsAt + pointBytes };
}

/** Reads varints out of bytes that came from a store: what does not fit is damage, not a bug. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #corrupt: (what: string, at: number) => LogCorruption;
  at: number;

  constructor(bytes: Uint8Array, at: number, end: number, corrupt: (what: string, at: number) => LogCorruption) {
    assert(end <= bytes.length, 'a cursor stays inside its buffer');
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
    this.#corrupt = corrupt;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      if (this.at >= this.#end) throw this.#corrupt('is cut short', this.at);
      const byte = this.#bytes[this.at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw this.#corrupt('has a number longer than 8 bytes', this.at);
  }

  skip(length: number): void {
    if (this.at + length > this.#end) throw this.#corrupt('is cut short', this.at);
    this.at += length;
  }
}

/**
 * Builds a segment: header, the verbatim log frames of its streams ascending by (stream id, seq num), index, footer.
 *
 * The same frames give the same bytes, always. Large frames, and small ones that stand behind each other, are not copied: the
 * parts are views of their arenas; other small ones are gathered, because a view costs more than a small frame. Every byte of
 * a segment is under some checksum: header, footer and index have theirs, a frame brings the one it had in the log.
 */

import { assert } from '../core/assert.ts';
import type { OwnedName } from '../core/object-names.ts';
import type { Compute } from '../ports.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { Frame } from './stream-chunks.ts';
import { IndexWriter, type SegmentPoint, type SegmentRun } from './segment-index.ts';
import {
  encodeSegmentFooter,
  encodeSegmentHeader,
  SEGMENT_FOOTER_BYTES,
  SEGMENT_HEADER_BYTES,
} from './segment-layout.ts';

export { decodeSegmentIndex, SegmentIndex, type SegmentRun } from './segment-index.ts';
export { decodeSegmentHeaderAndFooter, SEGMENT_FOOTER_BYTES, SEGMENT_HEADER_BYTES } from './segment-layout.ts';

/** Distance of the points of the index, bytes of frames. */
const POINT_DISTANCE_BYTES = 64 * 1024;

type OpenRun = Omit<SegmentRun, 'points'> & { points: SegmentPoint[] };

export class SegmentBuilder {
  readonly #name: OwnedName;
  readonly #compute: Compute;
  readonly #pointDistanceBytes: number;
  readonly #body = new PartCollector();
  readonly #index = new IndexWriter();
  /** The first run if there is no other, and the one that may still grow. */
  #only: OpenRun | null = null;
  #open: OpenRun | null = null;
  #firstArrivalMs = Infinity;
  #lastArrivalMs = 0;
  #finished = false;

  constructor(name: OwnedName, compute: Compute, pointDistanceBytes = POINT_DISTANCE_BYTES) {
    this.#name = name;
    this.#compute = compute;
    this.#pointDistanceBytes = pointDistanceBytes;
    this.#body.add(encodeSegmentHeader(name, compute), 0, SEGMENT_HEADER_BYTES);
  }

  /** Header and frames so far; the index comes on top. */
  get bytes(): number {
    return this.#body.bytes;
  }

  get streamCount(): number {
    return this.#index.streamCount + (this.#open === null ? 0 : 1);
  }

  /** The next frame in order of (stream id, seq num); a stream's frames have no gaps. */
  add(streamId: number, frame: Frame): void {
    const length = frame.end - frame.start;
    // Frames come by the hundred thousand: the run that is open grows in place, and only a point makes an object.
    if (this.#open?.streamId === streamId) this.#extendByFrame(this.#open, frame, length);
    else this.#append(runOfFrame(streamId, frame, this.bytes, length));
    this.#body.add(frame.bytes, frame.start, frame.end);
  }

  /**
   * A run of another segment, or what `runFrom` left of one, as the next in order. `parts` together are its bytes; they
   * are not looked at here: who copies them checks them.
   */
  addRange(run: SegmentRun, parts: readonly Uint8Array[]): void {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    assert(length === run.length, 'a range is as long as its run says');
    const moved = this.bytes - run.offset;
    const points = run.points.map((point) => ({ ...point, offset: point.offset + moved }));
    this.#append({ ...run, offset: run.offset + moved, points });
    for (const part of parts) this.#body.add(part, 0, part.length);
  }

  /**
   * The whole object as parts of one put, which are valid as long as the frames' bytes stay as they are. `index` is one of
   * them, with memory of its own.
   */
  finish(): { parts: Uint8Array[]; ref: SegmentRef; index: Uint8Array } {
    assert(this.#open !== null && !this.#finished, 'a segment is finished once and holds something');
    this.#finished = true;
    const only = this.#only;
    this.#index.add(this.#open);
    const indexOffset = this.bytes;
    const index = this.#index.finish();
    const { streamCount } = this.#index;
    const place = { indexOffset, indexBytes: index.length, indexCrc: this.#compute.crc32(index), streamCount };
    const ref: SegmentRef = {
      epoch: this.#name.epoch,
      number: this.#name.number,
      bytes: indexOffset + index.length + SEGMENT_FOOTER_BYTES,
      ...place,
      only:
        only === null ? null : { streamId: only.streamId, firstSeqNum: only.firstSeqNum, nextSeqNum: only.nextSeqNum },
      firstArrivalMs: this.#firstArrivalMs,
      lastArrivalMs: this.#lastArrivalMs,
    };
    return { parts: [...this.#body.finish(), index, encodeSegmentFooter(place, this.#compute)], ref, index };
  }

  /** Makes `next` a run, or the continuation of the last one. */
  #append(next: OpenRun): void {
    this.#firstArrivalMs = Math.min(this.#firstArrivalMs, next.firstArrivalMs);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, next.lastArrivalMs);
    if (this.#open?.streamId === next.streamId) {
      this.#extend(this.#open, next);
      return;
    }
    this.#only = this.#open === null ? next : null;
    if (this.#open !== null) {
      assert(this.#open.streamId < next.streamId, 'streams of a segment ascend');
      this.#index.add(this.#open);
    }
    this.#open = next;
  }

  #extend(run: OpenRun, next: OpenRun): void {
    assertFollows(run, next.firstSeqNum, next.firstTimestamp, next.firstArrivalMs);
    for (const point of next.points) {
      if (this.#isPointDue(run, point.offset)) {
        run.points.push({ ...point, framesBefore: point.framesBefore + run.frames });
      }
    }
    run.nextSeqNum = next.nextSeqNum;
    run.lastTimestamp = next.lastTimestamp;
    run.lastArrivalMs = next.lastArrivalMs;
    run.length += next.length;
    run.frames += next.frames;
  }

  #extendByFrame(run: OpenRun, frame: Frame, length: number): void {
    const { firstSeqNum: seqNum, firstTimestamp: timestamp, arrivalMs } = frame;
    assertFollows(run, seqNum, timestamp, arrivalMs);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivalMs);
    const offset = this.bytes;
    if (this.#isPointDue(run, offset)) {
      run.points.push({ seqNum, timestamp, arrivalMs, offset, framesBefore: run.frames });
    }
    run.nextSeqNum = frame.nextSeqNum;
    run.lastTimestamp = frame.lastTimestamp;
    run.lastArrivalMs = arrivalMs;
    run.length += length;
    run.frames++;
  }

  #isPointDue(run: OpenRun, offset: number): boolean {
    return offset - (run.points[run.points.length - 1] as SegmentPoint).offset >= this.#pointDistanceBytes;
  }
}

function runOfFrame(streamId: number, frame: Frame, offset: number, length: number): OpenRun {
  const { firstSeqNum, nextSeqNum, firstTimestamp, lastTimestamp, arrivalMs } = frame;
  return {
    streamId,
    firstSeqNum,
    nextSeqNum,
    firstTimestamp,
    lastTimestamp,
    firstArrivalMs: arrivalMs,
    lastArrivalMs: arrivalMs,
    offset,
    length,
    frames: 1,
    points: [{ seqNum: firstSeqNum, timestamp: firstTimestamp, arrivalMs, offset, framesBefore: 0 }],
  };
}

function assertFollows(run: OpenRun, firstSeqNum: number, firstTimestamp: number, firstArrivalMs: number): void {
  assert(run.nextSeqNum === firstSeqNum, 'a run has no gaps');
  assert(run.lastTimestamp <= firstTimestamp, 'timestamps of a run never decrease');
  assert(run.lastArrivalMs <= firstArrivalMs, 'arrivals of a run never decrease');
}

/**
 * What is left of a run when nobody needs numbers below `seqNum` any more: it begins at the last point that is not
 * above, so up to a point's distance of older frames stays. Null when the run ends below.
 */
export function runFrom(run: SegmentRun, seqNum: number): SegmentRun | null {
  if (run.nextSeqNum <= seqNum) return null;
  const at = run.points.findLastIndex((point) => point.seqNum <= seqNum);
  const start = run.points[at];
  if (start === undefined || at === 0) return run;
  const points = run.points
    .slice(at)
    .map((point) => ({ ...point, framesBefore: point.framesBefore - start.framesBefore }));
  return {
    ...run,
    firstSeqNum: start.seqNum,
    firstTimestamp: start.timestamp,
    firstArrivalMs: start.arrivalMs,
    offset: start.offset,
    length: run.length - (start.offset - run.offset),
    frames: run.frames - start.framesBefore,
    points,
  };
}

/** Pieces below this length are gathered by copying; a view of an arena takes about 200 bytes of memory by itself. */
const COPIED_BYTES_MAX = 4 * 1024;
/** Room for them begins small, because most segments of small streams are, and doubles. */
const GATHERED_BYTES_MIN = 4 * 1024;
const GATHERED_BYTES_MAX = 256 * 1024;
const NOTHING = new Uint8Array(0);

/** The parts of a put: what stands together stays together, long pieces as they are, runs of short ones copied. */
class PartCollector {
  readonly #parts: Uint8Array[] = [];
  /** The piece that may still grow, because frames of one stream often stand behind each other: `[start, end)` of it. */
  #piece: Uint8Array<ArrayBufferLike> = NOTHING;
  #start = 0;
  #end = 0;
  #gathered: Uint8Array<ArrayBufferLike> = NOTHING;
  /** `[from, to)` of `#gathered` is not among the parts yet. */
  #from = 0;
  #to = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(source: Uint8Array, start: number, end: number): void {
    this.#bytes += end - start;
    if (source === this.#piece && start === this.#end) {
      this.#end = end;
      return;
    }
    this.#endPiece();
    this.#piece = source;
    this.#start = start;
    this.#end = end;
  }

  #endPiece(): void {
    const piece = this.#piece.subarray(this.#start, this.#end);
    this.#piece = NOTHING;
    if (piece.length > COPIED_BYTES_MAX) {
      this.#flush();
      this.#parts.push(piece);
      return;
    }
    if (this.#to + piece.length > this.#gathered.length) {
      this.#flush();
      this.#gathered = new Uint8Array(
        Math.min(GATHERED_BYTES_MAX, Math.max(GATHERED_BYTES_MIN, 2 * this.#gathered.length)),
      );
      this.#from = this.#to = 0;
    }
    this.#gathered.set(piece, this.#to);
    this.#to += piece.length;
  }

  finish(): Uint8Array[] {
    this.#endPiece();
    this.#flush();
    return this.#parts;
  }

  #flush(): void {
    if (this.#from === this.#to) return;
    this.#parts.push(this.#gathered.subarray(this.#from, this.#to));
    this.#from = this.#to;
  }
}

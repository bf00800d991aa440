/**
 * Merges segments into new ones: byte ranges are copied stream by stream, no frame is decoded. Each frame's checksum
 * and place are looked at on the way: the inputs are deleted afterwards, so damage here must not become damage for good.
 *
 * What is kept is exactly what is neither trimmed nor deleted, up to the distance of two points of an index; it keeps
 * its order, so a command record stays where it was. Memory: one index and one window of bytes per group of the input,
 * and at most two outputs being filled.
 */

import { type OwnedName, segmentKey } from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import type { Compute } from '../ports.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { Extent } from './compaction-plan.ts';
import { damagedFrame } from './segment-frames.ts';
import { runFrom, SegmentBuilder, type SegmentIndex, type SegmentRun } from './segment-format.ts';

/** Where segments are read from; `SegmentReader` is one. */
export interface SegmentSource {
  index(ref: SegmentRef): SegmentIndex | Promise<SegmentIndex>;
  /** Bytes `[start, end)` of the object, past the readers' cache. */
  rangeUncached(ref: SegmentRef, start: number, end: number): Promise<Uint8Array>;
}

export interface MergeParts {
  source: SegmentSource;
  compute: Compute;
  /** A name no object ever had. */
  name(): OwnedName;
  /** Makes the object durable. */
  upload(key: string, parts: readonly Uint8Array[]): Promise<void>;
  /** Records below are dead; null when the stream is deleted. */
  aliveFrom(streamId: number): number | null;
  /** A stream with this much in the output gets segments of its own. */
  ownBytes: number;
  segmentBytesMax: number;
}

export interface Merged {
  added: SegmentRef[];
  /** Segments that hold one stream because there is so much of it. */
  ownCount: number;
  /** Segments that hold one stream because its next records are in a segment that is never merged. */
  settledCount: number;
}

/** What is read of a segment at a time. */
const WINDOW_BYTES = 1024 * 1024;

/** `groups` are neighbours, oldest first. What `upload` throws ends the merge; `merged` knows what was uploaded by then. */
export async function mergeSegments(
  groups: readonly (readonly Extent[])[],
  parts: MergeParts,
  merged: Merged,
): Promise<void> {
  const shared = new Output(parts, merged);
  for await (const { streamId, pieces } of streamsOf(groups, parts.source)) {
    const stretches = stretchesOf(alive(pieces, parts.aliveFrom(streamId)));
    for (const stretch of stretches.slice(0, -1)) merged.settledCount += await writeOwn(stretch, parts, merged);
    const newest = stretches.at(-1);
    if (newest === undefined) continue;
    const bytes = lengthOf(newest);
    if (bytes >= parts.ownBytes) {
      merged.ownCount += await writeOwn(newest, parts, merged);
      continue;
    }
    if (shared.bytes + bytes > parts.segmentBytesMax) await shared.finish();
    await shared.add(newest);
  }
  await shared.finish();
}

/** A run and the segment it is read from. */
interface Piece {
  run: SegmentRun;
  from: SequentialBytes;
}

/** Drops what nobody may read any more from the front. */
function alive(pieces: readonly Piece[], aliveFrom: number | null): Piece[] {
  if (aliveFrom === null) return [];
  const kept: Piece[] = [];
  for (const { run, from } of pieces) {
    const rest = runFrom(run, aliveFrom);
    if (rest !== null) kept.push({ run: rest, from });
  }
  return kept.toSorted((a, b) => a.run.firstSeqNum - b.run.firstSeqNum);
}

/**
 * Cuts where numbers are missing: they are in a segment that is left out of merges, and a run has no gaps. Only the
 * newest stretch may still grow; the others are settled.
 */
function stretchesOf(pieces: readonly Piece[]): Piece[][] {
  const stretches: Piece[][] = [];
  for (const piece of pieces) {
    const open = stretches.at(-1);
    if (open?.at(-1)?.run.nextSeqNum === piece.run.firstSeqNum) open.push(piece);
    else stretches.push([piece]);
  }
  return stretches;
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { run }) => sum + run.length, 0);
}

/** Returns the number of segments. */
async function writeOwn(stretch: readonly Piece[], parts: MergeParts, merged: Merged): Promise<number> {
  const outputs = cutOwn(stretch, parts);
  for (const pieces of outputs) {
    const output = new Output(parts, merged);
    await output.add(pieces);
    await output.finish();
  }
  return outputs.length;
}

/** Full segments first; a rest too small for one of its own joins the last, so that none is ever merged again. */
function cutOwn(stretch: readonly Piece[], { ownBytes, segmentBytesMax }: MergeParts): Piece[][] {
  const outputs: Piece[][] = [];
  let open: Piece[] = [];
  for (const piece of stretch) {
    const bytes = lengthOf(open);
    if (bytes >= ownBytes && bytes + piece.run.length > segmentBytesMax) {
      outputs.push(open);
      open = [];
    }
    open.push(piece);
  }
  const last = outputs.at(-1);
  if (last !== undefined && lengthOf(open) < ownBytes) last.push(...open);
  else outputs.push(open);
  return outputs;
}

/** A segment being filled, then the next one. */
class Output {
  readonly #parts: MergeParts;
  readonly #merged: Merged;
  #builder: SegmentBuilder | null = null;

  constructor(parts: MergeParts, merged: Merged) {
    this.#parts = parts;
    this.#merged = merged;
  }

  get bytes(): number {
    return this.#builder?.bytes ?? 0;
  }

  async add(pieces: readonly Piece[]): Promise<void> {
    this.#builder ??= new SegmentBuilder(this.#parts.name(), this.#parts.compute);
    for (const { run, from } of pieces) {
      this.#builder.addRange(run, await from.soundCopy(run, this.#parts.compute));
    }
  }

  async finish(): Promise<void> {
    if (this.#builder === null) return;
    const { parts, ref } = this.#builder.finish();
    this.#builder = null;
    await this.#parts.upload(segmentKey(ref), parts);
    this.#merged.added.push(ref);
  }
}

/** Every stream of the groups, ascending, with its pieces. */
async function* streamsOf(
  groups: readonly (readonly Extent[])[],
  source: SegmentSource,
): AsyncGenerator<{ streamId: number; pieces: Piece[] }> {
  const cursors = groups.map((group) => new GroupCursor(group, source));
  for (const cursor of cursors) await cursor.advance();
  for (;;) {
    const ids = cursors.flatMap(({ head }) => (head === null ? [] : [head.run.streamId]));
    if (ids.length === 0) return;
    const streamId = Math.min(...ids);
    const pieces: Piece[] = [];
    for (const cursor of cursors) {
      if (cursor.head?.run.streamId !== streamId) continue;
      pieces.push(cursor.head);
      await cursor.advance();
    }
    yield { streamId, pieces };
  }
}

/** The runs of a group one after the other: its segments do not overlap, so they are read in order of stream ids. */
class GroupCursor {
  readonly #source: SegmentSource;
  readonly #ahead: SegmentRef[];
  #runs: Iterator<SegmentRun> | null = null;
  #bytes: SequentialBytes | null = null;
  head: Piece | null = null;

  constructor(group: readonly Extent[], source: SegmentSource) {
    this.#source = source;
    this.#ahead = group.toSorted((a, b) => a.firstStreamId - b.firstStreamId).map(({ ref }) => ref);
  }

  async advance(): Promise<void> {
    for (;;) {
      const next = this.#runs?.next();
      if (next?.done === false && this.#bytes !== null) {
        this.head = { run: next.value, from: this.#bytes };
        return;
      }
      const ref = this.#ahead.shift();
      if (ref === undefined) {
        this.head = null;
        return;
      }
      this.#runs = (await this.#source.index(ref)).runs();
      this.#bytes = new SequentialBytes(ref, this.#source);
    }
  }
}

/** Ranges of one segment, asked for in ascending order, out of a window that slides over it. */
class SequentialBytes {
  readonly #ref: SegmentRef;
  readonly #source: SegmentSource;
  #window: Uint8Array = new Uint8Array(0);
  /** Where the window stands in the object. */
  #start = 0;

  constructor(ref: SegmentRef, source: SegmentSource) {
    this.#ref = ref;
    this.#source = source;
  }

  /** The frames of a run. Damaged ones are fetched once more; throws LogCorruption when they are damaged in the store. */
  async soundCopy(run: SegmentRun, compute: Compute): Promise<Uint8Array[]> {
    const [start, end] = [run.offset, run.offset + run.length];
    const copies = await this.copy(start, end);
    if (damagedFrame(copies, run, compute) === null) return copies;
    this.#window = new Uint8Array(0);
    const again = await this.copy(start, end);
    const damaged = damagedFrame(again, run, compute);
    if (damaged === null) return again;
    throw new LogCorruption(segmentKey(this.#ref), start + damaged, 'the frame is not what was written there');
  }

  /** Copies, because a view would keep a whole window for a few bytes. */
  async copy(start: number, end: number): Promise<Uint8Array[]> {
    const copies: Uint8Array[] = [];
    for (let at = start; at < end;) {
      if (at < this.#start || at >= this.#start + this.#window.length) await this.#slideTo(at);
      const part = this.#window.slice(at - this.#start, end - this.#start);
      copies.push(part);
      at += part.length;
    }
    return copies;
  }

  async #slideTo(at: number): Promise<void> {
    const end = Math.min(at + WINDOW_BYTES, this.#ref.indexOffset);
    this.#window = await this.#source.rangeUncached(this.#ref, at, end);
    this.#start = at;
  }
}

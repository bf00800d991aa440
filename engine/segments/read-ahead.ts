/**
 * Fetches what readers will ask for next, over the ends of segments, into the caches and no further.
 *
 * The longer a reader goes on, the farther ahead of it: the first time `readAheadBlocks`, each time twice as far, up to
 * eight times. Bounded by the cache: what is on its way for readers that have not asked is never more than a quarter of
 * it. What goes wrong here goes unnoticed; the read that needs the bytes will meet it.
 */

import type { Telemetry } from '../ports.ts';
import type { SegmentList } from '../state/segment-list.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { ReadLimits } from './record-batch.ts';
import type { SegmentRun } from './segment-index.ts';
import { SegmentLookup } from './segment-lookup.ts';
import { rangeFor } from './segment-range.ts';
import type { SegmentReader } from './segment-reader.ts';
import { SequentialReaders } from './sequential-readers.ts';
import type { SegmentTunables } from './tunables.ts';

const DOUBLINGS_MAX = 3;

export class ReadAhead {
  readonly #telemetry: Telemetry;
  /** The list as it is now: a replay replaces it. */
  readonly #list: () => SegmentList;
  readonly #segments: SegmentReader;
  readonly #aheadBytes: number;
  readonly #aheadBytesMax: number;
  readonly #sequential = new SequentialReaders();

  constructor(
    telemetry: Telemetry,
    list: () => SegmentList,
    segments: SegmentReader,
    tunables: Pick<SegmentTunables, 'readAheadBlocks' | 'cacheBlockBytes' | 'cacheBytesMax'>,
  ) {
    this.#telemetry = telemetry;
    this.#list = list;
    this.#segments = segments;
    this.#aheadBytes = tunables.readAheadBlocks * tunables.cacheBlockBytes;
    this.#aheadBytesMax = Math.min(this.#aheadBytes * 2 ** DOUBLINGS_MAX, Math.floor(tunables.cacheBytesMax / 4));
  }

  /** A reader has its records `[from, next)` out of `run`; what it fetched ends at `endOffset`. */
  wentThrough(ref: SegmentRef, run: SegmentRun, read: { from: number; next: number; endOffset: number }): void {
    const readsBefore = this.#sequential.went(run.streamId, read.from, read.next);
    if (readsBefore === 0) return;
    const wanted = this.#aheadBytes * 2 ** Math.min(readsBefore - 1, DOUBLINGS_MAX);
    const bytes = Math.min(wanted, this.#aheadBytesMax);
    const runEnd = run.offset + run.length;
    this.#fetch(ref, read.endOffset, Math.min(runEnd, read.endOffset + bytes));
    const beyond = read.endOffset + bytes - runEnd;
    if (beyond > 0) void this.#goOn(run.streamId, run.nextSeqNum, beyond).catch(() => undefined);
  }

  /** A read from `seqNum`, which is in a segment, comes soon. */
  readSoon(streamId: number, seqNum: number, limits: ReadLimits): void {
    const soon = async () => {
      const place = await this.#find(streamId, seqNum);
      if (place === null) return;
      const { start, endOffset } = rangeFor(place.run, seqNum, limits);
      if (this.#segments.prefetch(place.ref, start.offset, endOffset)) this.#telemetry.event('segment.read.early');
    };
    void soon().catch(() => undefined);
  }

  /** About the next `bytes` of the stream from `seqNum` on, in however many segments. */
  async #goOn(streamId: number, seqNum: number, bytes: number): Promise<void> {
    for (let [next, left] = [seqNum, bytes]; left > 0;) {
      const place = await this.#find(streamId, next);
      if (place === null) return;
      const { start, endOffset } = rangeFor(place.run, next, { recordsMax: Infinity, meteredBytesMax: left });
      this.#fetch(place.ref, start.offset, endOffset);
      next = place.run.nextSeqNum;
      left -= endOffset - start.offset;
    }
  }

  /** Null when no segment has it: it is in memory, or nowhere any more. */
  async #find(streamId: number, seqNum: number): Promise<{ ref: SegmentRef; run: SegmentRun } | null> {
    const lookup = new SegmentLookup(this.#list(), this.#segments);
    for (;;) {
      const place = lookup.bySeqNum(streamId, seqNum);
      if (place.kind === 'found') return place;
      if (place.kind === 'nowhere') return null;
      await lookup.load(place.refs);
    }
  }

  /** In pieces of the shortest distance, so that a long one comes over several connections. */
  #fetch(ref: SegmentRef, start: number, end: number): void {
    for (let at = start; at < end; at += this.#aheadBytes) {
      const fetched = this.#segments.prefetch(ref, at, Math.min(end, at + this.#aheadBytes));
      if (fetched) this.#telemetry.event('segment.read.ahead');
    }
  }
}

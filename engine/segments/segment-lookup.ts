/**
 * Which segment has it: the search of one read, in the list as it is in this very turn.
 *
 * A search never waits. Where it needs an index that is not in memory it says so; the caller loads it and searches anew,
 * because the list may have changed by then. Indexes it has seen stay with it, so that a small cache cannot make two
 * readers take each other's indexes away for ever.
 */

import { segmentKey } from '../core/object-names.ts';
import type { SegmentList } from '../state/segment-list.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { SegmentGone } from './segment-gone.ts';
import type { SegmentIndex, SegmentRun } from './segment-index.ts';
import type { SegmentReader } from './segment-reader.ts';

export type Located =
  | { kind: 'found'; ref: SegmentRef; run: SegmentRun }
  /** These indexes have to be loaded to know. */
  | { kind: 'unknown'; refs: readonly SegmentRef[] }
  | { kind: 'nowhere' };

export class SegmentLookup {
  readonly #list: SegmentList;
  readonly #reader: SegmentReader;
  readonly #known = new Map<string, SegmentIndex>();

  constructor(list: SegmentList, reader: SegmentReader) {
    this.#list = list;
    this.#reader = reader;
  }

  /** The segment that holds this number of the stream. */
  bySeqNum(streamId: number, seqNum: number): Located {
    const own = this.#list.ownOf(streamId);
    const at = firstWhere(own.length, (i) => (own[i]?.only?.nextSeqNum ?? 0) > seqNum);
    const ref = own[at];
    if (ref !== undefined && (ref.only?.firstSeqNum ?? 0) <= seqNum) return this.#inOwn(ref, streamId);
    const shared = this.#inShared(streamId, (run) => run.firstSeqNum <= seqNum && seqNum < run.nextSeqNum);
    if (shared.found !== null) return shared.found;
    return shared.refs.length > 0 ? { kind: 'unknown', refs: shared.refs } : { kind: 'nowhere' };
  }

  /** Of the segments that go beyond `trimPoint`, the first that reaches `timestamp`. */
  byTimestamp(streamId: number, timestamp: number, trimPoint: number): Located {
    const reaches = (run: SegmentRun) => run.nextSeqNum > trimPoint && run.lastTimestamp >= timestamp;
    const shared = this.#inShared(streamId, reaches);
    if (shared.refs.length > 0) return { kind: 'unknown', refs: shared.refs };
    const own = this.#firstOwn(streamId, reaches);
    if (own.kind === 'unknown' || shared.found === null) return own;
    if (own.kind === 'nowhere') return shared.found;
    return own.run.firstSeqNum < shared.found.run.firstSeqNum ? own : shared.found;
  }

  /**
   * Loads indexes that were unknown. Rejects with SegmentGone when one is not in the store though it is listed still,
   * with LogCorruption, or with what the store throws.
   */
  async load(refs: readonly SegmentRef[]): Promise<void> {
    await Promise.all(refs.map((ref) => this.#loadOne(ref)));
  }

  async #loadOne(ref: SegmentRef): Promise<void> {
    const unpin = this.#reader.pin(ref);
    try {
      this.#known.set(segmentKey(ref), await this.#reader.index(ref));
    } catch (error) {
      if (!(error instanceof SegmentGone) || this.#list.has(ref)) throw error;
    } finally {
      unpin();
    }
  }

  #index(ref: SegmentRef): SegmentIndex | null {
    return this.#known.get(segmentKey(ref)) ?? this.#reader.cachedIndex(ref);
  }

  #inOwn(ref: SegmentRef, streamId: number): Located {
    const index = this.#index(ref);
    if (index === null) return { kind: 'unknown', refs: [ref] };
    const run = index.run(streamId);
    return run === null ? { kind: 'nowhere' } : { kind: 'found', ref, run };
  }

  /** Of the segments of several streams, the one with the first run that fits, and those that could not be asked. */
  #inShared(
    streamId: number,
    fits: (run: SegmentRun) => boolean,
  ): { found: Extract<Located, { kind: 'found' }> | null; refs: SegmentRef[] } {
    let found: Extract<Located, { kind: 'found' }> | null = null;
    const refs: SegmentRef[] = [];
    for (const ref of this.#list.shared()) {
      const index = this.#index(ref);
      if (index === null) {
        refs.push(ref);
        continue;
      }
      const run = index.run(streamId);
      if (run === null || !fits(run)) continue;
      if (found === null || run.firstSeqNum < found.run.firstSeqNum) found = { kind: 'found', ref, run };
    }
    return { found, refs };
  }

  /** The stream's own segments ascend, and what `fits` once fits from there on: a binary search over their indexes. */
  #firstOwn(streamId: number, fits: (run: SegmentRun) => boolean): Located {
    const own = this.#list.ownOf(streamId);
    let missing: SegmentRef | null = null;
    const at = firstWhere(own.length, (i) => {
      const ref = own[i] as SegmentRef;
      const index = missing === null ? this.#index(ref) : null;
      if (index === null) {
        missing ??= ref;
        return true;
      }
      const run = index.run(streamId);
      return run !== null && fits(run);
    });
    if (missing !== null) return { kind: 'unknown', refs: [missing] };
    const ref = own[at];
    return ref === undefined ? { kind: 'nowhere' } : this.#inOwn(ref, streamId);
  }
}

/** The first of `length` places where the ascending condition holds; `length` when it holds nowhere. */
function firstWhere(length: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

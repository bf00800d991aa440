/**
 * Segments as readers see them: indexes, kept up to a bound in bytes, ranges through the block cache, and pins.
 *
 * A pinned segment is being read: whoever deletes objects asks `isPinned` first, and hears of it when the last pin is
 * released. Everything that goes wrong concerns the one read: SegmentGone, LogCorruption, or what the store throws.
 */

import { assert } from '../core/assert.ts';
import { segmentKey } from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import type { PersistentStore } from '../log/persistent-store.ts';
import type { Compute, Telemetry } from '../ports.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { type Arrived, BlockCache, fetchRange } from './block-cache.ts';
import { decodeSegmentIndex, SegmentIndex } from './segment-format.ts';
import { decodeFooter } from './segment-layout.ts';
import type { SegmentTunables } from './tunables.ts';

export { SegmentGone } from './segment-gone.ts';

export interface SegmentReaderPorts {
  store: Pick<PersistentStore, 'get'>;
  compute: Compute;
  telemetry: Telemetry;
}

type CacheTunables = Pick<SegmentTunables, 'cacheBlockBytes' | 'cacheBytesMax' | 'indexCacheBytesMax'>;

export class SegmentReader {
  readonly #ports: SegmentReaderPorts;
  readonly #blocks: BlockCache;
  readonly #indexBytesMax: number;
  /** Loaded indexes by key, oldest used first, and those on their way. */
  readonly #indexes = new Map<string, SegmentIndex>();
  readonly #loading = new Map<string, Promise<SegmentIndex>>();
  readonly #pins = new Map<string, number>();
  #indexBytes = 0;
  #unpinned: (key: string) => void = () => {};

  constructor(ports: SegmentReaderPorts, tunables: CacheTunables) {
    this.#ports = ports;
    this.#blocks = new BlockCache(ports.store, tunables, ports.telemetry);
    this.#indexBytesMax = tunables.indexCacheBytesMax;
  }

  /** Bytes kept: indexes and blocks. */
  get bytes(): number {
    return this.#indexBytes + this.#blocks.bytes;
  }

  /** The index: at once when it is in memory. Rejects with SegmentGone or LogCorruption. */
  index(ref: SegmentRef): SegmentIndex | Promise<SegmentIndex> {
    const key = segmentKey(ref);
    return this.cachedIndex(ref) ?? this.#loading.get(key) ?? this.#load(key, ref);
  }

  /** The index if it is in memory; nothing is fetched. */
  cachedIndex(ref: SegmentRef): SegmentIndex | null {
    const key = segmentKey(ref);
    const known = this.#indexes.get(key);
    if (known === undefined) return null;
    this.#indexes.delete(key);
    this.#indexes.set(key, known);
    return known;
  }

  /** The index of a segment this process wrote: nobody has to fetch it for as long as the cache keeps it. */
  remember(ref: SegmentRef, index: Uint8Array): void {
    const key = segmentKey(ref);
    if (!this.#indexes.has(key)) this.#keep(key, new SegmentIndex(ref, index));
  }

  /** Bytes `[start, end)` of the object, through the cache: at once when they are in memory. Rejects as `index`. */
  range(ref: SegmentRef, start: number, end: number): Uint8Array | Promise<Uint8Array> {
    assert(start < end && end <= ref.bytes, 'a range lies inside its segment');
    return this.#blocks.read({ key: segmentKey(ref), bytes: ref.bytes }, start, end);
  }

  /** The same for readers that take turns: once it is in memory, what makes the bytes of it. */
  arrived(ref: SegmentRef, start: number, end: number): Arrived | Promise<Arrived> {
    assert(start < end && end <= ref.bytes, 'a range lies inside its segment');
    return this.#blocks.arrived({ key: segmentKey(ref), bytes: ref.bytes }, start, end);
  }

  /** The same without the cache, for those who read everything once. */
  rangeUncached(ref: SegmentRef, start: number, end: number): Promise<Uint8Array> {
    assert(start < end && end <= ref.bytes, 'a range lies inside its segment');
    return fetchRange(this.#ports.store, { key: segmentKey(ref), bytes: ref.bytes }, start, end);
  }

  /**
   * Fetches what is missing of the range in the background, as far as the segment goes; what goes wrong goes unnoticed.
   * True when something was missing.
   */
  prefetch(ref: SegmentRef, start: number, end: number): boolean {
    return this.#blocks.prefetch({ key: segmentKey(ref), bytes: ref.bytes }, start, end);
  }

  /**
   * What `use` makes of segment bytes. When it finds damage, what is cached of the segment is dropped and it gets a
   * second try, because the damage may have happened on the way; the second LogCorruption stands.
   */
  async sound<Result>(ref: SegmentRef, use: () => Promise<Result>): Promise<Result> {
    const key = segmentKey(ref);
    const { telemetry } = this.#ports;
    try {
      return await use();
    } catch (error) {
      if (!(error instanceof LogCorruption)) throw error;
      this.#blocks.forget(key);
    }
    try {
      const result = await use();
      telemetry.event('segment.read.damage-reread', key);
      return result;
    } catch (error) {
      if (error instanceof LogCorruption) telemetry.event('segment.read.corrupt', error.message);
      throw error;
    }
  }

  /** Keeps the object from being collected until the answer is called; calling it again does nothing. */
  pin(ref: SegmentRef): () => void {
    const key = segmentKey(ref);
    this.#pins.set(key, (this.#pins.get(key) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#unpin(key);
    };
  }

  isPinned(key: string): boolean {
    return this.#pins.has(key);
  }

  /** `listener` hears the key of every segment whose last pin was released. One listener; a later one replaces it. */
  onUnpinned(listener: (key: string) => void): void {
    this.#unpinned = listener;
  }

  /** The object is deleted, or what was read of it is damaged: nothing of it is kept. */
  forget(key: string): void {
    const known = this.#indexes.get(key);
    if (known !== undefined) this.#evict(key, known);
    this.#loading.delete(key);
    this.#blocks.forget(key);
  }

  #unpin(key: string): void {
    const pins = this.#pins.get(key) ?? 0;
    assert(pins > 0, 'a pin is released once');
    if (pins > 1) {
      this.#pins.set(key, pins - 1);
      return;
    }
    this.#pins.delete(key);
    this.#unpinned(key);
  }

  #load(key: string, ref: SegmentRef): Promise<SegmentIndex> {
    this.#ports.telemetry.event('segment.index.loaded', key);
    const loading = this.#fetchIndex(ref);
    this.#loading.set(key, loading);
    const settle = (index: SegmentIndex | null) => {
      if (this.#loading.get(key) !== loading) return;
      this.#loading.delete(key);
      if (index !== null) this.#keep(key, index);
    };
    loading.then(settle, () => settle(null));
    return loading;
  }

  #fetchIndex(ref: SegmentRef): Promise<SegmentIndex> {
    // With the footer, which stands behind it and says which version of the format this is.
    const { indexOffset, indexBytes, bytes: end } = ref;
    return this.sound(ref, async () => {
      const bytes = await this.rangeUncached(ref, indexOffset, end);
      const own = bytes.buffer.byteLength === bytes.length ? bytes : bytes.slice();
      const footerAt = indexOffset + indexBytes;
      decodeFooter(segmentKey(ref), own.subarray(indexBytes), footerAt, this.#ports.compute);
      return decodeSegmentIndex(ref, own.subarray(0, indexBytes), this.#ports.compute);
    });
  }

  #keep(key: string, index: SegmentIndex): void {
    this.#indexes.set(key, index);
    this.#indexBytes += index.bytes;
    for (const [oldest, other] of this.#indexes) {
      if (this.#indexBytes <= this.#indexBytesMax) break;
      this.#evict(oldest, other);
    }
  }

  #evict(key: string, index: SegmentIndex): void {
    this.#indexes.delete(key);
    this.#indexBytes -= index.bytes;
  }
}

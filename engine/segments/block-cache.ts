/**
 * Ranges of immutable objects, kept in memory as blocks of one size up to a bound in bytes, the oldest used let go first.
 *
 * Each missing block is fetched once however many ask for it, and neighbours that are missing come with one GET. A
 * failed fetch is forgotten, so that the next reader tries again. Names are never used twice, so nothing goes stale.
 */

import { LogCorruption } from '../log/corruption.ts';
import type { PersistentStore } from '../log/persistent-store.ts';
import type { Telemetry } from '../ports.ts';
import { SegmentGone } from './segment-gone.ts';
import type { SegmentTunables } from './tunables.ts';

/** An object and how long it is known to be. */
export interface CachedObject {
  key: string;
  bytes: number;
}

/** Of the cache's bytes: what may be on its way for readers that have not asked yet. */
const AHEAD_SHARE_MAX = 1 / 4;

/** Makes a range of blocks that are in memory. */
export type Arrived = () => Uint8Array;

/** A block in memory, or on its way there. */
type Block = Uint8Array | Promise<Uint8Array>;

export class BlockCache {
  readonly #store: Pick<PersistentStore, 'get'>;
  readonly #telemetry: Telemetry;
  readonly #blockBytes: number;
  readonly #bytesMax: number;
  /** By object and number of the block; the objects' maps are ordered by nothing. */
  readonly #blocks = new Map<string, Map<number, Block>>();
  /** Blocks in memory, oldest used first. */
  readonly #byUse = new Map<Uint8Array, { key: string; number: number }>();
  #bytes = 0;
  #fetchedBytes = 0;
  /** On their way because of `prefetch`. */
  #aheadBytes = 0;

  constructor(
    store: Pick<PersistentStore, 'get'>,
    tunables: Pick<SegmentTunables, 'cacheBlockBytes' | 'cacheBytesMax'>,
    telemetry: Telemetry,
  ) {
    this.#store = store;
    this.#telemetry = telemetry;
    this.#blockBytes = tunables.cacheBlockBytes;
    this.#bytesMax = tunables.cacheBytesMax;
  }

  /** What the cached blocks take; what is on its way is not counted. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Bytes `[start, end)` of the object: at once when they are in memory. Rejects with SegmentGone when the object does
   * not exist, with LogCorruption when it is shorter or longer than it should be, with what the store throws.
   */
  read(object: CachedObject, start: number, end: number): Uint8Array | Promise<Uint8Array> {
    const cut = this.arrived(object, start, end);
    return cut instanceof Promise ? cut.then((made) => made()) : cut();
  }

  /**
   * The same in two steps: once the blocks are in memory, an answer that makes the range of them, which for a long one is a
   * copy. A hundred readers that waited for the same blocks would make theirs all in one turn.
   */
  arrived(object: CachedObject, start: number, end: number): Arrived | Promise<Arrived> {
    const blocks = this.#request(object, start, end);
    const present = blocks.filter((block) => block instanceof Uint8Array);
    this.#telemetry.event(present.length === blocks.length ? 'cache.hit' : 'cache.miss', object.key);
    if (present.length === blocks.length) return () => this.#cut(present, start, end);
    return Promise.all(blocks.map(async (block) => block)).then((all) => () => this.#cut(all, start, end));
  }

  /**
   * Fetches what is missing of the range in the background, unless the nearer half is there or on its way: so a reader
   * that goes on has several blocks fetched with each request. Nothing either while a quarter of the cache is on its way
   * like this. True when something was fetched; what goes wrong goes unnoticed.
   */
  prefetch(object: CachedObject, start: number, end: number): boolean {
    const until = Math.min(end, object.bytes);
    const middle = Math.floor((start + until) / 2 / this.#blockBytes);
    if (until <= start || this.#blocks.get(object.key)?.has(middle) === true) return false;
    if (this.#aheadBytes >= this.#bytesMax * AHEAD_SHARE_MAX) return false;
    const before = this.#fetchedBytes;
    const blocks = this.#request(object, start, until);
    const bytes = this.#fetchedBytes - before;
    this.#aheadBytes += bytes;
    void Promise.allSettled(blocks.map(async (block) => block)).then(() => (this.#aheadBytes -= bytes));
    return bytes > 0;
  }

  /** The object is gone, or is not trusted: its next reader fetches anew. */
  forget(key: string): void {
    for (const block of this.#blocks.get(key)?.values() ?? []) {
      if (block instanceof Uint8Array) this.#countOut(block);
    }
    this.#blocks.delete(key);
  }

  /** The blocks of the range in order; fetches of the missing ones are on their way. */
  #request(object: CachedObject, start: number, end: number): Block[] {
    const first = Math.floor(start / this.#blockBytes);
    const last = Math.ceil(end / this.#blockBytes);
    const found: Block[] = [];
    for (let number = first; number < last;) {
      const block = this.#blocks.get(object.key)?.get(number);
      if (block === undefined) {
        let until = number + 1;
        while (until < last && this.#blocks.get(object.key)?.has(until) !== true) until++;
        found.push(...this.#fetch(object, number, until));
        number = until;
        continue;
      }
      if (block instanceof Uint8Array) this.#touch(block);
      found.push(block);
      number++;
    }
    return found;
  }

  /** Blocks `[first, until)` with one GET. */
  #fetch(object: CachedObject, first: number, until: number): Promise<Uint8Array>[] {
    const start = first * this.#blockBytes;
    const end = Math.min(until * this.#blockBytes, object.bytes);
    this.#telemetry.event('cache.fetched', end - start);
    this.#fetchedBytes += end - start;
    const range = fetchRange(this.#store, object, start, end);
    return Array.from({ length: until - first }, (_, i) => {
      const block = range.then((bytes) => ownBytes(bytes, i * this.#blockBytes, this.#blockBytes));
      this.#keep(object.key, first + i, block);
      return block;
    });
  }

  #keep(key: string, number: number, block: Promise<Uint8Array>): void {
    let blocks = this.#blocks.get(key);
    if (blocks === undefined) this.#blocks.set(key, (blocks = new Map<number, Block>()));
    blocks.set(number, block);
    const expected = () => this.#blocks.get(key)?.get(number) === block;
    block.then(
      (bytes) => {
        // Forgotten while it was on its way: whoever waits gets it, nobody else.
        if (expected()) this.#countIn(key, number, bytes);
      },
      () => {
        if (expected()) this.#drop(key, number);
      },
    );
  }

  #countIn(key: string, number: number, bytes: Uint8Array): void {
    this.#blocks.get(key)?.set(number, bytes);
    this.#byUse.set(bytes, { key, number });
    this.#bytes += bytes.length;
    for (const [oldest, place] of this.#byUse) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#telemetry.event('cache.evicted', place.key);
      this.#countOut(oldest);
      this.#drop(place.key, place.number);
    }
  }

  #countOut(bytes: Uint8Array): void {
    this.#byUse.delete(bytes);
    this.#bytes -= bytes.length;
  }

  #drop(key: string, number: number): void {
    const blocks = this.#blocks.get(key);
    blocks?.delete(number);
    if (blocks?.size === 0) this.#blocks.delete(key);
  }

  #touch(bytes: Uint8Array): void {
    const place = this.#byUse.get(bytes);
    if (place === undefined) return;
    this.#byUse.delete(bytes);
    this.#byUse.set(bytes, place);
  }

  /** The range out of its blocks: a view when it lies in one of them, else a copy. */
  #cut(blocks: readonly Uint8Array[], start: number, end: number): Uint8Array {
    const skipped = start % this.#blockBytes;
    const [only] = blocks;
    if (only !== undefined && blocks.length === 1) return only.subarray(skipped, skipped + end - start);
    const out = new Uint8Array(end - start);
    let at = -skipped;
    for (const block of blocks) {
      const from = Math.max(0, -at);
      out.set(block.subarray(from, Math.min(block.length, out.length - at)), at + from);
      at += block.length;
    }
    return out;
  }
}

/** One ranged GET of an object that is known to exist with a known length. */
export async function fetchRange(
  store: Pick<PersistentStore, 'get'>,
  { key, bytes: size }: CachedObject,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const got = await store.get(key, { start, end });
  if (got.kind === 'absent') throw new SegmentGone(key);
  if (got.size !== size || got.bytes.length !== end - start) {
    throw new LogCorruption(
      key,
      Math.min(got.size, size, start + got.bytes.length),
      `bytes ${start}-${end} of ${size} were asked for; the store has ${got.size} bytes and sent ${got.bytes.length}`,
    );
  }
  return got.bytes;
}

/** A block that holds no more memory than it shows, so that letting go of it frees it. */
function ownBytes(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const whole = start === 0 && bytes.length <= length && bytes.buffer.byteLength === bytes.length;
  return whole ? bytes : bytes.slice(start, start + length);
}

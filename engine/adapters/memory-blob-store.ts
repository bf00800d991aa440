/**
 * A BlobStore in the memory of this process: for tests, demonstrations and `serve` without a folder.
 *
 * Objects are copied in and handed out as the stored array (or a view of it); nobody may write to those.
 * The map is what lives on when an engine is dropped and another one started on the same store.
 *
 * For a server a put ends in a later turn of the event loop, like that of any real store. Else it would be over before the
 * next request is looked at, and every append that comes alone would pay for an object of its own.
 */

import type { BlobStore, ByteRange, DeleteOutcome, GetOutcome, ListOutcome, PutOutcome } from '../ports.ts';
import { checkKey, checkRange, clip, pageKeys } from './blob-key.ts';
import { joined } from './joined.ts';

export class MemoryBlobStore implements BlobStore {
  readonly #objects = new Map<string, Uint8Array>();
  /** Keys in order, made again by the first listing after a change of names. */
  #sortedKeys: readonly string[] | null = null;
  readonly #putPause: (() => Promise<void>) | null;

  /** `putPause` is waited for before a put ends; by default nothing is. */
  constructor(putPause: (() => Promise<void>) | null = null) {
    this.#putPause = putPause;
  }

  async putIfAbsent(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    checkKey(key);
    if (this.#objects.has(key)) return { kind: 'refused' };
    this.#objects.set(key, joined(parts));
    this.#sortedKeys = null;
    if (this.#putPause !== null) await this.#putPause();
    return { kind: 'done' };
  }

  async put(key: string, parts: readonly Uint8Array[]): Promise<PutOutcome> {
    return this.putIfAbsent(key, parts);
  }

  async get(key: string, range?: ByteRange): Promise<GetOutcome> {
    checkKey(key);
    if (range !== undefined) checkRange(range);
    const object = this.#objects.get(key);
    if (object === undefined) return { kind: 'absent' };
    const { start, end } = clip(range, object.length);
    return { kind: 'found', bytes: object.subarray(start, end), size: object.length };
  }

  async list(prefix: string, after = '', limit?: number): Promise<ListOutcome> {
    const keys = (this.#sortedKeys ??= [...this.#objects.keys()].sort());
    return pageOf(keys, { prefix, after, keysMax: pageKeys(limit) }, (key) => this.#objects.get(key)?.length ?? 0);
  }

  async delete(keys: readonly string[]): Promise<DeleteOutcome> {
    for (const key of keys) checkKey(key);
    for (const key of keys) this.#objects.delete(key);
    this.#sortedKeys = null;
    return { kind: 'done' };
  }

  /** How much is stored, for banners and health pages. */
  usage(): { objects: number; bytes: number } {
    let bytes = 0;
    for (const object of this.#objects.values()) bytes += object.length;
    return { objects: this.#objects.size, bytes };
  }
}

/** One page of `keys`, which are in order; keys are ASCII, so code unit order is byte order. */
function pageOf(
  keys: readonly string[],
  wanted: { prefix: string; after: string; keysMax: number },
  sizeOf: (key: string) => number,
): ListOutcome {
  const { prefix, after, keysMax } = wanted;
  const page: string[] = [];
  for (let index = firstIndex(keys, prefix, after); index < keys.length; index += 1) {
    const key = keys[index]!;
    if (!key.startsWith(prefix)) break;
    if (page.length === keysMax) return { kind: 'page', blobs: page.map(listed), next: page.at(-1)! };
    page.push(key);
  }
  return { kind: 'page', blobs: page.map(listed), next: null };

  function listed(key: string): { key: string; size: number } {
    return { key, size: sizeOf(key) };
  }
}

/** Index of the first key that is >= `prefix` and > `after`, by bisection. */
function firstIndex(keys: readonly string[], prefix: string, after: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const key = keys[middle]!;
    if (key < prefix || key <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

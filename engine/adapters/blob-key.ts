/**
 * What every BlobStore checks before it does anything: names, ranges and page sizes of the port's contract.
 *
 * A bad argument is a bug of the caller, so these throw; what the world does to a call is an outcome instead.
 */

import type { ByteRange } from '../ports.ts';

/** Length in bytes of the longest key; all its characters are ASCII. */
const KEY_BYTES_MAX = 512;

/** Keys on one page of a listing, unless the caller wants fewer. */
const PAGE_KEYS_MAX = 1000;

const KEY = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;

/** Throws a TypeError unless `key` is a name as `BlobStore` of `engine/ports.ts` defines it. */
export function checkKey(key: string): void {
  if (typeof key !== 'string' || !KEY.test(key) || key.split('/').some((segment) => /^\.{1,2}$/.test(segment))) {
    throw new TypeError(
      `${JSON.stringify(key)} is not a blob key: expected segments of [A-Za-z0-9._-] other than "." and "..", with one "/" between`,
    );
  }
  if (key.length > KEY_BYTES_MAX) {
    throw new RangeError(`a blob key has at most ${KEY_BYTES_MAX} bytes, this one ${key.length}: ${key.slice(0, 40)}…`);
  }
}

/** Throws a RangeError unless `range` is two integers with 0 <= start <= end. */
export function checkRange(range: ByteRange): void {
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(`a byte range is two integers with 0 <= start <= end, not ${start}..${end}`);
  }
}

/** The number of keys to put on a page. Throws a RangeError unless `limit` is a positive integer. */
export function pageKeys(limit: number = PAGE_KEYS_MAX): number {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new RangeError(`a listing's limit is a positive integer, not ${limit}`);
  }
  return Math.min(limit, PAGE_KEYS_MAX);
}

/** The part of `range` that exists in an object of `size` bytes, as start and exclusive end. */
export function clip(range: ByteRange | undefined, size: number): ByteRange {
  if (range === undefined) return { start: 0, end: size };
  const start = Math.min(range.start, size);
  return { start, end: Math.min(range.end, size) };
}

/**
 * What a caller may ask a store for. A key, range or limit outside the port's contract is a bug of the caller
 * and throws; the simulator is as strict as any real store, or stricter.
 */

import type { ByteRange } from '../../engine/ports.ts';

const KEY_BYTES_MAX = 512;
const PAGE_KEYS_MAX = 1000;
const SEGMENT = /^[A-Za-z0-9._-]+$/;
/** Most keys, at a glance; what has a segment that begins with a dot is looked at closely. */
const PLAIN_KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** Throws a TypeError or a RangeError. */
export function checkKey(key: string): void {
  if (key.length > KEY_BYTES_MAX) throw new RangeError(`a key has at most ${KEY_BYTES_MAX} bytes, not ${key.length}`);
  if (PLAIN_KEY.test(key)) return;
  for (const segment of key.split('/')) {
    if (!SEGMENT.test(segment) || segment === '.' || segment === '..') {
      throw new TypeError(`"${key}" is no key of a blob store: "${segment}" is no segment`);
    }
  }
}

/** Throws a RangeError. */
export function checkRange({ start, end }: ByteRange): void {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start) {
    throw new RangeError(`a range goes from one whole number up to another, not from ${start} to ${end}`);
  }
}

/** How many keys a page has at most. Throws a RangeError. */
export function pageKeys(limit: number = PAGE_KEYS_MAX): number {
  if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`a page has at least one key, not ${limit}`);
  return Math.min(limit, PAGE_KEYS_MAX);
}

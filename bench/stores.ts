/**
 * Stores a benchmark puts beneath the engine: one that is as slow as S3 by the real clock, one whose bulk is not kept,
 * and one that counts. None of them changes the outcome of a call.
 */

import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import type { BlobStore, ByteRange } from '../engine/index.ts';

const LATENCY_MS = 40;
const BYTES_PER_MS = (90 * 1024 * 1024) / 1000;

/** Each call is a connection of its own: 40 ms, then its bytes at 90 MiB/s. Calls do not slow each other down. */
export function likeS3(inner: BlobStore): BlobStore {
  return {
    putIfAbsent: (key, parts) => after(bytesOf(parts), () => inner.putIfAbsent(key, parts)),
    put: (key, parts) => after(bytesOf(parts), () => inner.put(key, parts)),
    list: (prefix, from, limit) => after(0, () => inner.list(prefix, from, limit)),
    delete: (keys) => after(0, () => inner.delete(keys)),
    async get(key: string, range?: ByteRange) {
      const outcome = await inner.get(key, range);
      return after(outcome.kind === 'found' ? outcome.bytes.length : 0, () => Promise.resolve(outcome));
    },
  };
}

async function after<Outcome>(bytes: number, call: () => Promise<Outcome>): Promise<Outcome> {
  await new Promise((resolve) => setTimeout(resolve, LATENCY_MS + bytes / BYTES_PER_MS));
  return call();
}

/** Of longer bodies only so much is kept, from their ends, where segments have their indexes. */
const KEPT_BYTES_MAX = 64 * 1024;

/**
 * A store that takes everything and keeps of long objects the end alone. The memory a store copies to is another
 * machine's; here it would be fresh pages of this process, which take longer than all the engine does for the bytes.
 * Whoever reads more of a long object than its end hears of it.
 */
export function bulkElsewhere(): BlobStore {
  const ends = new MemoryBlobStore();
  const lengths = new Map<string, number>();
  const put = async (key: string, parts: readonly Uint8Array[]) => {
    const outcome = await ends.putIfAbsent(key, endOf(parts, KEPT_BYTES_MAX));
    if (outcome.kind === 'done') lengths.set(key, bytesOf(parts));
    return outcome;
  };
  return {
    putIfAbsent: put,
    put,
    async get(key, range) {
      const size = lengths.get(key) ?? 0;
      const missing = Math.max(0, size - KEPT_BYTES_MAX);
      const { start, end } = range ?? { start: 0, end: size };
      if (start < missing) throw new Error(`${key} was not kept from ${start} on`);
      const outcome = await ends.get(key, { start: start - missing, end: end - missing });
      return outcome.kind === 'found' ? { ...outcome, size } : outcome;
    },
    async list(prefix, from, limit) {
      const page = await ends.list(prefix, from, limit);
      if (page.kind === 'failed') return page;
      return { ...page, blobs: page.blobs.map(({ key, size }) => ({ key, size: lengths.get(key) ?? size })) };
    },
    delete(keys) {
      for (const key of keys) lengths.delete(key);
      return ends.delete(keys);
    },
  };
}

/** The last parts, of which the first is cut, that are `bytesMax` long together. */
function endOf(parts: readonly Uint8Array[], bytesMax: number): Uint8Array[] {
  const end: Uint8Array[] = [];
  let room = bytesMax;
  for (let i = parts.length - 1; i >= 0 && room > 0; i--) {
    const part = parts[i]!;
    end.unshift(part.subarray(Math.max(0, part.length - room)));
    room -= part.length;
  }
  return end;
}

export interface Traffic {
  puts: number;
  putBytes: number;
  gets: number;
  getBytes: number;
  lists: number;
  deletes: number;
}

/** `traffic` is counted from the moment the wrapper is made, refused and failed calls included. */
export function counting(inner: BlobStore): { blobs: BlobStore; traffic: Traffic } {
  const traffic: Traffic = { puts: 0, putBytes: 0, gets: 0, getBytes: 0, lists: 0, deletes: 0 };
  const countPut = (parts: readonly Uint8Array[]) => {
    traffic.puts += 1;
    traffic.putBytes += bytesOf(parts);
  };
  const blobs: BlobStore = {
    putIfAbsent(key, parts) {
      countPut(parts);
      return inner.putIfAbsent(key, parts);
    },
    put(key, parts) {
      countPut(parts);
      return inner.put(key, parts);
    },
    async get(key, range) {
      traffic.gets += 1;
      const outcome = await inner.get(key, range);
      if (outcome.kind === 'found') traffic.getBytes += outcome.bytes.length;
      return outcome;
    },
    list(prefix, from, limit) {
      traffic.lists += 1;
      return inner.list(prefix, from, limit);
    },
    delete(keys) {
      traffic.deletes += 1;
      return inner.delete(keys);
    },
  };
  return { blobs, traffic };
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((bytes, part) => bytes + part.length, 0);
}

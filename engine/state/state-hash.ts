/**
 * A checksum of the whole state that costs a few integer operations per change: the sum, in two 32-bit lanes, of a
 * hash of every row. Two owners that hold the same rows have the same hash, in whatever order the rows came.
 *
 * Each checkpoint and each INSTALL entry carries it, so a replay that ends in another state than its writer's was is
 * found at once. It detects mistakes and damage, not forgery.
 */

import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { SegmentRef } from './segment-ref.ts';

/** The two lanes, unsigned 32 bits each. */
export interface StateHash {
  a: number;
  b: number;
}

export function sameHash(x: StateHash, y: StateHash): boolean {
  return x.a === y.a && x.b === y.b;
}

export function hashText({ a, b }: StateHash): string {
  return a.toString(16).padStart(8, '0') + b.toString(16).padStart(8, '0');
}

/** A running sum of row hashes. Rows are added and taken away; a replaced row is both. */
export class StateHasher {
  #a = 0;
  #b = 0;

  value(): StateHash {
    return { a: this.#a >>> 0, b: this.#b >>> 0 };
  }

  /** What never changes of a stream. `sign` 1 adds the row, -1 takes it away. */
  streamIdentity(row: StreamState, sign: 1 | -1): void {
    let lane = mixText(mixText(mixNumber(1, row.id), row.basin), row.name);
    lane = mixNumber(lane, row.createdAtMs);
    lane = row.requestToken === null ? mix(lane, 0) : mixText(lane, row.requestToken);
    this.#add(mixNumber(lane, row.retentionAgeMs ?? -1), sign);
  }

  /** What appends change of a stream. */
  streamPosition(row: StreamState, sign: 1 | -1): void {
    let lane = mixNumber(mixNumber(2, row.id), row.tail.seqNum);
    lane = mixNumber(mixNumber(lane, row.tail.timestamp), row.trimPoint);
    lane = mix(lane, row.digest);
    this.#add(row.fencingToken === '' ? lane : mixText(lane, row.fencingToken), sign);
  }

  basin(row: BasinState, sign: 1 | -1): void {
    const lane = mixNumber(mixText(3, row.name), row.createdAtMs);
    this.#add(row.requestToken === null ? mix(lane, 0) : mixText(lane, row.requestToken), sign);
  }

  segment(ref: SegmentRef, sign: 1 | -1): void {
    const lane = mixNumber(mixNumber(4, ref.epoch), ref.number);
    this.#add(mix(mixNumber(lane, ref.bytes), ref.indexCrc), sign);
  }

  #add(lane: number, sign: 1 | -1): void {
    this.#a = (this.#a + sign * finish(lane)) | 0;
    this.#b = (this.#b + sign * finish(lane ^ 0x5bd1e995)) | 0;
  }
}

function mixNumber(lane: number, value: number): number {
  return mix(mix(lane, value | 0), Math.floor(value / 2 ** 32) | 0);
}

function mixText(lane: number, text: string): number {
  let mixed = mix(lane, text.length);
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
  return mix(mixed, text.length);
}

/** One round of MurmurHash3's mixing (public domain, A. Appleby). */
function mix(lane: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = lane ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** MurmurHash3's finalizer: every input bit reaches every output bit. */
function finish(lane: number): number {
  let h = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

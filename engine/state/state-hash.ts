/**
 * A checksum of the whole state that costs a few integer operations per change: the sum, in two 32-bit lanes, of a
 * hash of every row. Two owners that hold the same rows have the same hash, in whatever order the rows came.
 *
 * Each checkpoint and each INSTALL entry carries it, so a replay that ends in another state than its writer's was is
 * found at once. It detects mistakes and damage, not forgery: any one wrong field of a row, and several but for one case
 * in 2^32.
 */

import type { NameSet, TokenState } from '../core/access.ts';
import { type BasinConfig, CIPHERS, STORAGE_CLASSES, type StreamWish, TIMESTAMPING_MODES } from '../core/config.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { UsageInterval } from '../core/usage.ts';
import type { Note } from './ledger.ts';
import { finish, mix, mixNumber, mixText } from './mixing.ts';
import type { SegmentRef } from './segment-ref.ts';
import type { StreamNote } from './stream-notes.ts';

/** Where each part of a ledger begins to be mixed. */
const LEDGER_PARTS = { totals: 7, minute: 8, hour: 9, day: 13 } as const;

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
  /** The row looked at last, and the lane of its position: what a change puts there, the stream's next one takes away. */
  #last: StreamState | null = null;
  #lastLane = 0;

  value(): StateHash {
    return { a: this.#a >>> 0, b: this.#b >>> 0 };
  }

  /** What never changes of a stream. `sign` 1 adds the row, -1 takes it away. */
  streamIdentity(row: StreamState, sign: 1 | -1): void {
    let lane = mixText(mixText(mixNumber(1, row.id), row.basin), row.name);
    lane = mixNumber(lane, row.createdAtMs);
    lane = row.requestToken === null ? mix(lane, 0) : mixText(lane, row.requestToken);
    lane = row.requested === null ? mix(lane, 0) : mixWish(lane, row.requested);
    this.#add(mix(lane, row.cipher === null ? 0 : CIPHERS.indexOf(row.cipher) + 1), sign);
  }

  /** What operators change of a stream. */
  streamSettings(row: StreamState, sign: 1 | -1): void {
    this.#add(mixNumber(mixWish(mixNumber(6, row.id), row.config), row.deletedAtMs ?? -1), sign);
  }

  /** What appends change of a stream. */
  streamPosition(row: StreamState, sign: 1 | -1): void {
    if (row !== this.#last) {
      this.#last = row;
      this.#lastLane = laneOfPosition(row);
    }
    this.#add(this.#lastLane, sign);
  }

  basin(row: BasinState, sign: 1 | -1): void {
    let lane = mixNumber(mixText(3, row.name), row.createdAtMs);
    lane = row.requestToken === null ? mix(lane, 0) : mixText(lane, row.requestToken);
    lane = row.requested === null ? mix(lane, 0) : mixBasinConfig(lane, row.requested);
    this.#add(mixNumber(mixBasinConfig(lane, row.config), row.deletedAtMs ?? -1), sign);
  }

  /** The next free stream id: a replay that gave out another one would use an id twice. */
  nextStreamId(id: number, sign: 1 | -1): void {
    this.#add(mixNumber(5, id), sign);
  }

  /** A part of a basin's usage, or of the account's, whose name is empty. */
  ledger(name: string, part: 'totals' | UsageInterval, { at, totals }: Omit<Note, 'turn'>, sign: 1 | -1): void {
    let lane = mixNumber(mixText(LEDGER_PARTS[part], name), at);
    for (const total of totals) lane = mixNumber(lane, total);
    this.#add(lane, sign);
  }

  streamNote({ minute, streamId, storedBytes }: StreamNote, sign: 1 | -1): void {
    this.#add(mixNumber(mixNumber(mixNumber(10, minute), streamId), storedBytes), sign);
  }

  /** A stream of which nobody counted what lies below its trim point. */
  uncounted(streamId: number, sign: 1 | -1): void {
    this.#add(mixNumber(11, streamId), sign);
  }

  token({ id, issuedAtMs, secretHash, expiresAtMs, namespace, ...rest }: TokenState, sign: 1 | -1): void {
    let lane = mixNumber(mixText(12, id), issuedAtMs);
    for (const byte of secretHash) lane = mix(lane, byte);
    lane = mixText(mixNumber(lane, expiresAtMs ?? -1), namespace);
    const { basins, streams, accessTokens, groups, operations } = rest.scope;
    for (const set of [basins, streams, accessTokens]) lane = mixNames(lane, set);
    this.#add(mix(mix(mix(lane, Number(rest.autoPrefixStreams)), groups), operations), sign);
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

function laneOfPosition(row: StreamState): number {
  let lane = mixNumber(mixNumber(2, row.id), row.tail.seqNum);
  lane = mixNumber(mixNumber(lane, row.tail.timestamp), row.trimPoint);
  lane = mixNumber(mixNumber(lane, row.appendedBytes), row.trimmedBytes);
  lane = mix(mixNumber(lane, row.idleSinceMs), row.digest);
  return row.fencingToken === '' ? lane : mixText(lane, row.fencingToken);
}

/** -1 stands for a part that is not named. */
function mixWish(lane: number, wish: StreamWish): number {
  const { storageClass, retentionAgeS, timestampingMode, timestampingUncapped, deleteOnEmptyMinAgeS } = wish;
  let mixed = mix(lane, storageClass === null ? -1 : STORAGE_CLASSES.indexOf(storageClass));
  mixed = mixNumber(mixed, retentionAgeS === 'infinite' ? 0 : (retentionAgeS ?? -1));
  mixed = mix(mixed, timestampingMode === null ? -1 : TIMESTAMPING_MODES.indexOf(timestampingMode));
  mixed = mix(mixed, timestampingUncapped === null ? -1 : Number(timestampingUncapped));
  return mixNumber(mixed, deleteOnEmptyMinAgeS ?? -1);
}

function mixBasinConfig(lane: number, config: BasinConfig): number {
  const mixed = mixWish(lane, config.defaultStreamConfig);
  const cipher = config.streamCipher === null ? 0 : CIPHERS.indexOf(config.streamCipher) + 1;
  return mix(mix(mixed, cipher), Number(config.createStreamOnAppend) + 2 * Number(config.createStreamOnRead));
}

function mixNames(lane: number, set: NameSet): number {
  if (set === null) return mix(lane, 0);
  return 'exact' in set ? mixText(mix(lane, 1), set.exact) : mixText(mix(lane, 2), set.prefix);
}

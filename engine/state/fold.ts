/**
 * The pure fold: what one log entry does to the tables. The same function serves the durable tables (when a
 * slot commits), replay, and the speculative tables that admission decides against (when an entry is queued).
 */

import type { TokenState } from '../core/access.ts';
import type { AdmittedChunk } from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import type { ChunkFacts } from '../core/chunk.ts';
import { type BasinState, newStream, type StreamState } from '../core/stream-state.ts';
import type { ChunkEntry, Entry, TrimEntry } from './entries.ts';

/** The rows an entry can look up. */
export interface Tables {
  basin(name: string): BasinState | undefined;
  stream(id: number): StreamState | undefined;
  streamId(basin: string, name: string): number | undefined;
  token(id: string): TokenState | undefined;
}

/** The one row an entry creates, replaces or takes away. */
export type Change =
  | { table: 'basin'; row: BasinState }
  | { table: 'deleted-basin'; row: BasinState }
  | { table: 'stream'; row: StreamState }
  | { table: 'deleted-stream'; row: StreamState }
  | { table: 'token'; row: TokenState }
  | { table: 'revoked-token'; row: TokenState };

/** The others are about objects of the store (`segment-list.ts`) or about usage (`usage.ts`), and leave the rows alone. */
export type RowEntry = Exclude<Entry, { type: 'edit' | 'install' | 'usage' }>;

/** Those that come now and then, unlike chunks. */
export type RareRowEntry = Exclude<RowEntry, { type: 'chunk' }>;

export function isRowEntry(entry: Entry): entry is RowEntry {
  return entry.type !== 'edit' && entry.type !== 'install' && entry.type !== 'usage';
}

/** `crc` is the checksum of a chunk's bytes; of other entries it does not count. */
export function fold(tables: Tables, entry: RowEntry, crc = 0): Change {
  switch (entry.type) {
    case 'create-basin': {
      assert(tables.basin(entry.name) === undefined, 'a basin is created once');
      const { name, createdAtMs, requestToken, config } = entry;
      const requested = requestToken === null ? null : config;
      return { table: 'basin', row: { name, createdAtMs, requestToken, requested, config, deletedAtMs: null } };
    }
    case 'reconfigure-basin':
      return { table: 'basin', row: { ...livingBasin(tables, entry.name), config: entry.config } };
    case 'tombstone-basin':
      return { table: 'basin', row: { ...livingBasin(tables, entry.name), deletedAtMs: entry.deletedAtMs } };
    case 'delete-basin': {
      const basin = tables.basin(entry.name);
      assert(basin !== undefined && basin.deletedAtMs !== null, 'a basin that is being deleted is deleted once');
      return { table: 'deleted-basin', row: basin };
    }
    case 'create-stream':
      assert(tables.basin(entry.basin) !== undefined, 'a stream is created in a basin that exists');
      assert(tables.basin(entry.basin)?.deletedAtMs === null, 'no stream is created in a basin that is being deleted');
      assert(tables.streamId(entry.basin, entry.name) === undefined, 'a stream is created once');
      assert(tables.stream(entry.id) === undefined, 'stream ids are never used twice');
      return { table: 'stream', row: newStream(entry) };
    case 'chunk':
      return { table: 'stream', row: foldChunk(tables.stream(entry.streamId), entry, crc) };
    case 'trim': {
      const stream = tables.stream(entry.streamId);
      assert(stream !== undefined, 'a trim belongs to a stream that exists');
      assert(entry.trimPoint <= stream.tail.seqNum, 'a trim never reaches past the tail');
      return { table: 'stream', row: afterTrim(stream, entry) };
    }
    case 'reconfigure-stream': {
      const stream = livingStream(tables, entry.streamId);
      const switchedOn = stream.config.deleteOnEmptyMinAgeS === 0 && entry.config.deleteOnEmptyMinAgeS > 0;
      // Its age as an empty stream begins now: switching deletion on never deletes at once.
      const idleSinceMs = switchedOn ? Math.max(stream.idleSinceMs, entry.atMs) : stream.idleSinceMs;
      return { table: 'stream', row: { ...stream, config: entry.config, idleSinceMs } };
    }
    case 'tombstone-stream': {
      const stream = livingStream(tables, entry.streamId);
      return { table: 'stream', row: { ...stream, deletedAtMs: entry.deletedAtMs } };
    }
    case 'delete-stream': {
      const stream = tables.stream(entry.streamId);
      assert(stream !== undefined, 'a stream is deleted once');
      return { table: 'deleted-stream', row: stream };
    }
    case 'issue-token':
      assert(tables.token(entry.token.id) === undefined, 'an access token is issued once');
      return { table: 'token', row: entry.token };
    case 'revoke-token': {
      const token = tables.token(entry.id);
      assert(token !== undefined, 'only an access token that is there is revoked');
      return { table: 'revoked-token', row: token };
    }
  }
}

function livingBasin(tables: Tables, name: string): BasinState {
  const basin = tables.basin(name);
  assert(basin !== undefined && basin.deletedAtMs === null, 'only a basin that lives is changed');
  return basin;
}

function livingStream(tables: Tables, id: number): StreamState {
  const stream = tables.stream(id);
  assert(stream !== undefined && stream.deletedAtMs === null, 'only a stream that lives is changed');
  return stream;
}

function afterTrim(stream: StreamState, { trimPoint: to, atMs, trimmedBytes: counted }: TrimEntry): StreamState {
  const trimPoint = Math.max(stream.trimPoint, to);
  const isEmpty = trimPoint === stream.tail.seqNum;
  const empties = isEmpty && trimPoint > stream.trimPoint;
  const idleSinceMs = empties ? Math.max(stream.idleSinceMs, atMs) : stream.idleSinceMs;
  assert(counted === null || counted <= stream.appendedBytes, 'nothing is trimmed that was not appended');
  // What was counted below an older trim point is still the most that is known.
  const known = Math.max(stream.trimmedBytes, counted ?? 0);
  return { ...stream, trimPoint, idleSinceMs, trimmedBytes: isEmpty ? stream.appendedBytes : known };
}

/**
 * What a chunk makes of its stream. An append is folded when it is queued and again when it commits, nearly always from the
 * very same row: rows never change, so what came of it then is what comes of it now.
 */
export function foldChunk(
  stream: StreamState | undefined,
  chunk: ChunkEntry | AdmittedChunk,
  crc: number,
): StreamState {
  if (!('after' in chunk) || chunk.before !== stream) return afterChunk(stream, chunk, crc);
  return (chunk.after ??= afterChunk(stream, chunk, crc));
}

function afterChunk(stream: StreamState | undefined, chunk: ChunkFacts, crc: number): StreamState {
  assert(stream !== undefined, 'a chunk belongs to a stream that exists');
  assert(stream.deletedAtMs === null, 'nothing is appended to a stream that is being deleted');
  assert(chunk.firstSeqNum === stream.tail.seqNum, "a chunk's first number is its stream's next number");
  assert(chunk.firstTimestamp >= stream.tail.timestamp, 'timestamps never decrease along a stream');
  assert(chunk.lastTimestamp >= chunk.firstTimestamp, 'timestamps never decrease within a chunk');
  assert(chunk.trimPoint === null || chunk.trimPoint > stream.trimPoint, 'a trim point never falls');
  assert(chunk.appendedBytes >= stream.appendedBytes, 'what was appended to a stream never falls');
  const tailSeqNum = chunk.firstSeqNum + chunk.count;
  // Field by field: this runs for every append, and a spread costs a microsecond.
  return {
    id: stream.id,
    basin: stream.basin,
    name: stream.name,
    createdAtMs: stream.createdAtMs,
    requestToken: stream.requestToken,
    requested: stream.requested,
    cipher: stream.cipher,
    config: stream.config,
    deletedAtMs: null,
    tail: { seqNum: tailSeqNum, timestamp: chunk.lastTimestamp },
    fencingToken: chunk.fencingToken ?? stream.fencingToken,
    trimPoint: chunk.trimPoint ?? stream.trimPoint,
    appendedBytes: chunk.appendedBytes,
    trimmedBytes: chunk.trimPoint === tailSeqNum ? chunk.appendedBytes : stream.trimmedBytes,
    idleSinceMs: chunk.arrivalMs > stream.idleSinceMs ? chunk.arrivalMs : stream.idleSinceMs,
    digest: (Math.imul(stream.digest, 31) + crc) >>> 0,
  };
}

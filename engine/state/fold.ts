/**
 * The pure fold: what one log entry does to the tables. The same function serves the durable tables (when a
 * slot commits), replay, and the speculative tables that admission decides against (when an entry is queued).
 */

import { assert } from '../core/assert.ts';
import { type BasinState, newStream, type StreamState } from '../core/stream-state.ts';
import type { ChunkEntry, Entry } from './entries.ts';

/** The rows an entry can look up. */
export interface Tables {
  basin(name: string): BasinState | undefined;
  stream(id: number): StreamState | undefined;
  streamId(basin: string, name: string): number | undefined;
}

/** The one row an entry creates, replaces or takes away. */
export type Change =
  | { table: 'basin'; row: BasinState }
  | { table: 'stream'; row: StreamState }
  | { table: 'deleted-stream'; row: StreamState };

/** Entries about objects of the store; they leave the rows alone (`segment-list.ts`). */
export type RowEntry = Exclude<Entry, { type: 'edit' | 'install' }>;

export function isRowEntry(entry: Entry): entry is RowEntry {
  return entry.type !== 'edit' && entry.type !== 'install';
}

/** `crc` is the checksum of a chunk's bytes; speculation, which has no bytes yet, leaves it out. */
export function fold(tables: Tables, entry: RowEntry, crc = 0): Change {
  switch (entry.type) {
    case 'create-basin': {
      assert(tables.basin(entry.name) === undefined, 'a basin is created once');
      const { name, createdAtMs, requestToken } = entry;
      return { table: 'basin', row: { name, createdAtMs, requestToken } };
    }
    case 'create-stream':
      assert(tables.basin(entry.basin) !== undefined, 'a stream is created in a basin that exists');
      assert(tables.streamId(entry.basin, entry.name) === undefined, 'a stream is created once');
      assert(tables.stream(entry.id) === undefined, 'stream ids are never used twice');
      return { table: 'stream', row: newStream(entry) };
    case 'chunk':
      return { table: 'stream', row: afterChunk(tables.stream(entry.streamId), entry, crc) };
    case 'trim': {
      const stream = tables.stream(entry.streamId);
      assert(stream !== undefined, 'a trim belongs to a stream that exists');
      assert(entry.trimPoint <= stream.tail.seqNum, 'a trim never reaches past the tail');
      return { table: 'stream', row: { ...stream, trimPoint: Math.max(stream.trimPoint, entry.trimPoint) } };
    }
    case 'delete-stream': {
      const stream = tables.stream(entry.streamId);
      assert(stream !== undefined, 'a stream is deleted once');
      return { table: 'deleted-stream', row: stream };
    }
  }
}

function afterChunk(stream: StreamState | undefined, chunk: ChunkEntry, crc: number): StreamState {
  assert(stream !== undefined, 'a chunk belongs to a stream that exists');
  assert(chunk.firstSeqNum === stream.tail.seqNum, "a chunk's first number is its stream's next number");
  assert(chunk.firstTimestamp >= stream.tail.timestamp, 'timestamps never decrease along a stream');
  assert(chunk.lastTimestamp >= chunk.firstTimestamp, 'timestamps never decrease within a chunk');
  assert(chunk.trimPoint === null || chunk.trimPoint > stream.trimPoint, 'a trim point never falls');
  // Field by field: this runs twice for every append, and a spread costs a microsecond.
  return {
    id: stream.id,
    basin: stream.basin,
    name: stream.name,
    createdAtMs: stream.createdAtMs,
    requestToken: stream.requestToken,
    retentionAgeMs: stream.retentionAgeMs,
    tail: { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp },
    fencingToken: chunk.fencingToken ?? stream.fencingToken,
    trimPoint: chunk.trimPoint ?? stream.trimPoint,
    digest: (Math.imul(stream.digest, 31) + crc) >>> 0,
  };
}

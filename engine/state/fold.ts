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

/** The one row an entry creates or replaces. */
export type Change = { table: 'basin'; row: BasinState } | { table: 'stream'; row: StreamState };

export function fold(tables: Tables, entry: Entry): Change {
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
      return { table: 'stream', row: afterChunk(tables.stream(entry.streamId), entry) };
  }
}

function afterChunk(stream: StreamState | undefined, chunk: ChunkEntry): StreamState {
  assert(stream !== undefined, 'a chunk belongs to a stream that exists');
  assert(chunk.firstSeqNum === stream.tail.seqNum, "a chunk's first number is its stream's next number");
  assert(chunk.firstTimestamp >= stream.tail.timestamp, 'timestamps never decrease along a stream');
  assert(chunk.lastTimestamp >= chunk.firstTimestamp, 'timestamps never decrease within a chunk');
  assert(chunk.trimPoint === null || chunk.trimPoint > stream.trimPoint, 'a trim point never falls');
  return {
    ...stream,
    tail: { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp },
    fencingToken: chunk.fencingToken ?? stream.fencingToken,
    trimPoint: chunk.trimPoint ?? stream.trimPoint,
  };
}

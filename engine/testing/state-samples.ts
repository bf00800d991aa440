/**
 * Entries, rows and segments for directed tests of the state: everything a test does not care about is filled in, and
 * what it does care about is given as a change.
 */

import { S2_BASIN_CONFIG, S2_STREAM_CONFIG, type StreamConfig } from '../core/config.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { ChunkEntry, InstallEntry } from '../state/entries.ts';
import { fold, type RowEntry } from '../state/fold.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { StateHasher } from '../state/state-hash.ts';
import { DurableTables } from '../state/tables.ts';
import { Usage, type UsageHistory } from '../state/usage.ts';

const SAMPLE_BASIN = 'basin-01';

/** The configuration of S2, but records are kept for ever. */
export const KEPT: StreamConfig = { ...S2_STREAM_CONFIG, retentionAgeS: 'infinite' };

type CreateBasin = Extract<RowEntry, { type: 'create-basin' }>;
type CreateStream = Extract<RowEntry, { type: 'create-stream' }>;

export function createBasin(name = SAMPLE_BASIN): CreateBasin {
  return { type: 'create-basin', name, createdAtMs: 1, requestToken: null, config: S2_BASIN_CONFIG };
}

export function createStream(id: number, name: string, change: Partial<CreateStream> = {}): CreateStream {
  return {
    type: 'create-stream',
    id,
    basin: SAMPLE_BASIN,
    name,
    createdAtMs: 2,
    requestToken: null,
    requested: null,
    cipher: null,
    config: KEPT,
    ...change,
  };
}

/** One record at time 10, unless said otherwise. */
export function chunk(streamId: number, firstSeqNum: number, change: Partial<ChunkEntry> = {}): ChunkEntry {
  return {
    type: 'chunk',
    streamId,
    firstSeqNum,
    count: 1,
    firstTimestamp: 10,
    lastTimestamp: 10,
    arrivalMs: 10,
    appendedBytes: (firstSeqNum + (change.count ?? 1)) * 8,
    fencingToken: null,
    trimPoint: null,
    records: new Uint8Array(3),
    ...change,
  };
}

export function streamRow(id: number, change: Partial<StreamState> = {}): StreamState {
  return {
    id,
    basin: SAMPLE_BASIN,
    name: `stream-${id}`,
    createdAtMs: 2,
    requestToken: null,
    requested: null,
    cipher: null,
    config: KEPT,
    deletedAtMs: null,
    tail: { seqNum: 0, timestamp: 0 },
    fencingToken: '',
    trimPoint: 0,
    appendedBytes: 0,
    trimmedBytes: 0,
    idleSinceMs: 2,
    digest: 0,
    ...change,
  };
}

/** The usage of a store of which nothing ever happened. */
export const NO_USAGE: UsageHistory = new Usage(new StateHasher()).frozen();

/** A segment of epoch 1 that holds several streams. */
export function segment(number: number, change: Partial<SegmentRef> = {}): SegmentRef {
  return {
    epoch: 1,
    number,
    bytes: 1000 + number,
    indexOffset: 900,
    indexBytes: 100,
    indexCrc: 7 * number,
    streamCount: 2,
    only: null,
    firstArrivalMs: 10,
    lastArrivalMs: 20,
    ...change,
  };
}

/** A segment of epoch 1 with the numbers of one stream, `nextSeqNum` exclusive. */
export function ownSegment(number: number, streamId: number, firstSeqNum: number, nextSeqNum: number): SegmentRef {
  return segment(number, { streamCount: 1, only: { streamId, firstSeqNum, nextSeqNum } });
}

/** An INSTALL of the checkpoint of epoch 1 at `slot`. */
export function install(
  slot: number,
  stateHash: InstallEntry['stateHash'],
  segments: readonly SegmentRef[] = [],
): InstallEntry {
  return { type: 'install', checkpoint: { slot, epoch: 1, number: slot }, stateHash, segments };
}

export function tablesAfter(...entries: readonly RowEntry[]): DurableTables {
  const tables = new DurableTables();
  for (const entry of entries) tables.put(fold(tables, entry));
  return tables;
}

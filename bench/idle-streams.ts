/**
 * What a million idle streams cost: bytes each, time to load them, to look one up, and what they add to a full garbage
 * collection (storage reference §4.9: at most 200 MB for the engine, start in seconds).
 *
 * Names are about 30 characters; one stream in ten carries tokens. Run with `npm run bench -- idle-streams`.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { S2_BASIN_CONFIG, S2_STREAM_CONFIG } from '../engine/core/config.ts';
import type { StreamState } from '../engine/core/stream-state.ts';
import type { ChunkEntry } from '../engine/state/entries.ts';
import { fold } from '../engine/state/fold.ts';
import { DurableTables, SpeculativeTables } from '../engine/state/tables.ts';
import type { Row } from './table.ts';

const STREAMS = 1_000_000;
const LOOK_UPS = 1_000_000;
const BASIN = 'telemetry-production';

setFlagsFromString('--expose-gc');
/** A full collection, now. */
export const collectGarbage = runInNewContext('gc') as () => void;

function stateOf(id: number): StreamState {
  const token = id % 10 === 0 ? `writer-${id}-0123456789abcdef` : null;
  return {
    id,
    basin: BASIN,
    name: nameOf(id),
    createdAtMs: 1_760_000_000_000 + id,
    requestToken: token,
    tail: { seqNum: id * 7, timestamp: 1_760_000_000_000 + id * 3 },
    fencingToken: token ?? '',
    trimPoint: id,
    requested: null,
    cipher: null,
    config: { ...S2_STREAM_CONFIG },
    deletedAtMs: null,
    idleSinceMs: 1_760_000_000_000 + id * 5,
    digest: Math.imul(id, 0x9e3779b1) >>> 0,
  };
}

function nameOf(id: number): string {
  return `device/eu-west-1/sensor-${String(id).padStart(7, '0')}`;
}

export function run(streams = STREAMS): Promise<Row[]> {
  const empty = settledMemory();
  const pauseEmptyMs = millis(collectGarbage);
  const tables = new DurableTables();
  const loadMs = millis(() => load(tables, streams));
  const full = settledMemory();
  const pauseFullMs = millis(collectGarbage);
  const heap = full.heap - empty.heap;
  const buffers = full.buffers - empty.buffers;
  return Promise.resolve([
    { what: 'streams', value: tables.streamCount, unit: 'streams' },
    { what: 'memory a stream', value: (heap + buffers) / streams, unit: 'B' },
    { what: '- of that, name and tokens', value: textBytes(streams) / streams, unit: 'B' },
    { what: '- of that, on the collected heap', value: heap / streams, unit: 'B' },
    {
      what: 'memory of all',
      value: (heap + buffers) / 1e6,
      unit: 'MB',
      goal: { of: 'value', bound: 'at most', than: 200 },
    },
    {
      what: 'time to load them',
      value: loadMs,
      unit: 'ms',
      goal: { of: 'value', bound: 'at most', than: 5_000 },
    },
    { what: 'full collection, without them', value: pauseEmptyMs, unit: 'ms' },
    { what: 'full collection, with them', value: pauseFullMs, unit: 'ms' },
    ...lookUps(tables, streams),
    ...appends(tables, streams),
  ]);
}

function load(tables: DurableTables, streams: number): void {
  tables.restoreBasin({
    ...{ name: BASIN, createdAtMs: 1, requestToken: null, requested: null },
    ...{ config: S2_BASIN_CONFIG, deletedAtMs: null },
  });
  for (let id = 1; id <= streams; id++) tables.restoreStream(stateOf(id));
}

function lookUps(tables: DurableTables, streams: number): Row[] {
  const scattered = Array.from({ length: LOOK_UPS }, (_, i) => 1 + ((i * 7919) % streams));
  const names = scattered.slice(0, LOOK_UPS / 4).map(nameOf);
  let found = 0;
  const byNameMs = millis(() => {
    for (const name of names) if (tables.streamId(BASIN, name) !== undefined) found++;
  });
  const byIdMs = millis(() => {
    for (const id of scattered) if (tables.stream(id) !== undefined) found++;
  });
  if (found !== names.length + scattered.length) throw new Error('a stream was not found');
  return [
    { what: 'look-up of a cold stream by name', value: (byNameMs / names.length) * 1e6, unit: 'ns' },
    { what: 'unpacking a cold stream by id', value: (byIdMs / scattered.length) * 1e6, unit: 'ns' },
  ];
}

/** What the state does for one append, as the store does it: decide ahead, commit, settle. */
function appends(tables: DurableTables, streams: number): Row[] {
  const ahead = new SpeculativeTables(tables);
  const append = (name: string) => {
    const stream = ahead.streamByName(BASIN, name) as StreamState;
    const entry: ChunkEntry = {
      type: 'chunk',
      streamId: stream.id,
      firstSeqNum: stream.tail.seqNum,
      count: 1,
      firstTimestamp: stream.tail.timestamp,
      lastTimestamp: stream.tail.timestamp,
      arrivalMs: 0,
      fencingToken: null,
      trimPoint: null,
      records: NO_RECORDS,
    };
    ahead.put(fold(ahead, entry));
    tables.put(fold(tables, entry, 7));
    ahead.settleOldest();
  };
  return [1, 1_000, 100_000].map((used) => {
    const names = Array.from({ length: used }, (_, i) => nameOf(1 + ((i * 31) % streams)));
    const rounds = Math.max(300_000, used);
    for (let i = 0; i < 50_000; i++) append(names[i % used] as string);
    const elapsedMs = millis(() => {
      for (let i = 0; i < rounds; i++) append(names[i % used] as string);
    });
    return { what: `state's part of an append, ${used} streams in use`, value: (elapsedMs / rounds) * 1e6, unit: 'ns' };
  });
}

const NO_RECORDS = new Uint8Array();

function textBytes(streams: number): number {
  let bytes = 0;
  for (let id = 1; id <= streams; id++) {
    const { name, requestToken, fencingToken } = stateOf(id);
    bytes += name.length + (requestToken?.length ?? 0) + fencingToken.length;
  }
  return bytes;
}

function settledMemory(): { heap: number; buffers: number } {
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

function millis(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

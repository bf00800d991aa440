/**
 * What a million idle streams cost: bytes each, time to load them, to look one up, what they add to a full garbage
 * collection (storage reference §4.9: at most 200 MB for the engine, start in seconds), and the longest turn a checkpoint
 * of them takes from the log when all of them changed, or many small chunks have to be flushed.
 *
 * Names are about 30 characters; one stream in ten carries tokens. Run with `npm run bench -- idle-streams`.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { S2_BASIN_CONFIG, S2_STREAM_CONFIG } from '../engine/core/config.ts';
import type { StreamState } from '../engine/core/stream-state.ts';
import { systemCompute } from '../engine/adapters/system-compute.ts';
import { Checkpoints, type FrozenCheckpoint } from '../engine/segments/checkpoint.ts';
import { ChunkIndex } from '../engine/segments/chunk-index.ts';
import { planFlush } from '../engine/segments/flush-plan.ts';
import { NameSource } from '../engine/segments/names.ts';
import { SEGMENT_DEFAULTS } from '../engine/segments/tunables.ts';
import { LIST_ROWS_MAX } from '../engine/core/limits.ts';
import type { ChunkEntry } from '../engine/state/entries.ts';
import { LogState } from '../engine/state/log-state.ts';
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
    appendedBytes: id * 700,
    trimmedBytes: id * 100,
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
    ...listings(tables, streams),
    ...appends(tables, streams),
    ...checkpointTurns(streams),
    ...flushTurns(streams),
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

/** A full page of a listing that begins anywhere, and one name by its prefix. */
function listings(tables: DurableTables, streams: number): Row[] {
  const rounds = 100;
  const page = (prefix: string, startAfter: string) =>
    tables.listStreams(BASIN, { prefix, startAfter, limit: LIST_ROWS_MAX }).rows.length;
  const pagesMs = millis(() => {
    for (let i = 0; i < rounds; i++) page('', nameOf(1 + ((i * 7_919) % streams)));
  });
  const prefixesMs = millis(() => {
    for (let i = 0; i < rounds; i++) page(nameOf(1 + ((i * 7_919) % streams)), '');
  });
  return [
    { what: 'a page of a listing, 1000 names', value: (pagesMs / rounds) * 1e3, unit: 'us' },
    { what: 'one name by its prefix', value: (prefixesMs / rounds) * 1e3, unit: 'us' },
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
      appendedBytes: stream.appendedBytes + 8,
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

/** Every row is dirty, as after a replay from the beginning of the log. */
function checkpointTurns(streams: number): Row[] {
  const state = new LogState();
  load(state.tables, streams);
  state.tables.markDirty(Array.from({ length: streams }, (_, i) => i + 1));
  const ports = { compute: systemCompute, telemetry: { event: () => {} }, store: NO_STORE };
  const checkpoints = new Checkpoints(ports, SEGMENT_DEFAULTS);
  let frozen: FrozenCheckpoint | null = null;
  const freezeMs = cpuMillis(() => (frozen = checkpoints.freeze(state, 1, new NameSource(1))));
  const { longestMs, totalMs } = turnsOf((frozen as unknown as FrozenCheckpoint).written());
  const rootMs = cpuMillis(() => (frozen as unknown as FrozenCheckpoint).root([]));
  return [
    { what: 'freezing a checkpoint in which every stream changed', value: freezeMs, unit: 'ms CPU', goal: TURN_GOAL },
    { what: '- writing its rows, all turns', value: totalMs, unit: 'ms CPU' },
    { what: '- longest turn of that', value: longestMs, unit: 'ms CPU', goal: TURN_GOAL },
    { what: '- its root', value: rootMs, unit: 'ms CPU', goal: TURN_GOAL },
  ];
}

/** As many small chunks, each of another stream, as fill the memory before a flush. */
function flushTurns(streams: number): Row[] {
  const chunks = new ChunkIndex();
  const arena = new Uint8Array(4 << 20);
  for (let i = 0; chunks.bytes < SEGMENT_DEFAULTS.flushBytes; i++) {
    const start = (i % 30_000) * 130;
    const times = { firstTimestamp: 1, lastTimestamp: 1, arrivalMs: 1 };
    const effects = { appendedBytes: 8, fencingToken: null, trimPoint: null };
    const facts = { type: 'chunk', firstSeqNum: 0, count: 1, ...times, ...effects } as const;
    const streamId = 1 + ((i * 7_919) % streams);
    if (i >= streams) break;
    chunks.add({ streamId, ...facts }, { slot: i, bytes: arena, start, end: start + 120 });
  }
  const tables = { stream: () => LIVE };
  const { longestMs } = turnsOf(planFlush(chunks.framesUpTo(Infinity), tables, SEGMENT_DEFAULTS));
  const count = chunks.chunks;
  const releaseMs = cpuMillis(() => chunks.release(Infinity));
  return [
    { what: 'chunks of as many streams in one flush', value: count, unit: 'chunks' },
    { what: '- longest turn of planning', value: longestMs, unit: 'ms CPU', goal: TURN_GOAL },
    { what: '- letting go of them', value: releaseMs, unit: 'ms CPU', goal: TURN_GOAL },
  ];
}

function turnsOf(work: Generator<unknown, unknown>): { longestMs: number; totalMs: number } {
  let [longestMs, totalMs] = [0, 0];
  for (let isDone = false; !isDone;) {
    const turnMs = cpuMillis(() => {
      for (let step = work.next(); ; step = work.next()) {
        isDone = step.done === true;
        // A page to upload does not end the turn.
        if (isDone || step.value === null || step.value === undefined) return;
      }
    });
    longestMs = Math.max(longestMs, turnMs);
    totalMs += turnMs;
  }
  return { longestMs, totalMs };
}

const LIVE: StreamState = { ...stateOf(1), trimPoint: 0 };

/** CPU time of all threads, the collector's included: what a turn lasts where nobody else uses the processors. */
function cpuMillis(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** A turn that is longer is felt by whoever waits for an acknowledgement. */
const TURN_GOAL = { of: 'value', bound: 'at most', than: 50 } as const;
const NO_STORE = { get: () => Promise.reject(new Error('nothing is loaded')) };

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

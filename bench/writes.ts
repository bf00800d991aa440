/**
 * What the write path itself costs: large batches and single small records, without a store worth the name beneath it.
 *
 * Floors do the same work bare. Bytes that are kept need fresh pages of memory, which on most machines take longer than
 * all else that happens to them: so the floor of the log, which keeps what it wrote until it is flushed, keeps it too.
 * Engine and floors take turns, and what is compared is the median turn of each.
 */

import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import { systemCompute } from '../engine/adapters/system-compute.ts';
import { encodeRecords } from '../engine/core/stamped-batch.ts';
import type { AppendInput, BlobStore } from '../engine/index.ts';
import { STORE_TUNABLES } from '../engine/tunables.ts';
import {
  appendMany,
  BATCH_BYTES,
  largeBatch,
  LOG_ONLY,
  makeStreams,
  mibPerSecond,
  openOn,
  singleRecord,
  type Tuning,
  withGarbageShare,
  writeBytes,
} from './load.ts';
import { bulkElsewhere } from './stores.ts';
import { median, type Row } from './table.ts';

const STREAM = 'written';
const TURN_BATCHES = 64;
const TURNS = 7;
const SINGLES = 200_000;
const SINGLES_PENDING = 2_000;

export async function memory(): Promise<Row[]> {
  const batch = largeBatch();
  // As a server on a store in memory has it: no batch waits for company, which would be a part of each turn.
  const { log } = STORE_TUNABLES.memory;
  const logged = await inTurns(bulkElsewhere(), { log, segments: LOG_ONLY }, batch);
  const copied = await inTurns(new MemoryBlobStore(), { log, segments: LOG_ONLY }, batch);
  const flushed = await inTurns(new MemoryBlobStore(), { log }, batch);
  const floor = (value: number) => ({ what: 'encode + CRC-32 into memory that is kept', value });
  return [
    {
      what: 'memory, 1,000 x 1 KiB batches, log alone',
      value: logged.engine,
      unit: 'MiB/s',
      floor: floor(logged.kept),
      goal: { of: 'value', bound: 'at least', than: 2048 },
    },
    { what: '- and the store keeps a copy in memory', value: copied.engine, unit: 'MiB/s', floor: floor(copied.kept) },
    { what: '- and everything is flushed', value: flushed.engine, unit: 'MiB/s', floor: floor(flushed.kept) },
    { what: '- encode + CRC-32, nothing kept', value: logged.dropped, unit: 'MiB/s' },
  ];
}

/** Median MiB/s of the engine, of encoding alone, and of that with the results kept as long as the engine keeps them. */
async function inTurns(blobs: BlobStore, tuning: Tuning, batch: AppendInput) {
  const engine = await openOn(blobs, tuning);
  await makeStreams(engine, [STREAM]);
  const kept: Uint8Array[] = [];
  const turns: { engine: number; kept: number; dropped: number }[] = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const dropped = encodeTurn(batch, () => {});
    const keeping = encodeTurn(batch, (chunk) => kept.push(chunk));
    const { bytes, elapsedMs } = await writeBytes(engine, [STREAM], TURN_BATCHES * BATCH_BYTES);
    // The first turn warms the code.
    if (turn > 0) turns.push({ engine: mibPerSecond(bytes, elapsedMs), kept: keeping, dropped });
  }
  await engine.stop();
  return {
    engine: median(turns.map((turn) => turn.engine)),
    kept: median(turns.map((turn) => turn.kept)),
    dropped: median(turns.map((turn) => turn.dropped)),
  };
}

/** MiB/s of turning the batch into a chunk and checking it, without anything behind it. */
function encodeTurn(batch: AppendInput, take: (chunk: Uint8Array) => void): number {
  const stamped = batch.records.map((record) => ({ ...record, timestamp: 1_760_000_000_000 }));
  const start = performance.now();
  for (let i = 0; i < TURN_BATCHES; i++) {
    const chunk = encodeRecords(stamped);
    systemCompute.crc32(chunk);
    take(chunk);
  }
  return mibPerSecond(TURN_BATCHES * BATCH_BYTES, performance.now() - start);
}

export async function singles(): Promise<Row[]> {
  const batch = singleRecord(100);
  const floor = { what: 'encode + CRC-32 alone', value: bareSingles(batch) };
  const few = await singlesPending(SINGLES_PENDING, batch, {});
  const many = await singlesPending(5 * SINGLES_PENDING, batch, {});
  const logged = await singlesPending(SINGLES_PENDING, batch, LOG_ONLY);
  await barePromises();
  return [
    {
      what: 'single 100-byte appends, 2,000 pending, as served from memory, flushes included',
      value: few.thousandsPerSecond,
      unit: 'k/s',
      floor,
      goal: { of: 'value', bound: 'at least', than: 400 },
    },
    {
      what: '- standing still for garbage collection',
      value: few.gcShare * 100,
      unit: '%',
      goal: { of: 'value', bound: 'at most', than: 15 },
    },
    { what: '- processor time for each, all threads', value: few.processorNs, unit: 'ns' },
    { what: '- the same with 10,000 pending', value: many.thousandsPerSecond, unit: 'k/s', floor },
    { what: '- standing still for garbage collection', value: many.gcShare * 100, unit: '%' },
    { what: '- the log alone, 2,000 pending', value: logged.thousandsPerSecond, unit: 'k/s', floor },
    { what: '- standing still for garbage collection', value: logged.gcShare * 100, unit: '%' },
    { what: '- processor time for each, all threads', value: logged.processorNs, unit: 'ns' },
    { what: '- bare promises, 2,000 pending', value: await barePromises(), unit: 'k/s' },
  ];
}

/** Medians of the turns. `segments` are what differs from a server on a store in memory. */
async function singlesPending(pending: number, batch: AppendInput, segments: Tuning['segments']) {
  const { memory } = STORE_TUNABLES;
  const engine = await openOn(bulkElsewhere(), { log: memory.log, segments: { ...memory.segments, ...segments } });
  await makeStreams(engine, [STREAM]);
  const turns: { thousandsPerSecond: number; gcShare: number; processorNs: number }[] = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const before = process.cpuUsage();
    const { elapsedMs, gcShare } = await withGarbageShare(() =>
      appendMany(engine, [STREAM], { appends: SINGLES, pending, batch }),
    );
    const { user, system } = process.cpuUsage(before);
    // The first turn warms the code.
    const processorNs = ((user + system) / SINGLES) * 1000;
    if (turn > 0) turns.push({ thousandsPerSecond: SINGLES / elapsedMs, gcShare, processorNs });
  }
  await engine.stop();
  return {
    thousandsPerSecond: median(turns.map((turn) => turn.thousandsPerSecond)),
    gcShare: median(turns.map((turn) => turn.gcShare)),
    processorNs: median(turns.map((turn) => turn.processorNs)),
  };
}

/** Thousands a second, of the second of two rounds: the first one warms the code. */
function bareSingles(batch: AppendInput): number {
  const stamped = batch.records.map((record) => ({ ...record, timestamp: 0 }));
  const round = () => {
    const start = performance.now();
    for (let i = 0; i < SINGLES; i++) systemCompute.crc32(encodeRecords(stamped));
    return SINGLES / (performance.now() - start);
  };
  round();
  return round();
}

/** Thousands a second of promises that are kept pending and then resolved, as `appendMany` waits for those of appends. */
async function barePromises(): Promise<number> {
  let pending: ((outcome: { kind: string }) => void)[] = [];
  const appends = {
    append: () => new Promise<{ kind: string }>((resolve) => void pending.push(resolve)),
  };
  const start = performance.now();
  let ended = 0;
  const next = () => void appends.append().then(() => ++ended + pending.length < SINGLES && next());
  for (let i = 0; i < SINGLES_PENDING; i++) next();
  while (ended < SINGLES) {
    const oldest = pending;
    pending = [];
    for (const resolve of oldest) resolve({ kind: 'durable' });
    await new Promise((turn) => setImmediate(turn));
  }
  return SINGLES / (performance.now() - start);
}

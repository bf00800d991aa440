/**
 * What the write path itself costs, against encoding alone: large batches and single small records, in memory.
 */

import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import { systemCompute } from '../engine/adapters/system-compute.ts';
import { encodeRecords } from '../engine/core/stamped-batch.ts';
import type { AppendInput } from '../engine/index.ts';
import {
  appendMany,
  BATCH_BYTES,
  largeBatch,
  LOG_ONLY,
  makeStreams,
  MIB,
  mibPerSecond,
  openOn,
  singleRecord,
  withGarbageShare,
  writeTo,
} from './load.ts';
import type { Row } from './table.ts';

const STREAM = 'written';
const MEMORY_BYTES = 512 * MIB;
const SINGLES = 300_000;
const SINGLES_PENDING = 10_000;

export async function memory(): Promise<Row[]> {
  encodeOnly(largeBatch(), 64);
  const floor = { what: 'encode + CRC-32 alone', value: mibPerSecond(...encodeOnly(largeBatch(), 512)) };
  await writeTo(new MemoryBlobStore(), 64 * MIB, { segments: LOG_ONLY });
  const logged = await writeTo(new MemoryBlobStore(), MEMORY_BYTES, { segments: LOG_ONLY });
  const flushed = await writeTo(new MemoryBlobStore(), MEMORY_BYTES);
  return [
    {
      what: 'memory, 1,000 x 1 KiB batches, log alone',
      value: logged,
      unit: 'MiB/s',
      floor,
      goal: { of: 'value', bound: 'at least', than: 2048 },
    },
    { what: 'memory, the same with flushes', value: flushed, unit: 'MiB/s', floor },
  ];
}

/** Bytes and milliseconds of turning the batch into a chunk and checking it, without anything behind it. */
function encodeOnly(batch: AppendInput, rounds: number): [number, number] {
  const stamped = batch.records.map((record) => ({ ...record, timestamp: 1_760_000_000_000 }));
  let mixed = 0;
  const start = performance.now();
  for (let i = 0; i < rounds; i++) mixed ^= systemCompute.crc32(encodeRecords(stamped));
  const elapsedMs = performance.now() - start;
  if (rounds % 2 === 0 && mixed !== 0) throw new Error('the same batch gave two encodings');
  return [rounds * BATCH_BYTES, elapsedMs];
}

export async function singles(): Promise<Row[]> {
  const engine = await openOn(new MemoryBlobStore());
  await makeStreams(engine, [STREAM]);
  const batch = singleRecord(100);
  await appendMany(engine, [STREAM], { appends: SINGLES / 3, pending: SINGLES_PENDING, batch });
  const { elapsedMs, gcShare } = await withGarbageShare(() =>
    appendMany(engine, [STREAM], { appends: SINGLES, pending: SINGLES_PENDING, batch }),
  );
  await engine.stop();
  const floor = { what: 'encode + CRC-32 alone', value: bareSingles(batch) };
  return [
    {
      what: 'single 100-byte appends, 10,000 pending',
      value: SINGLES / elapsedMs,
      unit: 'k/s',
      floor,
      goal: { of: 'value', bound: 'at least', than: 400 },
    },
    {
      what: '- standing still for garbage collection',
      value: gcShare * 100,
      unit: '%',
      goal: { of: 'value', bound: 'at most', than: 15 },
    },
  ];
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

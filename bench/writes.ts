/**
 * The write path against floors of the same run: in memory against encoding alone, on a folder against bare
 * write + fdatasync, on a store as slow as S3 against bare puts, and single small records.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openFolderBlobStore } from '../engine/adapters/folder-blob-store.ts';
import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import { systemCompute } from '../engine/adapters/system-compute.ts';
import { encodeRecords } from '../engine/core/chunk.ts';
import type { AppendInput, BlobStore } from '../engine/index.ts';
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
  type Tuning,
  withGarbageShare,
  writeBytes,
} from './load.ts';
import { likeS3 } from './stores.ts';
import type { Row } from './table.ts';

const STREAM = 'written';
const MEMORY_BYTES = 512 * MIB;
const FOLDER_BYTES = 256 * MIB;
const S3_BYTES = 1024 * MIB;
const WINDOW_SLOTS = 16;
const LARGE_SLOT_BYTES = 4 * MIB;
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

export async function folder(): Promise<Row[]> {
  // Beneath the working directory, not the system's folder for temporary files: that may be memory.
  mkdirSync('.runs', { recursive: true });
  const path = mkdtempSync(join('.runs', 'bench-'));
  try {
    const before = await writeAndSync(join(path, 'before'), FOLDER_BYTES);
    const logged = await writeTo(await openFolderBlobStore(join(path, 'log')), FOLDER_BYTES, { segments: LOG_ONLY });
    const flushed = await writeTo(await openFolderBlobStore(join(path, 'all')), FOLDER_BYTES);
    const behind = await writeAndSync(join(path, 'behind'), FOLDER_BYTES);
    const floor = { what: 'write + fdatasync, 1 MB each, mean of before and after', value: (before + behind) / 2 };
    return [
      {
        what: 'folder, log alone',
        value: logged,
        unit: 'MiB/s',
        floor,
        goal: { of: 'ratio', bound: 'at least', than: 0.7 },
      },
      { what: 'folder, with flushes (bytes are written twice)', value: flushed, unit: 'MiB/s', floor },
    ];
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** MiB/s of the same batches' bytes at the end of one file, each synced before the next. */
async function writeAndSync(path: string, bytes: number): Promise<number> {
  const batch = encodeRecords(largeBatch().records.map((record) => ({ ...record, timestamp: 0 })));
  const rounds = Math.ceil(bytes / BATCH_BYTES);
  const file = await open(path, 'w');
  const start = performance.now();
  for (let i = 0; i < rounds; i++) {
    await file.write(batch);
    await file.datasync();
  }
  const elapsedMs = performance.now() - start;
  await file.close();
  return mibPerSecond(rounds * BATCH_BYTES, elapsedMs);
}

export async function slowStore(): Promise<Row[]> {
  const large: Tuning = { log: { slotBytesMax: LARGE_SLOT_BYTES, windowSlots: WINDOW_SLOTS } };
  const floor4 = { what: 'bare puts of 4 MiB, 16 at once', value: await barePuts(LARGE_SLOT_BYTES) };
  const logged4 = await writeTo(likeS3(new MemoryBlobStore()), S3_BYTES, { ...large, segments: LOG_ONLY });
  const flushed4 = await writeTo(likeS3(new MemoryBlobStore()), S3_BYTES, large);
  const floor1 = { what: 'bare puts of 1 MiB, 16 at once', value: await barePuts(MIB) };
  const logged1 = await writeTo(likeS3(new MemoryBlobStore()), S3_BYTES / 2, { segments: LOG_ONLY });
  return [
    {
      what: 'S3-like, window 16, slots of 4 MiB, log alone',
      value: logged4,
      unit: 'MiB/s',
      floor: floor4,
      goal: { of: 'value', bound: 'at least', than: 600 },
    },
    { what: 'S3-like, the same with flushes', value: flushed4, unit: 'MiB/s', floor: floor4 },
    { what: 'S3-like, window 16, slots of 1 MiB (default)', value: logged1, unit: 'MiB/s', floor: floor1 },
  ];
}

async function barePuts(bytes: number): Promise<number> {
  const blobs = likeS3(new MemoryBlobStore());
  const body = new Uint8Array(bytes);
  const puts = S3_BYTES / 2 / bytes;
  let issued = 0;
  const start = performance.now();
  const worker = async () => {
    while (issued < puts) await blobs.putIfAbsent(`floor/${issued++}`, [body]);
  };
  await Promise.all(Array.from({ length: WINDOW_SLOTS }, worker));
  return mibPerSecond(puts * bytes, performance.now() - start);
}

async function writeTo(blobs: BlobStore, bytes: number, tuning: Tuning = {}): Promise<number> {
  const engine = await openOn(blobs, tuning);
  await makeStreams(engine, [STREAM]);
  const written = await writeBytes(engine, [STREAM], bytes);
  await engine.stop();
  return mibPerSecond(written.bytes, written.elapsedMs);
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

/**
 * Large batches on a store as slow as S3, against bare puts of objects of the same size: what pipelining is worth.
 *
 * The store's own memory is no part of it, on neither side; neither is what a client of S3 costs a put (signing, TLS).
 */

import type { BlobStore } from '../engine/index.ts';
import { collectGarbage } from './idle-streams.ts';
import { LOG_ONLY, MIB, mibPerSecond, type Tuning, writeTo } from './load.ts';
import { bulkElsewhere, likeS3 } from './stores.ts';
import type { Row } from './table.ts';

const BYTES = 1024 * MIB;
const LOG_BYTES = 512 * MIB;
const WINDOW_SLOTS = 16;
const LARGE_SLOT_BYTES = 4 * MIB;
const PROCESSOR = '- processor time, system calls included';

export async function slowStore(): Promise<Row[]> {
  const large: Tuning = { log: { slotBytesMax: LARGE_SLOT_BYTES, windowSlots: WINDOW_SLOTS } };
  const floor4 = { what: 'bare puts of 4 MiB, 16 at once', value: await barePuts(LARGE_SLOT_BYTES) };
  const flushed4 = await write(large, BYTES);
  // The log alone keeps all it wrote. The first to do so pays for pages nobody touched before, 0.6 ms a MiB.
  await write({ ...large, segments: LOG_ONLY }, LOG_BYTES);
  collectGarbage();
  const logged4 = await write({ ...large, segments: LOG_ONLY }, LOG_BYTES);
  const floor1 = { what: 'bare puts of 1 MiB, 16 at once', value: await barePuts(MIB) };
  const logged1 = await writeTo(freshStore(), LOG_BYTES, { segments: LOG_ONLY });
  return [
    {
      what: 'S3-like, window 16, slots of 4 MiB, log alone',
      value: logged4.rate,
      unit: 'MiB/s',
      floor: floor4,
      goal: { of: 'value', bound: 'at least', than: 600 },
    },
    { what: PROCESSOR, value: logged4.processorMs, unit: 'ms/MiB' },
    { what: 'S3-like, the same with flushes', value: flushed4.rate, unit: 'MiB/s', floor: floor4 },
    { what: PROCESSOR, value: flushed4.processorMs, unit: 'ms/MiB' },
    { what: 'S3-like, window 16, slots of 1 MiB (default)', value: logged1, unit: 'MiB/s', floor: floor1 },
  ];
}

/** MiB/s, and milliseconds of processor for each of them: on a busy machine the second says more. */
async function write(tuning: Tuning, bytes: number): Promise<{ rate: number; processorMs: number }> {
  const before = process.cpuUsage();
  const rate = await writeTo(freshStore(), bytes, tuning);
  const { user, system } = process.cpuUsage(before);
  return { rate, processorMs: (user + system) / 1000 / (bytes / MIB) };
}

function freshStore(): BlobStore {
  return likeS3(bulkElsewhere());
}

async function barePuts(bytes: number): Promise<number> {
  const blobs = freshStore();
  const body = new Uint8Array(bytes);
  const puts = BYTES / 2 / bytes;
  let issued = 0;
  const start = performance.now();
  const worker = async () => {
    while (issued < puts) await blobs.putIfAbsent(`floor/${issued++}`, [body]);
  };
  await Promise.all(Array.from({ length: WINDOW_SLOTS }, worker));
  return mibPerSecond(puts * bytes, performance.now() - start);
}

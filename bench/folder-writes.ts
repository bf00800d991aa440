/**
 * Large batches on a folder, against bare write + fdatasync of the same bytes.
 *
 * A disk shared with others is twice as fast in one second as in the next. So engine and floor take turns of about half a
 * second, and what is compared is the median turn of each.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openFolderBlobStore } from '../engine/adapters/folder-blob-store.ts';
import { encodeRecords } from '../engine/core/stamped-batch.ts';
import { BATCH_BYTES, largeBatch, LOG_ONLY, makeStreams, MIB, mibPerSecond, openOn, writeBytes } from './load.ts';
import { median, type Row } from './table.ts';

const STREAM = 'written';
const TURN_BYTES = 64 * MIB;
const TURNS = 7;

export async function folder(): Promise<Row[]> {
  // Beneath the working directory, not the system's folder for temporary files: that may be memory.
  mkdirSync('.runs', { recursive: true });
  const path = mkdtempSync(join('.runs', 'bench-'));
  try {
    const logged = await inTurns(path, 'log');
    const flushed = await inTurns(path, 'all');
    const what = `write + fdatasync, 1 MB each, median of ${TURNS} turns`;
    return [
      {
        what: 'folder, log alone',
        value: logged.engine,
        unit: 'MiB/s',
        floor: { what, value: logged.floor },
        goal: { of: 'ratio', bound: 'at least', than: 0.7 },
      },
      {
        what: 'folder, with flushes (bytes are written twice)',
        value: flushed.engine,
        unit: 'MiB/s',
        floor: { what, value: flushed.floor },
      },
    ];
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Median MiB/s of both. With `all`, a turn of the engine ends when everything is flushed, too. */
async function inTurns(path: string, mode: 'log' | 'all'): Promise<{ engine: number; floor: number }> {
  const blobs = await openFolderBlobStore(join(path, mode));
  const engine = await openOn(blobs, mode === 'log' ? { segments: LOG_ONLY } : {});
  const turns: { engine: number; floor: number }[] = [];
  try {
    await makeStreams(engine, [STREAM]);
    for (let turn = 0; turn < TURNS; turn++) {
      const floor = await writeAndSync(join(path, `${mode}-${turn}`), TURN_BYTES);
      const start = performance.now();
      const { bytes } = await writeBytes(engine, [STREAM], TURN_BYTES);
      if (mode === 'all' && !(await engine.flush())) throw new Error('the flush did not end');
      turns.push({ engine: mibPerSecond(bytes, performance.now() - start), floor });
    }
  } finally {
    await engine.stop();
    await blobs.close();
  }
  return { engine: median(turns.map((turn) => turn.engine)), floor: median(turns.map((turn) => turn.floor)) };
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

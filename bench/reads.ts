/**
 * Getting bytes back on a store as slow as S3, against bare GETs of the same objects: replay of 64 MiB of log at a
 * start, and reads of records that are only in segments, by a reader that goes through them and one that jumps.
 */

import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import { type BlobStore, type Engine, ENGINE_DEFAULTS } from '../engine/index.ts';
import { BASIN, LOG_ONLY, makeStreams, MIB, mibPerSecond, openOn, writeBytes } from './load.ts';
import { likeS3 } from './stores.ts';
import { median, type Row } from './table.ts';

const STREAM = 'read-back';
const BYTES = 64 * MIB;
const JUMPS = 40;
const { cacheBlockBytes, readAheadBlocks } = ENGINE_DEFAULTS.segments;

const FROM_START = {
  start: { kind: 'seq-num', seqNum: 0 },
  clamp: false,
  count: null,
  meteredBytes: null,
  untilTimestamp: null,
  waitMs: null,
} as const;

interface Piece {
  key: string;
  start: number;
  end: number;
}

export async function replay(): Promise<Row[]> {
  const stored = new MemoryBlobStore();
  const first = await openOn(stored, { segments: LOG_ONLY });
  await makeStreams(first, [STREAM]);
  const written = await writeBytes(first, [STREAM], BYTES);
  await first.stop();
  const blobs = likeS3(stored);
  const bareMs = await getAll(blobs, await piecesOf(stored, 'wal/', Infinity), ENGINE_DEFAULTS.log.replayAheadSlots);
  const start = performance.now();
  const second = await openOn(blobs, { segments: LOG_ONLY });
  const elapsedMs = performance.now() - start;
  await expectTail(second, written.bytes / 1024);
  await second.stop();
  return [
    {
      what: 'S3-like, start with 64 MiB of log to replay',
      value: elapsedMs,
      unit: 'ms',
      floor: { what: 'bare GETs of the log, 16 at once', value: bareMs },
      goal: { of: 'value', bound: 'at most', than: 3_000 },
    },
  ];
}

export async function coldReads(): Promise<Row[]> {
  const stored = new MemoryBlobStore();
  const first = await openOn(stored);
  await makeStreams(first, [STREAM]);
  const { bytes } = await writeBytes(first, [STREAM], BYTES);
  if (!(await first.flush())) throw new Error('the flush did not end');
  await first.stop();

  const blobs = likeS3(stored);
  const blocks = await piecesOf(stored, 'seg/', cacheBlockBytes);
  if (blocks.length === 0) throw new Error('nothing was flushed');
  const floor = {
    what: 'bare GETs of 256 KiB, 5 at once',
    value: mibPerSecond(bytes, await getAll(blobs, blocks, readAheadBlocks + 1)),
  };
  const followed = await cold(blobs, (engine) => readSession(engine, bytes / 1024));
  const asked = await cold(blobs, (engine) => readThrough(engine, bytes / 1024));

  const bareJumps = await timesOf(JUMPS, (i) => getAll(blobs, [blocks[jump(i, blocks.length)]!], 1));
  // What one jump leaves in so small a cache is gone before another one comes near it.
  const jumping = await openOn(blobs, { segments: { cacheBytesMax: 4 * cacheBlockBytes } });
  const jumps = await timesOf(JUMPS, (i) => readOne(jumping, jump(i, bytes / 1024)));
  await jumping.stop();
  return [
    {
      what: 'S3-like, cold read of 64 MiB by one session',
      value: mibPerSecond(bytes, followed),
      unit: 'MiB/s',
      floor,
    },
    {
      what: 'S3-like, the same by 1 MiB reads, each of which proves ownership',
      value: mibPerSecond(bytes, asked),
      unit: 'MiB/s',
      floor,
    },
    {
      what: 'S3-like, one cold record anywhere, median',
      value: median(jumps),
      unit: 'ms',
      floor: { what: 'one bare GET of 256 KiB', value: median(bareJumps) },
    },
  ];
}

/** Milliseconds on an engine that has nothing of it in memory. */
async function cold(blobs: BlobStore, work: (engine: Engine) => Promise<void>): Promise<number> {
  const engine = await openOn(blobs);
  const start = performance.now();
  await work(engine);
  const elapsedMs = performance.now() - start;
  await engine.stop();
  return elapsedMs;
}

async function readSession(engine: Engine, records: number): Promise<void> {
  const input = { ...FROM_START, count: records };
  const opened = await engine.readSession(BASIN, STREAM, input);
  if (opened.kind !== 'open') throw new Error(`a session ended ${JSON.stringify(opened)}`);
  let read = 0;
  for await (const event of opened.events) {
    if (event.kind !== 'batch') throw new Error(`a session ended ${JSON.stringify(event)}`);
    read += event.records.length;
  }
  if (read !== records) throw new Error(`a session gave ${read} of ${records} records`);
}

async function readThrough(engine: Engine, records: number): Promise<void> {
  for (let seqNum = 0; seqNum < records;) seqNum += await readAt(engine, seqNum, null);
}

async function readOne(engine: Engine, seqNum: number): Promise<void> {
  await readAt(engine, seqNum, 1);
}

/** How many records were read. */
async function readAt(engine: Engine, seqNum: number, count: number | null): Promise<number> {
  const start = { kind: 'seq-num', seqNum } as const;
  const outcome = await engine.read(BASIN, STREAM, { ...FROM_START, start, count });
  if (outcome.kind !== 'batch') throw new Error(`a read at ${seqNum} ended ${JSON.stringify(outcome)}`);
  return outcome.records.length;
}

async function expectTail(engine: Engine, seqNum: number): Promise<void> {
  const outcome = await engine.checkTail(BASIN, STREAM);
  if (outcome.kind !== 'tail' || outcome.tail.seqNum !== seqNum) throw new Error('the replay lost records');
}

/** All objects beneath `prefix`, cut into ranges of at most `bytesMax`. */
async function piecesOf(blobs: BlobStore, prefix: string, bytesMax: number): Promise<Piece[]> {
  const page = await blobs.list(prefix);
  if (page.kind !== 'page' || page.next !== null) throw new Error(`${prefix} was not listed in one page`);
  return page.blobs.flatMap(({ key, size }) =>
    Array.from({ length: Math.ceil(size / bytesMax) || 1 }, (_, i) => ({
      key,
      start: i === 0 ? 0 : i * bytesMax,
      end: Math.min(size, (i + 1) * bytesMax),
    })),
  );
}

/** Milliseconds of fetching all pieces, `atOnce` at a time. */
async function getAll(blobs: BlobStore, pieces: readonly Piece[], atOnce: number): Promise<number> {
  let next = 0;
  const start = performance.now();
  const worker = async () => {
    for (let piece = pieces[next++]; piece !== undefined; piece = pieces[next++]) {
      const outcome = await blobs.get(piece.key, piece);
      if (outcome.kind !== 'found') throw new Error(`${piece.key} was not found`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return performance.now() - start;
}

async function timesOf(rounds: number, work: (round: number) => Promise<unknown>): Promise<number[]> {
  const timesMs: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await work(i);
    timesMs.push(performance.now() - start);
  }
  return timesMs;
}

function jump(i: number, bound: number): number {
  return (i * 7_919 + 13) % bound;
}

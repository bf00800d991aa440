/**
 * What a GiB of appends costs at the store: bytes written for each byte appended, and requests, flushes, checkpoints,
 * compaction and collection included. Once for one stream of large batches, once for many streams of small records.
 */

import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import type { Engine } from '../engine/index.ts';
import { appendMany, makeStreams, MIB, openOn, singleRecord, writeBytes } from './load.ts';
import { counting } from './stores.ts';
import type { Row } from './table.ts';

const LARGE_BYTES = 512 * MIB;
const SMALL_STREAMS = 200;
const SMALL_APPENDS = 60_000;
const SMALL_BODY_BYTES = 2_048;

export async function traffic(): Promise<Row[]> {
  const large = await measure('1 stream, 1 MB batches', ['s'], (engine) => writeLarge(engine));
  const names = Array.from({ length: SMALL_STREAMS }, (_, i) => `s${i}`);
  const small = await measure('200 streams, 2 KiB records', names, (engine) => writeSmall(engine, names));
  return [...large, ...small];
}

async function writeLarge(engine: Engine): Promise<number> {
  return (await writeBytes(engine, ['s'], LARGE_BYTES)).bytes;
}

async function writeSmall(engine: Engine, streams: readonly string[]): Promise<number> {
  const batch = singleRecord(SMALL_BODY_BYTES);
  await appendMany(engine, streams, { appends: SMALL_APPENDS, pending: 2_000, batch });
  return SMALL_APPENDS * SMALL_BODY_BYTES;
}

async function measure(what: string, names: string[], write: (engine: Engine) => Promise<number>): Promise<Row[]> {
  const { blobs, traffic: seen } = counting(new MemoryBlobStore());
  // Flushes twice as frequent as the default's, so that a run of seconds has several of them to average.
  const engine = await openOn(blobs, { segments: { flushBytes: 32 * MIB } });
  await makeStreams(engine, names);
  const bytes = await write(engine);
  if (!(await engine.flush())) throw new Error('the flush did not end');
  await engine.stop();
  const perGib = (count: number) => (count / bytes) * 1024 * MIB;
  return [
    { what: `${what}: bytes put per byte appended`, value: seen.putBytes / bytes, unit: 'x' },
    { what: `- bytes got per byte appended`, value: seen.getBytes / bytes, unit: 'x' },
    { what: `- PUTs`, value: perGib(seen.puts), unit: 'per GiB' },
    { what: `- GETs`, value: perGib(seen.gets), unit: 'per GiB' },
    { what: `- LISTs`, value: perGib(seen.lists), unit: 'per GiB' },
    { what: `- DELETEs`, value: perGib(seen.deletes), unit: 'per GiB' },
  ];
}

/**
 * What readers do to the writer: how long an append takes while nobody reads, and while many sessions go through old
 * records of streams of their own at once, on a store as slow as S3 and with a cache that holds next to nothing.
 */

import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import type { Engine } from '../engine/index.ts';
import { BASIN, makeStreams, MIB, openOn, singleRecord, writeBytes } from './load.ts';
import { likeS3 } from './stores.ts';
import type { Row } from './table.ts';

const COLD_STREAMS = 64;
const COLD_BYTES = 128 * MIB;
const APPENDS = 600;
const APPEND_EVERY_MS = 5;

export async function readers(): Promise<Row[]> {
  const stored = new MemoryBlobStore();
  const names = Array.from({ length: COLD_STREAMS }, (_, i) => `cold-${i}`);
  const writer = await openOn(stored);
  await makeStreams(writer, [...names, 'hot']);
  await writeBytes(writer, names, COLD_BYTES);
  if (!(await writer.flush())) throw new Error('the flush did not end');
  await writer.stop();

  const engine = await openOn(likeS3(stored), { segments: { cacheBytesMax: 32 * MIB } });
  const alone = await appendLatencies(engine);
  const stop = new AbortController();
  const start = performance.now();
  const reading = names.map((name) => readOverAndOver(engine, name, stop.signal));
  const among = await appendLatencies(engine);
  stop.abort();
  const bytes = (await Promise.all(reading)).reduce((sum, read) => sum + read, 0);
  const elapsedMs = performance.now() - start;
  await engine.stop();
  const row = (what: string, part: number): Row => ({
    what,
    value: quantile(among, part),
    unit: 'ms',
    floor: { what: 'the same without readers', value: quantile(alone, part) },
  });
  return [
    row(`S3-like, append every 5 ms beside ${COLD_STREAMS} cold readers, median`, 0.5),
    row('- 99 % within', 0.99),
    { what: '- what the readers got meanwhile', value: bytes / MIB / (elapsedMs / 1000), unit: 'MiB/s' },
  ];
}

/** Milliseconds of appends that are sent at fixed times, whatever became of those before. */
async function appendLatencies(engine: Engine): Promise<number[]> {
  const batch = singleRecord(100);
  const latencies: Promise<number>[] = [];
  const begun = performance.now();
  while (latencies.length < APPENDS) {
    // From when it was due: a sender that is kept from sending waits, too.
    const dueMs = begun + latencies.length * APPEND_EVERY_MS;
    if (dueMs > performance.now()) await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    latencies.push(
      engine.append(BASIN, 'hot', batch).then((outcome) => {
        if (outcome.kind !== 'durable') throw new Error(`an append ended ${JSON.stringify(outcome)}`);
        return performance.now() - dueMs;
      }),
    );
  }
  return Promise.all(latencies);
}

/** Bytes of bodies that were read. */
async function readOverAndOver(engine: Engine, stream: string, signal: AbortSignal): Promise<number> {
  const start = { kind: 'seq-num', seqNum: 0 } as const;
  const input = { start, clamp: false, count: 100_000, meteredBytes: null, untilTimestamp: null, waitMs: 0 };
  let bytes = 0;
  while (!signal.aborted) {
    const opened = await engine.readSession(BASIN, stream, input);
    if (opened.kind !== 'open') throw new Error(`a session ended ${JSON.stringify(opened)}`);
    for await (const event of opened.events) {
      if (event.kind === 'failed') throw new Error(`a session ended ${JSON.stringify(event)}`);
      if (event.kind === 'heartbeat' || signal.aborted) break;
      for (const { body } of event.records) bytes += body.length;
    }
  }
  return bytes;
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(part * (values.length - 1))]!;
}

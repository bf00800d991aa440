/**
 * An engine with one basin on a given store, and the load put on it: a closed loop that keeps so many appends pending.
 * Every append must end durable; anything else stops the benchmark, for a number of failures means nothing.
 */

import { PerformanceObserver } from 'node:perf_hooks';
import { systemClock } from '../engine/adapters/system-clock.ts';
import { systemCompute } from '../engine/adapters/system-compute.ts';
import { systemEntropy } from '../engine/adapters/system-entropy.ts';
import { systemRandom } from '../engine/adapters/system-random.ts';
import {
  type AppendInput,
  type AppendOutcome,
  type BlobStore,
  type Engine,
  ENGINE_DEFAULTS,
  type LogTunables,
  openEngine,
  type SegmentTunables,
} from '../engine/index.ts';

export const MIB = 1024 * 1024;
export const BASIN = 'bench-basin';
/** Appends kept pending where batches of 1 MB are written; more than fit into a window of 16 slots of 4 MiB. */
const PENDING_BATCHES = 96;
const RECORDS = 1_000;
const BODY_BYTES = 1_024;
/** User bytes of one large batch: bodies only. */
export const BATCH_BYTES = RECORDS * BODY_BYTES;

export interface Tuning {
  log?: Partial<LogTunables>;
  segments?: Partial<SegmentTunables>;
}

/** Nothing is flushed during a run of this tuning: what is measured is the log. */
export const LOG_ONLY: Partial<SegmentTunables> = {
  flushBytes: 1024 * MIB,
  flushSlots: 100_000,
  unflushedBytesMax: 2048 * MIB,
};

export async function openOn(blobs: BlobStore, tuning: Tuning = {}): Promise<Engine> {
  const ports = {
    clock: systemClock,
    compute: systemCompute,
    entropy: systemEntropy,
    random: systemRandom,
    telemetry: { event: () => {} },
    blobs,
  };
  return openEngine(ports, {
    ...ENGINE_DEFAULTS,
    log: { ...ENGINE_DEFAULTS.log, ...tuning.log },
    segments: { ...ENGINE_DEFAULTS.segments, ...tuning.segments },
  });
}

export async function makeStreams(engine: Engine, streams: readonly string[]): Promise<void> {
  await engine.createBasin(BASIN, null);
  for (const stream of streams) await engine.createStream(BASIN, stream, null);
}

/** 1,000 records of 1 KiB, bodies of bytes that no store could compress away. */
export function largeBatch(): AppendInput {
  const bodies = systemEntropy.bytes(BATCH_BYTES);
  const bodyAt = (i: number) => bodies.subarray(i * BODY_BYTES, (i + 1) * BODY_BYTES);
  const records = Array.from({ length: RECORDS }, (_, i) => ({ timestamp: null, headers: [], body: bodyAt(i) }));
  return { records, matchSeqNum: null, fencingToken: null };
}

export function singleRecord(bodyBytes: number): AppendInput {
  const records = [{ timestamp: null, headers: [], body: systemEntropy.bytes(bodyBytes) }];
  return { records, matchSeqNum: null, fencingToken: null };
}

/** MiB/s of about so many bytes in large batches to one stream of a fresh engine. */
export async function writeTo(blobs: BlobStore, bytes: number, tuning: Tuning = {}): Promise<number> {
  const engine = await openOn(blobs, tuning);
  await makeStreams(engine, ['written']);
  const written = await writeBytes(engine, ['written'], bytes);
  await engine.stop();
  return mibPerSecond(written.bytes, written.elapsedMs);
}

/** Writes about `bytes` in large batches, to the streams in turn. Returns the bytes written and the time it took. */
export async function writeBytes(
  engine: Engine,
  streams: readonly string[],
  bytes: number,
): Promise<{ bytes: number; elapsedMs: number }> {
  const appends = Math.ceil(bytes / BATCH_BYTES);
  const elapsedMs = await appendMany(engine, streams, { appends, pending: PENDING_BATCHES, batch: largeBatch() });
  return { bytes: appends * BATCH_BYTES, elapsedMs };
}

/** Keeps `pending` appends in flight until `appends` ended durable; milliseconds from the first call to the last end. */
export async function appendMany(
  engine: Engine,
  streams: readonly string[],
  { appends, pending, batch }: { appends: number; pending: number; batch: AppendInput },
): Promise<number> {
  let issued = 0;
  let ended = 0;
  const start = performance.now();
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      if (issued === appends) return;
      const stream = streams[issued++ % streams.length]!;
      engine.append(BASIN, stream, batch).then(told, reject);
    };
    const told = (outcome: AppendOutcome) => {
      if (outcome.kind !== 'durable') reject(new Error(`an append ended ${JSON.stringify(outcome)}`));
      else if (++ended === appends) resolve();
      else next();
    };
    for (let i = 0; i < pending; i++) next();
  });
  return performance.now() - start;
}

/** Runs `work`; the share of its time that this process stood still for garbage collection. */
export async function withGarbageShare(work: () => Promise<number>): Promise<{ elapsedMs: number; gcShare: number }> {
  let gcMs = 0;
  let startMs = 0;
  const observer = new PerformanceObserver((list) => {
    // Those of the time before may be handed over late.
    for (const entry of list.getEntries()) if (entry.startTime >= startMs) gcMs += entry.duration;
  });
  observer.observe({ entryTypes: ['gc'] });
  startMs = performance.now();
  const elapsedMs = await work();
  // Entries are handed over in a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  return { elapsedMs, gcShare: gcMs / elapsedMs };
}

export function mibPerSecond(bytes: number, elapsedMs: number): number {
  return bytes / MIB / (elapsedMs / 1000);
}

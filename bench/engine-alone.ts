/**
 * What the engine itself costs for the work of a simulated run: no network, no events, no trace, no checker, nobody who
 * overhears. The store is in memory and answers at once, and time jumps to whoever sleeps shortest. It is the floor under
 * simulated operations: with the tunables that runs draw, which are small so that much happens, and with those of production.
 */

import { setMaxListeners } from 'node:events';
import { MemoryBlobStore } from '../engine/adapters/memory-blob-store.ts';
import { systemCompute } from '../engine/adapters/system-compute.ts';
import {
  type BlobStore,
  type ByteRange,
  type Clock,
  type EngineTunables,
  openEngine,
  type Ports,
} from '../engine/index.ts';

const BASIN = 'basin-one';
const STREAM = 'stream';
const CLIENTS = 3;
const TEXT = new TextEncoder();

export interface AloneRun {
  operations: number;
  storeCalls: number;
  /** Of all threads of the process. */
  cpuMs: number;
}

/** Three clients, each with `operationsPerClient`: half of them append, a third of the rest asks for the tail, the others read all. */
export async function engineAlone(tunables: EngineTunables, operationsPerClient: number): Promise<AloneRun> {
  let storeCalls = 0;
  const blobs = counted(new MemoryBlobStore(), () => storeCalls++);
  const clock = jumpingClock();
  const started = process.cpuUsage();
  const engine = await openEngine(portsOf(blobs, clock.clock), tunables);
  await engine.createBasin(BASIN, null);
  await engine.createStream(BASIN, STREAM, null);
  const client = async (number: number): Promise<void> => {
    for (let i = 0; i < operationsPerClient; i++) await operation(engine, number, i);
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
  await engine.stop();
  clock.stop();
  const { user, system } = process.cpuUsage(started);
  return { operations: CLIENTS * operationsPerClient, storeCalls, cpuMs: (user + system) / 1000 };
}

async function operation(engine: Awaited<ReturnType<typeof openEngine>>, client: number, i: number): Promise<void> {
  const turn = (i * 7 + client) % 10;
  if (turn < 5) {
    const records = Array.from({ length: 1 + (i % 3) }, (_, index) => ({
      timestamp: null,
      headers: [],
      body: TEXT.encode(`${client}.${i}.${index}`),
    }));
    await engine.append(BASIN, STREAM, { records, matchSeqNum: null, fencingToken: null });
  } else if (turn < 8) {
    const limits = { clamp: false, count: null, meteredBytes: null, untilTimestamp: null, waitMs: null };
    await engine.read(BASIN, STREAM, { start: { kind: 'seq-num', seqNum: 0 }, ...limits });
  } else await engine.checkTail(BASIN, STREAM);
}

function portsOf(blobs: BlobStore, clock: Clock): Ports {
  let drawn = 0;
  return {
    blobs,
    clock,
    random: { below: (bound) => (drawn += 7) % bound },
    entropy: { bytes: (length) => new Uint8Array(length).fill(++drawn) },
    compute: systemCompute,
    telemetry: { event: () => {} },
  };
}

/** `called` hears of every call. */
function counted(blobs: BlobStore, called: () => void): BlobStore {
  const hear = <Args extends unknown[], Told>(method: (...args: Args) => Told): ((...args: Args) => Told) => {
    return (...args) => {
      called();
      return method(...args);
    };
  };
  return {
    putIfAbsent: hear((key: string, parts: readonly Uint8Array[]) => blobs.putIfAbsent(key, parts)),
    put: hear((key: string, parts: readonly Uint8Array[]) => blobs.put(key, parts)),
    get: hear((key: string, range?: ByteRange) => blobs.get(key, range)),
    list: hear((prefix: string, after?: string, limit?: number) => blobs.list(prefix, after, limit)),
    delete: hear((keys: readonly string[]) => blobs.delete(keys)),
  };
}

/** When nothing is left to do, it is the time of the next sleeper. */
function jumpingClock(): { clock: Clock; stop: () => void } {
  const sleepers: { atMs: number; wake: () => void }[] = [];
  let nowMs = 0;
  let isOver = false;
  const jump = (): void => {
    if (isOver) return;
    sleepers.sort((a, b) => a.atMs - b.atMs);
    const next = sleepers.shift();
    if (next !== undefined) {
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
    }
    setImmediate(jump);
  };
  setImmediate(jump);
  const sleep: Clock['sleep'] = (ms, signal) =>
    new Promise((wake) => {
      if (signal?.aborted === true) return wake();
      const sleeper = { atMs: nowMs + Math.max(0, ms), wake };
      sleepers.push(sleeper);
      if (signal === undefined) return;
      setMaxListeners(0, signal);
      signal.addEventListener('abort', wake as () => void, { once: true });
    });
  const monoMs = (): number => Math.floor(nowMs);
  return { clock: { wallMs: () => 1_767_225_600_000 + monoMs(), monoMs, sleep }, stop: () => (isOver = true) };
}

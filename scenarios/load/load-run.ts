/**
 * One run under load and abuse: a server on a folder of its own, followers and appenders, beside them clients that mean
 * no good, again and again, and a witness that asks all the time whether others are served.
 *
 * What has to hold: no follower loses or repeats a record and all reach the tail; whoever asks is answered in time; and
 * the memory of the server stands still once it is warm.
 */

import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { AppendInput, AppendRecord } from '@s2-dev/streamstore';
import { ServerProcess } from '../kill/server-process.ts';
import { ABUSES } from './abuse.ts';
import { type Appended, appender, clientOf, Follower, LOAD_BASIN, pause, type Violations } from './clients.ts';
import type { Witnessed, WitnessOrders } from './witness.ts';

const BUILT = new URL('../../dist/scenarios/', import.meta.url);
const PROGRAM = fileURLToPath(new URL('main.js', BUILT));
const WITNESS = new URL('load/witness.js', BUILT);
/** How `tailrace` starts Node; see its first line. */
const AS_LAUNCHED = ['--max-semi-space-size=64', '--initial-old-space-size=128'];
const HOST = '127.0.0.1';

/** Between the end of one kind of abuse and its next beginning. */
const ABUSE_PAUSE_MS = 30_000;
/** For the last records to reach every follower. On a busy machine a thousand clients on one thread are slow. */
const CAUGHT_UP_MS_MAX = 60_000;

/** Of the run, before memory is looked at, and how much it may grow over the rest. */
const WARM_SHARE = 0.4;
const GROWTH_MAX = 1.3;
/** Collections and caches move this much in any server, however small. */
const GROWTH_BYTES_MIN = 64 * 1024 * 1024;

export interface LoadSize {
  followers: number;
  appenders: number;
  streams: number;
  seconds: number;
  /** Records a second of one appender. */
  rate: number;
  /** How many of each kind of bad client; see `abuse.ts`. */
  abusers: number;
  /** MiB of the stream that bad clients do not read. */
  bulkMib: number;
}

export const SIZES = {
  slice: { followers: 40, appenders: 8, streams: 4, seconds: 4, rate: 10, abusers: 4, bulkMib: 16 },
  nightly: { followers: 300, appenders: 30, streams: 10, seconds: 60, rate: 3, abusers: 20, bulkMib: 64 },
  full: { followers: 1_000, appenders: 100, streams: 20, seconds: 600, rate: 1, abusers: 30, bulkMib: 256 },
} as const satisfies Record<string, LoadSize>;

export interface LoadResult {
  violations: Violations;
  acked: number;
  delivered: number;
  ackMs: { p50: number; p99: number };
  witness: { asked: number; p50: number; p99: number; msMax: number };
  memoryMib: { warm: number; end: number };
  /** What became of each kind of bad client. */
  abuse: Record<string, string>;
}

export async function runLoad(size: LoadSize, say: (line: string) => void): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-load-'));
  const server = new ServerProcess(
    [...AS_LAUNCHED, PROGRAM, 'serve', '--port', '0', '--store', `file:${folder}`, ...IMPATIENT],
    {},
  );
  try {
    return await loaded(size, { port: await server.ready(), pid: server.pid }, say);
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** So that a run of seconds sees slow clients turned away. */
const IMPATIENT = ['--head-timeout', '1500ms', '--body-timeout', '1500ms', '--send-timeout', '1500ms'];

async function loaded(
  size: LoadSize,
  { port, pid }: { port: number; pid: number },
  say: (line: string) => void,
): Promise<LoadResult> {
  const endpoint = `http://${HOST}:${port}`;
  const s2 = clientOf(endpoint);
  const violations: Violations = [];
  const streams = Array.from({ length: size.streams }, (_, i) => `stream-${i}`);
  await s2.basins.create({ basin: LOAD_BASIN });
  for (const stream of [...streams, BULK]) await s2.basin(LOAD_BASIN).streams.create({ stream });
  await fill(s2, size.bulkMib);

  const followers = Array.from({ length: size.followers }, (_, i) => new Follower(`follower ${i}`, violations));
  const streamOf = (i: number): string => streams[i % streams.length] as string;
  await inTurns(followers, (follower, i) => follower.start(s2, streamOf(i), i % 2 === 0 ? 's2s' : 'fetch'));
  say(`${followers.length} followers are there`);

  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const appending = Array.from({ length: size.appenders }, (_, i) =>
    appender(s2, { stream: streamOf(i), name: `a${i}`, everyMs: 1_000 / size.rate }, violations, end.signal),
  );
  const witness = startWitness({ endpoint, pid, paths: ['/health', '/v1/basins'] });
  // A thousand clients that have only just connected are abuse enough.
  await pause(size.seconds * 50);
  const abuse = abused({ port, stream: streamOf(0), bulk: BULK, times: size.abusers, violations, signal: end.signal });
  await pause(size.seconds * 950);
  end.abort();

  const appended = await Promise.all(appending);
  const abuses = await abuse;
  const { answersMs, residentBytes, violations: unanswered } = await witness.end();
  violations.push(...unanswered);
  await caughtUp(s2, streams, followers, violations);
  await Promise.all(followers.map((follower) => follower.stop()));
  const memoryMib = grown(residentBytes, violations);
  const latencies = sorted(appended.flatMap(({ latenciesMs }) => latenciesMs));
  const waits = sorted(answersMs);
  return {
    violations,
    acked: sum(appended.map(({ acked }: Appended) => acked)),
    delivered: sum(followers.map(({ next }) => next)),
    ackMs: { p50: at(latencies, 0.5), p99: at(latencies, 0.99) },
    witness: { asked: waits.length, p50: at(waits, 0.5), p99: at(waits, 0.99), msMax: waits.at(-1) ?? 0 },
    memoryMib,
    abuse: abuses,
  };
}

const BULK = 'bulk';
const BULK_BODY_BYTES = 8 * 1024;
const BULK_BATCH = 100;

async function fill(s2: ReturnType<typeof clientOf>, mebibytes: number): Promise<void> {
  // Text: a zero is six letters of JSON.
  const body = new Uint8Array(BULK_BODY_BYTES).fill(0x78);
  const input = AppendInput.create(Array.from({ length: BULK_BATCH }, () => AppendRecord.bytes({ body })));
  const session = await s2.basin(LOAD_BASIN).stream(BULK, { forceTransport: 's2s' }).appendSession();
  const batches = Math.ceil((mebibytes * 1024 * 1024) / (BULK_BATCH * BULK_BODY_BYTES));
  for (let i = 0; i < batches; i += 1) await session.submit(input);
  await session.close();
}

type AbusePlan = Omit<Parameters<(typeof ABUSES)[string]>[0], 'host'>;

/** All kinds beside each other, each again and again until the run is over. */
async function abused(plan: AbusePlan): Promise<Record<string, string>> {
  const ends = Object.entries(ABUSES).map(async ([name, run]) => {
    let seen = '';
    let times = 0;
    for (; times === 0 || !plan.signal.aborted; times += 1) {
      seen = await run({ ...plan, host: HOST }).catch((error: unknown) => `ended with ${String(error)}`);
      await pause(ABUSE_PAUSE_MS, plan.signal);
    }
    return [name, times === 1 ? seen : `${times} times; at last ${seen}`] as const;
  });
  return Object.fromEntries(await Promise.all(ends));
}

/** Every record that was acknowledged is on its way to each follower of its stream. */
async function caughtUp(
  s2: ReturnType<typeof clientOf>,
  streams: readonly string[],
  followers: readonly Follower[],
  violations: Violations,
): Promise<void> {
  const tails = await Promise.all(
    streams.map(async (stream) => (await s2.basin(LOAD_BASIN).stream(stream).checkTail()).tail.seqNum),
  );
  const behind = () => followers.filter(({ next }, i) => next < (tails[i % tails.length] as number));
  for (
    const deadlineMs = performance.now() + CAUGHT_UP_MS_MAX;
    performance.now() < deadlineMs && behind().length > 0;
  ) {
    await pause(50);
  }
  if (behind().length > 0) violations.push(`${behind().length} followers did not reach the tail`);
}

/** On a thread of its own, until it is asked for what it saw. */
function startWitness(orders: WitnessOrders): { end: () => Promise<Witnessed> } {
  const worker = new Worker(WITNESS, { workerData: orders });
  const seen = new Promise<Witnessed>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  // Looked at only at the end.
  seen.catch(() => undefined);
  return {
    end: () => {
      worker.postMessage('end');
      return seen;
    },
  };
}

function grown(samples: readonly number[], violations: Violations): LoadResult['memoryMib'] {
  const warmEnd = Math.ceil(samples.length * (WARM_SHARE + 0.2));
  const warm = Math.max(...samples.slice(Math.floor(samples.length * WARM_SHARE), warmEnd));
  const end = Math.max(...samples.slice(Math.floor(samples.length * 0.8)));
  if (end > warm * GROWTH_MAX && end - warm > GROWTH_BYTES_MIN) {
    violations.push(`the server's memory grew from ${mib(warm)} to ${mib(end)} MiB`);
  }
  return { warm: mib(warm), end: mib(end) };
}

/** So many at once as a client's connection set-up bears. */
async function inTurns<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < items.length; from += 50) {
    await Promise.all(items.slice(from, from + 50).map((item, i) => work(item, from + i)));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function at(ordered: readonly number[], share: number): number {
  return Math.round((ordered[Math.floor(ordered.length * share)] ?? 0) * 10) / 10;
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

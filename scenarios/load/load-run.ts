/**
 * One run under load and abuse: a server on a folder of its own, followers and appenders, beside them clients that mean
 * no good, and a witness that asks all the time whether others are served.
 *
 * What has to hold: no follower loses or repeats a record and all reach the tail; whoever asks is answered in time; and
 * the memory of the server stands still once it is warm.
 */

import { setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppendInput, AppendRecord } from '@s2-dev/streamstore';
import { ServerProcess } from '../kill/server-process.ts';
import { ABUSES } from './abuse.ts';
import { type Appended, appender, clientOf, Follower, LOAD_BASIN, pause, type Violations } from './clients.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));
const HOST = '127.0.0.1';

/** The witness's own patience, and what it calls slow. */
const ANSWER_MS_MAX = 5_000;

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
  full: { followers: 1_000, appenders: 100, streams: 10, seconds: 600, rate: 1, abusers: 100, bulkMib: 256 },
} as const satisfies Record<string, LoadSize>;

export interface LoadResult {
  violations: Violations;
  acked: number;
  delivered: number;
  ackMs: { p50: number; p99: number };
  witness: { asked: number; msMax: number };
  memoryMib: { warm: number; end: number };
  /** What became of each kind of bad client. */
  abuse: Record<string, string>;
}

export async function runLoad(size: LoadSize, say: (line: string) => void): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tailrace-load-'));
  const server = new ServerProcess([PROGRAM, 'serve', '--port', '0', '--store', `file:${folder}`, ...IMPATIENT], {});
  try {
    return await loaded(size, await server.ready(), say);
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** So that a run of seconds sees slow clients turned away. */
const IMPATIENT = ['--head-timeout', '1500ms', '--body-timeout', '1500ms', '--send-timeout', '1500ms'];

async function loaded(size: LoadSize, port: number, say: (line: string) => void): Promise<LoadResult> {
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
  const witness = watch(endpoint, violations, end.signal);
  const memory = memoryOf(endpoint, end.signal);
  const abuse = abused({ port, stream: streamOf(0), bulk: BULK, times: size.abusers, violations, signal: end.signal });
  await pause(size.seconds * 1_000);
  end.abort();

  const appended = await Promise.all(appending);
  await caughtUp(s2, streams, followers, violations);
  await Promise.all(followers.map((follower) => follower.stop()));
  const memoryMib = grown(await memory, violations);
  const latencies = appended.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b);
  return {
    violations,
    acked: sum(appended.map(({ acked }: Appended) => acked)),
    delivered: sum(followers.map(({ next }) => next)),
    ackMs: { p50: at(latencies, 0.5), p99: at(latencies, 0.99) },
    witness: await witness,
    memoryMib,
    abuse: await abuse,
  };
}

const BULK = 'bulk';
const BULK_BODY_BYTES = 8 * 1024;
const BULK_BATCH = 100;

async function fill(s2: ReturnType<typeof clientOf>, mebibytes: number): Promise<void> {
  const body = new Uint8Array(BULK_BODY_BYTES);
  const input = AppendInput.create(Array.from({ length: BULK_BATCH }, () => AppendRecord.bytes({ body })));
  const session = await s2.basin(LOAD_BASIN).stream(BULK, { forceTransport: 's2s' }).appendSession();
  const batches = Math.ceil((mebibytes * 1024 * 1024) / (BULK_BATCH * BULK_BODY_BYTES));
  for (let i = 0; i < batches; i += 1) await session.submit(input);
  await session.close();
}

type AbusePlan = Omit<Parameters<(typeof ABUSES)[string]>[0], 'host'>;

async function abused(plan: AbusePlan): Promise<Record<string, string>> {
  const ends = Object.entries(ABUSES).map(async ([name, run]) => {
    const seen = await run({ ...plan, host: HOST }).catch((error: unknown) => `ended with ${String(error)}`);
    return [name, seen] as const;
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
  for (const deadlineMs = performance.now() + 10_000; performance.now() < deadlineMs && behind().length > 0;) {
    await pause(50);
  }
  if (behind().length > 0) violations.push(`${behind().length} followers did not reach the tail`);
}

/** Asks for the health and for a list, the way a polite client would, one after the other. */
async function watch(endpoint: string, violations: Violations, signal: AbortSignal): Promise<LoadResult['witness']> {
  let asked = 0;
  let msMax = 0;
  while (!signal.aborted) {
    for (const path of ['/health', '/v1/basins']) {
      const startMs = performance.now();
      const status = await fetch(endpoint + path, { signal: AbortSignal.timeout(ANSWER_MS_MAX) }).then(
        async (response) => (await response.text(), response.status),
        (error: unknown) => String(error),
      );
      if (status !== 200) violations.push(`${path} was answered ${status}`);
      asked += 1;
      msMax = Math.max(msMax, performance.now() - startMs);
    }
    await pause(50, signal);
  }
  return { asked, msMax };
}

/** Resident bytes of the server, read from its own metrics a few times a second. */
async function memoryOf(endpoint: string, signal: AbortSignal): Promise<number[]> {
  const samples: number[] = [];
  while (!signal.aborted) {
    const text = await fetch(`${endpoint}/metrics`).then(
      (response) => response.text(),
      () => '',
    );
    const bytes = Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]);
    if (bytes > 0) samples.push(bytes);
    await pause(250, signal);
  }
  return samples;
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

function at(sorted: readonly number[], share: number): number {
  return Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

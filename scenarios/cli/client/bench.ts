/**
 * `bench`: appends at a target rate, reads the same records live beside it, then reads everything once more from the
 * beginning; each reader checks that every record came once, in order and unchanged. The stream is made for it and deleted,
 * also when it is ended early: Ctrl-C ends the phase it is in, and what was measured until then is told.
 *
 * Figures are what this client saw, on this machine's one thread: appends, two readers and their checks share it.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { S2, S2Stream } from '@s2-dev/streamstore';
import { rateArgument, timeSpanArgument, wholeArgument } from './arguments.ts';
import { BenchDisplay, catchUpLines, finalFigures, liveLines, pauseLines } from './bench-display.ts';
import { clientCommand, type ConnectionFlags, withServer } from './connection.ts';
import { OperationFailed } from './explain.ts';
import { type KeyFlags, streamWithKey, withKey } from './key.ts';
import { Latencies } from './latencies.ts';
import { stopOnInterrupt } from './stopping.ts';
import { basinArgument } from './target.ts';
import { done } from './text.ts';

interface BenchFlags extends ConnectionFlags, KeyFlags {
  recordSize: number;
  targetMibps: number;
  duration: number;
  catchupDelay: number;
  storageClass?: 'standard' | 'express';
}

/** What one direction has done so far. */
export interface Flow {
  records: number;
  bytes: number;
  startMs: number;
  endMs: number | null;
  latencies: Latencies;
}

const MIB = 1024 * 1024;

/** A writer that is ahead of its rate looks up this often, so that the end is not slept through. */
const PAUSE_MS_MAX = 100;

export function benchCommand(): Command {
  return withKey(clientCommand('bench'))
    .description('measure throughput and latency of a basin, and check what comes back')
    .argument('<basin>', 'my-basin or s2://my-basin', basinArgument)
    .addOption(
      new Option('-b, --record-size <bytes>', 'metered bytes of a record, 128 to 1048576')
        .argParser(recordSizeArgument)
        .default(8192),
    )
    .addOption(new Option('-t, --target-mibps <n>', 'MiB/s to append').argParser(rateArgument).default(1))
    .addOption(new Option('-d, --duration <time>', 'how long').argParser(timeSpanArgument).default(60_000, '60s'))
    .addOption(
      new Option('-w, --catchup-delay <time>', 'pause before everything is read again')
        .argParser(timeSpanArgument)
        .default(20_000, '20s'),
    )
    .addOption(new Option('-c, --storage-class <class>', 'how records are stored').choices(['standard', 'express']))
    .action(async (basin: string, flags: BenchFlags) => withServer(flags, (s2) => bench(s2, basin, flags)));
}

function recordSizeArgument(text: string): number {
  const bytes = wholeArgument(text);
  if (bytes >= 128 && bytes <= MIB) return bytes;
  throw new InvalidArgumentError('expected 128 to 1048576.');
}

async function bench(s2: S2, basin: string, flags: BenchFlags): Promise<void> {
  const name = `bench/${randomUUID()}`;
  // A key that can not be read is told before a stream is made.
  const stream = streamWithKey(s2, { basin, stream: name }, flags);
  await s2.basin(basin).streams.create({
    stream: name,
    config: {
      retentionPolicy: { ageSecs: 3600 },
      deleteOnEmpty: { minAgeSecs: 60 },
      timestamping: { mode: 'client-require', uncapped: true },
      ...(flags.storageClass !== undefined && { storageClass: flags.storageClass }),
    },
  });
  try {
    await measure(stream, flags, `s2://${basin}/${name}`);
  } finally {
    await stream.close();
    await s2.basin(basin).streams.delete({ stream: name });
  }
}

async function measure(stream: S2Stream, flags: BenchFlags, uri: string): Promise<void> {
  const { targetMibps, recordSize, duration } = flags;
  process.stderr.write(
    `${uri}: ${targetMibps} MiB/s of ${recordSize} byte records for ${duration / 1000} s; Ctrl-C ends it early\n`,
  );
  const { written, followed, isEndedEarly } = await appendAndFollow(stream, flags);
  if (written.records === 0) throw new OperationFailed('nothing was appended: the duration was too short');
  // Who ended the appends early does not want to wait.
  const pauseMs = isEndedEarly ? 0 : flags.catchupDelay;
  const again = await readAgain(stream, pauseMs, written.records);
  console.log(finalFigures({ written, followed, again }));
  done(
    again === null
      ? `${written.records} records came back, each once, in order and unchanged; they were not read again`
      : `${written.records} records came back twice, each once, in order and unchanged`,
  );
}

/** Ctrl-C ends the appends; what was sent is acknowledged and read. */
async function appendAndFollow(
  stream: S2Stream,
  flags: BenchFlags,
): Promise<{ written: Flow; followed: Flow; isEndedEarly: boolean }> {
  const stopping = stopOnInterrupt();
  const startMs = performance.now();
  const [written, followed] = [flow(startMs), flow(startMs)];
  const display = new BenchDisplay(() => liveLines(written, followed));
  try {
    const end = Promise.race([sleep(flags.duration, null, { ref: false }), stopping.stopped]);
    // Whichever fails ends the other: a reader that waits for records nobody writes would wait for ever.
    const failed = new AbortController();
    const giveUp = (error: unknown) => {
      failed.abort();
      throw error;
    };
    const appending = write(stream, flags, written, end).catch(giveUp);
    const following = read(stream, followed, { total: appending, signal: failed.signal, startMs }).catch(giveUp);
    await Promise.all([appending, following]);
    return { written, followed, isEndedEarly: stopping.signal.aborted };
  } finally {
    display.stop();
    stopping.dispose();
  }
}

/** Null when Ctrl-C ended it, in the pause or while it read. */
async function readAgain(stream: S2Stream, pauseMs: number, total: number): Promise<Flow | null> {
  const stopping = stopOnInterrupt();
  const pauseEndMs = performance.now() + pauseMs;
  let again: Flow | null = null;
  const display = new BenchDisplay(() => (again === null ? pauseLines(pauseEndMs) : catchUpLines(again, total)));
  try {
    if (pauseMs > 0) display.draw();
    await sleep(pauseMs, null, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return null;
    again = flow(performance.now());
    await read(stream, again, { total: Promise.resolve(total), signal: stopping.signal, startMs: null });
    return again.records === total ? again : null;
  } finally {
    display.stop();
    stopping.dispose();
  }
}

function flow(startMs: number): Flow {
  return { records: 0, bytes: 0, startMs, endMs: null, latencies: new Latencies() };
}

/** Appends until `end`; resolves to the number of records once every one is acknowledged. */
async function write(
  stream: S2Stream,
  { recordSize, targetMibps }: BenchFlags,
  written: Flow,
  end: Promise<unknown>,
): Promise<number> {
  const { BatchTransform, Producer } = await import('@s2-dev/streamstore');
  const producer = new Producer(new BatchTransform({ lingerDurationMillis: 5 }), await stream.appendSession());
  const { RecordMaker } = await import('./bench-records.ts');
  const maker = await RecordMaker.create(recordSize);
  const bytesPerMs = (targetMibps * MIB) / 1000;
  const acknowledged: Promise<void>[] = [];
  let failure: { error: unknown } | null = null;
  let isOver = false;
  void end.then(() => (isOver = true));
  const beginMs = performance.now();
  let sentBytes = 0;
  while (!isOver && failure === null) {
    const aheadMs = beginMs + sentBytes / bytesPerMs - performance.now();
    if (aheadMs > 0) {
      await sleep(Math.min(aheadMs, PAUSE_MS_MAX));
      continue;
    }
    const sentAtMs = performance.now();
    sentBytes += recordSize;
    const ticket = await producer.submit(maker.next(microseconds(sentAtMs - written.startMs)));
    const ack = ticket.ack().then(() => {
      written.records++;
      written.bytes += recordSize;
      written.latencies.add(performance.now() - sentAtMs);
    });
    acknowledged.push(ack.catch((error: unknown) => void (failure ??= { error })));
    if (acknowledged.length > 10_000) await Promise.all(acknowledged.splice(0, 5_000));
  }
  await producer.close().catch((error: unknown) => (failure ??= { error }));
  await Promise.all(acknowledged);
  if (failure !== null) throw (failure as { error: unknown }).error;
  written.endMs = performance.now();
  return written.records;
}

interface Reading {
  /** How many records there are to be, once that is known. */
  total: Promise<number>;
  signal: AbortSignal | null;
  /** What the timestamps of the records count from, when their age matters. */
  startMs: number | null;
}

/** Reads from the beginning until `total` records were seen; throws an OperationFailed for the first that is wrong. */
async function read(stream: S2Stream, seen: Flow, { total, signal, startMs }: Reading): Promise<void> {
  const { meteredBytes } = await import('@s2-dev/streamstore');
  const { RecordJudge } = await import('./bench-records.ts');
  const judge = await RecordJudge.create();
  const enough = new AbortController();
  let count = Infinity;
  const whenWritten = total.then((records) => {
    count = records;
    if (seen.records >= count) enough.abort();
  });
  whenWritten.catch(() => {});
  const signals = [enough.signal, ...(signal === null ? [] : [signal])];
  try {
    const input = { start: { from: { seqNum: 0 } }, stop: startMs === null ? { waitSecs: 0 } : {} };
    const session = await stream.readSession(input, { as: 'bytes', signal: AbortSignal.any(signals) });
    for await (const record of session) {
      const problem = judge.problemOf(record);
      if (problem !== null) throw new OperationFailed(`the server broke its promise: ${problem}`);
      if (startMs !== null) seen.latencies.add(performance.now() - startMs - record.timestamp.getTime() / 1000);
      seen.bytes += meteredBytes(record);
      if (++seen.records >= count) break;
    }
  } catch (error) {
    if (!AbortSignal.any(signals).aborted) throw error;
  }
  seen.endMs = performance.now();
  if (signal?.aborted !== true && seen.records < count) {
    throw new OperationFailed(`the server lost records: ${count} were acknowledged, ${seen.records} came back`);
  }
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

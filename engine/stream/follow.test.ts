/**
 * Readers that are overtaken and catch up again, and limits while following: what S2's own tests hold against a server
 * (API contract §11.6, follow), on an engine whose clock the test moves.
 */

import { describe, expect, test } from 'vitest';

import type { ReadEvent } from '../core/outcome.ts';
import type { ReadInput } from '../core/read-plan.ts';
import {
  BASIN,
  batch,
  type EngineBench,
  engineBench,
  follow,
  FROM_START,
  record,
  STREAM,
  trimRecord,
} from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';

/** A session of which the test takes one event after the other; it has heard the first heartbeat. */
async function stalled(bench: EngineBench, input: Partial<ReadInput>) {
  const opened = await bench.engine.readSession(BASIN, STREAM, { ...FROM_START, ...input });
  if (opened.kind !== 'open') throw new Error(opened.kind);
  let asked: (() => IteratorResult<ReadEvent, void> | null) | null = null;
  /** The next event, or that there is none yet; then the next call waits for the same. */
  const next = async (): Promise<string> => {
    asked ??= follow(opened.events.next());
    await settled();
    const result = asked();
    if (result === null) return 'waits';
    asked = null;
    return result.done === true ? 'end' : said(result.value);
  };
  expect(await next()).toBe('tail 0');
  return { next };
}

function said(event: ReadEvent): string {
  if (event.kind === 'failed') return event.reason.kind;
  if (event.kind === 'heartbeat') return `tail ${event.tail.seqNum}`;
  const { records, tail } = event;
  return `${records[0]?.seqNum}..${records.at(-1)?.seqNum}${tail === null ? '' : `@${tail.seqNum}`}`;
}

/** 50 batches of one record with timestamps 1 to 50, which is twice what S2 keeps for a reader that stalls. */
async function fifty(bench: EngineBench) {
  for (let i = 1; i <= 50; i++) void bench.engine.append(BASIN, STREAM, batch([record('x', i)]));
  await settled();
}

describe('a reader that stalled while fifty batches came', () => {
  test('gets them all in one, and its wait begins with them', async () => {
    const bench = await engineBench();
    const { next } = await stalled(bench, { waitMs: 3000 });
    await bench.clock.advance(2900);
    await fifty(bench);
    await bench.clock.advance(5000);
    expect(await next()).toBe('0..49@50');
    expect(await next()).toBe('waits');
    await bench.clock.advance(2999);
    expect(await next()).toBe('waits');
  });

  test('ends when its wait after them is over', async () => {
    const bench = await engineBench();
    const { next } = await stalled(bench, { waitMs: 3000 });
    await fifty(bench);
    expect(await next()).toBe('0..49@50');
    expect(await next()).toBe('waits');
    await bench.clock.advance(3000);
    expect(await next()).toBe('end');
  });

  test.each<[string, Partial<ReadInput>, string]>([
    ['count', { count: 30 }, '0..29'],
    ['exact count', { count: 50 }, '0..49'],
    ['bytes', { meteredBytes: 9 * 20 + 8 }, '0..19'],
    ['until', { untilTimestamp: 41 }, '0..39'],
  ])('gets no more than its %s, and ends at once', async (_, limit, records) => {
    const bench = await engineBench();
    const { next } = await stalled(bench, { waitMs: 3000, ...limit });
    await fifty(bench);
    expect((await next()).split('@')[0]).toBe(records);
    expect(await next()).toBe('end');
  });

  test('follows again after them', async () => {
    const bench = await engineBench();
    const { next } = await stalled(bench, {});
    await fifty(bench);
    expect(await next()).toBe('0..49@50');
    await bench.engine.append(BASIN, STREAM, batch('y'));
    expect(await next()).toBe('50..50@51');
  });
});

describe('a reader that follows', () => {
  test('gets a record that came after an hour of nothing', async () => {
    const bench = await engineBench();
    const { next } = await stalled(bench, {});
    await bench.clock.advance(3_600_000);
    expect(await next()).toBe('tail 0');
    await bench.engine.append(BASIN, STREAM, batch('a'));
    expect(await next()).toBe('0..0@1');
  });

  test.each<[string, Partial<ReadInput>, string[]]>([
    ['count cuts a batch that comes', { count: 2 }, ['0..1', 'end']],
    ['count that a batch meets exactly ends it at once', { count: 3 }, ['0..2', 'end']],
    ['bytes cut a batch that comes', { meteredBytes: 20 }, ['0..1', 'end']],
    ['bytes below the first record that comes end it without a batch', { meteredBytes: 8 }, ['end']],
    ['until cuts a batch that comes', { untilTimestamp: 3 }, ['0..1', 'end']],
    ['until in front of a batch that comes ends it without', { untilTimestamp: 1 }, ['end']],
  ])('%s', async (_, limit, expected) => {
    const bench = await engineBench();
    const { next } = await stalled(bench, { waitMs: 60_000, ...limit });
    await bench.engine.append(BASIN, STREAM, batch([1, 2, 3].map((at) => record('x', at))));
    for (const event of expected) expect((await next()).split('@')[0]).toBe(event);
  });
});

test.each<[string, Partial<ReadInput>]>([
  ['count', { count: 2 }],
  ['bytes', { meteredBytes: 20 }],
  ['until', { untilTimestamp: 3 }],
])('a batch that %s cuts says how far the stream is, as every batch does that is followed', async (_, limit) => {
  const bench = await engineBench();
  const { next } = await stalled(bench, { waitMs: 60_000, ...limit });
  await bench.engine.append(BASIN, STREAM, batch([1, 2, 3].map((at) => record('x', at))));
  expect(await next()).toBe('0..1@3');
  expect(await next()).toBe('end');
});

test('what of a batch that comes did not fit ends the read, also when the rest of the batch trims itself', async () => {
  const bench = await engineBench();
  const { next } = await stalled(bench, { waitMs: 60_000, meteredBytes: 16 });
  await bench.engine.append(BASIN, STREAM, batch([record('x'), trimRecord(2)]));
  expect(await next()).toBe('0..0@2');
  expect(await next()).toBe('end');
});

test('a thousand readers of one stream get every record once, and leave no timer when they go', async () => {
  const bench = await engineBench();
  const counts = Array.from({ length: 1000 }, () => 0);
  const gone = new AbortController();
  const idle = bench.clock.sleepers;
  const reading = counts.map(async (_, i) => {
    const opened = await bench.engine.readSession(BASIN, STREAM, FROM_START, gone.signal);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    for await (const event of opened.events) {
      if (event.kind !== 'batch') continue;
      expect(event.records[0]?.seqNum).toBe(counts[i]);
      counts[i] = (counts[i] ?? 0) + event.records.length;
    }
  });
  await settled();
  expect(bench.clock.sleepers).toBe(idle + 1000);
  for (let i = 0; i < 5; i++) await bench.engine.append(BASIN, STREAM, batch('x'));
  await settled();
  expect(new Set(counts)).toEqual(new Set([5]));
  gone.abort();
  await Promise.all(reading);
  // The one that is left logs how much they read.
  expect(bench.clock.sleepers).toBe(idle + 1);
});

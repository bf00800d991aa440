/**
 * Lines of S2's own checklist (API contract §11.6, §11.7) that no other test of ours is about; docs/CONFORMANCE.md says for
 * each line which test holds it.
 */

import { describe, expect, test } from 'vitest';

import { NO_WISH, S2_BASIN_CONFIG } from '../core/config.ts';
import type { ReadInput } from '../core/read-plan.ts';
import { apiOf } from '../testing/api-bench.ts';
import {
  BASIN,
  batch,
  engineBench,
  fenceRecord,
  FROM_START,
  record,
  STREAM,
  trimRecord,
} from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';

const HOUR_MS = 3_600_000;
const ALL = { prefix: '', startAfter: '', limit: 10 };
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('many at once', () => {
  test('twenty appends at once have twenty numbers, and every record is there once', async () => {
    const bench = await engineBench();
    const { engine } = bench;
    const appended = await Promise.all(
      Array.from({ length: 20 }, (_, i) => engine.append(BASIN, STREAM, batch(String(i)))),
    );
    const starts = appended.map((outcome) => (outcome.kind === 'durable' ? outcome.ack.start.seqNum : -1));
    expect(starts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const read = (await bench.bodies()) as string[];
    expect(starts.map((seqNum) => read[seqNum])).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    expect(await engine.checkTail(BASIN, STREAM)).toMatchObject({ tail: { seqNum: 20 } });
  });

  test('reads at once return the same records', async () => {
    const bench = await engineBench();
    const { engine } = bench;
    for (const body of ['a', 'b', 'c']) await engine.append(BASIN, STREAM, batch(body));
    const reads = await Promise.all(Array.from({ length: 10 }, () => bench.bodies()));
    for (const read of reads) expect(read).toEqual(['a', 'b', 'c']);
  });
});

describe('an hour in which nobody asks anything', () => {
  test('changes nothing of tail, records, token or what an open session appends', async () => {
    const bench = await engineBench();
    const { engine, clock } = bench;
    const opened = await engine.appendSession(BASIN, STREAM);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    const outcomes = opened.session.outcomes();
    await opened.session.submit(batch([record('x'), fenceRecord('me')]));
    await outcomes.next();
    const before = await engine.checkTail(BASIN, STREAM);
    await clock.advance(HOUR_MS);
    expect(await engine.checkTail(BASIN, STREAM)).toEqual(before);
    await opened.session.submit(batch('y', { matchSeqNum: 2, fencingToken: 'me' }));
    expect((await outcomes.next()).value).toMatchObject({ kind: 'durable' });
    expect(await bench.bodies()).toEqual(['x', 'me', 'y']);
  });
});

describe('until, together with other limits,', () => {
  const bodies = async (limits: Partial<ReadInput>): Promise<string> => {
    const { engine } = await engineBench();
    await engine.append(BASIN, STREAM, batch([1, 2, 3, 3, 4].map((at) => record(String(at), at))));
    const outcome = await engine.read(BASIN, STREAM, { ...FROM_START, ...limits });
    return outcome.kind === 'batch' ? outcome.records.map(({ body }) => text(body)).join('') : outcome.kind;
  };

  test.each<[string, Partial<ReadInput>, string]>([
    ['ends in front of what a count would allow', { untilTimestamp: 3, count: 4 }, '12'],
    ['leaves it to a count that comes first', { untilTimestamp: 4, count: 3 }, '123'],
    ['ends in front of what bytes would allow', { untilTimestamp: 3, meteredBytes: 36 }, '12'],
    ['leaves it to bytes that come first', { untilTimestamp: 4, meteredBytes: 20 }, '12'],
    [
      'and a start in time takes what is between',
      { start: { kind: 'timestamp', timestamp: 2 }, untilTimestamp: 4 },
      '233',
    ],
  ])('%s', async (_, limits, expected) => {
    expect(await bodies(limits)).toBe(expected);
  });
});

test('a wait does not begin anew with records that were trimmed before the reader took them', async () => {
  const { engine, clock } = await engineBench();
  const opened = await engine.readSession(BASIN, STREAM, { ...FROM_START, waitMs: 3_000 });
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const first = opened.events.next();
  await settled();
  expect(await first).toMatchObject({ value: { kind: 'heartbeat' } });
  let isOver = false;
  const rest = clock.sleep(2_000).then(async () => {
    const events: string[] = [];
    for await (const { kind } of opened.events) events.push(kind);
    isOver = true;
    return events;
  });
  await engine.append(BASIN, STREAM, batch('x'));
  await engine.append(BASIN, STREAM, batch([trimRecord(2)]));
  await engine.flush();
  await clock.advance(2_999);
  expect(isOver).toBe(false);
  await clock.advance(1);
  expect(await rest).toEqual([]);
});

test('a read that can return nothing creates no stream', async () => {
  const { engine } = await engineBench({ stream: false });
  await engine.ensureBasin(BASIN, { ...S2_BASIN_CONFIG, createStreamOnRead: true });
  const ask = apiOf(engine);
  const headers = { 's2-basin': BASIN };
  const modes = [{}, { accept: 'text/event-stream' }, { 'content-type': 's2s/proto' }];
  for (const query of ['timestamp=5&until=5', 'seq_num=0&tail_offset=0', 'seq_num=x']) {
    for (const mode of modes) {
      const { status } = await ask(`GET /v1/streams/s/records?${query}`, { headers: { ...headers, ...mode } });
      expect([400, 422]).toContain(status);
    }
  }
  expect(await engine.listStreams(BASIN, ALL)).toMatchObject({ page: { rows: [], hasMore: false } });
});

test('a store without basins lists none', async () => {
  const { engine, clock } = await engineBench({ stream: false });
  await engine.deleteBasin(BASIN);
  await clock.advance(10_000);
  expect(await apiOf(engine)('GET /v1/basins')).toMatchObject({ status: 200, body: { basins: [], has_more: false } });
});

test('another age of deletion on empty does not begin it anew', async () => {
  const { engine, clock } = await engineBench({ stream: false, tunables: { emptySweepMs: 1_000 } });
  const wish = { ...NO_WISH, deleteOnEmptyMinAgeS: 3_600 };
  await engine.createStream(BASIN, STREAM, null, wish);
  await clock.advance(600_000);
  await engine.reconfigureStream(BASIN, STREAM, { deleteOnEmptyMinAgeS: 60 });
  await clock.advance(1_000);
  expect(await engine.checkTail(BASIN, STREAM)).toMatchObject({ reason: { kind: 'stream-not-found' } });
});

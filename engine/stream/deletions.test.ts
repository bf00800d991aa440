/** Deletions are finished in the background, in bounded batches, by whoever owns the store then. */

import { describe, expect, test } from 'vitest';

import { BASIN, batch, engineBench, follow, STREAM } from '../testing/engine-bench.ts';
import { settled, type StoredObjects } from '../testing/manual-ports.ts';

const TOMBSTONE_MS = 5_000;
const LATER = { tunables: { tombstoneMs: TOMBSTONE_MS } };
const ALL = { prefix: '', startAfter: '', limit: 1000 };
const PENDING = { kind: 'rejected', reason: { kind: 'stream-deletion-pending' } };

describe('a deleted stream', () => {
  test('is there as long as its tombstone has to be seen, and then its name is free', async () => {
    const { engine, clock } = await engineBench(LATER);
    await engine.deleteStream(BASIN, STREAM);
    await clock.advance(TOMBSTONE_MS - 1);
    expect(await engine.createStream(BASIN, STREAM, null)).toEqual(PENDING);
    await clock.advance(1);
    expect(await engine.createStream(BASIN, STREAM, null)).toMatchObject({ kind: 'created' });
  });

  test('refuses everything from the turn of its deletion on, but says so only when that is durable', async () => {
    const { engine, holdPuts, oldestPut } = await engineBench(LATER);
    holdPuts();
    const deleted = follow(engine.deleteStream(BASIN, STREAM));
    const appended = follow(engine.append(BASIN, STREAM, batch('x')));
    const changed = follow(engine.reconfigureStream(BASIN, STREAM, { retentionAgeS: 5 }));
    await settled();
    expect([deleted(), appended(), changed()]).toEqual([null, null, null]);
    await oldestPut().complete();
    await settled();
    expect(deleted()).toEqual({ kind: 'deleted' });
    expect([appended(), changed()]).toEqual([PENDING, PENDING]);
  });

  test('is not said to be deleted again before the first deletion is durable', async () => {
    const { engine, holdPuts, oldestPut } = await engineBench(LATER);
    holdPuts();
    void engine.deleteStream(BASIN, STREAM);
    const again = follow(engine.deleteStream(BASIN, STREAM));
    await settled();
    expect(again()).toBeNull();
    await oldestPut().complete();
    await settled();
    expect(again()).toEqual({ kind: 'deleted' });
  });

  test('ends a reader that follows it, and a session that appends to it', async () => {
    const { engine } = await engineBench(LATER);
    await engine.append(BASIN, STREAM, batch('x'));
    const opened = await engine.readSession(BASIN, STREAM, {
      ...{ start: { kind: 'seq-num', seqNum: 0 }, clamp: false, count: null, meteredBytes: null },
      ...{ untilTimestamp: null, waitMs: null },
    });
    if (opened.kind !== 'open') throw new Error('the session opens');
    const kinds: string[] = [];
    const reader = (async () => {
      for await (const event of opened.events) kinds.push(event.kind);
    })();
    await settled();
    await engine.deleteStream(BASIN, STREAM);
    await reader;
    expect(kinds).toEqual(['batch', 'heartbeat', 'failed']);
  });

  test('whose predecessor did not come to the end is finished by the next owner', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1, ...LATER });
    await first.engine.deleteStream(BASIN, STREAM);
    const second = await engineBench({ objects, seed: 2, ...LATER, stream: false });
    expect(second.telemetry.count('control.resumed')).toBe(1);
    expect(await second.engine.createStream(BASIN, STREAM, null)).toEqual(PENDING);
    await second.clock.advance(TOMBSTONE_MS);
    expect(await second.engine.createStream(BASIN, STREAM, null)).toMatchObject({ kind: 'created' });
  });

  test('is as deleted after a checkpoint as before', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1, ...LATER });
    await first.engine.deleteStream(BASIN, STREAM);
    await first.engine.flush();
    const second = await engineBench({ objects, seed: 2, ...LATER, stream: false });
    expect(await second.engine.checkTail(BASIN, STREAM)).toEqual(PENDING);
    await second.clock.advance(TOMBSTONE_MS);
    expect(await second.engine.checkTail(BASIN, STREAM)).toMatchObject({ reason: { kind: 'stream-not-found' } });
  });
});

describe('a deleted basin', () => {
  const names = Array.from({ length: 300 }, (_, i) => `s-${i}`);

  async function doomed(objects: StoredObjects = new Map()) {
    const bench = await engineBench({ objects, seed: 1, ...LATER });
    await Promise.all(names.map((name) => bench.engine.createStream(BASIN, name, null)));
    return bench;
  }

  test('loses its streams in batches, then goes itself, and nothing of it is in a new one', async () => {
    const { engine, clock, telemetry } = await doomed();
    await engine.deleteBasin(BASIN);
    await clock.advance(TOMBSTONE_MS);
    expect(telemetry.count('basin.streams-deleted')).toBeGreaterThan(4);
    expect(telemetry.count('basin.deleted')).toBe(1);
    expect(await engine.createBasin(BASIN, null)).toMatchObject({ kind: 'created' });
    expect(await engine.listStreams(BASIN, ALL)).toEqual({ kind: 'page', page: { rows: [], hasMore: false } });
  });

  test('goes with another that is deleted beside it, each with more streams than a batch', async () => {
    const { engine, clock, telemetry } = await doomed();
    await engine.createBasin('basin-99', null);
    await Promise.all(names.map((name) => engine.createStream('basin-99', name, null)));
    await Promise.all([engine.deleteBasin(BASIN), engine.deleteBasin('basin-99')]);
    await clock.advance(TOMBSTONE_MS);
    expect(telemetry.count('basin.deleted')).toBe(2);
    for (const basin of [BASIN, 'basin-99']) {
      expect(await engine.basinConfig(basin)).toMatchObject({ reason: { kind: 'basin-not-found' } });
    }
  });

  test('serves its streams until their turn comes', async () => {
    const { engine, holdPuts, oldestPut } = await doomed();
    holdPuts();
    const deleted = follow(engine.deleteBasin(BASIN));
    const appended = follow(engine.append(BASIN, STREAM, batch('x')));
    await settled();
    await oldestPut().complete();
    await settled();
    expect(deleted()).toEqual({ kind: 'deleted' });
    await oldestPut().complete();
    expect(appended()).toMatchObject({ kind: 'durable' });
  });

  test('takes along a stream whose own deletion is under way', async () => {
    const { engine, clock, telemetry } = await engineBench(LATER);
    await engine.deleteStream(BASIN, STREAM);
    await engine.deleteBasin(BASIN);
    await clock.advance(2 * TOMBSTONE_MS);
    expect(telemetry.count('basin.deleted')).toBe(1);
    expect(telemetry.count('stream.deleted')).toBe(1);
  });

  test('half of whose streams are gone is finished by the next owner', async () => {
    const objects: StoredObjects = new Map();
    const first = await doomed(objects);
    await first.engine.deleteBasin(BASIN);
    await settled();
    const second = await engineBench({ objects, seed: 2, ...LATER, stream: false });
    expect(await second.engine.createStream(BASIN, 'new', null)).toMatchObject({
      reason: { kind: 'basin-deletion-pending' },
    });
    await second.clock.advance(TOMBSTONE_MS);
    expect(second.telemetry.count('basin.deleted')).toBe(1);
    expect(await second.engine.basinConfig(BASIN)).toMatchObject({ reason: { kind: 'basin-not-found' } });
  });
});

test('without tombstones a deleted stream is gone at once', async () => {
  const { engine } = await engineBench();
  await engine.deleteStream(BASIN, STREAM);
  expect(await engine.createStream(BASIN, STREAM, null)).toMatchObject({ kind: 'created' });
});

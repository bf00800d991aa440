/** What operations on basins and streams promise beyond their answers: no preview, no stale answer, no hidden effect. */

import { describe, expect, test } from 'vitest';

import { basinConfig, NO_WISH } from '../core/config.ts';
import type { Engine } from '../engine.ts';
import { BASIN, engineBench, follow, STREAM } from '../testing/engine-bench.ts';
import { settled, type StoredObjects } from '../testing/manual-ports.ts';

const ALL = { prefix: '', startAfter: '', limit: 1000 };
const OTHER = 'basin-02';

/** Operations that write, on things that are there. */
const WRITES: readonly [string, (engine: Engine) => Promise<unknown>][] = [
  ['creating a basin', (engine) => engine.createBasin(OTHER, null)],
  ['ensuring a basin', (engine) => engine.ensureBasin(BASIN, basinConfig({ createStreamOnRead: true }))],
  ['reconfiguring a basin', (engine) => engine.reconfigureBasin(BASIN, { createStreamOnAppend: true })],
  ['deleting a basin', (engine) => engine.deleteBasin(BASIN)],
  ['creating a stream', (engine) => engine.createStream(BASIN, 'new', null)],
  ['ensuring a stream', (engine) => engine.ensureStream(BASIN, STREAM, { ...NO_WISH, storageClass: 'standard' })],
  ['reconfiguring a stream', (engine) => engine.reconfigureStream(BASIN, STREAM, { storageClass: 'standard' })],
  ['deleting a stream', (engine) => engine.deleteStream(BASIN, STREAM)],
];

/** Operations that only tell, on the same. */
const TELLS: readonly [string, (engine: Engine) => Promise<unknown>][] = [
  ['the configuration of a basin', (engine) => engine.basinConfig(BASIN)],
  ['a listing of basins', (engine) => engine.listBasins(ALL)],
  ['the configuration of a stream', (engine) => engine.streamConfig(BASIN, STREAM)],
  ['a listing of streams', (engine) => engine.listStreams(BASIN, ALL)],
  ['that a basin exists', (engine) => engine.createBasin(BASIN, 'x')],
  ['that a basin is as it should be', (engine) => engine.ensureBasin(BASIN, basinConfig({}))],
  ['that nothing of a basin changes', (engine) => engine.reconfigureBasin(BASIN, {})],
  ['that a stream exists', (engine) => engine.createStream(BASIN, STREAM, 'x')],
  ['that a stream is as it should be', (engine) => engine.ensureStream(BASIN, STREAM, NO_WISH)],
  ['that nothing of a stream changes', (engine) => engine.reconfigureStream(BASIN, STREAM, {})],
  ['that there is no such basin', (engine) => engine.deleteBasin(OTHER)],
  ['that there is no such stream', (engine) => engine.deleteStream(BASIN, 'none')],
];

const UNAVAILABLE = { kind: 'rejected', reason: { kind: 'unavailable' } };

describe.each(WRITES)('%s', (_, write) => {
  test('is answered when it is durable, not before', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const answer = follow(write(bench.engine));
    await settled();
    expect(answer()).toBeNull();
    await bench.oldestPut().complete();
    expect(answer()).not.toMatchObject({ kind: 'rejected' });
  });

  test('ends unknown when the store is silent, and takes effect all the same when it comes back', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const before = bench.engine.state.hash;
    const answer = follow(write(bench.engine));
    await bench.clock.advance(1_000);
    expect(answer()).toMatchObject({ kind: 'unknown' });
    await bench.oldestPut().complete();
    expect(bench.engine.state.hash).not.toBe(before);
  });

  test('is refused by a server that is not the owner any more, and has no effect', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1 });
    const second = await engineBench({ objects, seed: 2, stream: false });
    const { hash } = second.engine.state;
    expect(await write(first.engine)).toEqual({ kind: 'rejected', reason: { kind: 'not-owner' } });
    expect(second.engine.state.hash).toBe(hash);
  });
});

describe.each(TELLS)('%s', (_, tell) => {
  test('is told once ownership is proved, not before', async () => {
    const bench = await engineBench();
    bench.holdAll();
    const answer = follow(tell(bench.engine));
    await settled();
    expect(answer()).toBeNull();
    await bench.clock.advance(1_000);
    expect(answer()).toMatchObject(UNAVAILABLE);
  });

  test('is not told by a server that is not the owner any more', async () => {
    const objects: StoredObjects = new Map();
    const first = await engineBench({ objects, seed: 1 });
    await engineBench({ objects, seed: 2, stream: false });
    expect(await tell(first.engine)).toEqual({ kind: 'rejected', reason: { kind: 'not-owner' } });
  });
});

describe('what is not durable', () => {
  test('is in no listing and in no configuration', async () => {
    const bench = await engineBench();
    const { engine } = bench;
    bench.holdPuts();
    void engine.createBasin(OTHER, null);
    const asked = [
      engine.listStreams(BASIN, ALL),
      engine.streamConfig(BASIN, STREAM),
      engine.streamConfig(BASIN, 'new'),
      engine.basinConfig(BASIN),
    ].map((answer) => follow<unknown>(answer));
    await settled();
    // The commit of the first creation proves ownership; these are queued behind it and stay open.
    void engine.createStream(BASIN, 'new', null);
    void engine.reconfigureStream(BASIN, STREAM, { storageClass: 'standard' });
    void engine.reconfigureBasin(BASIN, { createStreamOnRead: true });
    await bench.oldestPut().complete();
    expect(asked.map((answer) => answer())).toMatchObject([
      { kind: 'page', page: { rows: [{ name: STREAM }], hasMore: false } },
      { kind: 'config', config: { storageClass: 'express' } },
      { kind: 'rejected', reason: { kind: 'stream-not-found' } },
      { kind: 'config', config: { createStreamOnRead: false } },
    ]);
  });

  test('is not told as a fact: that something exists, is so already or is gone waits for it', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const { engine } = bench;
    void engine.createBasin(OTHER, 'first');
    void engine.createStream(OTHER, 's', 'first');
    const told = [
      engine.createBasin(OTHER, 'second'),
      engine.ensureBasin(OTHER, basinConfig({})),
      engine.createStream(OTHER, 's', 'first'),
      engine.ensureStream(OTHER, 's', NO_WISH),
      engine.deleteStream(OTHER, 'none'),
    ].map((answer) => follow<unknown>(answer));
    await settled();
    expect(told.map((answer) => answer())).toEqual(told.map(() => null));
    await bench.oldestPut().complete();
    for (const put of [1, 2])
      if (bench.blobs.held('putIfAbsent').length > 0)
        await bench
          .oldestPut()
          .complete()
          .then(() => put);
    expect(told.map((answer) => (answer() as { kind: string } | null)?.kind)).toEqual([
      'exists',
      'noop',
      'noop',
      'noop',
      'rejected',
    ]);
  });
});

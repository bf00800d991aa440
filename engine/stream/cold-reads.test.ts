/** Reads of what is only in segments: how many waits for the store they take, and what they may show. */

import { expect, test } from 'vitest';

import { BASIN, batch, type EngineBench, engineBench, follow, FROM_START, STREAM } from '../testing/engine-bench.ts';
import { plantFence } from '../testing/log-bench.ts';
import { settled } from '../testing/manual-ports.ts';

async function flushedBench() {
  const bench = await engineBench();
  await bench.engine.append(BASIN, STREAM, batch('cold'));
  expect(await bench.engine.flush()).toBe(true);
  return bench;
}

/** What is asked of the store now, one word each. The index is known: this process wrote it. */
function asked({ blobs }: EngineBench): string[] {
  return blobs
    .held('get')
    .map(({ key }) => (key.startsWith('wal/') ? 'proof' : 'frames'))
    .toSorted();
}

test('of a segment this process wrote nobody fetches the index', async () => {
  const bench = await flushedBench();
  expect(await bench.bodies()).toEqual(['cold']);
  const ranges = bench.blobs.calls.filter(({ operation, key }) => operation === 'get' && key.startsWith('seg/'));
  expect(ranges.map(({ range }) => range?.start)).toEqual([0]);
});

test('a cold read asks for its frames while ownership is proved, and for nothing twice', async () => {
  const bench = await flushedBench();
  bench.holdAll();
  const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
  await settled();
  expect(asked(bench)).toEqual(['frames', 'proof']);
  for (const call of bench.blobs.held('get')) await call.complete();
  await settled();
  expect(read()).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }] });
  expect(bench.blobs.held('get')).toEqual([]);
});

test('what came before the proof is not shown without it', async () => {
  const bench = await flushedBench();
  plantFence(bench, bench.engine.state.slot, 9);
  bench.holdAll();
  const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
  for (let i = 0; i < 2; i++) {
    await settled();
    for (const call of bench.blobs.held('get').filter(({ key }) => key.startsWith('seg/'))) await call.complete();
  }
  await settled();
  expect(asked(bench)).toEqual(['proof']);
  expect(read()).toBeNull();
  for (const call of bench.blobs.held('get')) await call.complete();
  await settled();
  expect(read()).toEqual({ kind: 'rejected', reason: { kind: 'not-owner' } });
});

test('appends become durable, and are flushed, while every read of old segments waits for ever', async () => {
  const bench = await engineBench();
  const names = Array.from({ length: 40 }, (_, i) => `cold-${i}`);
  for (const name of names) {
    await bench.engine.createStream(BASIN, name, null);
    await bench.engine.append(BASIN, name, batch('cold'));
  }
  expect(await bench.engine.flush()).toBe(true);
  const old = new Set([...bench.blobs.objects.keys()].filter((key) => key.startsWith('seg/')));
  bench.blobs.holds = ({ operation, key }) => operation === 'get' && old.has(key);
  const reads = names.map((name) => follow(bench.engine.read(BASIN, name, FROM_START)));
  await settled();
  expect(bench.blobs.held('get').length).toBeGreaterThan(0);
  for (let i = 0; i < 50; i++) {
    expect(await bench.engine.append(BASIN, STREAM, batch('hot'))).toMatchObject({ kind: 'durable' });
  }
  expect(await bench.engine.flush()).toBe(true);
  expect(bench.engine.unflushedBytes).toBe(0);
  expect(reads.map((read) => read())).toEqual(names.map(() => null));
  bench.blobs.holds = () => false;
  for (const call of bench.blobs.held('get')) await call.complete();
  await settled();
  for (const read of reads) expect(read()).toMatchObject({ kind: 'batch' });
});

test('a stream that is deleted between the segment and the memory of a read is gone, and not half of what it was', async () => {
  const bench = await flushedBench();
  await bench.engine.append(BASIN, STREAM, batch('warm'));
  bench.blobs.holds = ({ operation, key }) => operation === 'get' && key.startsWith('seg/');
  const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
  await settled();
  expect(await bench.engine.deleteStream(BASIN, STREAM)).toMatchObject({ kind: 'deleted' });
  bench.blobs.holds = () => false;
  for (const call of bench.blobs.held('get')) await call.complete();
  await settled();
  expect(read()).toMatchObject({ kind: 'rejected', reason: { kind: 'stream-not-found' } });
});

test('a read of a stream that went away meanwhile makes it anew where reads make streams', async () => {
  const bench = await flushedBench();
  await bench.engine.append(BASIN, STREAM, batch('warm'));
  await bench.engine.reconfigureBasin(BASIN, { createStreamOnRead: true });
  bench.blobs.holds = ({ operation, key }) => operation === 'get' && key.startsWith('seg/');
  const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
  await settled();
  expect(await bench.engine.deleteStream(BASIN, STREAM)).toMatchObject({ kind: 'deleted' });
  bench.blobs.holds = () => false;
  for (const call of bench.blobs.held('get')) await call.complete();
  await settled();
  expect(read()).toEqual({ kind: 'unwritten', tail: { seqNum: 0, timestamp: 0 } });
});

/** An owner that nobody asks anything: how often it looks, and that it notices the end of its ownership. */

import { expect, test } from 'vitest';

import { BASIN, batch, engineBench, follow, STREAM } from '../testing/engine-bench.ts';
import { DENIED, settled, TIMEOUT } from '../testing/manual-ports.ts';
import { slotKey } from './format.ts';

const IDLE_MS = 5_000;

test('a fenced owner without any traffic ends within the interval, by itself', async () => {
  const first = await engineBench({ log: { idleProofMs: IDLE_MS } });
  await engineBench({ objects: first.blobs.objects, seed: 2, stream: false });
  expect(first.engine.end).toBeNull();
  await first.clock.advance(IDLE_MS);
  expect(first.engine.end).toEqual({ kind: 'fenced', byEpoch: 2 });
  expect(first.telemetry.count('log.watch.lost')).toBe(1);
});

test('an idle owner looks once an interval: one get of the first slot that is not written', async () => {
  const { blobs, clock, engine, telemetry } = await engineBench({ log: { idleProofMs: IDLE_MS } });
  const before = blobs.calls.length;
  for (let i = 0; i < 10; i++) await clock.advance(IDLE_MS);
  const calls = blobs.calls.slice(before).filter(({ key }) => key.startsWith('wal/'));
  expect(calls.map(({ operation, key }) => [operation, key])).toEqual(
    Array.from({ length: 10 }, () => ['get', slotKey(engine.state.slot)]),
  );
  expect(telemetry.count('log.watch.asked')).toBe(10);
  expect(engine.end).toBeNull();
});

test('traffic that proves ownership spares the look', async () => {
  const { clock, engine, telemetry } = await engineBench({ log: { idleProofMs: IDLE_MS } });
  for (let i = 0; i < 20; i++) {
    const appended = engine.append(BASIN, STREAM, batch(`${i}`));
    await clock.advance(IDLE_MS / 4);
    expect((await appended).kind).toBe('durable');
    const checked = engine.checkTail(BASIN, STREAM);
    await clock.advance(IDLE_MS / 4);
    await checked;
  }
  expect(telemetry.count('log.watch.asked')).toBe(0);
});

test('a store that is away is asked by one proof at a time, and the owner stays', async () => {
  const { blobs, clock, engine, telemetry } = await engineBench({ log: { idleProofMs: IDLE_MS } });
  blobs.holds = ({ operation, key }) => operation === 'get' && key.startsWith('wal/');
  await clock.advance(20 * IDLE_MS);
  expect(blobs.held()).toHaveLength(1);
  for (const fault of [TIMEOUT, DENIED]) {
    await blobs.heldOn('get', slotKey(engine.state.slot)).reply({ kind: 'failed', fault });
    await clock.advance(IDLE_MS);
  }
  expect(blobs.held()).toHaveLength(1);
  expect(telemetry.count('log.watch.asked')).toBe(1);
  expect(engine.end).toBeNull();
});

test('nothing is asked any more after the end', async () => {
  const { blobs, clock, engine } = await engineBench({ log: { idleProofMs: IDLE_MS } });
  const stopped = follow(engine.stop());
  await settled();
  expect(stopped()).toEqual({ kind: 'stopped' });
  const before = blobs.calls.length;
  await clock.advance(20 * IDLE_MS);
  expect(blobs.calls.length).toBe(before);
});

/** Retention by age: what is trimmed, when, and what it costs while nothing is due. */

import { expect, test } from 'vitest';

import type { Entry } from '../state/entries.ts';
import { CompactionWorld } from '../testing/compaction-world.ts';
import { settled } from '../testing/manual-ports.ts';
import { Retention } from './retention.ts';

const INTERVAL_MS = 1_000;
const AGE_MS = 100_000;
const DUE_MS = AGE_MS + AGE_MS / 10;

function retentionOf(world: CompactionWorld, change: { deleted?: Set<number> } = {}): Retention {
  const { state } = world.committed;
  return new Retention({
    ports: { clock: world.clock, telemetry: world.telemetry },
    tunables: { retentionIntervalMs: INTERVAL_MS },
    state,
    ahead: { stream: (id) => (change.deleted?.has(id) === true ? undefined : state.tables.stream(id)) },
    reader: world.reader,
    submit: (entry) => world.submit(entry),
    signal: world.abort.signal,
  });
}

function trimPoint(world: CompactionWorld, streamId: number): number | undefined {
  return world.committed.state.tables.stream(streamId)?.trimPoint;
}

function serve(retention: Retention): { ended: boolean } {
  const serving = { ended: false };
  void retention.serve().then(() => (serving.ended = true));
  return serving;
}

test('what is older than its age is trimmed, frame by frame where the index has points, and frees its bytes', async () => {
  const world = new CompactionWorld();
  world.pointDistanceBytes = 1;
  const [kept, aged] = [world.createStream(), world.createStream(AGE_MS)];
  for (let i = 0; i < 4; i++) {
    for (const id of [kept, aged]) world.append(id, 2, 100);
    await world.clock.advance(10_000);
  }
  await world.flush();
  const full = world.segments[0]?.bytes ?? 0;
  const retention = retentionOf(world);
  serve(retention);
  await world.clock.advance(DUE_MS - 40_000 - 1);
  expect(trimPoint(world, aged)).toBe(0);
  await world.clock.advance(30_001);
  expect(trimPoint(world, aged)).toBe(4);
  await world.clock.advance(DUE_MS);
  expect(trimPoint(world, aged)).toBe(8);
  expect(trimPoint(world, kept)).toBe(0);
  world.trim(kept, 6);
  expect(await world.compactor().run()).toBe(true);
  expect(world.segments[0]?.bytes).toBeLessThan(full / 2);
  expect(await world.misread()).toBeNull();
});

test('another age holds at once, for the records that are there too', async () => {
  const world = new CompactionWorld();
  const [shortened, kept] = [world.createStream(10 * AGE_MS), world.createStream(AGE_MS)];
  for (const id of [shortened, kept]) world.append(id, 2, 100);
  await world.flush();
  const retention = retentionOf(world);
  serve(retention);
  await world.clock.advance(DUE_MS / 2);
  world.reconfigure(shortened, AGE_MS);
  world.reconfigure(kept, null);
  retention.agesChanged();
  await world.clock.advance(DUE_MS / 2 - 1);
  expect(trimPoint(world, shortened)).toBe(0);
  await world.clock.advance(10_000);
  expect(trimPoint(world, shortened)).toBe(2);
  await world.clock.advance(20 * DUE_MS);
  expect(trimPoint(world, kept)).toBe(0);
});

test('while nothing can be expired nothing runs: no request, and one sleeper at most', async () => {
  const world = new CompactionWorld();
  const forever = world.createStream();
  world.append(forever, 1, 10);
  await world.flush();
  let gets = 0;
  world.blobs = {
    ...world.blobs,
    get: (...call) => {
      gets++;
      return world.objects.get(...call);
    },
  };
  const retention = retentionOf(world);
  const serving = serve(retention);
  await world.clock.advance(10 * 86_400_000);
  expect([gets, world.clock.sleepers]).toEqual([0, 0]);
  const aged = world.createStream(AGE_MS);
  world.append(aged, 1, 10);
  await world.flush();
  retention.segmentsChanged();
  await settled();
  expect(world.clock.sleepers).toBe(1);
  const getsOnce = gets;
  await world.clock.advance(AGE_MS);
  expect([gets, trimPoint(world, aged)]).toEqual([getsOnce, 0]);
  await world.clock.advance(DUE_MS - AGE_MS);
  expect(trimPoint(world, aged)).toBe(1);
  world.abort.abort();
  await settled();
  expect(serving.ended).toBe(true);
});

test('a new owner trims at once what the log proves to be expired', async () => {
  const world = new CompactionWorld();
  const [aged, other] = [world.createStream(AGE_MS), world.createStream()];
  world.append(aged, 3, 10);
  await world.clock.advance(DUE_MS);
  world.append(other, 1, 10);
  await world.flush();
  serve(retentionOf(world));
  await settled();
  expect(trimPoint(world, aged)).toBe(3);
  expect(world.counts.get('retention.trimmed')).toBe(1);
});

test('a wall clock a year ahead trims nothing, and says so', async () => {
  const world = new CompactionWorld();
  const aged = world.createStream(AGE_MS);
  world.append(aged, 3, 10);
  await world.flush();
  world.clock.stepWall(365 * 86_400_000);
  serve(retentionOf(world));
  await world.clock.advance(DUE_MS - 1);
  expect(trimPoint(world, aged)).toBe(0);
  expect(world.counts.get('retention.clock-ahead')).toBeGreaterThan(0);
});

test('a stream whose deletion is under way takes no trim', async () => {
  const world = new CompactionWorld();
  const [doomed, aged] = [world.createStream(AGE_MS), world.createStream(AGE_MS)];
  const deleted = new Set<number>();
  const retention = retentionOf(world, { deleted });
  for (const id of [doomed, aged]) world.append(id, 1, 10);
  await world.flush();
  const trimmed: Entry[] = [];
  world.settle = (entry) => {
    trimmed.push(entry);
    return 'committed';
  };
  deleted.add(doomed);
  await world.clock.advance(DUE_MS);
  expect(await retention.run()).toBe(true);
  expect(trimmed).toEqual([
    { type: 'trim', streamId: aged, trimPoint: 1, atMs: expect.any(Number) as number, trimmedBytes: null },
  ]);
});

test.each(['void', 'unknown'] as const)('a trim that ends %s ends retention', async (settlement) => {
  const world = new CompactionWorld();
  const aged = world.createStream(AGE_MS);
  const serving = serve(retentionOf(world));
  await settled();
  world.append(aged, 1, 10);
  await world.flush();
  world.settle = () => settlement;
  const retention = retentionOf(world);
  const second = serve(retention);
  await world.clock.advance(DUE_MS + INTERVAL_MS);
  expect(second.ended).toBe(true);
  expect(serving.ended).toBe(false);
  expect(trimPoint(world, aged)).toBe(0);
});

test('an index that can not be read is asked for again later, and nothing of it is trimmed unread', async () => {
  const world = new CompactionWorld();
  const aged = world.createStream(AGE_MS);
  world.append(aged, 1, 10);
  await world.flush();
  const fault = { code: 'denied', message: 'access denied', retryable: false };
  world.blobs = { ...world.blobs, get: () => Promise.resolve({ kind: 'failed', fault }) };
  serve(retentionOf(world));
  await world.clock.advance(DUE_MS);
  expect(trimPoint(world, aged)).toBe(0);
  expect(world.counts.get('retention.unreadable')).toBeGreaterThan(1);
  world.blobs = world.objects;
  await world.clock.advance(2 * INTERVAL_MS);
  expect(trimPoint(world, aged)).toBe(1);
});

/** Deletion on empty: never a stream that has records, was touched lately, or is not configured so any more. */

import { describe, expect, test } from 'vitest';

import { NO_WISH, type StreamWish } from '../core/config.ts';
import { BASIN, batch, engineBench, record, STREAM, trimRecord } from '../testing/engine-bench.ts';
import type { StoredObjects } from '../testing/manual-ports.ts';

const SWEEP_MS = 1_000;
const AGE_S = 60;
/** The age, the skew that is added to it, and one sweep more. */
const DUE_MS = AGE_S * 1_100 + SWEEP_MS;
const ON_EMPTY: StreamWish = { ...NO_WISH, deleteOnEmptyMinAgeS: AGE_S, retentionAgeS: 'infinite' };

async function bench(wish: StreamWish = ON_EMPTY, options: { objects?: StoredObjects; seed?: number } = {}) {
  const made = await engineBench({ ...options, stream: false, tunables: { emptySweepMs: SWEEP_MS } });
  if (options.seed !== 2) await made.engine.createStream(BASIN, STREAM, null, wish);
  const isThere = async () => (await made.engine.checkTail(BASIN, STREAM)).kind === 'tail';
  return { ...made, isThere };
}

/** Trims everything there is, the command included. */
async function emptied({ engine }: { engine: Awaited<ReturnType<typeof bench>>['engine'] }): Promise<void> {
  await engine.append(BASIN, STREAM, batch([record('x')]));
  await engine.append(BASIN, STREAM, batch([trimRecord(1_000)]));
}

describe('a stream that is to be deleted when it is empty', () => {
  test('and was never written to goes after its minimum age, not before', async () => {
    const { clock, isThere, telemetry } = await bench();
    await clock.advance(AGE_S * 1_000);
    expect(await isThere()).toBe(true);
    await clock.advance(DUE_MS - AGE_S * 1_000);
    expect(await isThere()).toBe(false);
    expect(telemetry.count('stream.deleted-on-empty')).toBe(1);
  });

  test('and has records stays', async () => {
    const { clock, engine, isThere } = await bench();
    await engine.append(BASIN, STREAM, batch('x'));
    await clock.advance(10 * DUE_MS);
    expect(await isThere()).toBe(true);
  });

  test('and was emptied by a trim goes when that is long enough ago', async () => {
    const made = await bench();
    await made.clock.advance(DUE_MS - 2 * SWEEP_MS);
    await emptied(made);
    await made.clock.advance(AGE_S * 1_000);
    expect(await made.isThere()).toBe(true);
    await made.clock.advance(DUE_MS);
    expect(await made.isThere()).toBe(false);
  });

  test('stays when an append is on its way as its time comes', async () => {
    const made = await bench();
    await made.clock.advance(DUE_MS - 1.5 * SWEEP_MS);
    made.holdPuts();
    const appended = made.engine.append(BASIN, STREAM, batch('x'));
    await made.clock.advance(0.9 * SWEEP_MS);
    await made.oldestPut().complete();
    expect((await appended).kind).toBe('durable');
    made.blobs.holds = () => false;
    await made.clock.advance(10 * DUE_MS);
    expect(await made.isThere()).toBe(true);
  });

  test('stays when that append looks older than it is, because a clock was wrong', async () => {
    const made = await bench();
    await made.clock.advance(DUE_MS - 1.5 * SWEEP_MS);
    made.holdPuts();
    made.clock.stepWall(-3_600_000);
    const appended = made.engine.append(BASIN, STREAM, batch('x'));
    await made.clock.advance(10);
    made.clock.stepWall(3_600_000);
    await made.clock.advance(0.9 * SWEEP_MS);
    await made.oldestPut().complete();
    expect((await appended).kind).toBe('durable');
    made.blobs.holds = () => false;
    await made.clock.advance(10 * DUE_MS);
    expect(await made.isThere()).toBe(true);
  });

  test('stays when that is switched off in the meantime', async () => {
    const { clock, engine, isThere } = await bench();
    await clock.advance(DUE_MS - 2 * SWEEP_MS);
    await engine.reconfigureStream(BASIN, STREAM, { deleteOnEmptyMinAgeS: 0 });
    await clock.advance(10 * DUE_MS);
    expect(await isThere()).toBe(true);
  });

  test('and was old when that was switched on is not deleted at once', async () => {
    const { clock, engine, isThere } = await bench({ ...NO_WISH, deleteOnEmptyMinAgeS: 0 });
    await clock.advance(100 * DUE_MS);
    await engine.reconfigureStream(BASIN, STREAM, { deleteOnEmptyMinAgeS: AGE_S });
    await clock.advance(AGE_S * 1_000);
    expect(await isThere()).toBe(true);
    await clock.advance(DUE_MS);
    expect(await isThere()).toBe(false);
  });

  test('is not deleted by a wall clock that jumps ahead', async () => {
    const { clock, isThere } = await bench();
    clock.stepWall(365 * 86_400_000);
    await clock.advance(AGE_S * 1_000);
    expect(await isThere()).toBe(true);
  });

  test('is deleted by the next owner, who counts from what the log says', async () => {
    const objects: StoredObjects = new Map();
    const first = await bench(ON_EMPTY, { objects, seed: 1 });
    await emptied(first);
    const second = await bench(ON_EMPTY, { objects, seed: 2 });
    expect(await second.isThere()).toBe(true);
    await second.clock.advance(2 * DUE_MS);
    expect(await second.isThere()).toBe(false);
  });

  test('leaves its name to a new stream, which begins at number 0', async () => {
    const made = await bench();
    await emptied(made);
    await made.clock.advance(2 * DUE_MS);
    expect(await made.engine.createStream(BASIN, STREAM, null)).toMatchObject({ row: { tail: { seqNum: 0 } } });
  });
});

test('nothing waits for time while no stream is to be deleted when it is empty', async () => {
  const { clock, engine } = await bench({ ...NO_WISH, deleteOnEmptyMinAgeS: 0 });
  await clock.advance(10 * SWEEP_MS);
  const idle = clock.sleepers;
  await engine.reconfigureStream(BASIN, STREAM, { deleteOnEmptyMinAgeS: AGE_S });
  await clock.advance(10 * SWEEP_MS);
  expect(clock.sleepers).toBe(idle + 1);
  await engine.reconfigureStream(BASIN, STREAM, { deleteOnEmptyMinAgeS: null });
  await clock.advance(10 * SWEEP_MS);
  expect(clock.sleepers).toBe(idle);
});

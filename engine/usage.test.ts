/** Usage over the lives of owners: what survives a restart, a crash and a failover, and what a trim took away. */

import { describe, expect, test } from 'vitest';

import type { AccountUsageSet, BasinUsageSet } from './core/usage.ts';
import type { Engine } from './engine.ts';
import { SEGMENT_DEFAULTS } from './segments/tunables.ts';
import {
  BASIN,
  batch,
  engineBench,
  type EngineBench,
  follow,
  FROM_START,
  record,
  STREAM,
  trimRecord,
} from './testing/engine-bench.ts';
import { settled } from './testing/manual-ports.ts';

const MINUTE = 60_000;
const NOW_S = 1_700_000_000;
const RANGE = { startS: NOW_S - 3_600, endS: NOW_S + 240 };

const BASIN_SETS: readonly BasinUsageSet[] = [
  ...(['storage', 'append-ops', 'read-ops', 'read-throughput', 'append-throughput', 'basin-ops'] as const),
];
const ACCOUNT_SETS: readonly AccountUsageSet[] = ['active-basins', 'account-ops'];

/** Everything there is to be asked, at every interval. */
async function everything(engine: Engine) {
  const answers: unknown[] = [await engine.streamUsage(BASIN, STREAM, 'storage', { ...RANGE, interval: null })];
  for (const interval of [null, 'minute', 'hour', 'day'] as const) {
    for (const set of ACCOUNT_SETS) answers.push(await engine.accountUsage(set, { ...RANGE, interval }));
    for (const set of BASIN_SETS) {
      if (set !== 'storage' || interval === null)
        answers.push(await engine.basinUsage(BASIN, set, { ...RANGE, interval }));
    }
  }
  return answers;
}

async function storedBytes(engine: Engine): Promise<number | undefined> {
  const outcome = await engine.streamUsage(BASIN, STREAM, 'storage', { ...RANGE, interval: null });
  const [figure] = outcome.kind === 'usage' ? outcome.figures : [];
  return figure?.kind === 'gauge' ? figure.values.at(-1)?.[1] : undefined;
}

/** Some minutes of work, all of it logged at the end. */
async function worked({ engine, clock }: EngineBench): Promise<void> {
  for (let minute = 0; minute < 3; minute++) {
    await engine.append(BASIN, STREAM, batch([record('hello'), record(`${minute}`)]));
    engine.count('list-basins');
    engine.countIn(BASIN, 'reads-unary');
    await clock.advance(MINUTE);
  }
}

describe('the history is the same', () => {
  test.each([
    ['from the log alone', {}],
    ['from a checkpoint', { segments: { ...SEGMENT_DEFAULTS, flushSlots: 1, overlayRowsMax: 1, pageRows: 1 } }],
  ])('for the next owner, %s', async (_, tunables) => {
    const first = await engineBench({ tunables });
    await worked(first);
    if ('segments' in tunables) await first.engine.flush();
    const before = await everything(first.engine);
    const second = await engineBench({ objects: first.blobs.objects, seed: 2, tunables });
    second.clock.stepWall(first.clock.wallMs() - second.clock.wallMs());
    expect(await everything(second.engine)).toEqual(before);
    expect(JSON.stringify(before)).toContain('list-basins');
  });

  test('after an end in order, with what was counted until then', async () => {
    const first = await engineBench();
    first.engine.count('delete-basin');
    await first.engine.stop();
    const second = await engineBench({ objects: first.blobs.objects, seed: 2 });
    const ops = await second.engine.accountUsage('account-ops', { ...RANGE, interval: null });
    expect(JSON.stringify(ops)).toContain('delete-basin');
  });

  test('after a crash, without what was counted and not logged, and with every batch that is durable', async () => {
    const first = await engineBench();
    await first.engine.append(BASIN, STREAM, batch('hello'));
    first.engine.count('delete-basin');
    const second = await engineBench({ objects: first.blobs.objects, seed: 2 });
    const ops = await second.engine.accountUsage('account-ops', { ...RANGE, interval: null });
    expect(ops).toEqual({ kind: 'usage', figures: [] });
    expect(await storedBytes(second.engine)).toBe(13);
    expect(await storedBytes(first.engine)).toBeUndefined();
  });
});

test('an owner of which nothing is asked logs nothing and sets no timer for it', async () => {
  const made = await engineBench();
  await made.engine.flush();
  await made.clock.advance(10 * MINUTE);
  const { slot } = made.engine.state;
  const idle = made.clock.sleepers;
  await made.clock.advance(10 * MINUTE);
  expect(made.engine.state.slot).toBe(slot);
  made.engine.count('list-basins');
  made.engine.count('list-basins');
  expect(made.clock.sleepers).toBe(idle + 1);
  await made.clock.advance(MINUTE);
  expect(made.engine.state.slot).toBe(slot + 1);
  expect(made.telemetry.count('usage.logged')).toBe(1);
  await made.engine.flush();
  expect(made.clock.sleepers).toBe(idle);
});

describe('a basin that is made again is told nothing of the one before it', () => {
  /** Deleted, and made again before the log has taken the last of that; what the log is told in `meanwhile` is queued between. */
  async function madeAgain(made: EngineBench, meanwhile: () => Promise<void>): Promise<void> {
    made.holdPuts();
    void made.engine.deleteBasin(BASIN);
    const isGone = () => made.telemetry.count('stream.deleted') === 1 && made.blobs.held('putIfAbsent').length === 1;
    for (await settled(); !isGone(); await settled()) await made.oldestPut().complete();
    void made.engine.createBasin(BASIN, null);
    await meanwhile();
    made.blobs.holds = () => false;
    for (const put of made.blobs.held('putIfAbsent')) await put.complete();
  }

  const told = (engine: Engine, set: BasinUsageSet) => engine.basinUsage(BASIN, set, { ...RANGE, interval: null });

  test('when it was counted before, and logged while both were on their way to the log', async () => {
    const made = await engineBench();
    for (let i = 0; i < 3; i++) made.engine.countIn(BASIN, 'list-streams');
    await madeAgain(made, () => made.clock.advance(MINUTE));
    await made.clock.advance(2 * MINUTE);
    expect(await told(made.engine, 'basin-ops')).toEqual({ kind: 'usage', figures: [] });
  });

  test('when it is handed to a reader of before', async () => {
    const made = await engineBench();
    await made.engine.append(BASIN, STREAM, batch('hello'));
    await made.engine.flush();
    made.blobs.holds = ({ operation, key }) => operation === 'get' && key.startsWith('seg/');
    const read = follow(made.engine.read(BASIN, STREAM, FROM_START));
    await settled();
    const gets = made.blobs.held('get');
    await madeAgain(made, () => Promise.resolve());
    for (const get of gets) await get.complete();
    expect(read()).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }] });
    await made.clock.advance(2 * MINUTE);
    const [figure] = await told(made.engine, 'read-throughput').then((it) => (it.kind === 'usage' ? it.figures : []));
    expect(figure?.values).toEqual([]);
  });
});

describe('what a trim took away is counted some time later', () => {
  const trimmed = async (made: EngineBench) => {
    await made.engine.append(BASIN, STREAM, batch([record('hello'), record('a'), record('bcd')]));
    await made.engine.append(BASIN, STREAM, batch([record('ef'), trimRecord(2)]));
  };
  /** `bcd`, `ef` and the command. */
  const LEFT = 11 + 10 + 22;

  test('from memory', async () => {
    const made = await engineBench();
    await trimmed(made);
    expect(await storedBytes(made.engine)).toBe(13 + 9 + LEFT);
    await made.clock.advance(MINUTE);
    expect(await storedBytes(made.engine)).toBe(LEFT);
    expect(made.telemetry.count('usage.trim-counted')).toBe(1);
  });

  test('from a segment, by the next owner at once', async () => {
    const tunables = { segments: { ...SEGMENT_DEFAULTS, flushSlots: 1, deadPercentMax: 1 } };
    const first = await engineBench({ tunables });
    await trimmed(first);
    await first.engine.flush();
    const second = await engineBench({ objects: first.blobs.objects, seed: 2, tunables });
    await second.engine.flush();
    await second.clock.advance(1);
    expect(await storedBytes(second.engine)).toBe(LEFT);
  });

  test('again when the stream is trimmed again, and not at all when nothing is left of it', async () => {
    const made = await engineBench();
    await trimmed(made);
    await made.clock.advance(MINUTE);
    await made.engine.append(BASIN, STREAM, batch([trimRecord(3)]));
    await made.clock.advance(MINUTE);
    expect(await storedBytes(made.engine)).toBe(10 + 22 + 22);
    await made.engine.append(BASIN, STREAM, batch([trimRecord(1_000)]));
    expect(await storedBytes(made.engine)).toBe(0);
    await made.clock.advance(10 * MINUTE);
    expect(made.telemetry.count('usage.trim-counted')).toBe(2);
  });

  test('and waits while the store keeps the records', async () => {
    const tunables = { segments: { ...SEGMENT_DEFAULTS, flushSlots: 1, cacheBytesMax: 0, indexCacheBytesMax: 0 } };
    const made = await engineBench({ tunables });
    await trimmed(made);
    await made.engine.flush();
    for (const [key, bytes] of made.blobs.objects)
      if (key.startsWith('seg/'))
        made.blobs.objects.set(
          key,
          bytes.map((byte) => byte ^ 1),
        );
    await made.clock.advance(MINUTE);
    expect(made.telemetry.count('usage.unreadable')).toBe(1);
    expect(await storedBytes(made.engine)).toBe(13 + 9 + LEFT);
    expect(made.engine.end).toBeNull();
  });
});

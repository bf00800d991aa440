/** Streams that are created because somebody appends or reads (API contract §4.6). */

import { describe, expect, test } from 'vitest';

import { basinConfig, NO_WISH } from '../core/config.ts';
import type { ReadInput } from '../core/read-plan.ts';
import { BASIN, batch, engineBench, follow, FROM_START } from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';

const ON_APPEND = basinConfig({ createStreamOnAppend: true, defaultStreamConfig: { ...NO_WISH, retentionAgeS: 77 } });
const ON_READ = basinConfig({ createStreamOnRead: true });
const ALL = { prefix: '', startAfter: '', limit: 10 };

async function bench(config = basinConfig({})) {
  const made = await engineBench({ stream: false });
  await made.engine.ensureBasin(BASIN, config);
  const names = async () => {
    const listed = await made.engine.listStreams(BASIN, ALL);
    return listed.kind === 'page' ? listed.page.rows.map(({ name }) => name) : listed;
  };
  return { ...made, names };
}

describe('an append', () => {
  test('creates the stream it is about with the defaults of the basin, and lands in it', async () => {
    const { engine, names } = await bench(ON_APPEND);
    expect(await engine.append(BASIN, 's', batch('x'))).toMatchObject({
      kind: 'durable',
      ack: { start: { seqNum: 0 } },
    });
    expect(await names()).toEqual(['s']);
    expect(await engine.streamConfig(BASIN, 's')).toMatchObject({ config: { retentionAgeS: 77 } });
  });

  test('whose condition fails leaves the stream in existence', async () => {
    const { engine, names } = await bench(ON_APPEND);
    expect(await engine.append(BASIN, 's', batch('x', { matchSeqNum: 5 }))).toEqual({
      kind: 'rejected',
      reason: { kind: 'seq-num-mismatch', actual: 0 },
    });
    expect(await names()).toEqual(['s']);
  });

  test('that is refused while the store does not confirm the stream does not say that nothing happened', async () => {
    const { engine, holdPuts, oldestPut, clock, names } = await bench(ON_APPEND);
    holdPuts();
    const answer = follow(engine.append(BASIN, 's', batch('x', { matchSeqNum: 5 })));
    await clock.advance(1_000);
    expect(answer()).toEqual({ kind: 'rejected', reason: { kind: 'creation-in-doubt' } });
    await oldestPut().complete();
    expect(await names()).toEqual(['s']);
  });

  test('races with nine others, and all of them land in one stream', async () => {
    const { engine, names } = await bench(ON_APPEND);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => engine.append(BASIN, 's', batch('x'))));
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'durable'));
    expect(await engine.checkTail(BASIN, 's')).toMatchObject({ tail: { seqNum: 10 } });
    expect(await names()).toEqual(['s']);
  });

  test('in a session creates the stream when the session opens', async () => {
    const { engine, names } = await bench(ON_APPEND);
    expect((await engine.appendSession(BASIN, 's')).kind).toBe('open');
    expect(await names()).toEqual(['s']);
  });

  test.each([
    ['no flag', basinConfig({})],
    ['the other flag', ON_READ],
  ])('with %s set creates nothing', async (_, config) => {
    const { engine, names } = await bench(config);
    const missing = { kind: 'rejected', reason: { kind: 'stream-not-found', basin: BASIN, stream: 's' } };
    expect(await engine.append(BASIN, 's', batch('x'))).toEqual(missing);
    expect(await engine.appendSession(BASIN, 's')).toEqual(missing);
    expect(await names()).toEqual([]);
  });
});

describe('a read', () => {
  const at: ReadInput = FROM_START;

  test.each([
    ['of a batch', 'read', 'unwritten'],
    ['of the tail', 'checkTail', 'tail'],
  ] as const)('%s creates the stream, and finds it empty', async (_, operation, kind) => {
    const { engine, names } = await bench(ON_READ);
    expect(await engine[operation](BASIN, 's', at)).toMatchObject({ kind, tail: { seqNum: 0, timestamp: 0 } });
    expect(await names()).toEqual(['s']);
  });

  test('as a session creates the stream, and follows it', async () => {
    const { engine, names } = await bench(ON_READ);
    const session = { ...at, start: { kind: 'tail-offset', offset: 0 } } as const;
    expect((await engine.readSession(BASIN, 's', session)).kind).toBe('open');
    expect(await names()).toEqual(['s']);
  });

  test('is not answered before the stream it created is durable', async () => {
    const { engine, holdPuts, oldestPut } = await bench(ON_READ);
    holdPuts();
    const answer = follow(engine.checkTail(BASIN, 's'));
    await settled();
    expect(answer()).toBeNull();
    await oldestPut().complete();
    await settled();
    expect(answer()).toMatchObject({ kind: 'tail' });
  });

  test.each(['read', 'checkTail'] as const)(
    'of a stream whose creation the store does not confirm does not say that nothing happened: %s',
    async (operation) => {
      const { engine, holdPuts, oldestPut, clock, names } = await bench(ON_READ);
      holdPuts();
      const answer = follow<unknown>(engine[operation](BASIN, 's', at));
      await clock.advance(1_000);
      expect(answer()).toEqual({ kind: 'rejected', reason: { kind: 'creation-in-doubt' } });
      await oldestPut().complete();
      expect(await names()).toEqual(['s']);
    },
  );

  test('that gave up before its stream was begun creates none later', async () => {
    const { engine, holdPuts, oldestPut, clock, names } = await bench(ON_READ);
    holdPuts();
    // Ownership is proved by the put in front of it, which comes too late.
    const before = engine.ensureBasin(BASIN, basinConfig({ createStreamOnRead: true, createStreamOnAppend: true }));
    const answer = follow(engine.checkTail(BASIN, 's'));
    await clock.advance(1_000);
    expect(answer()).toMatchObject({ kind: 'rejected', reason: { kind: 'unavailable' } });
    await oldestPut().complete();
    await before;
    await settled();
    expect(await names()).toEqual([]);
  });

  test('races with nine others and an append, and all of them see one stream', async () => {
    const { engine, names } = await bench(basinConfig({ createStreamOnAppend: true, createStreamOnRead: true }));
    const asked = [
      ...Array.from({ length: 10 }, () => engine.checkTail(BASIN, 's')),
      engine.append(BASIN, 's', batch('x')),
    ];
    for (const { kind } of await Promise.all(asked)) expect(['tail', 'durable']).toContain(kind);
    expect(await names()).toEqual(['s']);
  });

  test.each([
    ['no flag', basinConfig({})],
    ['the other flag', ON_APPEND],
  ])('with %s set creates nothing', async (_, config) => {
    const { engine, names } = await bench(config);
    const missing = { kind: 'rejected', reason: { kind: 'stream-not-found', basin: BASIN, stream: 's' } };
    expect(await engine.checkTail(BASIN, 's')).toEqual(missing);
    expect(await engine.read(BASIN, 's', at)).toEqual(missing);
    expect(await names()).toEqual([]);
  });
});

test('nothing is created in a basin that is missing or goes', async () => {
  const { engine } = await bench(basinConfig({ createStreamOnAppend: true, createStreamOnRead: true }));
  expect(await engine.append('basin-99', 's', batch('x'))).toMatchObject({ reason: { kind: 'basin-not-found' } });
  expect(await engine.checkTail('basin-99', 's')).toMatchObject({ reason: { kind: 'basin-not-found' } });
  const going = engine.deleteBasin(BASIN);
  const late = engine.append(BASIN, 's', batch('x'));
  expect(await going).toEqual({ kind: 'deleted' });
  expect(await late).toEqual({ kind: 'rejected', reason: { kind: 'basin-deletion-pending', basin: BASIN } });
});

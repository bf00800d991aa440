/** Creating streams and basins: before it is durable, and twice. */

import { describe, expect, test } from 'vitest';

import { append, BASIN, batch, engineBench, follow, reason, STREAM } from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';

describe('a stream whose creation is not durable yet', () => {
  test('takes appends, which are durable after it', async () => {
    const bench = await engineBench({ stream: false });
    bench.holdPuts();
    const created = follow(bench.engine.createStream(BASIN, STREAM, null));
    const appended = append(bench, 'a');
    await settled();
    const puts = bench.blobs.held('putIfAbsent');
    await puts[1]?.complete();
    expect([created(), appended()]).toEqual([null, null]);
    await puts[0]?.complete();
    expect([created()?.kind, appended()?.kind]).toEqual(['created', 'durable']);
    expect(await bench.bodies()).toEqual(['a']);
  });

  test('in a basin that is not durable yet either, too', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const outcomes = [
      follow(bench.engine.createBasin('basin-02', null)),
      follow(bench.engine.createStream('basin-02', STREAM, null)),
      follow(bench.engine.append('basin-02', STREAM, batch('a'))),
    ];
    await settled();
    for (const put of bench.blobs.held()) await put.complete();
    expect(outcomes.map((o) => o()?.kind)).toEqual(['created', 'created', 'durable']);
  });
});

describe('creating twice', () => {
  test('with the same request token succeeds again with the same row, with another or none it exists', async () => {
    const bench = await engineBench({ stream: false });
    const first = await bench.engine.createStream(BASIN, STREAM, 'token');
    if (first.kind !== 'created') throw new Error(first.kind);
    await bench.clock.advance(5_000);
    expect(await bench.engine.createStream(BASIN, STREAM, 'token')).toEqual({ kind: 'noop', row: first.row });
    expect(await bench.engine.createStream(BASIN, STREAM, 'other')).toMatchObject({ kind: 'exists' });
    expect(await bench.engine.createStream(BASIN, STREAM, null)).toMatchObject({ kind: 'exists' });
  });

  test('without a token never succeeds again', async () => {
    const bench = await engineBench();
    expect(await bench.engine.createBasin(BASIN, null)).toMatchObject({ kind: 'exists' });
    expect(await bench.engine.createStream(BASIN, STREAM, null)).toMatchObject({ kind: 'exists' });
  });

  test('of a basin by token works the same', async () => {
    const bench = await engineBench();
    expect(await bench.engine.createBasin('basin-02', 'token')).toMatchObject({ kind: 'created' });
    expect(await bench.engine.createBasin('basin-02', 'token')).toMatchObject({ kind: 'noop' });
  });

  test('is answered only when the first creation is durable', async () => {
    const bench = await engineBench({ stream: false });
    bench.holdPuts();
    const first = follow(bench.engine.createStream(BASIN, STREAM, 'token'));
    const second = follow(bench.engine.createStream(BASIN, STREAM, 'token'));
    const third = follow(bench.engine.createStream(BASIN, STREAM, 'other'));
    await settled();
    expect([first(), second(), third()]).toEqual([null, null, null]);
    expect(bench.telemetry.count('stream.create-raced')).toBe(2);
    await bench.oldestPut().complete();
    expect([first()?.kind, second()?.kind, third()?.kind]).toEqual(['created', 'noop', 'exists']);
  });

  test('a stream in a missing basin is not found', async () => {
    const bench = await engineBench();
    expect(reason(await bench.engine.createStream('basin-99', STREAM, null))).toEqual({
      kind: 'basin-not-found',
      basin: 'basin-99',
    });
  });
});

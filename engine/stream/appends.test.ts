/** Appends as clients see them: when they are acknowledged, when a refusal may be told, who waits for room. */

import { describe, expect, test } from 'vitest';

import {
  append,
  BASIN,
  batch,
  engineBench,
  fenceRecord,
  NOT_OWNER,
  reason,
  record,
  slotOf,
  STREAM,
  trimRecord,
} from '../testing/engine-bench.ts';
import { plantFence } from '../testing/log-bench.ts';
import { settled } from '../testing/manual-ports.ts';

describe('appends', () => {
  test('pipelined ones get consecutive numbers and are acknowledged in order', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const [a, b, c] = [append(bench, 'a'), append(bench, [record('b'), record('b2')]), append(bench, 'c')];
    await settled();
    const puts = bench.blobs.held('putIfAbsent');
    expect(puts).toHaveLength(3);
    await puts[2]?.complete();
    await puts[1]?.complete();
    expect([a(), b(), c()]).toEqual([null, null, null]);
    await puts[0]?.complete();
    const starts = [a(), b(), c()].map((o) => (o?.kind === 'durable' ? [o.ack.start.seqNum, o.ack.end.seqNum] : o));
    expect(starts).toEqual([
      [0, 1],
      [1, 3],
      [3, 4],
    ]);
    expect(bench.telemetry.count('append.pipelined')).toBe(2);
    expect(await bench.bodies()).toEqual(['a', 'b', 'b2', 'c']);
  });

  test('the acknowledgement has first and last position and a durable tail that is not below', async () => {
    const bench = await engineBench();
    const now = bench.clock.wallMs();
    const outcome = await bench.engine.append(BASIN, STREAM, batch([record('a', 5), record('b')]));
    expect(outcome).toEqual({
      kind: 'durable',
      ack: {
        start: { seqNum: 0, timestamp: 5 },
        end: { seqNum: 2, timestamp: now },
        tail: { seqNum: 2, timestamp: now },
      },
    });
  });

  test('a conditional append is judged by what is queued, not only by what is durable', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const a = append(bench, 'a', { matchSeqNum: 0 });
    const b = append(bench, 'b', { matchSeqNum: 1 });
    await settled();
    for (const put of bench.blobs.held()) await put.complete();
    expect([a()?.kind, b()?.kind]).toEqual(['durable', 'durable']);
  });

  test('an undurable fence already fences', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    append(bench, [fenceRecord('mine')]);
    const fenced = append(bench, 'a', { fencingToken: '' });
    const holder = append(bench, 'b', { fencingToken: 'mine' });
    const outsider = append(bench, 'c');
    await settled();
    for (const put of bench.blobs.held()) await put.complete();
    await settled();
    expect(reason(fenced())).toEqual({ kind: 'fencing-token-mismatch', actual: 'mine' });
    expect([holder()?.kind, outsider()?.kind]).toEqual(['durable', 'durable']);
  });

  test('timestamps follow the wall clock but never run backwards with it', async () => {
    const bench = await engineBench();
    const first = await bench.engine.append(BASIN, STREAM, batch('a'));
    bench.clock.stepWall(-5_000);
    const second = await bench.engine.append(BASIN, STREAM, batch('b'));
    if (first.kind !== 'durable' || second.kind !== 'durable') throw new Error('not durable');
    expect(second.ack.end.timestamp).toBe(first.ack.end.timestamp);
    expect(bench.telemetry.count('append.timestamp-raised')).toBe(1);
  });

  test('to a missing stream or basin are not found', async () => {
    const bench = await engineBench({ stream: false });
    expect(reason(await bench.engine.append(BASIN, 'none', batch('a')))).toEqual({
      kind: 'stream-not-found',
      basin: BASIN,
      stream: 'none',
    });
    expect(reason(await bench.engine.append('basin-99', 'none', batch('a')))).toEqual({
      kind: 'basin-not-found',
      basin: 'basin-99',
    });
  });

  test('a trim hides records below it from every read that starts after', async () => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch([record('a'), record('b'), trimRecord(1)]));
    expect(await bench.bodies()).toEqual(['b', Buffer.from(trimRecord(1).body).toString()]);
    expect(bench.telemetry.count('read.below-trim')).toBe(1);
  });
});

describe('a rejected condition', () => {
  test('is told only when the state it reports is durable and ownership is proved after the question', async () => {
    const bench = await engineBench();
    bench.holdAll();
    append(bench, 'a');
    const refused = append(bench, 'b', { matchSeqNum: 7 });
    await settled();
    const put = bench.oldestPut();
    const probe = bench.blobs.held('get')[0];
    expect(probe && slotOf(probe)).toBe(slotOf(put) + 1);

    await probe?.complete();
    expect(refused()).toBeNull();
    await put.complete();
    expect(reason(refused())).toEqual({ kind: 'seq-num-mismatch', actual: 1 });
    expect(bench.telemetry.count('append.rejected.undurable')).toBe(1);
  });

  test('is not told on durability alone: the proof must come in too', async () => {
    const bench = await engineBench();
    bench.holdAll();
    append(bench, 'a');
    const refused = append(bench, 'b', { fencingToken: 'x' });
    await settled();
    await bench.oldestPut().complete();
    expect(refused()).toBeNull();
    await bench.blobs.held('get')[0]?.complete();
    expect(reason(refused())).toEqual({ kind: 'fencing-token-mismatch', actual: '' });
  });

  test('reports the state of its decision, not a later one', async () => {
    const bench = await engineBench();
    bench.holdAll();
    append(bench, 'a');
    const refused = append(bench, 'b', { matchSeqNum: 2 });
    append(bench, 'c');
    await settled();
    for (const call of bench.blobs.held()) await call.complete();
    expect(reason(refused())).toEqual({ kind: 'seq-num-mismatch', actual: 1 });
  });

  /** The state a rejection reports lies two slots ahead, and a commit of the first of them proves ownership. */
  async function provedBeforeDurable() {
    const bench = await engineBench({ log: { windowSlots: 1, slotBytesMax: 1024 } });
    bench.holdPuts();
    for (const name of ['a', 'b', 'c']) append(bench, name.repeat(600));
    const refused = append(bench, 'd', { matchSeqNum: 9 });
    await settled();
    await bench.oldestPut().complete();
    await bench.oldestPut().complete();
    expect(bench.telemetry.count('log.proof.by-commit')).toBe(1);
    expect(refused()).toBeNull();
    return { bench, refused };
  }

  test('is not told on the proof alone: all that was queued before it must be durable', async () => {
    const { bench, refused } = await provedBeforeDurable();
    await bench.oldestPut().complete();
    expect(reason(refused())).toEqual({ kind: 'seq-num-mismatch', actual: 3 });
  });

  test('is not told although it was proved when a fence takes what it reports', async () => {
    const { bench, refused } = await provedBeforeDurable();
    plantFence(bench, slotOf(bench.oldestPut()));
    await bench.oldestPut().complete();
    expect(reason(refused())).toEqual(NOT_OWNER);
  });

  test('leaves nothing behind: commands of the batch have no effect', async () => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch([fenceRecord('t'), record('a')], { matchSeqNum: 5 }));
    expect((await bench.engine.append(BASIN, STREAM, batch('b', { matchSeqNum: 0, fencingToken: '' }))).kind).toBe(
      'durable',
    );
  });

  test('by a process that was fenced meanwhile is told nothing but that', async () => {
    const bench = await engineBench();
    bench.holdAll();
    append(bench, 'a');
    const refused = append(bench, 'b', { matchSeqNum: 7 });
    await settled();
    const put = bench.oldestPut();
    plantFence(bench, slotOf(put));
    for (let call = bench.blobs.held()[0]; call !== undefined; call = bench.blobs.held()[0]) await call.complete();
    expect(reason(refused())).toEqual(NOT_OWNER);
  });
});

describe('back-pressure', () => {
  test('appends wait for room in the order they came, and none is lost', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 1024 } });
    bench.holdPuts();
    const outcomes = ['a', 'b', 'c'].map((name) => append(bench, name.repeat(500)));
    await settled();
    expect(bench.blobs.held()).toHaveLength(2);
    expect(bench.engine.undurableBytes).toBe(2 * 508);
    expect(bench.telemetry.count('append.backpressure')).toBe(1);
    await bench.oldestPut().complete();
    expect(bench.blobs.held()).toHaveLength(2);
    await bench.oldestPut().complete();
    await bench.oldestPut().complete();
    expect(outcomes.map((o) => o()?.kind)).toEqual(['durable', 'durable', 'durable']);
    expect(bench.engine.undurableBytes).toBe(0);
  });

  test('conditions are judged when there is room, not when the append came', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 1024 } });
    bench.holdPuts();
    append(bench, 'a'.repeat(1000));
    const waiting = append(bench, 'b'.repeat(1000), { matchSeqNum: 1 });
    await settled();
    await bench.oldestPut().complete();
    await bench.oldestPut().complete();
    expect(waiting()).toMatchObject({ kind: 'durable', ack: { start: { seqNum: 1 } } });
  });

  test('a refused append gives its room back at once', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 1024 } });
    bench.holdAll();
    append(bench, 'a'.repeat(1000), { matchSeqNum: 9 });
    await settled();
    expect(bench.engine.undurableBytes).toBe(0);
  });

  test('an append that waits for room when the log is fenced is rejected', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 1024 } });
    bench.holdPuts();
    const a = append(bench, 'a'.repeat(1000));
    const waiting = append(bench, 'b'.repeat(1000));
    await settled();
    plantFence(bench, slotOf(bench.oldestPut()));
    await bench.oldestPut().complete();
    expect([reason(a()), reason(waiting())]).toEqual([NOT_OWNER, NOT_OWNER]);
    expect(bench.engine.undurableBytes).toBe(0);
  });
});

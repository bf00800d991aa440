/** Streams as clients see them: what is shown when, and what is said when the store is slow, lost or taken away. */

import { describe, expect, test } from 'vitest';

import {
  BASIN,
  batch,
  type EngineBench,
  engineBench,
  fenceRecord,
  follow,
  FROM_START,
  record,
  slotOf,
  STREAM,
  trimRecord,
} from '../testing/engine-bench.ts';
import { plantFence } from '../testing/log-bench.ts';
import { DENIED, settled, TIMEOUT } from '../testing/manual-ports.ts';

const append = ({ engine }: EngineBench, ...input: Parameters<typeof batch>) =>
  follow(engine.append(BASIN, STREAM, batch(...input)));

/** What a rejected operation was told. */
function reason(outcome: { kind: string; reason?: unknown } | null): unknown {
  return outcome?.kind === 'rejected' ? outcome.reason : outcome;
}

const NOT_OWNER = { kind: 'not-owner' };
const UNAVAILABLE = expect.objectContaining({ kind: 'unavailable' });

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

describe('what is not durable yet', () => {
  test('is shown by no read and no check-tail', async () => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch('a'));
    bench.holdPuts();
    append(bench, 'b');
    await settled();
    bench.oldestPut().effect();
    const tail = follow(bench.engine.checkTail(BASIN, STREAM));
    const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
    await bench.clock.advance(500);
    // Neither may be answered yet: the probed slot is absent, but the one below it is open.
    expect([tail(), read()]).toEqual([null, null]);
    await bench.oldestPut().reply({ kind: 'done' });
    expect(tail()).toMatchObject({ kind: 'tail', tail: { seqNum: 2 } });
    expect(read()).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }, { seqNum: 1 }] });
  });

  test('is not shown although a later slot is durable', async () => {
    const bench = await engineBench({ log: { windowSlots: 2 } });
    bench.holdPuts();
    append(bench, 'a');
    append(bench, 'b');
    await settled();
    await bench.blobs.held('putIfAbsent')[1]?.complete();
    const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
    await settled();
    expect(read()).toBeNull();
    await bench.oldestPut().complete();
    expect(read()).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }, { seqNum: 1 }] });
  });

  test('is not shown by an answer that a commit in front of it allows', async () => {
    const bench = await engineBench({ log: { windowSlots: 1 } });
    bench.holdPuts();
    append(bench, 'a');
    append(bench, 'b');
    const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
    const atTail = follow(bench.engine.read(BASIN, STREAM, { ...FROM_START, start: { kind: 'seq-num', seqNum: 2 } }));
    const tail = follow(bench.engine.checkTail(BASIN, STREAM));
    await settled();
    await bench.oldestPut().complete();
    expect(read()).toBeNull();
    append(bench, 'c');
    await settled();
    await bench.oldestPut().complete();
    expect(bench.blobs.held('putIfAbsent')).toHaveLength(1);
    expect(read()).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }, { seqNum: 1 }] });
    expect(atTail()).toMatchObject({ kind: 'unwritten', tail: { seqNum: 2 } });
    expect(tail()).toMatchObject({ kind: 'tail', tail: { seqNum: 2 } });
  });

  test('a basin that is not durable yet is said not to exist', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    void bench.engine.createBasin('basin-02', null);
    const tail = follow(bench.engine.checkTail('basin-03', STREAM));
    await settled();
    // The proof waits for the first creation alone; the second is queued behind it and stays open.
    void bench.engine.createBasin('basin-03', null);
    await bench.oldestPut().complete();
    expect(bench.blobs.held()).toHaveLength(1);
    expect(reason(tail())).toEqual({ kind: 'basin-not-found', basin: 'basin-03' });
  });
});

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

describe('patience', () => {
  test('an append that was queued ends unknown, and may still take effect', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const a = append(bench, 'a');
    await bench.clock.advance(999);
    expect(a()).toBeNull();
    await bench.clock.advance(1);
    expect(a()).toMatchObject({ kind: 'unknown' });
    await bench.oldestPut().complete();
    expect(await bench.bodies()).toEqual(['a']);
    expect(bench.engine.undurableBytes).toBe(0);
  });

  test('an append that was refused ends rejected: it certainly has no effect', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    append(bench, 'a');
    const refused = append(bench, 'b', { matchSeqNum: 9 });
    const missing = follow(bench.engine.append(BASIN, 'none', batch('a')));
    await bench.clock.advance(1000);
    expect([reason(refused()), reason(missing())]).toEqual([UNAVAILABLE, UNAVAILABLE]);
    expect(bench.telemetry.count('append.deadline')).toBe(2);
  });

  test('a creation that was queued ends unknown, one that found the name taken ends rejected', async () => {
    const bench = await engineBench();
    bench.holdAll();
    const fresh = follow(bench.engine.createStream(BASIN, 'fresh', null));
    const taken = follow(bench.engine.createStream(BASIN, STREAM, null));
    await bench.clock.advance(1000);
    expect(fresh()).toMatchObject({ kind: 'unknown' });
    expect(reason(taken())).toEqual(UNAVAILABLE);
  });

  test('reads end rejected', async () => {
    const bench = await engineBench();
    bench.holdAll();
    const read = follow(bench.engine.read(BASIN, STREAM, FROM_START));
    const tail = follow(bench.engine.checkTail(BASIN, STREAM));
    await bench.clock.advance(1000);
    expect([reason(read()), reason(tail())]).toEqual([UNAVAILABLE, UNAVAILABLE]);
  });

  test('also ends an append that waits for room, rejected and without effect', async () => {
    const bench = await engineBench({ tunables: { undurableBytesMax: 1024 } });
    bench.holdPuts();
    append(bench, 'x'.repeat(1000));
    const waiting = append(bench, 'y'.repeat(1000));
    await bench.clock.advance(1000);
    expect(reason(waiting())).toEqual(UNAVAILABLE);
    await bench.oldestPut().complete();
    expect(bench.blobs.held()).toEqual([]);
    expect(bench.engine.undurableBytes).toBe(0);
    expect(await bench.bodies()).toEqual(['x'.repeat(1000)]);
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

describe('a fenced engine', () => {
  test('rejects everything', async () => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch('a'));
    const next =
      Math.max(...[...bench.blobs.objects.keys()].filter((k) => k !== 'format').map((key) => slotOf({ key }))) + 1;
    plantFence(bench, next);
    const { engine } = bench;
    const outcomes = [
      await engine.append(BASIN, STREAM, batch('b')),
      await engine.append(BASIN, STREAM, batch('b', { matchSeqNum: 0 })),
      await engine.append(BASIN, 'none', batch('b')),
      await engine.read(BASIN, STREAM, FROM_START),
      await engine.checkTail(BASIN, STREAM),
      await engine.createBasin(BASIN, null),
      await engine.createBasin('basin-02', null),
      await engine.createStream(BASIN, STREAM, null),
      await engine.createStream(BASIN, 'fresh', null),
      await engine.createStream('basin-99', 'fresh', null),
    ];
    expect(outcomes.map(reason)).toEqual(outcomes.map(() => NOT_OWNER));
    expect(await engine.ended).toEqual({ kind: 'fenced', byEpoch: 2 });
    expect(engine.end).toEqual({ kind: 'fenced', byEpoch: 2 });
    expect(bench.clock.sleepers).toBe(0);
  });

  test('that learns it by a read rejects the read although it knows the records', async () => {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch('a'));
    plantFence(bench, 67);
    expect(reason(await bench.engine.read(BASIN, STREAM, FROM_START))).toEqual(NOT_OWNER);
    expect(bench.engine.end).toMatchObject({ kind: 'fenced' });
  });

  test('still acknowledges what stands below the fence', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const [a, b] = [append(bench, 'a'), append(bench, 'b')];
    await settled();
    const [putA, putB] = bench.blobs.held('putIfAbsent');
    putA?.effect();
    plantFence(bench, slotOf(putB ?? { key: '' }));
    await putB?.complete();
    expect([a(), reason(b())]).toEqual([null, NOT_OWNER]);
    await putA?.reply({ kind: 'unknown', fault: TIMEOUT });
    await bench.clock.advance(10);
    await bench.oldestPut().complete();
    expect(a()).toMatchObject({ kind: 'durable', ack: { start: { seqNum: 0 } } });
  });
});

describe('a store that refuses for good', () => {
  test('leaves what was sent unknown and rejects what was not', async () => {
    const bench = await engineBench({ log: { windowSlots: 1 } });
    bench.holdPuts();
    const sent = append(bench, 'a');
    const unsent = append(bench, 'b');
    const created = follow(bench.engine.createStream(BASIN, 'fresh', null));
    await settled();
    await bench.oldestPut().reply({ kind: 'unknown', fault: DENIED });
    expect(sent()).toMatchObject({ kind: 'unknown' });
    expect([reason(unsent()), reason(created())]).toEqual([NOT_OWNER, NOT_OWNER]);
    expect(await bench.engine.ended).toEqual({ kind: 'store-refused', fault: DENIED });
    expect(reason(await bench.engine.append(BASIN, STREAM, batch('c')))).toEqual(NOT_OWNER);
    expect(bench.engine.undurableBytes).toBe(0);
  });
});

describe('stopping', () => {
  test('settles what was admitted, rejects what comes, and ends', async () => {
    const bench = await engineBench();
    bench.holdPuts();
    const admitted = append(bench, 'a');
    const ended = follow(bench.engine.stop());
    const late = append(bench, 'b');
    await settled();
    expect([reason(late()), ended()]).toEqual([{ kind: 'draining' }, null]);
    await bench.oldestPut().complete();
    expect([admitted()?.kind, ended()]).toEqual(['durable', { kind: 'stopped' }]);
    expect(reason(await bench.engine.checkTail(BASIN, STREAM))).toEqual({ kind: 'draining' });
    expect(bench.clock.sleepers).toBe(0);
  });
});

/** What is said when the store is slow, lost, taken away or stopped. */

import { describe, expect, test } from 'vitest';

import {
  append,
  BASIN,
  batch,
  engineBench,
  follow,
  FROM_START,
  NOT_OWNER,
  reason,
  slotOf,
  STREAM,
} from '../testing/engine-bench.ts';
import { plantFence } from '../testing/log-bench.ts';
import { DENIED, settled, TIMEOUT } from '../testing/manual-ports.ts';

const UNAVAILABLE = expect.objectContaining({ kind: 'unavailable' });

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

/** What reads and check-tail show: nothing that is not durable, and nothing that was not proved. */

import { describe, expect, test } from 'vitest';

import { append, BASIN, batch, engineBench, follow, FROM_START, reason, STREAM } from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';

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

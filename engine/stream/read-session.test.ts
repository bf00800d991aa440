/** Readers at work: what is there, then what comes (API contract §5.4-§5.6). */

import { describe, expect, test } from 'vitest';

import type { ReadEvent } from '../core/outcome.ts';
import type { ReadInput } from '../core/read-plan.ts';
import {
  BASIN,
  batch,
  type EngineBench,
  engineBench,
  follow,
  FROM_START,
  record,
  STREAM,
  trimRecord,
} from '../testing/engine-bench.ts';
import { plantFence } from '../testing/log-bench.ts';
import { settled } from '../testing/manual-ports.ts';

const AT_TAIL = { ...FROM_START, start: { kind: 'tail-offset', offset: 0 } } as const;
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** Reads on in the background and notes every event, as `bodies@tail`, `tail N`, or the reason of a failure. */
async function reader(bench: EngineBench, input: Partial<ReadInput> = {}, signal?: AbortSignal) {
  const opened = await bench.engine.readSession(BASIN, STREAM, { ...FROM_START, ...input }, signal);
  if (opened.kind !== 'open') return { opened, heard: [] as string[], ended: () => true };
  const heard: string[] = [];
  let ended = false;
  void (async () => {
    for await (const event of opened.events) heard.push(said(event));
    ended = true;
  })();
  await settled();
  return { opened, heard, ended: () => ended };
}

function said(event: ReadEvent): string {
  switch (event.kind) {
    case 'batch':
      return event.records.map((r) => text(r.body)).join('') + (event.tail === null ? '' : `@${event.tail.seqNum}`);
    case 'heartbeat':
      return `tail ${event.tail.seqNum}`;
    case 'failed':
      return event.reason.kind;
  }
}

async function append(bench: EngineBench, ...bodies: string[]) {
  for (const body of bodies) await bench.engine.append(BASIN, STREAM, batch(body));
  await settled();
}

describe('catching up, then following', () => {
  test('what is there comes first, then the tail, then records as they come, each once', async () => {
    const bench = await engineBench();
    await append(bench, 'a', 'b');
    const { heard, ended } = await reader(bench);
    expect(heard).toEqual(['ab', 'tail 2']);
    await append(bench, 'c', 'd');
    expect(heard).toEqual(['ab', 'tail 2', 'c@3', 'd@4']);
    expect(ended()).toBe(false);
  });

  test('a record is not shown before it is durable', async () => {
    const bench = await engineBench();
    const { heard } = await reader(bench);
    bench.holdPuts();
    void bench.engine.append(BASIN, STREAM, batch('a'));
    await settled();
    expect(heard).toEqual(['tail 0']);
    await bench.oldestPut().complete();
    expect(heard).toEqual(['tail 0', 'a@1']);
  });

  test('appends between the last batch and the tail leave no gap: the batch comes instead of the tail', async () => {
    const bench = await engineBench();
    await append(bench, 'a');
    const opened = await bench.engine.readSession(BASIN, STREAM, FROM_START);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    const next = async () => said((await opened.events.next()).value as ReadEvent);
    expect(await next()).toBe('a');
    await append(bench, 'b');
    expect(await next()).toBe('b');
    expect(await next()).toBe('tail 2');
    await append(bench, 'c', 'd');
    expect(await next()).toBe('cd@4');
  });

  test('a slow reader holds one batch: what it missed is read again from the stream', async () => {
    const bench = await engineBench();
    const opened = await bench.engine.readSession(BASIN, STREAM, FROM_START);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    await opened.events.next();
    for (let i = 0; i < 1500; i++) void bench.engine.append(BASIN, STREAM, batch('x'));
    await settled();
    const sizes: [number, boolean][] = [];
    for (let i = 0; i < 2; i++) {
      const event = (await opened.events.next()).value as ReadEvent;
      if (event.kind === 'batch') sizes.push([event.records.length, event.tail !== null]);
    }
    // It had fallen behind, so it is told anew when it has caught up.
    expect(sizes).toEqual([
      [1000, false],
      [500, false],
    ]);
    expect(said((await opened.events.next()).value as ReadEvent)).toBe('tail 1500');
  });

  test('a reader of a stream that never rests is told that it has caught up', async () => {
    const bench = await engineBench();
    const opened = await bench.engine.readSession(BASIN, STREAM, FROM_START);
    if (opened.kind !== 'open') throw new Error(opened.kind);
    bench.holdAll();
    const heard: string[] = [];
    for (const body of ['a', 'b', 'c']) {
      const next = follow(opened.events.next());
      await settled();
      // Each record becomes durable while the reader, which has all those before, waits for the proof of that.
      void bench.engine.append(BASIN, STREAM, batch(body));
      for (let i = 0; i < 20 && next() === null; i++) {
        await settled();
        await bench.blobs.held('putIfAbsent')[0]?.complete();
      }
      heard.push(said(next()?.value as ReadEvent));
    }
    expect(heard).toEqual(['a@1', 'b@2', 'c@3']);
  });

  test('trimmed records are passed over, and a stream that is trimmed whole reads as caught up', async () => {
    const bench = await engineBench();
    await append(bench, 'a', 'b');
    await bench.engine.append(BASIN, STREAM, batch([trimRecord(1)]));
    expect((await reader(bench, { count: 1 })).heard).toEqual(['b']);
    await bench.engine.append(BASIN, STREAM, batch([trimRecord(99)]));
    expect((await reader(bench)).heard).toEqual(['tail 4']);
    expect((await reader(bench, { count: 1 })).heard).toEqual([]);
  });
});

test('a follower is shown what came after it had caught up, even if it is trimmed in the same batch', async () => {
  const bench = await engineBench();
  await append(bench, 'a');
  const { heard } = await reader(bench);
  await bench.engine.append(BASIN, STREAM, batch([record('b'), trimRecord(99), record('c')]));
  await settled();
  expect(heard.slice(0, 2)).toEqual(['a', 'tail 1']);
  expect(heard[2]).toMatch(/^b.*c@4$/s);
  // Who comes later finds what the trim left.
  expect((await reader(bench)).heard).toEqual(['c', 'tail 4']);
});

describe('limits', () => {
  async function four() {
    const bench = await engineBench();
    await bench.engine.append(BASIN, STREAM, batch([record('a', 1), record('b', 2), record('c', 2), record('d', 4)]));
    return bench;
  }

  test.each<[string, Partial<ReadInput>, string[]]>([
    ['count below what is there', { count: 3 }, ['abc']],
    ['count exactly what is there', { count: 4 }, ['abcd']],
    ['count above what is there ends at the tail', { count: 5 }, ['abcd']],
    ['count zero', { count: 0 }, []],
    ['bytes of two records', { meteredBytes: 18 }, ['ab']],
    ['bytes of two records and a bit', { meteredBytes: 26 }, ['ab']],
    ['bytes zero', { meteredBytes: 0 }, []],
    ['bytes below the first record', { meteredBytes: 8 }, []],
    ['count before bytes', { count: 1, meteredBytes: 18 }, ['a']],
    ['bytes before count', { count: 3, meteredBytes: 18 }, ['ab']],
    ['until in front of everything', { untilTimestamp: 1 }, []],
    ['until, of several with that time none', { untilTimestamp: 2 }, ['a']],
    ['until behind everything ends at the tail', { untilTimestamp: 5 }, ['abcd']],
    ['from and until', { start: { kind: 'timestamp', timestamp: 2 }, untilTimestamp: 4 }, ['bc']],
    ['no bound and no wait', { waitMs: 0 }, ['abcd']],
  ])('%s', async (_, input, heard) => {
    const session = await reader(await four(), input);
    expect(session.heard).toEqual(heard);
    expect(session.ended()).toBe(true);
  });

  test('hold for what comes as for what was there, and nothing is waited for once they are reached', async () => {
    const bench = await four();
    const session = await reader(bench, { count: 6, waitMs: 1000 });
    await append(bench, 'e');
    expect(session.ended()).toBe(false);
    await bench.engine.append(BASIN, STREAM, batch([record('f'), record('g')]));
    await settled();
    expect(session.heard).toEqual(['abcd', 'tail 4', 'e@5', 'f@7']);
    expect(session.ended()).toBe(true);
  });

  test('until ends a reader that follows as soon as a record reaches it', async () => {
    const bench = await four();
    const session = await reader(bench, { untilTimestamp: 10, waitMs: 1000 });
    await bench.engine.append(BASIN, STREAM, batch([record('e', 9), record('f', 10)]));
    await settled();
    expect(session.heard).toEqual(['abcd', 'tail 4', 'e@6']);
    expect(session.ended()).toBe(true);
  });

  test('at the tail a bounded session without wait has nothing to open, and one with wait opens', async () => {
    const bench = await four();
    const start = { kind: 'seq-num', seqNum: 4 } as const;
    expect((await reader(bench, { start, count: 1 })).opened).toMatchObject({ kind: 'unwritten', tail: { seqNum: 4 } });
    expect((await reader(bench, { start, count: 1, waitMs: 1 })).opened.kind).toBe('open');
  });
});

describe('waiting', () => {
  test('ends after the wait without a record, and every record begins the wait anew', async () => {
    const bench = await engineBench();
    const session = await reader(bench, { waitMs: 3000 });
    await bench.clock.advance(2999);
    await append(bench, 'a');
    await bench.clock.advance(2999);
    expect(session.ended()).toBe(false);
    await bench.clock.advance(1);
    expect(session.heard).toEqual(['tail 0', 'a@1']);
    expect(session.ended()).toBe(true);
  });

  test('a heartbeat comes every 5 to 15 idle seconds, and does not begin the wait anew', async () => {
    const bench = await engineBench();
    const session = await reader(bench, { waitMs: 60_000 });
    await bench.clock.advance(4999);
    expect(session.heard).toEqual(['tail 0']);
    await bench.clock.advance(10_001);
    expect(session.heard.length).toBeGreaterThan(1);
    await bench.clock.advance(45_000);
    expect(session.heard.length).toBeGreaterThanOrEqual(5);
    expect(session.heard.length).toBeLessThanOrEqual(13);
    expect(new Set(session.heard)).toEqual(new Set(['tail 0']));
    expect(session.ended()).toBe(true);
  });

  test('output puts the next heartbeat off', async () => {
    const bench = await engineBench();
    const session = await reader(bench);
    for (let i = 0; i < 10; i++) {
      await bench.clock.advance(4000);
      await append(bench, 'x');
    }
    expect(session.heard.filter((event) => event.startsWith('tail'))).toEqual(['tail 0']);
  });

  test('a unary read returns the first records that come, or nothing when the time is over', async () => {
    const bench = await engineBench();
    const late = follow(bench.engine.read(BASIN, STREAM, { ...FROM_START, waitMs: 1000 }));
    await bench.clock.advance(999);
    expect(late()).toBe(null);
    await bench.clock.advance(1);
    expect(late()).toEqual({ kind: 'batch', records: [], tail: null });
    const soon = follow(bench.engine.read(BASIN, STREAM, { ...FROM_START, waitMs: 1000 }));
    await settled();
    await append(bench, 'a', 'b');
    expect(soon()).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }], tail: { seqNum: 1 } });
    const there = await bench.engine.read(BASIN, STREAM, { ...FROM_START, waitMs: 1000 });
    expect(there).toMatchObject({ kind: 'batch', records: [{ seqNum: 0 }, { seqNum: 1 }], tail: null });
  });

  test('a unary read waits for a minute at most', async () => {
    const bench = await engineBench();
    const read = follow(bench.engine.read(BASIN, STREAM, { ...FROM_START, waitMs: 3_600_000 }));
    await bench.clock.advance(60_000);
    expect(read()).toEqual({ kind: 'batch', records: [], tail: null });
  });
});

describe('ends', () => {
  test('a rival takes over: no heartbeat is told any more, and the session says why', async () => {
    // Nothing else asks the store who owns it.
    const bench = await engineBench({ log: { idleProofMs: 600_000 } });
    const session = await reader(bench);
    plantFence(bench, bench.engine.state.slot);
    await bench.clock.advance(15_000);
    expect(session.heard).toEqual(['tail 0', 'not-owner']);
    expect(session.ended()).toBe(true);
  });

  test('followers share proofs: a heartbeat asks for none if somebody was given one since the event before it', async () => {
    const bench = await engineBench({ log: { idleProofMs: 600_000 } });
    const session = await reader(bench);
    await bench.clock.advance(1);
    await bench.engine.checkTail(BASIN, STREAM);
    const { length } = bench.blobs.calls;
    while (session.heard.length === 1) await bench.clock.advance(100);
    expect([session.heard, bench.blobs.calls.length]).toEqual([['tail 0', 'tail 0'], length]);
    while (session.heard.length === 2) await bench.clock.advance(100);
    expect([session.heard.at(-1), bench.blobs.calls.length]).toEqual(['tail 0', length + 1]);
  });

  test('a store that is away: the next heartbeat is not told, and patience ends the session', async () => {
    const bench = await engineBench();
    const session = await reader(bench);
    bench.holdAll();
    await bench.clock.advance(16_000);
    expect(session.heard).toEqual(['tail 0', 'unavailable']);
  });

  test('the stream is deleted', async () => {
    const bench = await engineBench();
    const session = await reader(bench);
    await bench.engine.deleteStream(BASIN, STREAM);
    await settled();
    expect(session.heard.slice(1)).toHaveLength(1);
    expect(session.heard[1]).toMatch(/stream-/);
  });

  test('the server drains', async () => {
    const bench = await engineBench();
    const session = await reader(bench);
    bench.engine.drain();
    await settled();
    expect(session.heard).toEqual(['tail 0', 'draining']);
    expect((await reader(bench)).opened).toEqual({ kind: 'rejected', reason: { kind: 'draining' } });
    await append(bench, 'a');
    expect(await bench.engine.checkTail(BASIN, STREAM)).toMatchObject({ tail: { seqNum: 1 } });
  });

  test('the server drains: reads that wait end, and reads that do not are served as before', async () => {
    const bench = await engineBench();
    await append(bench, 'a');
    const waiting = follow(bench.engine.read(BASIN, STREAM, { ...AT_TAIL, waitMs: 1000 }));
    await settled();
    bench.engine.drain();
    await settled();
    expect(waiting()).toEqual({ kind: 'rejected', reason: { kind: 'draining' } });
    expect(await bench.bodies()).toEqual(['a']);
    expect(await bench.engine.read(BASIN, STREAM, AT_TAIL)).toMatchObject({ kind: 'unwritten', tail: { seqNum: 1 } });
  });

  test('nobody listens any more: it ends quietly and leaves no timer', async () => {
    const bench = await engineBench();
    const sleepers = bench.clock.sleepers;
    const gone = new AbortController();
    const session = await reader(bench, {}, gone.signal);
    expect(bench.clock.sleepers).toBe(sleepers + 1);
    gone.abort();
    await settled();
    expect(session.heard).toEqual(['tail 0']);
    expect([session.ended(), bench.clock.sleepers]).toEqual([true, sleepers]);
  });

  test('a session on a missing stream does not open', async () => {
    const bench = await engineBench({ stream: false });
    expect((await reader(bench)).opened).toMatchObject({ kind: 'rejected', reason: { kind: 'stream-not-found' } });
  });
});

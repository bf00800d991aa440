/** The owner's side of the log: what commits when, and when a slot is issued. */

import { describe, expect, test } from 'vitest';

import { issued, logBench, plantFence, PROMPT, putOf } from '../testing/log-bench.ts';
import { DENIED, nativeCompute, settled } from '../testing/manual-ports.ts';
import { decodeHeader, slotKey } from './format.ts';

describe('committing', () => {
  test('nothing is settled or applied before its slot is durable', async () => {
    const bench = logBench();
    await bench.queue('a');
    putOf(bench, 64).effect();
    await bench.clock.advance(60_000);
    expect(bench.settlements).toEqual([]);
    expect(bench.fold.applied).toEqual([]);

    await putOf(bench, 64).reply({ kind: 'done' });
    expect(bench.settlements).toEqual([['a', 'committed']]);
    expect(bench.fold.applied).toEqual(['a']);
  });

  test('slots commit in order although their puts finish out of order', async () => {
    const bench = logBench();
    await bench.queue('a', 'b', 'c');
    await putOf(bench, 66).complete();
    await putOf(bench, 65).complete();
    expect(bench.settlements).toEqual([]);
    expect(bench.fold.applied).toEqual([]);
    expect(bench.telemetry.count('log.slot.out-of-order')).toBe(2);

    await putOf(bench, 64).complete();
    expect(bench.settlements).toEqual([
      ['a', 'committed'],
      ['b', 'committed'],
      ['c', 'committed'],
    ]);
    expect(bench.fold.applied).toEqual(['a', 'b', 'c']);
  });

  test('a slot commits as soon as all below are durable, without waiting for later ones', async () => {
    const bench = logBench();
    await bench.queue('a', 'b', 'c');
    await putOf(bench, 65).complete();
    await putOf(bench, 64).complete();
    expect(bench.fold.applied).toEqual(['a', 'b']);
  });

  test('an entry is applied before it is settled', async () => {
    const bench = logBench();
    let seen: string[] = [];
    bench.log.enqueue({ entry: 'a', settle: () => void (seen = [...bench.fold.applied]) });
    await settled();
    await putOf(bench, 64).complete();
    expect(seen).toEqual(['a']);
  });
});

describe('the window', () => {
  test('never holds more than windowSlots puts, and the rest waits in one slot', async () => {
    const bench = logBench({ windowSlots: 2 });
    await bench.queue('a', 'b', 'c', 'd');
    expect(issued(bench)).toEqual([['a'], ['b']]);
    expect(bench.telemetry.count('log.window.full')).toBeGreaterThan(0);
    await putOf(bench, 64).complete();
    expect(issued(bench)).toEqual([['b'], ['c', 'd']]);
  });

  test('counts slots that are durable and wait for an earlier one', async () => {
    const bench = logBench({ windowSlots: 2 });
    await bench.queue('a', 'b', 'c');
    await putOf(bench, 65).complete();
    expect(issued(bench)).toEqual([['a']]);
    await putOf(bench, 64).complete();
    expect(issued(bench)).toEqual([['c']]);
  });

  test('of the format is never passed', async () => {
    const bench = logBench({ windowSlots: 64 });
    for (let i = 0; i < 100; i++) await bench.queue(String(i));
    expect(bench.blobs.held('putIfAbsent')).toHaveLength(64);
  });
});

describe('when a slot is issued', () => {
  const patient = { lingerMs: 20, issueIntervalMs: 5, windowSlots: 8 };

  test('at once when nothing is in flight and the last issue is long ago', async () => {
    const bench = logBench(patient);
    await bench.queue('a');
    expect(issued(bench)).toEqual([['a']]);
  });

  test('after the linger of its oldest entry when something is in flight', async () => {
    const bench = logBench(patient);
    await bench.queue('a');
    await bench.queue('b');
    await bench.clock.advance(12);
    await bench.queue('c');
    await bench.clock.advance(7);
    expect(issued(bench)).toEqual([['a']]);
    await bench.clock.advance(1);
    expect(issued(bench)).toEqual([['a'], ['b', 'c']]);
  });

  test('as soon as the one before is committed and the interval is over', async () => {
    const bench = logBench(patient);
    await bench.queue('a');
    await bench.queue('b');
    await bench.clock.advance(6);
    await putOf(bench, 64).complete();
    expect(issued(bench)).toEqual([['b']]);
  });

  test('as soon as the interval is over when the one before committed within it', async () => {
    const bench = logBench(patient);
    await bench.queue('a');
    await bench.queue('b');
    await putOf(bench, 64).complete();
    await bench.clock.advance(4);
    expect(issued(bench)).toEqual([]);
    await bench.clock.advance(1);
    expect(issued(bench)).toEqual([['b']]);
  });

  test('at once when it is full, cut at slotBytesMax', async () => {
    const bench = logBench({ ...patient, slotBytesMax: 1024 });
    await bench.queue('a');
    const part = 'x'.repeat(1024 / 4 - 12);
    await bench.queue(...Array<string>(3).fill(part));
    expect(issued(bench)).toEqual([['a']]);
    await bench.queue(part);
    expect(issued(bench)).toEqual([['a'], Array<string>(4).fill(part)]);
  });

  test('an entry that would pass slotBytesMax goes into the next slot', async () => {
    const bench = logBench({ ...patient, slotBytesMax: 1024 });
    await bench.queue('a');
    const big = 'x'.repeat(600);
    await bench.queue(big, big);
    expect(issued(bench)).toEqual([['a'], [big]]);
    await bench.clock.advance(20);
    expect(issued(bench)).toEqual([['a'], [big], [big]]);
  });

  test('an entry larger than slotBytesMax has a slot of its own', async () => {
    const bench = logBench({ ...patient, slotBytesMax: 1024 });
    await bench.queue('a');
    const huge = 'x'.repeat(5000);
    await bench.queue(huge);
    expect(issued(bench)).toEqual([['a'], [huge]]);
  });
});

describe('flushed', () => {
  test('is true once everything queued before is committed, whatever was queued after', async () => {
    const bench = logBench();
    expect(await bench.log.flushed()).toBe(true);
    await bench.queue('a', 'b');
    let flushed: boolean | null = null;
    void bench.log.flushed().then((value) => (flushed = value));
    await bench.queue('c');
    await putOf(bench, 64).complete();
    expect(flushed).toBeNull();
    await putOf(bench, 65).complete();
    expect(flushed).toBe(true);
  });

  test('is false when the log ends first', async () => {
    const bench = logBench();
    await bench.queue('a');
    const flushed = bench.log.flushed();
    await putOf(bench, 64).reply({ kind: 'failed', fault: DENIED });
    expect(await flushed).toBe(false);
    expect(await bench.log.flushed()).toBe(false);
  });

  test('is true below a fence and false above it', async () => {
    const bench = logBench();
    await bench.queue('a');
    const below = bench.log.flushed();
    await bench.queue('b');
    const above = bench.log.flushed();
    plantFence(bench, 65);
    await putOf(bench, 65).complete();
    await bench.blobs.heldOn('get', slotKey(65)).complete();
    await putOf(bench, 64).complete();
    expect([await below, await above]).toEqual([true, false]);
  });
});

test('the object in a slot carries slot, epoch and identity of its writer', async () => {
  const bench = logBench({ ...PROMPT });
  await bench.queue('a');
  await putOf(bench, 64).complete();
  expect(decodeHeader(64, bench.blobs.objects.get(slotKey(64)) ?? new Uint8Array(), nativeCompute)).toMatchObject({
    kind: 'data',
    slot: 64,
    epoch: 1,
    identity: new Uint8Array(16).fill(1),
  });
});

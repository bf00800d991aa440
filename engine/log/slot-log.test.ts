/** The owner's side of the log: what commits when, and what a fence, a lost reply or a refusal does to it. */

import { describe, expect, test } from 'vitest';

import { publicationKey } from '../core/object-names.ts';
import { type LogBench, logBench, plantData, plantFence, PROMPT, RETRY_MS } from '../testing/log-bench.ts';
import { DENIED, nativeCompute, settled, TIMEOUT } from '../testing/manual-ports.ts';
import { decodeEntries, decodeHeader, READINGS_MAX, slotKey } from './format.ts';

function putOf(bench: LogBench, slot: number) {
  return bench.blobs.heldOn('putIfAbsent', slotKey(slot));
}

/** The words inside the object a put carries. */
function words(bytes: Uint8Array | null | undefined): string[] {
  const header = decodeHeader(slotOf(bytes), bytes ?? new Uint8Array(), nativeCompute);
  if (header.kind === 'fence') throw new Error('a fence has no entries');
  return decodeEntries(header, bytes ?? new Uint8Array(), nativeCompute).map(({ payload }) =>
    Buffer.from(payload).toString(),
  );
}

function slotOf(bytes: Uint8Array | null | undefined): number {
  return bytes === null || bytes === undefined ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true);
}

/** The words of every held put, oldest first. */
function issued(bench: LogBench): string[][] {
  return bench.blobs.held('putIfAbsent').map((call) => words(call.bytes));
}

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

describe('a put whose outcome is unknown', () => {
  test('is repeated with identical bytes after a back-off, until it is known', async () => {
    const bench = logBench();
    await bench.queue('a');
    const first = putOf(bench, 64);
    await first.reply({ kind: 'unknown', fault: TIMEOUT });
    await bench.clock.advance(RETRY_MS - 1);
    expect(bench.blobs.held()).toEqual([]);
    await bench.clock.advance(1);
    expect(putOf(bench, 64).bytes).toEqual(first.bytes);
    await putOf(bench, 64).reply({ kind: 'unknown', fault: TIMEOUT });
    await bench.clock.advance(RETRY_MS);
    expect(putOf(bench, 64).bytes).toEqual(first.bytes);
    expect(bench.settlements).toEqual([]);

    await putOf(bench, 64).complete();
    expect(bench.settlements).toEqual([['a', 'committed']]);
    expect(bench.telemetry.count('log.put.unknown')).toBe(2);
  });

  test('keeps its bytes although later entries were queued meanwhile', async () => {
    const bench = logBench();
    await bench.queue('a');
    const first = putOf(bench, 64);
    await bench.queue('b');
    await first.reply({ kind: 'unknown', fault: TIMEOUT });
    await bench.clock.advance(RETRY_MS);
    expect(putOf(bench, 64).bytes).toEqual(first.bytes);
    expect(words(putOf(bench, 65).bytes)).toEqual(['b']);
  });

  test('commits when the repetition is refused by our own earlier attempt', async () => {
    const bench = logBench();
    await bench.queue('a');
    putOf(bench, 64).effect();
    await putOf(bench, 64).reply({ kind: 'unknown', fault: TIMEOUT });
    await bench.clock.advance(RETRY_MS);
    await putOf(bench, 64).complete();
    expect(bench.settlements).toEqual([]);
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    expect(bench.settlements).toEqual([['a', 'committed']]);
    expect(bench.telemetry.count('log.put.refused.mine')).toBe(1);
    expect(bench.end()).toBeNull();
  });

  test('is put again when it is refused and yet nothing is there', async () => {
    const bench = logBench();
    await bench.queue('a');
    const first = putOf(bench, 64);
    await first.reply({ kind: 'refused' });
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    expect(bench.settlements).toEqual([]);
    expect(putOf(bench, 64).bytes).toEqual(first.bytes);
    await putOf(bench, 64).complete();
    expect(bench.settlements).toEqual([['a', 'committed']]);
    expect(bench.telemetry.count('log.put.refused.absent')).toBe(1);
  });

  test('is looked at again when the look after a refusal fails', async () => {
    const bench = logBench();
    await bench.queue('a');
    putOf(bench, 64).effect();
    await putOf(bench, 64).reply({ kind: 'refused' });
    await bench.blobs.heldOn('get', slotKey(64)).reply({ kind: 'failed', fault: TIMEOUT });
    await bench.clock.advance(RETRY_MS);
    expect(bench.settlements).toEqual([]);
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    expect(bench.settlements).toEqual([['a', 'committed']]);
  });
});

test('a put that certainly failed is repeated with identical bytes', async () => {
  const bench = logBench();
  await bench.queue('a');
  const first = putOf(bench, 64);
  await first.reply({ kind: 'failed', fault: TIMEOUT });
  await bench.clock.advance(RETRY_MS);
  expect(putOf(bench, 64).bytes).toEqual(first.bytes);
  expect(bench.telemetry.count('log.put.failed')).toBe(1);
});

describe("a rival's fence", () => {
  async function fencedAt65(): Promise<LogBench> {
    const bench = logBench({ windowSlots: 3 });
    await bench.queue('a', 'b', 'c', 'd');
    plantFence(bench, 65);
    await putOf(bench, 65).complete();
    await bench.blobs.heldOn('get', slotKey(65)).complete();
    return bench;
  }

  test('makes its slot and everything above void, queued entries included', async () => {
    const bench = await fencedAt65();
    expect(bench.settlements).toEqual([
      ['d', 'void'],
      ['b', 'void'],
      ['c', 'void'],
    ]);
    expect(bench.log.writable).toBe(false);
    expect(() => bench.log.enqueue({ entry: 'e', settle: () => {} })).toThrow('ended');
    expect(bench.telemetry.count('log.fenced')).toBe(1);
  });

  test('at or below a publication leaves what was issued open, and only what was never issued is void', async () => {
    // Slot 65 was written, its reply lost; a successor replayed it, published a checkpoint above it and collected it;
    // then a late taker put its fence there. What the slot held is in the history.
    const bench = logBench({ windowSlots: 3 });
    bench.blobs.objects.set(publicationKey({ slot: 65, epoch: 2, number: 1 }), new Uint8Array());
    await bench.queue('a', 'b', 'c', 'd');
    plantFence(bench, 65, 3);
    await putOf(bench, 65).complete();
    await bench.blobs.heldOn('get', slotKey(65)).complete();
    expect(bench.settlements).toEqual([
      ['d', 'void'],
      ['b', 'unknown'],
      ['c', 'unknown'],
    ]);
    expect(bench.telemetry.count('log.fenced.below-publication')).toBe(1);
  });

  test('above every publication makes the loss definite', async () => {
    const bench = logBench({ windowSlots: 3 });
    bench.blobs.objects.set(publicationKey({ slot: 64, epoch: 1, number: 1 }), new Uint8Array());
    await bench.queue('a', 'b');
    plantFence(bench, 65, 3);
    await putOf(bench, 65).complete();
    await bench.blobs.heldOn('get', slotKey(65)).complete();
    expect(bench.settlements).toEqual([['b', 'void']]);
  });

  test('settles nothing as lost before the publications were listed after it', async () => {
    const bench = logBench();
    await bench.queue('a');
    bench.blobs.holds = () => true;
    plantFence(bench, 64);
    await putOf(bench, 64).complete();
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    expect([bench.settlements, bench.end()]).toEqual([[], null]);
    await bench.blobs.heldOn('list', 'pub/').reply({ kind: 'failed', fault: TIMEOUT });
    await bench.clock.advance(RETRY_MS);
    expect(bench.settlements).toEqual([]);
    // Twice, because what goes while one listing runs may be missing in it.
    await bench.blobs.heldOn('list', 'pub/').complete();
    expect(bench.settlements).toEqual([]);
    await bench.blobs.heldOn('list', 'pub/').complete();
    expect(bench.settlements).toEqual([['a', 'void']]);
    expect(bench.end()).toMatchObject({ kind: 'fenced' });
  });

  test('leaves a loss open when the store refuses to list publications', async () => {
    const bench = logBench();
    await bench.queue('a');
    bench.blobs.holds = () => true;
    plantFence(bench, 64);
    await putOf(bench, 64).complete();
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    await bench.blobs.heldOn('list', 'pub/').reply({ kind: 'failed', fault: DENIED });
    expect(bench.settlements).toEqual([['a', 'unknown']]);
  });

  test('leaves the slots below to commit, and the log ends only then', async () => {
    const bench = await fencedAt65();
    expect(bench.end()).toBeNull();
    await putOf(bench, 64).complete();
    expect(bench.settlements.at(-1)).toEqual(['a', 'committed']);
    expect(bench.fold.applied).toEqual(['a']);
    expect(bench.end()).toEqual({ kind: 'fenced', byEpoch: 2 });
    expect(bench.telemetry.count('log.fenced.drained')).toBe(1);
  });

  test('is final: a late success above it neither commits nor settles again', async () => {
    const bench = await fencedAt65();
    await putOf(bench, 66).complete();
    await putOf(bench, 64).complete();
    expect(bench.fold.applied).toEqual(['a']);
    expect(bench.settlements).toHaveLength(4);
  });

  test('is final: a put above it that was unknown is not repeated', async () => {
    const bench = await fencedAt65();
    await putOf(bench, 66).reply({ kind: 'unknown', fault: TIMEOUT });
    await bench.clock.advance(60_000);
    expect(bench.blobs.held('putIfAbsent').map((c) => c.key)).toEqual([slotKey(64)]);
  });

  test('takes every proof of ownership away, also the ones asked for before', async () => {
    const bench = logBench();
    await bench.queue('a', 'b');
    const before = bench.log.proveOwnership();
    plantFence(bench, 65);
    await putOf(bench, 65).complete();
    await bench.blobs.heldOn('get', slotKey(65)).complete();
    expect(await before).toBe(false);
    expect(await bench.log.proveOwnership()).toBe(false);
  });

  test('that is found below another one makes the slots between void too', async () => {
    const bench = logBench();
    await bench.queue('a', 'b', 'c');
    plantFence(bench, 66, 3);
    await putOf(bench, 66).complete();
    await bench.blobs.heldOn('get', slotKey(66)).complete();
    expect(bench.settlements).toEqual([['c', 'void']]);
    plantFence(bench, 64, 2);
    await putOf(bench, 64).complete();
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    expect(bench.settlements).toEqual([
      ['c', 'void'],
      ['a', 'void'],
      ['b', 'void'],
    ]);
    expect(bench.end()).toMatchObject({ kind: 'fenced' });
  });

  test('is recognised only by a higher epoch: anything else in our slot is a bug', async () => {
    const escaped: unknown[] = [];
    const catchIt = (reason: unknown) => escaped.push(reason);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', catchIt);
    try {
      const bench = logBench();
      await bench.queue('a');
      plantData(bench, 64, 2);
      await putOf(bench, 64).complete();
      await bench.blobs.heldOn('get', slotKey(64)).complete();
      expect(escaped).toEqual([expect.objectContaining({ name: 'InvariantError' })]);
      expect(bench.settlements).toEqual([]);
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener);
    }
  });
});

describe('a store that refuses for good', () => {
  test('leaves what is in flight unknown and makes what was not issued void', async () => {
    const bench = logBench({ windowSlots: 2 });
    await bench.queue('a', 'b', 'c');
    const proof = bench.log.proveOwnership();
    await putOf(bench, 65).reply({ kind: 'failed', fault: DENIED });
    expect(bench.settlements).toEqual([
      ['a', 'unknown'],
      ['b', 'unknown'],
      ['c', 'void'],
    ]);
    expect(bench.end()).toEqual({ kind: 'store-refused', fault: DENIED });
    expect(await proof).toBe(false);
    expect(bench.log.writable).toBe(false);
  });

  test('ends the log: a success that arrives late commits nothing', async () => {
    const bench = logBench();
    await bench.queue('a', 'b');
    await putOf(bench, 65).reply({ kind: 'unknown', fault: DENIED });
    await putOf(bench, 64).complete();
    expect(bench.fold.applied).toEqual([]);
    expect(bench.settlements).toEqual([
      ['a', 'unknown'],
      ['b', 'unknown'],
    ]);
  });

  test('also ends it when the look after a refusal is denied', async () => {
    const bench = logBench();
    await bench.queue('a');
    await putOf(bench, 64).reply({ kind: 'refused' });
    await bench.blobs.heldOn('get', slotKey(64)).reply({ kind: 'failed', fault: DENIED });
    expect(bench.settlements).toEqual([['a', 'unknown']]);
    expect(bench.end()).toMatchObject({ kind: 'store-refused' });
  });

  test('leaves no sleeper behind', async () => {
    const bench = logBench({ lingerMs: 50, issueIntervalMs: 50 });
    await bench.queue('a', 'b');
    await putOf(bench, 64).reply({ kind: 'failed', fault: DENIED });
    expect(bench.clock.sleepers).toBe(0);
  });
});

describe('damage found in a slot of ours', () => {
  test('ends the log with the name of the object, and what is in flight is unknown', async () => {
    const bench = logBench();
    await bench.queue('a');
    await putOf(bench, 64).reply({ kind: 'refused' });
    const damaged = { kind: 'found', bytes: new Uint8Array(64), size: 64 } as const;
    for (let reading = 1; reading < READINGS_MAX; reading++) {
      await bench.blobs.heldOn('get', slotKey(64)).reply(damaged);
      expect(bench.end()).toBeNull();
    }
    await bench.blobs.heldOn('get', slotKey(64)).reply(damaged);
    expect(bench.settlements).toEqual([['a', 'unknown']]);
    expect(bench.end()).toEqual({
      kind: 'store-refused',
      fault: { code: 'corruption', message: expect.stringContaining(slotKey(64)), retryable: false },
    });
  });
});

test('damage on the way to us is not damage in the store: what comes sound the second time counts', async () => {
  const bench = logBench();
  await bench.queue('a');
  putOf(bench, 64).effect();
  await putOf(bench, 64).reply({ kind: 'refused' });
  await bench.blobs.heldOn('get', slotKey(64)).reply({ kind: 'found', bytes: new Uint8Array(64), size: 64 });
  await bench.blobs.heldOn('get', slotKey(64)).complete();
  expect(bench.settlements).toEqual([['a', 'committed']]);
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

describe('stop', () => {
  test('ends an idle log at once', async () => {
    const bench = logBench();
    bench.log.stop();
    await settled();
    expect(bench.end()).toEqual({ kind: 'stopped' });
    expect(await bench.log.proveOwnership()).toBe(false);
  });

  test('takes nothing more, issues what waits without linger, and ends when it is settled', async () => {
    const bench = logBench({ lingerMs: 1000, windowSlots: 2 });
    await bench.queue('a');
    await bench.queue('b');
    expect(issued(bench)).toEqual([['a']]);
    bench.log.stop();
    expect(bench.log.writable).toBe(false);
    expect(issued(bench)).toEqual([['a'], ['b']]);
    await putOf(bench, 65).complete();
    expect(bench.end()).toBeNull();
    await putOf(bench, 64).complete();
    expect(bench.fold.applied).toEqual(['a', 'b']);
    expect(bench.end()).toEqual({ kind: 'stopped' });
    expect(bench.clock.sleepers).toBe(0);
  });

  test('with a full window still issues and settles everything', async () => {
    const bench = logBench({ windowSlots: 1 });
    await bench.queue('a', 'b');
    bench.log.stop();
    await putOf(bench, 64).complete();
    await putOf(bench, 65).complete();
    expect(bench.fold.applied).toEqual(['a', 'b']);
    expect(bench.end()).toEqual({ kind: 'stopped' });
  });

  test('ends as fenced when a fence is met on the way', async () => {
    const bench = logBench();
    await bench.queue('a');
    bench.log.stop();
    plantFence(bench, 64);
    await putOf(bench, 64).complete();
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    expect(bench.settlements).toEqual([['a', 'void']]);
    expect(bench.end()).toEqual({ kind: 'fenced', byEpoch: 2 });
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

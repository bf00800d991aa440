/** How a log ends: by a rival's fence, by a store that refuses for good, by being stopped; and what becomes of the rest. */

import { describe, expect, test } from 'vitest';

import { publicationKey } from '../core/object-names.ts';
import { issued, type LogBench, logBench, plantData, plantFence, putOf, RETRY_MS } from '../testing/log-bench.ts';
import { DENIED, settled, TIMEOUT } from '../testing/manual-ports.ts';
import { slotKey } from './format.ts';

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

  test.each([
    ['data of a higher epoch', 2],
    ['data of our own epoch', 1],
  ])('is nothing else: %s by another writer in our slot ends the log, and is named', async (_, epoch) => {
    const bench = logBench();
    await bench.queue('a');
    plantData(bench, 64, epoch);
    await putOf(bench, 64).complete();
    await bench.blobs.heldOn('get', slotKey(64)).complete();
    const message = expect.stringContaining(
      `${slotKey(64)}, byte 16: a data slot of epoch ${epoch} by another writer stands where epoch 1 is in force. `,
    );
    expect(bench.end()).toMatchObject({ kind: 'store-refused', fault: { code: 'corruption', message } });
    expect(bench.settlements).toEqual([['a', 'unknown']]);
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

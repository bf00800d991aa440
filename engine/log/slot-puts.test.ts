/** One slot on its way into the store: lost replies, refusals, and what stands there instead of ours. */

import { describe, expect, test } from 'vitest';

import { logBench, putOf, RETRY_MS, words } from '../testing/log-bench.ts';
import { TIMEOUT } from '../testing/manual-ports.ts';
import { READINGS_MAX, slotKey } from './format.ts';

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

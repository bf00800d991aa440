/** The adapters that only hand on what the machine has: clock, dice, entropy, checksums, log. */

import { getEventListeners } from 'node:events';

import { describe, expect, test, vi } from 'vitest';

import { systemClock } from './system-clock.ts';
import { systemCompute } from './system-compute.ts';
import { systemEntropy } from './system-entropy.ts';
import { systemRandom } from './system-random.ts';

describe('the system clock', () => {
  test('tells wall time as an integer near that of the machine', () => {
    expect(Number.isInteger(systemClock.wallMs())).toBe(true);
    expect(Math.abs(systemClock.wallMs() - Date.now())).toBeLessThan(1000);
  });

  test('sleeps at least as long as asked, by its own monotonic time', async () => {
    for (const ms of [0, 1, 5, 20]) {
      const startMs = systemClock.monoMs();
      await systemClock.sleep(ms);
      expect(systemClock.monoMs() - startMs).toBeGreaterThanOrEqual(ms);
    }
  });

  test('wakes up when the signal aborts, and at once when it already has', async () => {
    const controller = new AbortController();
    const startMs = systemClock.monoMs();
    const asleep = systemClock.sleep(60_000, controller.signal);
    controller.abort();
    await asleep;
    await systemClock.sleep(60_000, controller.signal);
    expect(systemClock.monoMs() - startMs).toBeLessThan(10_000);
  });

  test('gives the turn away even for no time at all', async () => {
    const order: string[] = [];
    const timer = new Promise<void>((resolve) => setTimeout(() => resolve(void order.push('timer')), 1));
    for (const endMs = performance.now() + 50; performance.now() < endMs && order.length === 0;) {
      await systemClock.sleep(0);
    }
    order.push('sleeper');
    await timer;
    expect(order).toEqual(['timer', 'sleeper']);
  });

  test('leaves no listener on the signal after a sleep', async () => {
    const controller = new AbortController();
    await systemClock.sleep(1, controller.signal);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('sleeps through 30 days, which no single timer can', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const days = 24 * 3600 * 1000;
      let awake = false;
      const asleep = systemClock.sleep(30 * days).then(() => (awake = true));
      await vi.advanceTimersByTimeAsync(30 * days - 1);
      expect(awake).toBe(false);
      await vi.advanceTimersByTimeAsync(2);
      await asleep;
      expect(awake).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });
});

test('dice show every face and nothing else', () => {
  const seen = new Set(Array.from({ length: 500 }, () => systemRandom.below(6)));
  expect(seen).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  expect(systemRandom.below(1)).toBe(0);
  expect(systemRandom.below(2 ** 31)).toBeLessThan(2 ** 31);
  for (const bound of [0, -1, 1.5, 2 ** 31 + 1, Number.NaN]) {
    expect(() => systemRandom.below(bound)).toThrow(RangeError);
  }
});

test('entropy has the length asked for and does not repeat', () => {
  const drawn = Array.from({ length: 100 }, () => Buffer.from(systemEntropy.bytes(16)).toString('hex'));
  expect(new Set(drawn).size).toBe(100);
  expect(drawn.every((hex) => hex.length === 32)).toBe(true);
});

test('the checksum is that of zlib, unsigned, and can be continued', () => {
  const bytes = new TextEncoder().encode('123456789');
  expect(systemCompute.crc32(bytes)).toBe(0xcbf43926);
  expect(systemCompute.crc32(bytes.subarray(4), systemCompute.crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926);
  expect(systemCompute.crc32(new Uint8Array(0))).toBe(0);
});

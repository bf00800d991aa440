import { describe, expect, test } from 'vitest';
import { EPOCH_MS } from './index.ts';
import { inHost, worldWith } from './testing/in-world.ts';

describe('the clocks of a host', () => {
  test('sleeping lasts exactly as long as asked, in its own monotonic time', async () => {
    const world = worldWith();
    const spans = await inHost(world, 'node-1', async ({ clock }) => {
      const seen: number[] = [];
      for (const ms of [0, 1, 50, 3_600_000]) {
        const start = clock.monoMs();
        await clock.sleep(ms);
        seen.push(clock.monoMs() - start);
      }
      return seen;
    });
    expect(spans).toEqual([0, 1, 50, 3_600_000]);
    expect(world.nowMs).toBe(3_600_051);
  });

  test('monotonic time begins at zero with each process, wall time at the epoch of the world', async () => {
    const world = worldWith();
    world.after(500, 'later', () => {});
    await world.run(() => false);
    const seen = await inHost(world, 'node-1', async ({ clock }) => [clock.monoMs(), clock.wallMs()]);
    expect(seen).toEqual([0, EPOCH_MS + 500]);
  });

  test('a fast clock sleeps shorter and a slow one longer, by the parts per million promised', async () => {
    for (const [ppm, expectedMs] of [
      [500, 999_500],
      [-500, 1_000_500],
    ] as const) {
      const world = worldWith();
      const host = world.host('node-1', { role: 'client' });
      host.clocks.setDrift(ppm);
      const slept = await inHost(world, 'node-1', async ({ clock }) => {
        const start = clock.monoMs();
        await clock.sleep(1_000_000);
        return clock.monoMs() - start;
      });
      expect(slept).toBe(1_000_000);
      expect(Math.abs(world.nowMs - expectedMs)).toBeLessThanOrEqual(1);
    }
  });

  test('the wall clock jumps both ways while monotonic time goes on', async () => {
    const world = worldWith();
    const host = world.host('node-1', { role: 'client' });
    world.after(10, 'step', () => host.clocks.stepWall(-3_600_000));
    world.after(20, 'step', () => host.clocks.stepWall(7_200_000));
    const seen = await inHost(world, 'node-1', async ({ clock }) => {
      const readings = [[clock.wallMs() - EPOCH_MS, clock.monoMs()]];
      for (let i = 0; i < 2; i++) {
        await clock.sleep(15);
        readings.push([clock.wallMs() - EPOCH_MS, clock.monoMs()]);
      }
      return readings;
    });
    expect(seen).toEqual([
      [0, 0],
      [-3_599_985, 15],
      [3_600_030, 30],
    ]);
  });

  test('a change of rate in the middle of a sleep does not change how long the sleeper thinks it lasted', async () => {
    const world = worldWith();
    const host = world.host('node-1', { role: 'client' });
    world.after(400, 'drift', () => host.clocks.setDrift(-500_000));
    const slept = await inHost(world, 'node-1', async ({ clock }) => {
      const start = clock.monoMs();
      await clock.sleep(1000);
      return clock.monoMs() - start;
    });
    expect(slept).toBe(1000);
    expect(world.nowMs).toBe(1600);
  });

  test('a clock that stands still during a pause leaves the sleeper the rest of its sleep', async () => {
    for (const [stopsClock, wokeAtMs] of [
      [true, 1100],
      [false, 500],
    ] as const) {
      const world = worldWith();
      const host = world.host('node-1', { role: 'client' });
      world.after(50, 'pause', () => host.pause({ stopsClock }));
      world.after(500, 'resume', () => host.resume());
      const sleeper = await inHost(world, 'node-1', async ({ clock }) => {
        await clock.sleep(stopsClock ? 650 : 100);
        return [clock.monoMs(), clock.wallMs() - EPOCH_MS];
      });
      expect(world.nowMs).toBe(wokeAtMs);
      // True time passed for the wall clock either way; it is set after a suspension.
      expect(sleeper).toEqual([stopsClock ? 650 : 500, wokeAtMs]);
    }
  });

  test('an aborted sleep ends at once and without an error, one aborted before never begins', async () => {
    const world = worldWith();
    const ends = await inHost(world, 'node-1', async ({ clock }) => {
      const abort = new AbortController();
      const sleeping = clock.sleep(10_000, abort.signal).then(() => clock.monoMs());
      await clock.sleep(7);
      abort.abort();
      const woken = await sleeping;
      await clock.sleep(10_000, abort.signal);
      return [woken, clock.monoMs()];
    });
    expect(ends).toEqual([7, 7]);
    expect(await world.run(() => false)).toBe('idle');
    expect(world.nowMs).toBe(7);
  });
});

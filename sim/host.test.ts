import { describe, expect, test } from 'vitest';
import type { HostPorts } from './index.ts';
import { bytes, inHost, ok, outcomeOf, request, serve, worldWith } from './testing/in-world.ts';

describe('a crash', () => {
  test('leaves every promise of the process unsettled for ever and stops it between two events', async () => {
    const world = worldWith();
    const log: string[] = [];
    const host = world.host('node-1');
    host.start(async ({ clock, blobs, network }) => {
      const generation = host.generation;
      const note = (what: string): void => void log.push(`${what} of ${generation} at ${world.nowMs}`);
      const always = async (): Promise<never> => {
        for (;;) {
          await clock.sleep(10);
          note('tick');
        }
      };
      void always();
      void blobs.put(`k/${generation}`, [bytes('x')]).then(() => note('put'));
      void network.call('node-2', request('/')).then(
        () => note('call'),
        () => note('call failed'),
      );
    });
    world.host('node-2');
    world.after(25, 'crash', () => host.crash());
    world.after(500, 'restart', () => host.restart());
    world.after(515, 'crash', () => host.crash());
    await world.run(() => false);
    expect(log).toEqual([
      'call failed of 1 at 0',
      expect.stringMatching(/^put of 1 at \d$/),
      'tick of 1 at 10',
      'tick of 1 at 20',
      'call failed of 2 at 500',
      expect.stringMatching(/^put of 2 at 50\d$/),
      'tick of 2 at 510',
    ]);
    expect(world.waiting()).toEqual([]);
  });

  test('does not recall what is on its way to the store', async () => {
    const world = worldWith();
    const host = world.host('node-1');
    host.start(async ({ blobs }) => void blobs.put('k/1', [bytes('x')]));
    await world.run(() => world.events === 1);
    host.crash();
    await world.run(() => false);
    expect([...world.store.objects().keys()]).toEqual(['k/1']);
    expect(world.probes.count('fault.put.late-effect-after-restart')).toBe(1);
  });

  test('makes the ports of the dead process do nothing, should anybody still hold them', async () => {
    const world = worldWith();
    const kept: HostPorts[] = [];
    const host = world.host('node-1');
    host.start(async (ports) => void kept.push(ports));
    await world.run(() => false);
    host.crash();
    const { blobs, clock, network, telemetry } = kept[0]!;
    let settled = 0;
    const count = (): void => void settled++;
    world.after(1, 'ghost', () => {
      blobs.put('k/1', []).then(count, count);
      clock.sleep(1).then(count, count);
      network.call('node-1', request('/')).then(count, count);
      telemetry.event('log.fenced');
    });
    expect(await world.run(() => false)).toBe('idle');
    expect(settled).toBe(0);
    expect(world.store.effects).toBe(0);
    expect(world.probes.count('log.fenced')).toBe(0);
  });

  test('twenty thousand crashes of a process with a parked coroutine leave nothing pending', async () => {
    const world = worldWith();
    const host = world.host('node-1');
    let crashes = 0;
    host.start(async ({ clock }) => {
      await clock.sleep(1_000_000);
    });
    const again = (): void => {
      host.crash();
      host.restart();
      if (++crashes < 20_000) world.after(1, 'again', again);
    };
    world.after(1, 'again', again);
    await world.run(() => crashes === 20_000);
    expect(world.waiting()).toHaveLength(1);
  });
});

describe('a pause', () => {
  test('makes everything wait and then happen in the order it was due', async () => {
    const world = worldWith();
    const log: string[] = [];
    const host = world.host('node-1');
    host.start(async ({ clock }) => {
      const note = async (ms: number): Promise<void> => {
        await clock.sleep(ms);
        log.push(`${ms} at ${world.nowMs}`);
      };
      for (const ms of [80, 20, 60, 40, 200]) void note(ms);
    });
    world.after(30, 'pause', () => host.pause());
    world.after(100, 'resume', () => host.resume());
    await world.run(() => false);
    expect(log).toEqual(['20 at 20', '40 at 100', '60 at 100', '80 at 100', '200 at 200']);
  });

  test('ends with a crash: what waited never happens', async () => {
    const world = worldWith();
    let woke = 0;
    const host = world.host('node-1');
    host.start(async ({ clock }) => {
      await clock.sleep(10);
      woke++;
    });
    world.after(5, 'pause', () => host.pause());
    world.after(20, 'crash', () => host.crash());
    world.after(30, 'resume', () => host.resume());
    expect(await world.run(() => false)).toBe('idle');
    expect(woke).toBe(0);
    expect(host.state).toBe('stopped');
  });

  test('holds back requests until the process runs again', async () => {
    const world = worldWith();
    await serve(world, 'node-1', async () => ok('hello'));
    world.host('node-1').pause();
    world.after(1000, 'resume', () => world.host('node-1').resume());
    expect(await inHost(world, 'client', ({ network }) => outcomeOf(network.call('node-1:80', request('/'))))).toBe(
      'hello',
    );
    expect(world.nowMs).toBeGreaterThanOrEqual(1000);
  });
});

describe('the end of a program', () => {
  test('with a number is an exit that a supervisor can answer', async () => {
    const world = worldWith();
    const exits: unknown[] = [];
    const host = world.host('node-1');
    host.start(
      async ({ clock }) => {
        await clock.sleep(10);
        return 3;
      },
      {
        onExit: (exit) => {
          exits.push(exit);
          if (exits.length < 3) world.after(100, 'supervisor', () => host.restart());
        },
      },
    );
    expect(await world.run(() => false)).toBe('idle');
    expect(exits).toEqual([1, 2, 3].map((generation) => ({ host: 'node-1', generation, code: 3 })));
    expect(world.failure).toBeNull();
  });

  test('by exit is at once: what follows in the same event has no effect and no say', async () => {
    const world = worldWith();
    world.host('node-1').start(async ({ blobs }, process) => {
      process.exit(1);
      await Promise.resolve();
      void blobs.put('k/1', []);
      throw new Error('on the way down');
    });
    expect(await world.run(() => false)).toBe('idle');
    expect(world.store.effects).toBe(0);
    expect(world.failure).toBeNull();
  });

  test('with nothing is not its end', async () => {
    const world = worldWith();
    await serve(world, 'node-1', async () => ok('still here'));
    expect(await inHost(world, 'client', ({ network }) => outcomeOf(network.call('node-1:80', request('/'))))).toBe(
      'still here',
    );
  });

  test('by an assertion fails the run, with a signature that names no numbers and no hosts', async () => {
    const world = worldWith();
    world.host('node-7').start(async ({ clock }) => {
      await clock.sleep(5);
      throw new Error('slot 17 of node-7 is "taken"');
    });
    expect(await world.run(() => false)).toBe('failed');
    expect(world.failure).toMatchObject({
      kind: 'invariant',
      host: 'node-7',
      message: 'Error: slot 17 of node-7 is "taken"',
      signature: 'Error: slot # of … is …',
      atMs: 5,
    });
  });
});

describe('what a host gets', () => {
  test('entropy never repeats, not even over a restart', async () => {
    const world = worldWith();
    const seen = new Set<string>();
    let drawn = 0;
    for (const name of ['node-1', 'node-2']) {
      const host = world.host(name);
      host.start(async ({ entropy }) => {
        for (const length of [16, 8, 33]) {
          const drawnBytes = entropy.bytes(length);
          expect(drawnBytes).toHaveLength(length);
          seen.add(String(drawnBytes));
          drawn++;
        }
      });
      await world.run(() => false);
      host.crash();
      host.restart();
      await world.run(() => false);
    }
    expect(seen.size).toBe(drawn);
    expect(drawn).toBe(12);
  });

  test('jitter is a recorded choice', async () => {
    const world = worldWith();
    const before = world.choices.count;
    const drawn = await inHost(world, 'node-1', async ({ random }) => [random.below(10), random.below(1000)]);
    expect(world.choices.flat().slice(before)).toEqual(drawn);
  });

  test('telemetry lights the probe of the same name', async () => {
    const world = worldWith();
    await inHost(world, 'node-1', async ({ telemetry }) => telemetry.event('log.fenced', 7));
    expect(world.probes.counts()).toEqual({ 'log.fenced': 1 });
  });

  test('the checksum is the one of zlib', async () => {
    const world = worldWith();
    const sums = await inHost(world, 'node-1', async ({ compute }) => [
      compute.crc32(bytes('123456789')),
      compute.crc32(bytes('6789'), compute.crc32(bytes('12345'))),
    ]);
    expect(sums).toEqual([0xcbf43926, 0xcbf43926]);
  });
});

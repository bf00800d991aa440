/** A host with stand-ins: code that was not written against ports runs there on simulated time, luck and network. */

import { describe, expect, test } from 'vitest';
import type { HttpResponse } from '../../engine/ports.ts';
import { EPOCH_MS, type FaultSettings, GuardError, type HostPorts, World } from '../index.ts';
import { bytes, ok, serve, textOf, worldWith } from '../testing/in-world.ts';

const AMBIENT = { resolve: (host: string) => `${host}:80` };

/** Runs `script`, which knows nothing of ports, on a host with stand-ins. */
async function inAmbientHost<T>(world: World, script: (ports: HostPorts) => Promise<T>): Promise<T> {
  const results: T[] = [];
  const host = world.host('legacy', { role: 'client', ambient: AMBIENT });
  host.start(async (ports) => void results.push(await script(ports)));
  await world.run(() => results.length > 0);
  if (results.length === 0) throw new Error(world.failure?.message ?? 'the script did not end');
  return results[0]!;
}

async function caught(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return null;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('clocks and timers', () => {
  test('a timer fires at simulated time, on every clock, and no real time passes', async () => {
    const startedMs = Date.now();
    const world = worldWith();
    const seen = await inAmbientHost(world, async () => {
      const before = performance.now();
      await sleep(3_600_000);
      return [Date.now() - EPOCH_MS, new Date().getTime() - EPOCH_MS, performance.now() - before, world.nowMs];
    });
    expect(seen).toEqual([3_600_000, 3_600_000, 3_600_000, 3_600_000]);
    expect(Date.now() - startedMs).toBeLessThan(60_000);
  });

  test('timers fire in the order they are due, with their arguments; cleared ones do not', async () => {
    const fired = await inAmbientHost(worldWith(), async () => {
      const log: string[] = [];
      setTimeout((word: string) => log.push(word), 20, 'late');
      setTimeout((word: string) => log.push(word), 10, 'soon');
      clearTimeout(setTimeout(() => log.push('never'), 5));
      clearTimeout(undefined);
      const ticks = setInterval(() => log.push('tick'), 8).unref();
      await sleep(18);
      clearInterval(ticks);
      await sleep(50);
      return log;
    });
    expect(fired).toEqual(['tick', 'soon', 'tick', 'late']);
  });

  test('AbortSignal.timeout aborts when simulated time has come, with the reason Node gives', async () => {
    const [early, late, reason] = await inAmbientHost(worldWith(), async () => {
      const signal = AbortSignal.timeout(100);
      await sleep(99);
      const wasAborted = signal.aborted;
      await sleep(2);
      return [wasAborted, signal.aborted, signal.reason as unknown];
    });
    expect([early, late]).toEqual([false, true]);
    expect(reason).toMatchObject({ name: 'TimeoutError' });
  });

  test('timers of a process that was killed never fire', async () => {
    const world = worldWith();
    let fired = 0;
    const host = world.host('legacy', { role: 'client', ambient: AMBIENT });
    host.start(async () => {
      setInterval(() => fired++, 10);
      setTimeout(() => fired++, 15);
    });
    world.after(12, 'kill', () => host.crash());
    await world.run(() => false);
    expect(fired).toBe(1);
  });

  test('what a timer throws fails the run and is blamed on its host', async () => {
    const world = worldWith();
    world.host('legacy', { role: 'client', ambient: AMBIENT }).start(async () => {
      setTimeout(() => {
        throw new Error('late trouble');
      }, 5);
    });
    await world.run(() => false);
    expect(world.failure).toMatchObject({ host: 'legacy', message: 'Error: late trouble', atMs: 5 });
  });
});

describe('luck', () => {
  const draws = (seed: string) =>
    inAmbientHost(new World({ seed, profile: 'test' }), async () => [
      Math.random(),
      Math.random(),
      crypto.randomUUID(),
      ...crypto.getRandomValues(new Uint16Array(3)),
      Math.pow(2, 10),
    ]);

  test('is a function of the seed', async () => {
    const first = await draws('1');
    expect(await draws('1')).toEqual(first);
    expect(await draws('2')).not.toEqual(first);
    expect(first[0]).not.toBe(first[1]);
    expect(first[2]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first.at(-1)).toBe(1024);
  });
});

describe('fetch', () => {
  const FETCHED = 'http://server/v1/things?x=1';

  async function answering(handler: (body: string) => HttpResponse, faults: Partial<FaultSettings> = {}) {
    const world = worldWith(faults);
    await serve(world, 'server', async ({ method, target, headers, body }) =>
      handler(`${method} ${target} ${headers.get('x-word') ?? ''} ${await textOf(body)}`),
    );
    return world;
  }

  test('goes through the simulated network with method, target, headers and body', async () => {
    const world = await answering((seen) => ok(seen));
    const request = { method: 'POST', headers: { 'X-Word': 'hello' }, body: 'grüße' };
    const text = await inAmbientHost(world, async () => (await fetch(FETCHED, request)).text());
    expect(text).toBe('POST /v1/things?x=1 hello grüße');
    expect(world.nowUs).toBeGreaterThan(0);
  });

  test('streams a response as it comes, and a reader that leaves closes it', async () => {
    let closed = false;
    async function* forever() {
      try {
        for (let i = 0; ; i++) yield bytes(`${i};`);
      } finally {
        closed = true;
      }
    }
    const world = await answering(() => ({ status: 200, headers: new Map(), body: forever() }));
    const first = await inAmbientHost(world, async () => {
      const reader = (await fetch(FETCHED)).body!.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      await sleep(1_000);
      return new TextDecoder().decode(value);
    });
    expect(first).toMatch(/^0;/);
    expect(closed).toBe(true);
  });

  test('fails as Node does when nobody listens, when the connection breaks, and in the middle of a body', async () => {
    const error = async (world: World) =>
      (await inAmbientHost(world, () => caught(async () => (await fetch(FETCHED)).text()))) as Error;
    const nobody = worldWith();
    nobody.host('server');
    expect(await error(nobody)).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNREFUSED' } });
    const broken = await answering((seen) => ok(seen), { netResetBefore: [1, 1] });
    expect(await error(broken)).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNRESET' } });
    const cut = await answering((seen) => ok(seen), { netResponseCut: [1, 1] });
    expect(await error(cut)).toMatchObject({ message: 'terminated', cause: { code: 'ECONNRESET' } });
  });

  test('ends with the reason of the signal, before the response and within it', async () => {
    async function* silent(): AsyncGenerator<Uint8Array> {
      yield bytes('first');
      await new Promise(() => {});
    }
    const world = await answering(() => ({ status: 200, headers: new Map(), body: silent() }));
    const aborted = new AbortController();
    aborted.abort('too late');
    const seen = await inAmbientHost(world, async () => [
      await caught(() => fetch(FETCHED, { signal: aborted.signal })),
      await caught(() => fetch(FETCHED, { signal: AbortSignal.timeout(0) })),
      await caught(async () => (await fetch(FETCHED, { signal: AbortSignal.timeout(500) })).text()),
    ]);
    expect(seen).toEqual([
      'too late',
      expect.objectContaining({ name: 'TimeoutError' }),
      expect.objectContaining({ name: 'TimeoutError' }),
    ]);
  });
});

describe('only there', () => {
  test('a host without stand-ins finds everything refused, also in the event after one that had them', async () => {
    const world = worldWith();
    const errors: unknown[] = [];
    let wasOver = false;
    world.host('legacy', { role: 'client', ambient: AMBIENT }).start(async () => {
      for (let i = 0; i < 20; i++) await sleep(1);
      wasOver = true;
    });
    world.host('node-1').start(async ({ clock }) => {
      for (let i = 0; i < 20; i++) {
        await clock.sleep(1);
        errors.push(
          await caught(() => Date.now()),
          await caught(() => setTimeout(() => {}, 1)),
          await caught(() => fetch('http://server')),
        );
      }
    });
    await world.run(() => false);
    expect(wasOver).toBe(true);
    expect(errors).toHaveLength(60);
    for (const error of errors) expect(error).toBeInstanceOf(GuardError);
  });

  test('what has no stand-in is refused there too', async () => {
    const errors = await inAmbientHost(worldWith(), async () => [
      await caught(() => setImmediate(() => {})),
      await caught(() => process.hrtime()),
      await caught(() => new WeakRef({})),
      await caught(() => new Date(0).getHours()),
      await caught(() => crypto.subtle.digest('SHA-256', new Uint8Array(1))),
    ]);
    for (const error of errors) expect(error).toBeInstanceOf(GuardError);
    expect(await inAmbientHost(worldWith(), () => caught(() => Date()))).toMatchObject({ message: /local time/ });
  });

  test('between events and after the run the process has its own again', async () => {
    const world = worldWith();
    await inAmbientHost(world, () => sleep(5));
    expect(Date.now()).toBeGreaterThan(0);
    expect(Date.now()).not.toBe(EPOCH_MS + 5);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(new Request('http://server', { signal: AbortSignal.timeout(1_000) }).signal.aborted).toBe(false);
  });
});

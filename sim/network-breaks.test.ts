/** Hosts that die, peers that leave and partitions: who learns of it, when, and what still arrives. */

import { describe, expect, test } from 'vitest';
import { echo } from './testing/calls.ts';
import { bytes, chunks, inHost, ok, outcomeOf, request, serve, textOf, worldWith } from './testing/in-world.ts';

const ALWAYS = [1, 1] as const;

describe('a host that dies', () => {
  test('resets the calls it was serving; they may have had an effect', async () => {
    const world = worldWith();
    await serve(world, 'node-1', () => new Promise(() => {}));
    world.after(100, 'crash', () => world.host('node-1').crash());
    const outcome = await inHost(world, 'client', ({ network }) => outcomeOf(network.call('node-1:80', request('/'))));
    expect(outcome).toBe('reset sent');
    expect(world.nowMs).toBe(100);
    expect(world.network.openCalls()).toEqual([]);
  });

  test('as a caller: the handler sees its signal abort and its body throw, even for a request still travelling', async () => {
    for (const when of ['net.connected', 'net.request']) {
      let isTime = false;
      const world = worldWith({}, { traceLine: (line) => (isTime ||= line.includes(when)) });
      const log: string[] = [];
      await serve(world, 'node-1', async ({ body, signal }) => {
        signal!.addEventListener('abort', () => log.push('aborted'));
        try {
          for await (const chunk of body) log.push(await textOf(chunk));
        } catch (error) {
          log.push((error as { code: string }).code);
          throw error;
        }
        return ok('never');
      });
      world.host('client', { role: 'client' }).start(async ({ network, clock }) => {
        async function* endless(): AsyncGenerator<Uint8Array> {
          yield bytes('first');
          await clock.sleep(1_000_000);
        }
        await network.call('node-1:80', request('/', { body: endless() }));
      });
      await world.run(() => isTime);
      world.host('client').crash();
      await world.run(() => false);
      expect(log.toSorted()).toEqual(['aborted', 'first', 'reset']);
      expect(world.network.openCalls()).toEqual([]);
      expect(world.failure).toBeNull();
    }
  });

  test('a caller that abandons its call hears of it at once, and the handler soon', async () => {
    const world = worldWith();
    let abortedAtMs = -1;
    await serve(world, 'node-1', ({ signal }) => {
      signal!.addEventListener('abort', () => (abortedAtMs = world.nowMs));
      return new Promise(() => {});
    });
    const outcome = await inHost(world, 'client', async ({ network, clock }) => {
      const abort = new AbortController();
      const call = outcomeOf(network.call('node-1:80', request('/', { signal: abort.signal })));
      await clock.sleep(200);
      abort.abort();
      return [await call, clock.monoMs()];
    });
    await world.run(() => false);
    expect(outcome).toEqual(['timeout sent', 200]);
    expect(abortedAtMs).toBeGreaterThanOrEqual(200);
    expect(abortedAtMs).toBeLessThan(210);
  });

  test('a request that is lost in a cut link after its caller gave up is no open call', async () => {
    const world = worldWith();
    await serve(world, 'node-1', () => Promise.resolve(ok('never')));
    await inHost(world, 'client', async ({ network, clock }) => {
      await outcomeOf(network.call('node-1:80', request('/')));
      world.network.cut('client', 'node-1');
      const abort = new AbortController();
      const call = outcomeOf(network.call('node-1:80', request('/', { signal: abort.signal })));
      await clock.sleep(1_000);
      abort.abort();
      expect(await call).toBe('timeout sent');
    });
    expect(world.network.openCalls()).toHaveLength(1);
    await world.run(() => false);
    expect(world.network.openCalls()).toEqual([]);
  });

  test('a reader that stops reading tells the sender', async () => {
    const world = worldWith();
    let ended = false;
    await serve(world, 'node-1', async ({ signal }) => ({
      status: 200,
      headers: new Map(),
      body: (async function* () {
        try {
          while (!signal!.aborted) {
            yield bytes('tick ');
            await new Promise((resolve) => signal!.addEventListener('abort', resolve));
          }
        } finally {
          ended = true;
        }
      })(),
    }));
    await inHost(world, 'client', async ({ network }) => {
      const response = await network.call('node-1:80', request('/'));
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        expect(await textOf(chunk)).toBe('tick ');
        break;
      }
    });
    await world.run(() => false);
    expect(ended).toBe(true);
    expect(world.network.openCalls()).toEqual([]);
  });
});

describe('a partition', () => {
  test('holds what is sent and delivers it when mended soon', async () => {
    const world = worldWith();
    await echo(world);
    world.network.cut('client', 'node-1');
    world.after(2000, 'mend', () => world.network.mend('client', 'node-1'));
    const outcome = await inHost(world, 'client', ({ network }) =>
      outcomeOf(network.call('node-1:80', request('/', { body: chunks('x') }))),
    );
    expect(outcome).toBe('echo x');
    expect(world.nowMs).toBeGreaterThanOrEqual(2000);
  });

  test('stops what is on its way when it begins', async () => {
    const world = worldWith();
    let served = 0;
    await echo(world, () => served++);
    let outcome = '';
    world.host('client', { role: 'client' }).start(async ({ network }) => {
      outcome = await outcomeOf(network.call('node-1:80', request('/')));
    });
    await world.run(() => world.waiting().some(({ what }) => what.startsWith('net.connected')));
    world.network.cut('node-1', 'client');
    await world.run(() => false, { untilMs: 5000 });
    // The answer to the client's knock was travelling; without it no request is sent.
    expect(served).toBe(0);
    expect(outcome).toBe('');
    expect(world.probes.count('fault.net.held')).toBe(1);
    world.network.mend('node-1', 'client');
    await world.run(() => outcome !== '');
    expect(outcome).toBe('echo ');
    expect(world.nowMs).toBe(5000);
  });

  test('makes a new connection fail unsent when it lasts, in whichever direction it is cut', async () => {
    for (const [from, to] of [
      ['client', 'node-1'],
      ['node-1', 'client'],
    ] as const) {
      const world = worldWith();
      let served = 0;
      await echo(world, () => served++);
      world.network.cut(from, to);
      const outcome = await inHost(world, 'client', ({ network }) =>
        outcomeOf(network.call('node-1:80', request('/'))),
      );
      expect(outcome).toBe('timeout unsent');
      expect(world.nowMs).toBeGreaterThanOrEqual(30_000);
      await world.run(() => false);
      expect(served).toBe(0);
    }
  });

  test('one way: on a living connection the request is served and the response does not come back', async () => {
    const world = worldWith();
    const served: string[] = [];
    await echo(world, (what) => served.push(what));
    const outcomes = await inHost(world, 'client', async ({ network }) => {
      const first = await outcomeOf(network.call('node-1:80', request('/1')));
      world.network.cut('node-1', 'client');
      const call = outcomeOf(network.call('node-1:80', request('/2')));
      return [first, call] as const;
    });
    await world.run(() => served.length === 2);
    world.network.mend('node-1', 'client');
    let second = '';
    void outcomes[1].then((outcome) => (second = outcome));
    await world.run(() => second !== '');
    expect([outcomes[0], second]).toEqual(['echo ', 'echo ']);
    expect(served).toEqual(['/1 ', '/2 ']);
  });

  test('keeps the order of a stream through cut and mend', async () => {
    const world = worldWith({ netTenfold: [1, 4] });
    await serve(world, 'node-1', async ({ body }) => ok(await textOf(body)));
    for (let ms = 20; ms < 2000; ms += 40) {
      world.after(ms, 'cut', () => world.network.cut('client', 'node-1'));
      world.after(ms + 15, 'mend', () => world.network.mend('client', 'node-1'));
    }
    const words = Array.from({ length: 300 }, (_, index) => `${index} `);
    const echoed = await inHost(world, 'client', async ({ network, clock }) => {
      async function* talk(): AsyncGenerator<Uint8Array> {
        for (const word of words) {
          yield bytes(word);
          await clock.sleep(3);
        }
      }
      return outcomeOf(network.call('node-1:80', request('/', { body: talk() })));
    });
    expect(echoed).toBe(words.join(''));
  });

  test('hides the death of a host from its peers until it is mended', async () => {
    const world = worldWith();
    await serve(world, 'node-1', () => new Promise(() => {}));
    const endedAtMs: number[] = [];
    world.host('client', { role: 'client' }).start(async ({ network }) => {
      await outcomeOf(network.call('node-1:80', request('/')));
      endedAtMs.push(world.nowMs);
    });
    world.after(10, 'cut', () => world.network.cut('node-1', 'client'));
    world.after(20, 'crash', () => world.host('node-1').crash());
    world.after(5000, 'mend', () => world.network.mend('node-1', 'client'));
    await world.run(() => false);
    expect(endedAtMs).toEqual([5000]);
  });

  test('healing ends every silence', async () => {
    const world = worldWith({ netResponseLost: ALWAYS });
    await echo(world);
    let outcome = '';
    world.host('client', { role: 'client' }).start(async ({ network }) => {
      outcome = await outcomeOf(network.call('node-1:80', request('/')));
    });
    await world.run(() => false, { untilMs: 1000 });
    expect(outcome).toBe('');
    expect(world.waiting().map(({ host, what }) => `${host}: ${what}`)).toContain('client: POST / at node-1:80');
    world.heal();
    await world.run(() => outcome !== '');
    expect(outcome).toBe('reset sent');
    expect(world.nowMs).toBeLessThan(1010);
  });
});

import { describe, expect, test } from 'vitest';
import type { FaultSettings, World } from './index.ts';
import type { HttpHandler } from '../engine/ports.ts';
import { bytes, chunks, inHost, ok, outcomeOf, request, serve, textOf, worldWith } from './testing/in-world.ts';

const ALWAYS = [1, 1] as const;

/** A server that counts what it was asked and answers with what it was sent. */
async function echo(world: World, onRequest: (text: string) => void = () => {}): Promise<void> {
  await serve(world, 'node-1', async ({ target, body }) => {
    const text = await textOf(body);
    onRequest(`${target} ${text}`);
    return ok(`echo ${text}`);
  });
}

/** The outcome of one call under these faults, how often the handler ran, and the simulated time it took. */
async function callUnder(
  faults: Partial<FaultSettings>,
  handler: HttpHandler = async ({ body }) => ok(`echo ${await textOf(body)}`),
): Promise<{ outcome: string; served: number; tookMs: number; world: World }> {
  const world = worldWith(faults);
  let served = 0;
  await serve(world, 'node-1', (incoming) => {
    served++;
    return handler(incoming);
  });
  const outcome = await inHost(world, 'client', ({ network }) =>
    outcomeOf(network.call('node-1:80', request('/a', { body: chunks('some ', 'text') }))),
  );
  const tookMs = world.nowMs;
  await world.run(() => false);
  return { outcome, served, tookMs, world };
}

describe('a call in a quiet world', () => {
  test('brings the request to the handler and the response back, a few hundred microseconds each way', async () => {
    const { outcome, served, tookMs } = await callUnder({});
    expect(outcome).toBe('echo some text');
    expect(served).toBe(1);
    expect(tookMs).toBeLessThan(10);
  });

  test('keeps method, target, headers and status', async () => {
    const world = worldWith();
    await serve(world, 'node-1', async ({ method, target, headers }) => ({
      status: 404,
      headers: new Map([['x-seen', `${method} ${target} ${headers.get('x')}`]]),
      body: new Uint8Array(0),
    }));
    const seen = await inHost(world, 'client', async ({ network }) => {
      const headers = new Map([['x', 'y']]);
      const response = await network.call('node-1:80', request('/v1/a?b=c', { method: 'PUT', headers }));
      return [response.status, response.headers.get('x-seen')];
    });
    expect(seen).toEqual([404, 'PUT /v1/a?b=c y']);
  });

  test('keeps the order of a stream whose pieces leave before and after the request was accepted', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const world = worldWith({ netTenfold: [1, 4], netHundredfold: [1, 8] }, { seed: String(seed) });
      const log: string[] = [];
      await serve(world, 'node-1', async ({ body }) => {
        for await (const chunk of body) log.push(await textOf(chunk));
        return ok('');
      });
      await inHost(world, 'client', async ({ network, clock }) => {
        // The connection is there: what follows the request leaves with it.
        await network.call('node-1:80', request('/'));
        const body = async function* () {
          for (let piece = 0; piece < 30; piece++) {
            yield bytes(String(piece));
            await clock.sleep(piece % 3);
          }
        };
        return network.call('node-1:80', request('/', { body: body() }));
      });
      expect(log, `seed ${seed}`).toEqual(Array.from({ length: 30 }, (_, piece) => String(piece)));
    }
  });

  test('streams both ways at once', async () => {
    const world = worldWith();
    await serve(world, 'node-1', async ({ body }) => ({
      status: 200,
      headers: new Map(),
      body: (async function* () {
        for await (const chunk of body) yield bytes(`<${await textOf(chunk)}>`);
      })(),
    }));
    const heard = await inHost(world, 'client', async ({ network, clock }) => {
      const said: string[] = [];
      async function* talk(): AsyncGenerator<Uint8Array> {
        for (const word of ['one', 'two', 'three']) {
          yield bytes(word);
          await clock.sleep(100);
        }
      }
      const response = await network.call('node-1:80', request('/', { body: talk() }));
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        said.push(`${await textOf(chunk)} at ${Math.floor(clock.monoMs() / 100)}`);
      }
      return said;
    });
    expect(heard).toEqual(['<one> at 0', '<two> at 1', '<three> at 2']);
  });

  test('a fast sender waits for a slow reader', async () => {
    const world = worldWith();
    let produced = 0;
    await serve(world, 'node-1', async () => ({
      status: 200,
      headers: new Map(),
      body: (async function* () {
        for (; produced < 200; produced++) yield new Uint8Array(16 * 1024);
      })(),
    }));
    const seen = await inHost(world, 'client', async ({ network, clock }) => {
      const response = await network.call('node-1:80', request('/'));
      await clock.sleep(1000);
      const ahead = produced;
      let total = 0;
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) total += chunk.length;
      return { ahead, total };
    });
    expect(seen.ahead).toBeLessThanOrEqual(17);
    expect(seen.total).toBe(200 * 16 * 1024);
  });

  test('is refused, and nothing was sent, when nobody listens', async () => {
    const world = worldWith();
    world.host('node-1');
    const call = (): Promise<string> =>
      inHost(world, `client-${world.events}`, ({ network }) => outcomeOf(network.call('node-1:80', request('/'))));
    expect(await call()).toBe('refused unsent');
    await echo(world);
    expect(await call()).toBe('echo ');
    world.host('node-1').crash();
    expect(await call()).toBe('refused unsent');
  });

  test('a closed listener refuses, what it had accepted goes on', async () => {
    const world = worldWith();
    let isServing = false;
    world.host('node-1').start(async ({ network, clock }) => {
      const listener = await network.serve('node-1:80', async () => {
        await clock.sleep(100);
        return ok('late');
      });
      isServing = true;
      await clock.sleep(50);
      await listener.close();
    });
    await world.run(() => isServing);
    const outcomes = await inHost(world, 'client', async ({ network, clock }) => {
      const early = outcomeOf(network.call('node-1:80', request('/')));
      await clock.sleep(60);
      return [await outcomeOf(network.call('node-1:80', request('/'))), await early];
    });
    expect(outcomes).toEqual(['reset sent', 'late']);
  });

  test('two listeners at one address, or one at a foreign host, are mistakes', async () => {
    const world = worldWith();
    await echo(world);
    const handler = async () => ok('');
    const errors = await inHost(world, 'client', async ({ network }) => {
      const error = (promise: Promise<unknown>): Promise<string> =>
        promise.then(
          () => 'none',
          (reason: Error) => reason.message,
        );
      await network.serve('client:1', handler);
      return [await error(network.serve('client:1', handler)), await error(network.serve('node-1:2', handler))];
    });
    expect(errors).toEqual(['client:1 is in use', 'assertion: client cannot serve node-1:2']);
  });

  test('a handler that throws anything but its own broken connection fails the run', async () => {
    const world = worldWith();
    await serve(world, 'node-1', async () => {
      throw new Error('a bug');
    });
    await expect(
      inHost(world, 'client', ({ network }) => outcomeOf(network.call('node-1:80', request('/')))),
    ).rejects.toThrow('Error: a bug');
    expect(world.failure).toMatchObject({ host: 'node-1', kind: 'invariant' });
  });
});

describe('each fault means what it says', () => {
  test('refused: the handler never runs and the caller may be sure', async () => {
    expect(await callUnder({ netRefused: ALWAYS })).toMatchObject({ outcome: 'refused unsent', served: 0 });
  });

  test('request lost: the handler never runs, the caller hears nothing for thirty seconds and cannot be sure', async () => {
    const { outcome, served, tookMs } = await callUnder({ netRequestLost: ALWAYS });
    expect({ outcome, served }).toEqual({ outcome: 'timeout sent', served: 0 });
    expect(tookMs).toBeGreaterThanOrEqual(30_000);
  });

  test('response lost: the handler ran, the caller hears nothing for thirty seconds and cannot be sure', async () => {
    const { outcome, served, tookMs } = await callUnder({ netResponseLost: ALWAYS });
    expect({ outcome, served }).toEqual({ outcome: 'timeout sent', served: 1 });
    expect(tookMs).toBeGreaterThanOrEqual(30_000);
  });

  test('reset before delivery: the handler never runs, the caller cannot be sure', async () => {
    expect(await callUnder({ netResetBefore: ALWAYS })).toMatchObject({ outcome: 'reset sent', served: 0 });
  });

  test('reset after delivery: the handler ran, the caller cannot be sure', async () => {
    expect(await callUnder({ netResetAfter: ALWAYS })).toMatchObject({ outcome: 'reset sent', served: 1 });
  });

  test('request cut: the handler sees its body throw, the caller cannot be sure', async () => {
    let seen = '';
    const { outcome, served, world } = await callUnder({ netRequestCut: ALWAYS }, async ({ body }) => {
      for await (const chunk of body) seen += await textOf(chunk);
      return ok('never');
    });
    expect({ outcome, served }).toEqual({ outcome: 'reset sent', served: 1 });
    expect('some '.startsWith(seen) && seen !== 'some ').toBe(true);
    expect(world.probes.count('fault.net.request-cut')).toBe(1);
  });

  test('response cut: the caller gets the head and less than the whole body, then a reset', async () => {
    const world = worldWith({ netResponseCut: ALWAYS });
    await echo(world);
    const seen = await inHost(world, 'client', async ({ network }) => {
      const response = await network.call('node-1:80', request('/', { body: chunks('a longer text') }));
      let text = '';
      try {
        for await (const chunk of response.body as AsyncIterable<Uint8Array>) text += await textOf(chunk);
        return 'whole';
      } catch (error) {
        return {
          status: response.status,
          isPrefix: 'echo a longer text'.startsWith(text),
          code: (error as { code: string }).code,
        };
      }
    });
    expect(seen).toEqual({ status: 200, isPrefix: true, code: 'reset' });
  });

  test('duplicated: a read-only request is served twice and answered once, any other is served once', async () => {
    for (const [method, times] of [
      ['GET', 2],
      ['POST', 1],
    ] as const) {
      const world = worldWith({ netDuplicated: ALWAYS });
      const served: string[] = [];
      await echo(world, (what) => served.push(what));
      const outcome = await inHost(world, 'client', ({ network }) =>
        outcomeOf(network.call('node-1:80', request('/a', { method }))),
      );
      await world.run(() => false);
      expect(outcome).toBe('echo ');
      expect(served).toHaveLength(times);
    }
  });

  test('split: bodies arrive whole but in other pieces, both ways', async () => {
    const world = worldWith({ netSplit: [2, 3] });
    const pieces = { up: 0, down: 0 };
    await serve(world, 'node-1', async ({ body }) => {
      let text = '';
      for await (const chunk of body) {
        pieces.up++;
        text += await textOf(chunk);
      }
      return ok(text);
    });
    const text = 'the quick brown fox jumps over the lazy dog';
    const echoed = await inHost(world, 'client', async ({ network }) => {
      let back = '';
      for (let i = 0; i < 20; i++) {
        const response = await network.call('node-1:80', request('/', { body: chunks(text) }));
        if (response.body instanceof Uint8Array) back += await textOf(response.body);
        else
          for await (const chunk of response.body) {
            pieces.down++;
            back += await textOf(chunk);
          }
      }
      return back;
    });
    expect(echoed).toBe(text.repeat(20));
    expect(pieces.up).toBeGreaterThan(30);
    expect(pieces.down).toBeGreaterThan(30);
  });

  test('slow: a message may take a hundred times as long', async () => {
    const { outcome, tookMs } = await callUnder({ netHundredfold: ALWAYS });
    expect(outcome).toBe('echo some text');
    expect(tookMs).toBeGreaterThan(4 * 15);
  });
});

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

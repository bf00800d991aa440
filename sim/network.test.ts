/** Calls over the simulated network when nothing goes wrong: order, backpressure, who listens. */

import { describe, expect, test } from 'vitest';
import { callUnder, echo } from './testing/calls.ts';
import { bytes, inHost, ok, outcomeOf, request, serve, textOf, worldWith } from './testing/in-world.ts';

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

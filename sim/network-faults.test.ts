/** What each fault of one call does to caller and handler, and what the caller may conclude. */

import { describe, expect, test } from 'vitest';
import { callUnder, echo } from './testing/calls.ts';
import { QUIET, World } from './index.ts';
import { bytes, chunks, inHost, ok, outcomeOf, request, serve, textOf, worldWith } from './testing/in-world.ts';

const ALWAYS = [1, 1] as const;

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

  test('slow drain: a body arrives whole, at the pace of its reader, and its sender waits', async () => {
    const drawn = new Set<string>();
    for (const seed of ['1', '2', '3', '4', '5', '6']) {
      const faults = { ...QUIET, netSlowDrain: ALWAYS, drainKibMs: [1000] };
      const world = new World({ seed, profile: 'test', faults });
      let sent = 0;
      async function* pages(): AsyncGenerator<Uint8Array> {
        for (; sent < 10; sent++) yield bytes('x'.repeat(500));
      }
      await serve(world, 'node-1', async () => ({ status: 200, headers: new Map(), body: pages() }));
      const text = inHost(world, 'client', async ({ network }) =>
        textOf((await network.call('node-1:80', request('/'))).body),
      );
      expect((await text).length).toBe(5000);
      drawn.add(world.nowMs >= 4700 ? 'slowly' : 'at once');
    }
    // Or the body of the request is read slowly, which is empty here.
    expect([...drawn].toSorted()).toEqual(['at once', 'slowly']);
  });

  test('connect hangs: the handler never runs, the caller hears nothing for thirty seconds and may be sure', async () => {
    const { outcome, served, tookMs } = await callUnder({ netConnectHangs: ALWAYS });
    expect({ outcome, served }).toEqual({ outcome: 'timeout unsent', served: 0 });
    expect(tookMs).toBeGreaterThanOrEqual(30_000);
  });

  test('half-open: the caller is gone, and the server goes on for thirty seconds as if somebody listened', async () => {
    const world = worldWith({ netHalfOpen: ALWAYS });
    let goneAtMs = 0;
    await serve(world, 'node-1', async ({ signal }) => {
      signal?.addEventListener('abort', () => (goneAtMs = world.nowMs));
      return new Promise<never>(() => {});
    });
    const outcome = await inHost(world, 'client', ({ network }) => outcomeOf(network.call('node-1:80', request('/'))));
    expect(outcome).toBe('reset sent');
    expect(world.nowMs).toBeLessThan(1000);
    await world.run(() => false);
    expect(goneAtMs).toBeGreaterThanOrEqual(30_000);
    expect(world.network.openCalls()).toEqual([]);
  });
});

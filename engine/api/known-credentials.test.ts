/** A connection's token is found once, and judged with every request: whoever speaks, whatever became of it, whoever owns the store. */

import { expect, test } from 'vitest';

import type { Engine } from '../engine.ts';
import type { HttpRequest } from '../ports.ts';
import { type AccessBench, accessBench } from '../testing/access-bench.ts';
import { createApi } from './routes.ts';

const CONNECTION = {};

/** Asks on a connection, of an engine that says how often it looked for a token. */
function listed(bench: AccessBench) {
  let looks = 0;
  const counting = (engine: Engine): Engine => ({
    ...engine,
    authenticate: (secret) => {
      looks++;
      return engine.authenticate(secret);
    },
  });
  let owner = counting(bench.engine);
  const handler = createApi(() => owner, bench.options);
  const ask = async (secret: string, connection?: object): Promise<number> => {
    const headers = new Map([['authorization', `Bearer ${secret}`]]);
    const request: HttpRequest = { method: 'GET', target: '/v1/basins', headers, body: nothing() };
    return (await handler({ ...request, ...(connection !== undefined && { connection }) })).status;
  };
  return {
    ask,
    looks: () => looks,
    ownedBy: (engine: Engine) => {
      owner = counting(engine);
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

const LISTS = { ops: ['list-basins'] };

test('what a connection came with before is not looked for again', async () => {
  const bench = await accessBench();
  const { ask, looks } = listed(bench);
  expect([await ask(bench.root, CONNECTION), await ask(bench.root, CONNECTION), looks()]).toEqual([200, 200, 1]);
});

test('another connection is looked for anew, and so is each request of none', async () => {
  const bench = await accessBench();
  const { ask, looks } = listed(bench);
  for (const connection of [CONNECTION, {}, undefined, undefined]) expect(await ask(bench.root, connection)).toBe(200);
  expect(looks()).toBe(4);
});

test('another secret on the same connection is its own, wherever it differs', async () => {
  const bench = await accessBench();
  const secret = await bench.issue({ id: 'none', scope: { ops: ['list-access-tokens'] } });
  const { ask } = listed(bench);
  expect(await ask(bench.root, CONNECTION)).toBe(200);
  expect(await ask(secret, CONNECTION)).toBe(403);
  for (const at of [0, 20, bench.root.length - 1]) {
    expect(await ask(bench.root, CONNECTION)).toBe(200);
    const other = bench.root[at] === 'x' ? 'y' : 'x';
    expect(await ask(bench.root.slice(0, at) + other + bench.root.slice(at + 1), CONNECTION)).toBe(401);
  }
  expect(await ask(`${bench.root}x`, CONNECTION)).toBe(401);
});

test('a revoked token is refused with the next request, also when another one has its id by then', async () => {
  const bench = await accessBench();
  const secret = await bench.issue({ id: 't', scope: LISTS });
  const { ask } = listed(bench);
  expect(await ask(secret, CONNECTION)).toBe(200);
  await bench.ask(bench.root, 'DELETE /v1/access-tokens/t');
  expect(await ask(secret, CONNECTION)).toBe(401);
  const next = await bench.issue({ id: 't', scope: LISTS });
  expect([await ask(secret, CONNECTION), await ask(next, CONNECTION)]).toEqual([401, 200]);
});

test('an expired token is refused with the next request', async () => {
  const bench = await accessBench();
  const secret = await bench.issue({ id: 't', scope: LISTS, expires_at: '2023-11-14T22:13:21Z' });
  const { ask } = listed(bench);
  expect(await ask(secret, CONNECTION)).toBe(200);
  bench.clock.stepWall(1_000);
  expect(await ask(secret, CONNECTION)).toBe(401);
});

test('the next owner in the same process is asked, whatever the last one knew', async () => {
  const bench = await accessBench();
  const secret = await bench.issue({ id: 't', scope: LISTS });
  const { ask, ownedBy } = listed(bench);
  expect(await ask(secret, CONNECTION)).toBe(200);
  ownedBy((await accessBench()).engine);
  expect(await ask(secret, CONNECTION)).toBe(401);
});

test('a body is asked for in the turn in which its request came, as where no token is asked for: what waits is buffered', async () => {
  const bench = await accessBench();
  const handler = createApi(() => bench.engine, bench.options);
  const isAskedAtOnce = async (): Promise<boolean> => {
    let isAsked = false;
    const body = (async function* (): AsyncGenerator<Uint8Array> {
      isAsked = true;
      yield new TextEncoder().encode('{"records":[{}]}');
    })();
    const headers = new Map([
      ['authorization', `Bearer ${bench.root}`],
      ['content-type', 'application/json'],
      ['s2-basin', 'basin-none'],
    ]);
    const answer = handler({
      method: 'POST',
      target: '/v1/streams/s/records',
      headers,
      body,
      connection: CONNECTION,
    });
    const wasAsked = isAsked;
    expect((await answer).status).toBe(404);
    return wasAsked;
  };
  expect([await isAskedAtOnce(), await isAskedAtOnce()]).toEqual([false, true]);
});

/** Limits of a token: how much of it is refused, how much is slowed down, and that nobody else pays. */

import { describe, expect, test } from 'vitest';

import { type AccessBench, accessBench } from '../testing/access-bench.ts';
import { BASIN, batch, follow, STREAM } from '../testing/engine-bench.ts';
import { ManualClock, settled } from '../testing/manual-ports.ts';
import { encodeAppendInput } from '../testing/proto-inputs.ts';
import { Feed, listen } from '../testing/session-bench.ts';
import { createApi } from './routes.ts';
import { messageFrame } from './s2s-frames.ts';
import { NO_LIMITS, TokenMeter } from './token-limits.ts';

const EVERYTHING = {
  basins: { prefix: '' },
  streams: { prefix: '' },
  op_groups: { stream: { read: true, write: true } },
};
const TAIL = `GET /v1/streams/${STREAM}/records/tail`;
const IN_BASIN = { headers: { 's2-basin': BASIN } };

const refusalOf = (message: string) => ({ status: 429, body: { code: 'rate_limited', message } });

describe('requests', () => {
  test('beyond a second’s worth are 429, with the time to wait, and cost nothing', async () => {
    const bench = await accessBench({ ...NO_LIMITS, requestsPerS: 4 });
    const [mine, other] = [
      await bench.issue({ id: 'a', scope: EVERYTHING }),
      await bench.issue({ id: 'b', scope: EVERYTHING }),
    ];
    for (let i = 0; i < 4; i++) expect((await bench.ask(mine, TAIL, IN_BASIN)).status).toBe(200);
    for (let i = 0; i < 3; i++) {
      const refused = await bench.ask(mine, TAIL, IN_BASIN);
      expect(refused).toMatchObject(refusalOf('the access token has asked for too much'));
      expect(refused.headers).toMatchObject({ 'retry-after-ms': '250', 'retry-after': '1' });
    }
    expect((await bench.ask(other, TAIL, IN_BASIN)).status).toBe(200);
    await bench.clock.advance(250);
    expect((await bench.ask(mine, TAIL, IN_BASIN)).status).toBe(200);
    expect((await bench.ask(mine, TAIL, IN_BASIN)).status).toBe(429);
  });

  test('that nobody’s token sends count for nobody', async () => {
    const bench = await accessBench({ ...NO_LIMITS, requestsPerS: 1 });
    for (let i = 0; i < 3; i++) expect((await bench.ask('x'.repeat(40), TAIL, IN_BASIN)).status).toBe(401);
    expect((await bench.ask(bench.root, TAIL, IN_BASIN)).status).toBe(200);
  });
});

describe('bytes', () => {
  test('that were sent or told beyond the rate are owed, and requests wait until they are paid', async () => {
    const bench = await accessBench({ ...NO_LIMITS, bytesPerS: 1_000 });
    const mine = await bench.issue({ id: 'a', scope: EVERYTHING });
    const append = { ...IN_BASIN, body: { records: [{ body: 'x'.repeat(3_000) }] } };
    expect((await bench.ask(mine, `POST /v1/streams/${STREAM}/records`, append)).status).toBe(200);
    const refused = await bench.ask(mine, TAIL, IN_BASIN);
    expect(refused.status).toBe(429);
    const waitMs = Number(refused.headers['retry-after-ms']);
    expect(waitMs).toBeGreaterThan(2_000);
    expect(waitMs).toBeLessThan(2_300);
    await bench.clock.advance(waitMs);
    expect((await bench.ask(mine, TAIL, IN_BASIN)).status).toBe(200);
  });

  test('of a session are slowed down, both ways', async () => {
    const bench = await accessBench({ ...NO_LIMITS, bytesPerS: 1_000 });
    const mine = await bench.issue({ id: 'a', scope: EVERYTHING });
    const { feed, heard } = await appending(bench, mine);
    for (let i = 0; i < 4; i++) feed.push(messageFrame(encodeAppendInput(batch('x'.repeat(900)))));
    await settled();
    const before = heard.frames().length;
    expect(before).toBeLessThan(4);
    await bench.clock.advance(500);
    expect(heard.frames().length).toBeLessThan(4);
    await bench.clock.advance(10_000);
    expect(heard.frames()).toHaveLength(4);
  });

  test('that are owed keep no session from ending with its token, and nothing that waited for them is told', async () => {
    const bench = await accessBench({ ...NO_LIMITS, bytesPerS: 1_000 });
    const mine = await bench.issue({ id: 'a', scope: EVERYTHING });
    const headers = new Map([
      ['s2-basin', BASIN],
      ['accept', 'text/event-stream'],
      ['authorization', `Bearer ${mine}`],
    ]);
    const target = `/v1/streams/${STREAM}/records?seq_num=0`;
    const heard = listen(
      await createApi(() => bench.engine, bench.options)({ method: 'GET', target, headers, body: new Feed() }),
    );
    const { feed, heard: appends } = await appending(bench, mine);
    for (const body of ['first', 'second']) {
      feed.push(messageFrame(encodeAppendInput(batch(body + 'x'.repeat(9_000)))));
      await settled();
    }
    expect([heard.ended(), appends.ended()]).toEqual([false, false]);
    expect((await bench.ask(bench.root, 'DELETE /v1/access-tokens/a')).status).toBe(204);
    await settled();
    expect([heard.ended(), appends.ended()]).toEqual([true, true]);
    expect(heard.text()).toContain('event: error');
    expect(heard.text()).not.toContain('second');
    expect(appends.frames().at(-1)).toEqual([401, { code: 'authn', message: 'invalid access token' }]);
  });
});

/** An append session of the holder of a token. */
async function appending(bench: AccessBench, secret: string, signal?: AbortSignal) {
  const feed = new Feed();
  const response = await createApi(
    () => bench.engine,
    bench.options,
  )({
    ...{ method: 'POST', target: `/v1/streams/${STREAM}/records`, body: feed },
    headers: new Map([
      ['s2-basin', BASIN],
      ['content-type', 's2s/proto'],
      ['authorization', `Bearer ${secret}`],
    ]),
    ...(signal !== undefined && { signal }),
  });
  return { feed, status: response.status, response, heard: response.status === 200 ? listen(response) : listenTo() };
}

const listenTo = () => ({ frames: () => [] as unknown[], ended: () => true as boolean | 'broken' });

describe('sessions', () => {
  test('beyond the number are 429 until one ends, however it ends', async () => {
    const bench = await accessBench({ ...NO_LIMITS, sessions: 2 });
    const mine = await bench.issue({ id: 'a', scope: EVERYTHING });
    const gone = new AbortController();
    const [first] = [await appending(bench, mine), await appending(bench, mine, gone.signal)];
    expect((await appending(bench, mine)).status).toBe(429);
    expect((await appending(bench, bench.root)).status).toBe(200);
    expect((await bench.ask(mine, TAIL, IN_BASIN)).status).toBe(200);
    first.feed.end();
    await settled();
    const third = await appending(bench, mine);
    expect(third.status).toBe(200);
    expect((await appending(bench, mine)).status).toBe(429);
    gone.abort('left');
    await settled();
    expect((await appending(bench, mine)).status).toBe(200);
  });

  test('that did not open do not count', async () => {
    const bench = await accessBench({ ...NO_LIMITS, sessions: 1 });
    const mine = await bench.issue({ id: 'a', scope: EVERYTHING });
    for (let i = 0; i < 3; i++) {
      const headers = { ...IN_BASIN.headers, 'content-type': 's2s/proto' };
      expect((await bench.ask(mine, 'GET /v1/streams/nothing/records?seq_num=0', { headers })).status).toBe(404);
      expect((await bench.ask(mine, 'GET /v1/streams/nothing/records?seq_num=x', { headers })).status).toBe(400);
    }
    expect((await appending(bench, mine)).status).toBe(200);
  });
});

test('without limits nothing is counted', async () => {
  const meter = new TokenMeter(new ManualClock(), NO_LIMITS);
  expect(meter.counts).toBe(false);
  for (let i = 0; i < 1_000; i++) expect(meter.admit('a')).toBe(0);
  expect(follow(meter.settled('a', undefined))()).toBeNull();
});

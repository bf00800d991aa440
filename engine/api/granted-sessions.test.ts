/**
 * What lasts ends with its token: sessions of every kind and reads that wait, at revocation and at expiry, and nothing is
 * taken or handed out behind that. A slow owner that was fenced and does not know hands out nothing old either.
 */

import { describe, expect, test } from 'vitest';

import { type AccessBench, accessBench } from '../testing/access-bench.ts';
import type { Ask } from '../testing/api-bench.ts';
import { BASIN, batch, engineBench, fenceRecord, STREAM } from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';
import { encodeAppendInput } from '../testing/proto-inputs.ts';
import { Feed, listen } from '../testing/session-bench.ts';
import { createApi } from './routes.ts';
import { messageFrame } from './s2s-frames.ts';

const RECORDS = `/v1/streams/${STREAM}/records`;
const S2S = { 'content-type': 's2s/proto' };
const EVENTS = { accept: 'text/event-stream' };
const INVALID = { code: 'authn', message: 'invalid access token' };

const everything = {
  basins: { prefix: '' },
  streams: { prefix: '' },
  op_groups: { stream: { read: true, write: true } },
};

const input = (bodies: Parameters<typeof batch>[0]) => messageFrame(encodeAppendInput(batch(bodies)));

/** A request whose answer is listened to, as the holder of a token. */
function open(bench: AccessBench, secret: string, line: string, headers: object, signal?: AbortSignal) {
  const [method = '', target = ''] = line.split(' ');
  const feed = new Feed();
  const all = new Map(Object.entries({ 's2-basin': BASIN, authorization: `Bearer ${secret}`, ...headers }));
  const asked = { method, target, headers: all, body: feed, ...(signal !== undefined && { signal }) };
  return { feed, answer: createApi(() => bench.engine, bench.options)(asked) };
}

/** A token of five seconds and one that lasts; both are to end in the same ways. */
const ENDS: [string, (bench: AccessBench) => Promise<void>][] = [
  ['it is revoked', async (bench) => void (await bench.ask(bench.root, 'DELETE /v1/access-tokens/t'))],
  ['it expires', (bench) => bench.clock.advance(5_000)],
];

const wishFor = (how: string) => ({
  id: 't',
  scope: everything,
  ...(how === 'it expires' && { expires_at: '2023-11-14T22:13:25Z' }),
});

describe.each(ENDS)('when %s', (how, end) => {
  test('events end with an error that names the code, and nothing that comes later is told', async () => {
    const bench = await accessBench();
    const secret = await bench.issue(wishFor(how));
    const heard = listen(await open(bench, secret, `GET ${RECORDS}?seq_num=0`, EVENTS).answer);
    await bench.engine.append(BASIN, STREAM, batch('before'));
    await settled();
    await end(bench);
    await bench.engine.append(BASIN, STREAM, batch('after'));
    await settled();
    expect(heard.ended()).toBe(true);
    expect(heard.text()).toContain('before');
    expect(heard.text()).not.toContain('after');
    expect(heard.text()).toContain(`event: error\ndata: ${JSON.stringify(INVALID)}`);
    expect(heard.text()).not.toContain('[DONE]');
  });

  test('a read session ends with a terminal frame', async () => {
    const bench = await accessBench();
    const secret = await bench.issue(wishFor(how));
    const heard = listen(await open(bench, secret, `GET ${RECORDS}?seq_num=0`, S2S).answer);
    await settled();
    await end(bench);
    await settled();
    expect(heard.ended()).toBe(true);
    expect(heard.frames().at(-1)).toEqual([401, INVALID]);
  });

  test('an append session answers what was admitted, takes nothing more, and says why', async () => {
    const bench = await accessBench();
    const secret = await bench.issue(wishFor(how));
    const { feed, answer } = open(bench, secret, `POST ${RECORDS}`, S2S);
    const heard = listen(await answer);
    feed.push(input('before'));
    await settled();
    await end(bench);
    feed.push(input('after'));
    await settled();
    expect(heard.ended()).toBe(true);
    const frames = heard.frames();
    expect(frames).toHaveLength(2);
    expect(frames.at(-1)).toEqual([401, INVALID]);
    expect(await bench.bodies()).toEqual(['before']);
  });

  test('a read that waits is 401, although its time is not over', async () => {
    const bench = await accessBench();
    const secret = await bench.issue(wishFor(how));
    const { answer } = open(bench, secret, `GET ${RECORDS}?seq_num=0&wait=60`, {});
    await settled();
    await end(bench);
    await settled();
    const response = await answer;
    expect(response.status).toBe(401);
    expect(JSON.parse(Buffer.from(response.body as Uint8Array).toString())).toEqual(INVALID);
  });
});

describe('a session', () => {
  test('that was opened and not listened to yet ends at its first event', async () => {
    const bench = await accessBench();
    const secret = await bench.issue(wishFor(''));
    await bench.engine.append(BASIN, STREAM, batch('x'));
    const response = await open(bench, secret, `GET ${RECORDS}?seq_num=0`, S2S).answer;
    await bench.ask(bench.root, 'DELETE /v1/access-tokens/t');
    const heard = listen(response);
    await settled();
    expect(heard.frames()).toEqual([[401, INVALID]]);
  });

  test('of another token goes on', async () => {
    const bench = await accessBench();
    await bench.issue(wishFor(''));
    const other = await bench.issue({ ...wishFor(''), id: 'other' });
    const heard = listen(await open(bench, other, `GET ${RECORDS}?seq_num=0`, EVENTS).answer);
    await bench.ask(bench.root, 'DELETE /v1/access-tokens/t');
    await bench.engine.append(BASIN, STREAM, batch('after'));
    await settled();
    expect(heard.ended()).toBe(false);
    expect(heard.text()).toContain('after');
  });

  test('past the expiry is given nothing, and is told so only once that is durable', async () => {
    for (const isKept of [true, false]) {
      const bench = await accessBench();
      const secret = await bench.issue(wishFor('it expires'));
      const heard = listen(await open(bench, secret, `GET ${RECORDS}?seq_num=0`, EVENTS).answer);
      await settled();
      bench.holdPuts();
      void bench.engine.append(BASIN, STREAM, batch('late'));
      await settled();
      bench.clock.stepWall(6_000);
      await bench.oldestPut().complete();
      await settled();
      expect(heard.text()).not.toContain('late');
      expect(heard.text()).not.toContain('error');
      if (isKept) await bench.oldestPut().complete();
      // Longer than the patience of the bench.
      await bench.clock.advance(isKept ? 0 : 1_001);
      expect(heard.text()).not.toContain('late');
      expect(heard.text()).toContain(isKept ? '"code":"authn"' : '"code":"hot_server"');
      expect(heard.ended()).toBe(true);
    }
  });

  test('of appends is told 403 for a command it may not send, behind what it may', async () => {
    const bench = await accessBench();
    const secret = await bench.issue({ id: 't', scope: { ...everything, op_groups: null, ops: ['append'] } });
    const { feed, answer } = open(bench, secret, `POST ${RECORDS}`, S2S);
    const heard = listen(await answer);
    feed.push(input('mine'));
    feed.push(input([fenceRecord('me')]));
    feed.push(input('never'));
    await settled();
    const frames = heard.frames();
    expect(frames).toHaveLength(2);
    expect(frames[1]).toMatchObject([403, { code: 'permission_denied' }]);
    expect(await bench.bodies()).toEqual(['mine']);
  });

  test('at an owner that was fenced hands out nothing once its proof is old', async () => {
    const bench = await accessBench();
    const secret = await bench.issue(wishFor(''));
    for (let i = 0; i < 3; i++) await bench.engine.append(BASIN, STREAM, batch(`record-${i}`));
    const response = await open(bench, secret, `GET ${RECORDS}?seq_num=0&count=3`, S2S).answer;
    const second = await engineBench({ objects: bench.blobs.objects, seed: 2, stream: false });
    await second.engine.revokeToken('t');
    // Its watch asks, and the store takes its time.
    bench.blobs.holds = ({ operation }) => operation === 'get';
    await bench.clock.advance(5_001);
    const heard = listen(response);
    await settled();
    expect(heard.frames()).toEqual([]);
    expect(heard.ended()).toBe(false);
    await bench.blobs.held('get')[0]?.complete();
    await settled();
    expect(heard.frames()).toMatchObject([[502, { code: 'hot_server' }]]);
  });

  test('or anything else of a token at such an owner: places are told to nobody without a proof of now', async () => {
    const bench = await accessBench();
    const ops = ['list-locations', 'get-default-location', 'set-default-location'];
    const secret = await bench.issue({ id: 't', scope: { ops } });
    const lines: [string, Ask][] = [
      ['GET /v1/locations', {}],
      ['GET /v1/locations/default', {}],
      ['PUT /v1/locations/default', { body: '"local"' }],
    ];
    for (const [line, ask] of lines) expect((await bench.ask(secret, line, ask)).status).toBe(200);
    const second = await engineBench({ objects: bench.blobs.objects, seed: 2, stream: false });
    await second.engine.revokeToken('t');
    for (const [line, ask] of lines) expect((await bench.ask(secret, line, ask)).status).not.toBe(200);
  });

  test('that is over leaves nobody who is told of its token', async () => {
    const bench = await accessBench();
    const secret = await bench.issue(wishFor(''));
    const gone = new AbortController();
    const heard = listen(await open(bench, secret, `GET ${RECORDS}?seq_num=0`, EVENTS, gone.signal).answer);
    await settled();
    gone.abort('left');
    await settled();
    expect(heard.ended()).toBe(true);
    expect(heard.text()).not.toContain('error');
    const before = heard.text();
    await bench.ask(bench.root, 'DELETE /v1/access-tokens/t');
    await settled();
    expect(heard.text()).toBe(before);
  });
});

test('sessions of every kind go to the stream behind the prefix, and say the short name when it is gone', async () => {
  const bench = await accessBench();
  await bench.engine.createStream(BASIN, 'mine/log', null);
  const secret = await bench.issue({
    id: 't',
    auto_prefix_streams: true,
    scope: { ...everything, streams: { prefix: 'mine/' } },
  });
  const log = '/v1/streams/log/records';
  const { feed, answer } = open(bench, secret, `POST ${log}`, S2S);
  const acks = listen(await answer);
  feed.push(input('hello'));
  await settled();
  expect(acks.frames()).toHaveLength(1);
  const followers = await Promise.all(
    [EVENTS, S2S].map(async (headers) => listen(await open(bench, secret, `GET ${log}?seq_num=0`, headers).answer)),
  );
  await settled();
  expect(followers[0]?.text()).toContain('hello');
  expect(followers[1]?.frames()[0]).toContain(Buffer.from('hello').toString('hex'));
  const whole = await bench.ask(bench.root, 'GET /v1/streams/mine%2Flog/records?seq_num=0', {
    headers: { 's2-basin': BASIN },
  });
  expect(whole.body).toMatchObject({ records: [{ body: 'hello' }] });

  await bench.engine.deleteStream(BASIN, 'mine/log');
  await bench.clock.advance(5_000);
  feed.push(input('too late'));
  await settled();
  for (const heard of [acks, ...followers]) {
    expect(heard.ended()).toBe(true);
    expect(heard.text()).toMatch(/stream_(not_found|deletion_pending)/);
    expect(heard.text()).not.toContain('mine/');
  }
  const gone = await open(bench, secret, `GET ${log}?seq_num=0`, S2S).answer;
  expect(Buffer.from(gone.body as Uint8Array).toString()).toContain('stream `log` in basin');
});

/**
 * Requests whose head came while their access token was good, and whose body came when it was over: nothing is done for
 * them, because how long a body may take is long enough to make another token.
 */

import { describe, expect, test } from 'vitest';

import { type AccessBench, accessBench } from '../testing/access-bench.ts';
import { BASIN, STREAM } from '../testing/engine-bench.ts';
import { settled } from '../testing/manual-ports.ts';
import { Feed } from '../testing/session-bench.ts';
import { ENDPOINTS } from './endpoints.ts';
import { createApi } from './routes.ts';

const EVERYTHING = {
  ...{ basins: { prefix: '' }, streams: { prefix: '' }, access_tokens: { prefix: '' } },
  op_groups: {
    account: { read: true, write: true },
    basin: { read: true, write: true },
    stream: { read: true, write: true },
  },
};

/** A request whose body is still to come, as the holder of a token. */
function open({ engine, options }: AccessBench, secret: string, line: string) {
  const [method = '', target = ''] = line.split(' ');
  const body = new Feed();
  const headers = { authorization: `Bearer ${secret}`, 's2-basin': BASIN, 'content-type': 'application/json' };
  const answer = createApi(() => engine, options)({ method, target, headers: new Map(Object.entries(headers)), body });
  return { body, answer };
}

const LATE: Readonly<Record<string, [string, unknown]>> = {
  issue_access_token: ['POST /v1/access-tokens', { id: 'successor', scope: EVERYTHING }],
  create_basin: ['POST /v1/basins', { basin: 'made-too-late' }],
  ensure_basin: ['PUT /v1/basins/made-too-late', {}],
  reconfigure_basin: [`PATCH /v1/basins/${BASIN}`, { create_stream_on_append: true }],
  create_stream: ['POST /v1/streams', { stream: 'made-too-late' }],
  ensure_stream: ['PUT /v1/streams/made-too-late', {}],
  reconfigure_stream: [`PATCH /v1/streams/${STREAM}`, { retention_policy: { age: 1 } }],
  append: [`POST /v1/streams/${STREAM}/records`, { records: [{ body: 'too late' }] }],
  set_default_location: ['PUT /v1/locations/default', 'local'],
};

test('every endpoint that takes a body is here', () => {
  const taking = ENDPOINTS.filter(({ method }) => ['POST', 'PUT', 'PATCH'].includes(method)).map(({ name }) => name);
  expect(Object.keys(LATE).toSorted()).toEqual(taking.toSorted());
});

describe.each(Object.values(LATE))('%s', (line, sent) => {
  test.each<[string, (bench: AccessBench) => Promise<unknown>]>([
    ['was revoked', (bench) => bench.ask(bench.root, 'DELETE /v1/access-tokens/t')],
    ['expired', (bench) => bench.clock.advance(5_000)],
  ])('is refused when the token %s before the body was there', async (how, end) => {
    const bench = await accessBench();
    const expiry = how === 'expired' && { expires_at: '2023-11-14T22:13:25Z' };
    const secret = await bench.issue({ id: 't', scope: EVERYTHING, ...expiry });
    const { body, answer } = open(bench, secret, line);
    await settled();
    await end(bench);
    await settled();
    const before = bench.engine.state.hash;
    body.push(new TextEncoder().encode(JSON.stringify(sent)));
    body.end();
    expect((await answer).status).toBe(401);
    expect(bench.engine.state.hash).toBe(before);
  });
});

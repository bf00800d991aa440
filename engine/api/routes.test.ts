/** Which requests exist, and what the server says when it can not serve (API contract §1.2-§1.8). */

import { describe, expect, test } from 'vitest';

import { apiOf, engineThatAnswers } from '../testing/api-bench.ts';
import { BASIN, engineBench } from '../testing/engine-bench.ts';
import { DENIED } from '../testing/manual-ports.ts';

const headers = { 's2-basin': BASIN };

describe('health', () => {
  test.each(['/health', '/ping'])('%s is OK as text while the engine serves', async (path) => {
    const ask = apiOf(engineThatAnswers(null));
    expect(await ask(`GET ${path}`)).toEqual({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'OK' });
  });

  test.each([
    ['there is no engine yet', apiOf(null), 'taking over the store'],
    [
      'it was fenced',
      apiOf(engineThatAnswers(null, { kind: 'fenced', byEpoch: 2 })),
      'another server has taken over the store',
    ],
    ['it stopped', apiOf(engineThatAnswers(null, { kind: 'stopped' })), 'stopping'],
    ['the store refused', apiOf(engineThatAnswers(null, { kind: 'store-refused', fault: DENIED })), DENIED.message],
  ])('is 503 with the reason when %s', async (_, ask, body) => {
    expect(await ask('GET /health')).toMatchObject({ status: 503, body });
  });
});

describe('404, 405 and 501 are told apart', () => {
  const ask = apiOf(engineThatAnswers(null));

  test.each([
    'GET /',
    'GET /v2/basins',
    'GET /v1',
    'GET /v1/nothing',
    'POST /v1/basins/basin-01/more',
    'GET /v1/streams/s/other',
    'GET /v1/streams/s/records/other',
    'GET /v1/streams/s/records/tail/more',
    'GET /v1/access-tokens/t/more',
    'GET /v1/locations/other',
    'GET /v1/metrics/basin-01/s/more',
  ])('%s does not exist: 404 with an empty body, whatever the headers', async (line) => {
    expect(await ask(line)).toEqual({ status: 404, headers: {}, body: '' });
    expect(await ask(line, { headers })).toEqual({ status: 404, headers: {}, body: '' });
  });

  test.each([
    ['POST /health', 'GET'],
    ['DELETE /v1/basins', 'GET, POST'],
    ['POST /v1/basins/basin-01', 'GET, PUT, PATCH, DELETE'],
    ['PUT /v1/streams', 'GET, POST'],
    ['POST /v1/streams/s', 'GET, PUT, PATCH, DELETE'],
    ['DELETE /v1/streams/s/records', 'GET, POST'],
    ['POST /v1/streams/s/records/tail', 'GET'],
    ['PUT /v1/access-tokens', 'GET, POST'],
    ['GET /v1/access-tokens/t', 'DELETE'],
    ['POST /v1/locations', 'GET'],
    ['DELETE /v1/locations/default', 'GET, PUT'],
    ['POST /v1/metrics', 'GET'],
    ['PUT /v1/metrics/basin-01', 'GET'],
    ['DELETE /v1/metrics/basin-01/s', 'GET'],
  ])('%s is a method S2 does not have: 405, with what it has in `allow`', async (line, allow) => {
    expect(await ask(line)).toEqual({ status: 405, headers: { allow }, body: '' });
    expect(await ask(line, { headers })).toEqual({ status: 405, headers: { allow }, body: '' });
  });

  test.each<[string, unknown]>([
    ['GET /v1/access-tokens?prefix=a&limit=1', undefined],
    ['POST /v1/access-tokens', { id: 'a', scope: {} }],
    ['DELETE /v1/access-tokens/a', undefined],
  ])('%s is S2 and not implemented: 501 with a code', async (line, body) => {
    expect(await ask(line, { body })).toMatchObject({ status: 501, body: { code: 'not_implemented' } });
  });

  test.each<[string, unknown, string]>([
    ['GET /v1/access-tokens?limit=many', undefined, 'bad_query'],
    [`GET /v1/access-tokens?prefix=${'a'.repeat(97)}`, undefined, 'bad_query'],
    ['POST /v1/access-tokens', '{', 'bad_json'],
    ['POST /v1/access-tokens', { id: '', scope: {} }, 'bad_json'],
    ['POST /v1/access-tokens', { id: 'a' }, 'bad_json'],
    ['DELETE /v1/access-tokens/%2e', undefined, 'bad_path'],
    [`DELETE /v1/access-tokens/${'é'.repeat(49)}`, undefined, 'bad_path'],
  ])('%s with %j is malformed, implemented or not', async (line, body, code) => {
    expect(await ask(line, { body })).toMatchObject({ status: 400, body: { code } });
  });

  test('paths and headers are looked at before anything else', async () => {
    expect(await ask('GET /v1/basins/NO')).toMatchObject({ status: 400, body: { code: 'bad_path' } });
    expect(await ask('GET /v1/streams/%ff', { headers })).toMatchObject({ status: 400, body: { code: 'bad_path' } });
    expect(await ask('GET /v1/streams')).toMatchObject({ status: 400, body: { code: 'bad_header' } });
  });
});

describe('the basin header', () => {
  const ask = apiOf(engineThatAnswers(null));

  test('is required on every stream endpoint', async () => {
    for (const line of ['POST /v1/streams', 'GET /v1/streams/s/records', 'GET /v1/streams/s/records/tail']) {
      expect(await ask(line)).toEqual({
        status: 400,
        headers: { 'content-type': 'application/json' },
        body: { code: 'bad_header', message: 'Missing header `s2-basin`' },
      });
    }
  });

  test('must be a basin name, and is judged before the path', async () => {
    expect(await ask('GET /v1/streams/%ff/records/tail', { headers: { 's2-basin': 'NO' } })).toMatchObject({
      status: 400,
      body: { code: 'bad_header', message: expect.stringMatching(/^Invalid header `s2-basin`: /) },
    });
  });
});

describe('the stream name', () => {
  test('is one percent-decoded segment, slashes and any Unicode included', async () => {
    const { engine } = await engineBench();
    const ask = apiOf(engine);
    for (const name of ['a/b', 'é ?#%', '…', '日本']) {
      expect((await ask('POST /v1/streams', { headers, body: { stream: name } })).status).toBe(201);
      expect((await ask(`GET /v1/streams/${encodeURIComponent(name)}/records/tail`, { headers })).status).toBe(200);
    }
  });

  test.each(['%ff', '%ED%A0%80', '%', '..', '.', 'x'.repeat(513)])('%s is a bad path', async (segment) => {
    const ask = apiOf(engineThatAnswers(null));
    expect(await ask(`GET /v1/streams/${segment}/records/tail`, { headers })).toMatchObject({
      status: 400,
      body: { code: 'bad_path' },
    });
  });
});

describe('while there is no owner', () => {
  test('every request ends with a code that says it had no effect and may be repeated', async () => {
    for (const ask of [apiOf(null), apiOf(engineThatAnswers(null, { kind: 'store-refused', fault: DENIED }))]) {
      expect(await ask('POST /v1/streams/s/records', { headers, body: { records: [{}] } })).toMatchObject({
        status: 502,
        body: { code: 'hot_server' },
      });
    }
  });
});

describe('outcomes', () => {
  const post = (outcome: unknown) =>
    apiOf(engineThatAnswers(outcome))('POST /v1/streams/s/records', { headers, body: { records: [{}] } });

  test.each([
    [{ kind: 'not-owner' }, 502, 'hot_server'],
    [{ kind: 'unavailable', message: 'm' }, 502, 'hot_server'],
    [{ kind: 'draining' }, 503, 'server_draining'],
    [{ kind: 'basin-not-found', basin: 'b' }, 404, 'basin_not_found'],
    [{ kind: 'stream-not-found', basin: 'b', stream: 's' }, 404, 'stream_not_found'],
  ])('rejected as %j has a code without side effect', async (reason, status, code) => {
    expect(await post({ kind: 'rejected', reason })).toMatchObject({ status, body: { code } });
  });

  test('a stream that may have been made for it is 503 `unavailable`, which leaves the client in doubt', async () => {
    expect(await post({ kind: 'rejected', reason: { kind: 'creation-in-doubt' } })).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
    });
  });

  test('unknown is 500 `storage`, which leaves the client in doubt', async () => {
    expect(await post({ kind: 'unknown', message: 'who knows' })).toEqual({
      status: 500,
      headers: { 'content-type': 'application/json' },
      body: { code: 'storage', message: 'who knows' },
    });
  });

  test('an error of the engine itself is not dressed up as an answer', async () => {
    const broken = { ...engineThatAnswers(null), append: () => Promise.reject(new Error('a bug')) };
    await expect(apiOf(broken)('POST /v1/streams/s/records', { headers, body: { records: [{}] } })).rejects.toThrow(
      'a bug',
    );
  });
});

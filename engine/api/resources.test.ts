/** Creating basins and streams over the API: exact answers (API contract §1.9, §1.10, §3.4). */

import { describe, expect, test } from 'vitest';

import { type Ask, apiOf } from '../testing/api-bench.ts';
import { BASIN, engineBench, STREAM } from '../testing/engine-bench.ts';

const CREATED_AT = '2023-11-14T22:13:20.000Z';
const headers = { 's2-basin': BASIN };

async function bench() {
  const { engine, clock } = await engineBench();
  return { ask: apiOf(engine), clock };
}

describe('POST /v1/basins', () => {
  test('answers 201 with all five fields', async () => {
    const { ask } = await bench();
    expect(await ask('POST /v1/basins', { body: { basin: 'basin-02' } })).toEqual({
      status: 201,
      headers: { 'content-type': 'application/json', 's2-provision-result': 'created' },
      body: { name: 'basin-02', location: 'local', created_at: CREATED_AT, deleted_at: null, state: 'active' },
    });
  });

  test('with the same request token is 201 `noop` with the original info, without it 409', async () => {
    const { ask, clock } = await bench();
    const again: Ask = { headers: { 's2-request-token': 'token' }, body: { basin: 'basin-02' } };
    const first = await ask('POST /v1/basins', again);
    await clock.advance(10_000);
    expect(await ask('POST /v1/basins', again)).toEqual({
      ...first,
      headers: { ...first.headers, 's2-provision-result': 'noop' },
    });
    expect(await ask('POST /v1/basins', { body: { basin: 'basin-02' } })).toEqual({
      status: 409,
      headers: { 'content-type': 'application/json' },
      body: { code: 'resource_already_exists', message: 'basin `basin-02` already exists' },
    });
  });

  test.each([
    ['a bad name', { basin: 'NO' }, 400, 'bad_json'],
    ['no name', {}, 400, 'bad_json'],
    ['a name that is null', { basin: null }, 400, 'bad_json'],
    ['a name that is a number', { basin: 12345678 }, 400, 'bad_json'],
    ['a configuration that is no object', { basin: 'basin-02', config: 1 }, 400, 'bad_json'],
  ])('refuses %s', async (_, body, status, code) => {
    const { ask } = await bench();
    expect(await ask('POST /v1/basins', { body })).toMatchObject({ status, body: { code } });
  });

  test.each([
    ['null for what is optional', { basin: 'basin-02', config: null, location: null }],
    ['an empty configuration and one of nulls', { basin: 'basin-02', config: { default_stream_config: null } }],
    ['a cipher', { basin: 'basin-02', config: { stream_cipher: 'aegis-256' } }],
    ['a location and fields it does not know', { basin: 'basin-02', location: 'aws:us-east-1', later: [1] }],
  ])('accepts %s', async (_, body) => {
    const { ask } = await bench();
    expect((await ask('POST /v1/basins', { body })).status).toBe(201);
  });
});

describe('POST /v1/streams', () => {
  test('answers 201 with all four fields', async () => {
    const { ask } = await bench();
    expect(await ask('POST /v1/streams', { headers, body: { stream: 'new' } })).toEqual({
      status: 201,
      headers: { 'content-type': 'application/json', 's2-provision-result': 'created' },
      body: { name: 'new', created_at: CREATED_AT, deleted_at: null, cipher: null },
    });
  });

  test('of a name that is taken is 409, in a missing basin 404', async () => {
    const { ask } = await bench();
    expect(await ask('POST /v1/streams', { headers, body: { stream: STREAM } })).toMatchObject({
      status: 409,
      body: { code: 'resource_already_exists', message: 'stream `stream` in basin `basin-01` already exists' },
    });
    expect(await ask('POST /v1/streams', { headers: { 's2-basin': 'basin-99' }, body: { stream: 'x' } })).toMatchObject(
      {
        status: 404,
        body: { code: 'basin_not_found', message: 'basin `basin-99` not found' },
      },
    );
  });

  test.each(['', '.', '..', 'x'.repeat(513), '\ud800'])('refuses the name %j', async (stream) => {
    const { ask } = await bench();
    expect(await ask('POST /v1/streams', { headers, body: { stream } })).toMatchObject({
      status: 400,
      body: { code: 'bad_json' },
    });
  });
});

describe('DELETE /v1/streams/{stream}', () => {
  test('answers 202, and the stream is gone while its name is free', async () => {
    const { ask } = await bench();
    expect((await ask(`DELETE /v1/streams/${STREAM}`, { headers })).status).toBe(202);
    expect(await ask(`DELETE /v1/streams/${STREAM}`, { headers })).toMatchObject({
      status: 404,
      body: { code: 'stream_not_found' },
    });
    expect((await ask('POST /v1/streams', { headers, body: { stream: STREAM } })).status).toBe(201);
  });
});

describe('the retention policy', () => {
  const withPolicy = async (retention_policy: unknown) => {
    const { ask } = await bench();
    return ask('POST /v1/streams', { headers, body: { stream: 'new', config: { retention_policy } } });
  };

  test.each([[{ age: 60 }], [{ infinite: {} }], [null]])('%j is taken', async (policy) => {
    expect((await withPolicy(policy)).status).toBe(201);
  });

  test.each([[{}], [{ age: 'a day' }], ['forever'], [{ age: 1, infinite: {} }], [{ infinite: 1 }]])(
    '%j is refused',
    async (policy) => {
      expect(await withPolicy(policy)).toMatchObject({ status: 400, body: { code: 'bad_json' } });
    },
  );

  test('of no age is invalid, and so is one that no number holds', async () => {
    expect(await withPolicy({ age: 0 })).toMatchObject({
      status: 422,
      body: { code: 'invalid', message: 'age must be greater than 0 seconds' },
    });
    expect(await withPolicy({ age: 2 ** 60 })).toMatchObject({ status: 422, body: { code: 'invalid' } });
  });
});

describe('the request token', () => {
  test('has at most 36 bytes', async () => {
    const { ask } = await bench();
    const withToken = (length: number) =>
      ask('POST /v1/basins', { headers: { 's2-request-token': 'x'.repeat(length) }, body: { basin: 'basin-02' } });
    expect(await withToken(37)).toMatchObject({
      status: 400,
      body: { code: 'bad_header', message: expect.stringMatching(/^Invalid header `s2-request-token`: /) },
    });
    expect((await withToken(36)).status).toBe(201);
  });
});

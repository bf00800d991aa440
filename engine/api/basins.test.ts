/** Basins over the API: the lines of API contract §11.6 about them, and every refusal, with nothing changed. */

import { describe, expect, test } from 'vitest';

import { type Ask, apiOf } from '../testing/api-bench.ts';
import { BASIN, engineBench } from '../testing/engine-bench.ts';
import { unchanged } from '../testing/unchanged.ts';

const OTHER = 'basin-02';
/** What a basin reports that was given no configuration. */
const DEFAULTS = {
  default_stream_config: {
    storage_class: 'express',
    retention_policy: null,
    timestamping: null,
    delete_on_empty: null,
  },
  stream_cipher: null,
  create_stream_on_append: false,
  create_stream_on_read: false,
};

async function bench() {
  const { engine, clock } = await engineBench({ stream: false, tunables: { tombstoneMs: 5_000 } });
  const ask = apiOf(engine);
  const config = async (basin = OTHER) => (await ask(`GET /v1/basins/${basin}`)).body;
  const create = (config: unknown, token?: string) =>
    ask('POST /v1/basins', {
      body: { basin: OTHER, config },
      ...(token !== undefined && { headers: { 's2-request-token': token } }),
    });
  return { ask, config, create, engine, clock };
}

const provision = (answer: { status: number; headers: Record<string, string> }) => [
  answer.status,
  answer.headers['s2-provision-result'],
];
const code = (answer: { status: number; body: unknown }) => [answer.status, (answer.body as { code?: string }).code];

describe('creation', () => {
  test('repeated with its token and its configuration is a noop; with another of either the basin exists', async () => {
    const { create, engine, clock } = await bench();
    const config = { create_stream_on_read: true };
    expect(provision(await create(config, 'once'))).toEqual([201, 'created']);
    const again = await unchanged({ engine, clock }, () => create(config, 'once'));
    expect(provision(again)).toEqual([201, 'noop']);
    for (const other of [() => create(config, 'twice'), () => create({}, 'once'), () => create(config)]) {
      expect(code(await unchanged({ engine, clock }, other))).toEqual([409, 'resource_already_exists']);
    }
  });

  test('repeated after the configuration was replaced is a noop still', async () => {
    const { ask, create } = await bench();
    await create({ create_stream_on_read: true }, 'once');
    await ask(`PUT /v1/basins/${OTHER}`, { body: { config: { create_stream_on_append: true } } });
    expect(provision(await create({ create_stream_on_read: true }, 'once'))).toEqual([201, 'noop']);
  });

  test('without a token never matches, not even itself', async () => {
    const { create } = await bench();
    await create({});
    expect(code(await create({}))).toEqual([409, 'resource_already_exists']);
  });

  test('keeps every part of the configuration, and says null where nothing was said', async () => {
    const { config, create } = await bench();
    const whole = {
      default_stream_config: {
        storage_class: 'standard',
        retention_policy: { age: 3600 },
        timestamping: { mode: 'arrival', uncapped: true },
        delete_on_empty: { min_age_secs: 600 },
      },
      stream_cipher: null,
      create_stream_on_append: true,
      create_stream_on_read: true,
    };
    await create(whole);
    expect(await config()).toEqual(whole);
    expect(await config(BASIN)).toEqual(DEFAULTS);
  });
});

describe('ensure', () => {
  const ensure = (ask: ReturnType<typeof apiOf>, body?: unknown) =>
    ask(`PUT /v1/basins/${OTHER}`, body === undefined ? {} : { body });

  test('creates what is not there, without a body too', async () => {
    const { ask, config } = await bench();
    expect(provision(await ensure(ask))).toEqual([201, 'created']);
    expect(await config()).toEqual(DEFAULTS);
  });

  test('replaces the configuration, and what it leaves out is as if it had never been said', async () => {
    const { ask, config, create } = await bench();
    const { body: info } = await create({
      create_stream_on_read: true,
      stream_cipher: 'aegis-256',
      default_stream_config: { storage_class: 'standard' },
    });
    const again = await ensure(ask, { config: { create_stream_on_append: true } });
    expect(provision(again)).toEqual([200, 'updated']);
    expect(again.body).toEqual(info);
    expect(await config()).toEqual({ ...DEFAULTS, create_stream_on_append: true });
  });

  test('of what is there already is a noop, also of an explicit zero and of what was reported', async () => {
    const { ask, config } = await bench();
    const zero = { default_stream_config: { delete_on_empty: { min_age_secs: 0 } } };
    await ensure(ask, { config: zero });
    expect(provision(await ensure(ask, { config: zero }))).toEqual([200, 'noop']);
    expect(provision(await ensure(ask, { config: await config() }))).toEqual([200, 'noop']);
    expect(await config()).toMatchObject({ default_stream_config: { delete_on_empty: { min_age_secs: 0 } } });
    expect(provision(await ensure(ask, { config: {} }))).toEqual([200, 'updated']);
  });
});

describe('reconfiguration', () => {
  const patch = (ask: ReturnType<typeof apiOf>, body: unknown) => ask(`PATCH /v1/basins/${OTHER}`, { body });

  test('sets some nested defaults, clears some, and keeps the others', async () => {
    const { ask, config, create } = await bench();
    await create({
      default_stream_config: {
        storage_class: 'standard',
        retention_policy: { age: 60 },
        timestamping: { mode: 'arrival', uncapped: true },
      },
      stream_cipher: 'aes-256-gcm',
      create_stream_on_read: true,
    });
    const answer = await patch(ask, {
      default_stream_config: {
        retention_policy: null,
        timestamping: { mode: 'client-require' },
        delete_on_empty: { min_age_secs: 5 },
      },
      create_stream_on_append: true,
    });
    const expected = {
      default_stream_config: {
        storage_class: 'standard',
        retention_policy: null,
        timestamping: { mode: 'client-require', uncapped: true },
        delete_on_empty: { min_age_secs: 5 },
      },
      stream_cipher: 'aes-256-gcm',
      create_stream_on_append: true,
      create_stream_on_read: true,
    };
    expect(answer).toMatchObject({ status: 200, body: expected });
    expect(await config()).toEqual(expected);
  });

  test('with null for the defaults, or for what groups them, clears them all', async () => {
    const { ask, create } = await bench();
    await create({
      default_stream_config: {
        timestamping: { mode: 'arrival', uncapped: true },
        delete_on_empty: { min_age_secs: 5 },
      },
    });
    expect((await patch(ask, { default_stream_config: { timestamping: null } })).body).toMatchObject({
      default_stream_config: { timestamping: null, delete_on_empty: { min_age_secs: 5 } },
    });
    expect((await patch(ask, { default_stream_config: null })).body).toEqual(DEFAULTS);
    expect((await patch(ask, { stream_cipher: 'aegis-256' })).body).toEqual({
      ...DEFAULTS,
      stream_cipher: 'aegis-256',
    });
    expect((await patch(ask, { stream_cipher: null })).body).toEqual(DEFAULTS);
  });

  test('with nothing in it changes nothing, and writes nothing', async () => {
    const { ask, create, engine } = await bench();
    await create({ create_stream_on_read: true });
    const { hash } = engine.state;
    expect(await patch(ask, {})).toMatchObject({ status: 200, body: { ...DEFAULTS, create_stream_on_read: true } });
    expect(engine.state.hash).toBe(hash);
  });

  test('is clear that a flag has two values: null is none', async () => {
    const { ask, create } = await bench();
    await create({ create_stream_on_append: true });
    expect(code(await patch(ask, { create_stream_on_append: null }))).toEqual([400, 'bad_json']);
  });
});

describe('deletion', () => {
  test('is shown with its time, blocks creation and change until it is done, and can be repeated', async () => {
    const { ask, create, clock, config, engine } = await bench();
    await create({ create_stream_on_read: true });
    expect(await ask(`DELETE /v1/basins/${OTHER}`)).toEqual({
      status: 202,
      headers: { 'content-length': '0' },
      body: '',
    });

    expect((await ask(`GET /v1/basins?prefix=${OTHER}`)).body).toMatchObject({
      basins: [{ name: OTHER, deleted_at: expect.stringMatching(/Z$/) as string, state: 'deleting' }],
    });
    expect(await config()).toMatchObject({ create_stream_on_read: true });
    const headers = { 's2-basin': OTHER };
    const blocked = await unchanged({ engine, clock }, async () => [
      await create({}),
      await ask(`PUT /v1/basins/${OTHER}`),
      await ask(`PATCH /v1/basins/${OTHER}`, { body: {} }),
      await ask('POST /v1/streams', { headers, body: { stream: 's' } }),
      await ask('PUT /v1/streams/s', { headers }),
      await ask('PATCH /v1/streams/s', { headers, body: {} }),
      await ask('GET /v1/streams/s/records/tail', { headers }),
    ]);
    for (const answer of blocked) expect(code(answer)).toEqual([409, 'basin_deletion_pending']);
    expect(blocked[0]?.body).toMatchObject({ message: 'basin `basin-02` is being deleted' });
    expect((await ask(`DELETE /v1/basins/${OTHER}`)).status).toBe(202);

    await clock.advance(6_000);
    expect(code(await ask(`DELETE /v1/basins/${OTHER}`))).toEqual([404, 'basin_not_found']);
    expect(provision(await create({}))).toEqual([201, 'created']);
  });

  test('takes the streams along, and a basin of the same name has none of them', async () => {
    const { ask, create, clock } = await bench();
    await create({});
    const headers = { 's2-basin': OTHER };
    for (const stream of ['a', 'b']) await ask('POST /v1/streams', { headers, body: { stream } });
    await ask(`DELETE /v1/basins/${OTHER}`);
    await clock.advance(6_000);
    await create({});
    expect((await ask('GET /v1/streams', { headers })).body).toEqual({ streams: [], has_more: false });
    expect(code(await ask('GET /v1/streams/a', { headers }))).toEqual([404, 'stream_not_found']);
  });
});

describe('listing', () => {
  const NAMES = ['apple-01', 'apple-02', 'apple-03', 'banana-1', BASIN];

  async function listing() {
    const { ask } = await bench();
    for (const basin of NAMES.toReversed().slice(1)) await ask('POST /v1/basins', { body: { basin } });
    return async (query: string) => {
      const { body, status } = await ask(`GET /v1/basins${query}`);
      const { basins, has_more } = body as { basins: { name: string }[]; has_more: boolean };
      return { status, names: basins.map(({ name }) => name), has_more };
    };
  }

  test('is in the order of names, pages behind `start_after`, and knows whether there is more', async () => {
    const list = await listing();
    expect(await list('')).toEqual({ status: 200, names: NAMES, has_more: false });
    expect(await list('?limit=2')).toEqual({ status: 200, names: NAMES.slice(0, 2), has_more: true });
    expect(await list('?limit=3&start_after=apple-02')).toEqual({
      status: 200,
      names: NAMES.slice(2),
      has_more: false,
    });
    expect(await list('?start_after=zzz')).toEqual({ status: 200, names: [], has_more: false });
  });

  test('filters by prefix, together with a cursor before, within and behind it', async () => {
    const list = await listing();
    expect((await list('?prefix=apple')).names).toEqual(NAMES.slice(0, 3));
    expect(await list('?prefix=apple&limit=2')).toMatchObject({ names: NAMES.slice(0, 2), has_more: true });
    expect(await list('?prefix=apple&limit=2&start_after=apple-01')).toMatchObject({
      names: NAMES.slice(1, 3),
      has_more: false,
    });
    expect((await list('?prefix=banana&start_after=apple')).names).toEqual(['banana-1']);
    expect((await list('?prefix=apple&start_after=banana-1')).names).toEqual([]);
    expect((await list('?prefix=b-')).names).toEqual([]);
  });

  test.each(['0', '1001', '18446744073709551615'])('takes a limit of %s for the most there is', async (limit) => {
    const list = await listing();
    expect((await list(`?limit=${limit}`)).names).toEqual(NAMES);
  });
});

test('the one location is listed, is the default, and can only be set to itself', async () => {
  const { ask } = await bench();
  const here = { name: 'local', is_private: true };
  expect(await ask('GET /v1/locations')).toMatchObject({ status: 200, body: [here] });
  expect(await ask('GET /v1/locations/default')).toMatchObject({ status: 200, body: here });
  expect(await ask('PUT /v1/locations/default', { body: '"local"' })).toMatchObject({ status: 200, body: here });
  expect(code(await ask('PUT /v1/locations/default', { body: '"aws:us-east-1"' }))).toEqual([422, 'invalid']);
  expect(code(await ask('PUT /v1/locations/default', { body: '"no/name"' }))).toEqual([400, 'bad_json']);
  expect(code(await ask('PUT /v1/locations/default', { body: '{}' }))).toEqual([400, 'bad_json']);
});

describe('a refused request changes nothing', () => {
  const body = (config: unknown): Ask => ({ body: { basin: OTHER, config } });
  const defaults = (default_stream_config: unknown) => body({ default_stream_config });

  test.each<[string, string, Ask, number, string]>([
    ['a name in capitals', 'POST /v1/basins', { body: { basin: 'BASIN-02' } }, 400, 'bad_json'],
    ['a name that is short', 'POST /v1/basins', { body: { basin: 'short' } }, 400, 'bad_json'],
    ['a name of 49 characters', 'POST /v1/basins', { body: { basin: 'a'.repeat(49) } }, 400, 'bad_json'],
    ['a name with a hyphen at its end', 'POST /v1/basins', { body: { basin: 'basin-02-' } }, 400, 'bad_json'],
    ['a body that is no JSON', 'POST /v1/basins', { body: '{' }, 400, 'bad_json'],
    ['a body that is no object', 'POST /v1/basins', { body: '[]' }, 400, 'bad_json'],
    ['no content type', 'POST /v1/basins', {}, 400, 'bad_json'],
    [
      'another content type',
      'PUT /v1/basins/basin-02',
      { headers: { 'content-type': 'text/plain' }, body: '{}' },
      400,
      'bad_json',
    ],
    [
      'a long request token',
      'POST /v1/basins',
      { ...body({}), headers: { 's2-request-token': 'x'.repeat(37) } },
      400,
      'bad_header',
    ],
    ['a location that is none', 'POST /v1/basins', { body: { basin: OTHER, location: 'a b' } }, 400, 'bad_json'],
    ['an unknown storage class', 'POST /v1/basins', defaults({ storage_class: 'glacial' }), 400, 'bad_json'],
    ['an unknown timestamping mode', 'POST /v1/basins', defaults({ timestamping: { mode: 'never' } }), 400, 'bad_json'],
    ['a cap that is no flag', 'POST /v1/basins', defaults({ timestamping: { uncapped: 'yes' } }), 400, 'bad_json'],
    ['a negative age', 'POST /v1/basins', defaults({ delete_on_empty: { min_age_secs: -1 } }), 400, 'bad_json'],
    ['a retention of no age', 'POST /v1/basins', defaults({ retention_policy: { age: 0 } }), 422, 'invalid'],
    ['…in an ensure', `PUT /v1/basins/${BASIN}`, defaults({ retention_policy: { age: 0 } }), 422, 'invalid'],
    [
      '…in a PATCH',
      `PATCH /v1/basins/${BASIN}`,
      { body: { default_stream_config: { retention_policy: { age: 0 } } } },
      422,
      'invalid',
    ],
    ['an unknown cipher', 'POST /v1/basins', body({ stream_cipher: 'rot13' }), 400, 'bad_json'],
    ['a flag that is no flag', 'POST /v1/basins', body({ create_stream_on_read: 1 }), 400, 'bad_json'],
    ['a PATCH without a body', `PATCH /v1/basins/${BASIN}`, {}, 400, 'bad_json'],
    ['a PATCH of a missing basin', 'PATCH /v1/basins/basin-99', { body: {} }, 404, 'basin_not_found'],
    ['the configuration of a missing basin', 'GET /v1/basins/basin-99', {}, 404, 'basin_not_found'],
    ['the deletion of a missing basin', 'DELETE /v1/basins/basin-99', {}, 404, 'basin_not_found'],
    ['a name in the path that is none', 'GET /v1/basins/NO', {}, 400, 'bad_path'],
    ['…for each method', 'DELETE /v1/basins/NO', {}, 400, 'bad_path'],
    ['a limit that is no number', 'GET /v1/basins?limit=many', {}, 400, 'bad_query'],
    ['a negative limit', 'GET /v1/basins?limit=-1', {}, 400, 'bad_query'],
    ['a prefix of capitals', 'GET /v1/basins?prefix=A', {}, 400, 'bad_query'],
    ['a prefix that begins with a hyphen', 'GET /v1/basins?prefix=-a', {}, 400, 'bad_query'],
    ['a long cursor', `GET /v1/basins?start_after=${'a'.repeat(49)}`, {}, 400, 'bad_query'],
    ['two prefixes', 'GET /v1/basins?prefix=a&prefix=b', {}, 400, 'bad_query'],
  ])('%s', async (_, line, ask, status, expected) => {
    const { ask: send, engine, clock } = await bench();
    const told = await unchanged({ engine, clock }, () => send(line, ask));
    expect(code(told)).toEqual([status, expected]);
  });
});

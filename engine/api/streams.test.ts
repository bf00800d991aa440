/** Streams over the API: the lines of API contract §11.6 about them, and every refusal, with nothing changed. */

import { describe, expect, test } from 'vitest';

import { type Ask, apiOf } from '../testing/api-bench.ts';
import { BASIN, engineBench } from '../testing/engine-bench.ts';
import { unchanged } from '../testing/unchanged.ts';

const headers = { 's2-basin': BASIN };
const DEFAULTS = {
  storage_class: 'express',
  retention_policy: { age: 604_800 },
  timestamping: { mode: 'client-prefer', uncapped: false },
  delete_on_empty: { min_age_secs: 0 },
};

async function bench(basinDefaults?: unknown) {
  const { engine, clock } = await engineBench({ stream: false, tunables: { tombstoneMs: 5_000 } });
  const send = apiOf(engine);
  const ask = (line: string, { headers: more, ...rest }: Ask = {}) =>
    send(line, { headers: { ...headers, ...more }, ...rest });
  const defaults = (default_stream_config: unknown) =>
    send(`PATCH /v1/basins/${BASIN}`, { body: { default_stream_config } });
  if (basinDefaults !== undefined) await defaults(basinDefaults);
  const create = (config: unknown, token?: string) =>
    ask('POST /v1/streams', {
      body: { stream: 's', config },
      ...(token !== undefined && { headers: { 's2-request-token': token } }),
    });
  const config = async (stream = 's') => (await ask(`GET /v1/streams/${stream}`)).body;
  const append = (records: unknown) => ask('POST /v1/streams/s/records', { body: { records } });
  return { ask, create, config, defaults, append, engine, clock };
}

const provision = (answer: { status: number; headers: Record<string, string> }) => [
  answer.status,
  answer.headers['s2-provision-result'],
];
const code = (answer: { status: number; body: unknown }) => [answer.status, (answer.body as { code?: string }).code];

describe('creation', () => {
  test("takes the request's word before the basin's, and the basin's before S2's", async () => {
    const { create, config } = await bench({ storage_class: 'standard', retention_policy: { age: 60 } });
    await create({ retention_policy: { infinite: {} } });
    expect(await config()).toEqual({ ...DEFAULTS, storage_class: 'standard', retention_policy: { infinite: {} } });
  });

  test('has no cipher unless the basin has one', async () => {
    const { create } = await bench();
    expect((await create({})).body).toMatchObject({ cipher: null });
  });

  test('repeated with its token and its configuration is a noop; with another of either the stream exists', async () => {
    const { create, engine, clock } = await bench();
    const config = { storage_class: 'standard' };
    expect(provision(await create(config, 'once'))).toEqual([201, 'created']);
    const again = await unchanged({ engine, clock }, () => create(config, 'once'));
    expect(provision(again)).toEqual([201, 'noop']);
    for (const other of [() => create(config, 'twice'), () => create({}, 'once'), () => create(config)]) {
      expect(code(await unchanged({ engine, clock }, other))).toEqual([409, 'resource_already_exists']);
    }
  });

  test('is told by what was asked for, not by what became of it: defaults and configuration may change since', async () => {
    const { ask, create, defaults } = await bench();
    await create({ storage_class: 'standard' }, 'once');
    await defaults({ retention_policy: { age: 7 } });
    await ask('PUT /v1/streams/s', { body: { retention_policy: { age: 9 } } });
    expect(provision(await create({ storage_class: 'standard' }, 'once'))).toEqual([201, 'noop']);
  });

  test('with an explicit zero overrides a default that is not zero', async () => {
    const { create, config } = await bench({ delete_on_empty: { min_age_secs: 60 } });
    await create({ delete_on_empty: { min_age_secs: 0 } });
    expect(await config()).toMatchObject({ delete_on_empty: { min_age_secs: 0 } });
  });

  test('freezes what it resolved: later defaults of the basin do not touch the stream', async () => {
    const { create, config, defaults } = await bench();
    await create({});
    await defaults({ retention_policy: { age: 7 }, storage_class: 'standard' });
    expect(await config()).toEqual(DEFAULTS);
  });

  test.each(['räder/🌊', ' ', 'a?b#c', 'x'.repeat(512)])('takes the name %j', async (stream) => {
    const { ask } = await bench();
    expect((await ask('POST /v1/streams', { body: { stream } })).status).toBe(201);
    expect((await ask(`GET /v1/streams/${encodeURIComponent(stream)}`)).status).toBe(200);
  });
});

describe('ensure', () => {
  const ensure = (ask: Awaited<ReturnType<typeof bench>>['ask'], body?: unknown) =>
    ask('PUT /v1/streams/s', body === undefined ? {} : { body });

  test('creates what is not there, without a body too', async () => {
    const { ask, config } = await bench();
    expect(provision(await ensure(ask))).toEqual([201, 'created']);
    expect(await config()).toEqual(DEFAULTS);
  });

  test('compares what it comes to, not what is said', async () => {
    const { ask, create } = await bench({ retention_policy: { age: 60 } });
    const { body: info } = await create({});
    const again = await ensure(ask, { retention_policy: { age: 60 } });
    expect(provision(again)).toEqual([200, 'noop']);
    expect(again.body).toEqual(info);
  });

  test('is a replacement: what it leaves out is resolved anew, and the next append obeys', async () => {
    const { ask, create, config, append } = await bench();
    await create({ storage_class: 'standard', timestamping: { uncapped: true } });
    expect(provision(await ensure(ask, { timestamping: { mode: 'client-require' } }))).toEqual([200, 'updated']);
    expect(await config()).toEqual({ ...DEFAULTS, timestamping: { mode: 'client-require', uncapped: false } });
    expect(code(await append([{ body: 'x' }]))).toEqual([422, 'invalid']);
  });
});

describe('reconfiguration', () => {
  const patch = (ask: Awaited<ReturnType<typeof bench>>['ask'], body: unknown) => ask('PATCH /v1/streams/s', { body });

  test('changes what it names, and the next append obeys', async () => {
    const { ask, create, append } = await bench();
    await create({ storage_class: 'standard' });
    const required = {
      ...DEFAULTS,
      storage_class: 'standard',
      timestamping: { mode: 'client-require', uncapped: false },
    };
    expect(await patch(ask, { timestamping: { mode: 'client-require' } })).toMatchObject({
      status: 200,
      body: required,
    });
    const refused = await append([{ body: 'x' }]);
    expect(refused).toMatchObject({ status: 422, body: { message: 'record timestamp was required but was missing' } });
    expect((await append([{ body: 'x', timestamp: 5 }])).body).toMatchObject({ start: { seq_num: 0, timestamp: 5 } });
  });

  test("clears to the basin's default of today, else to S2's", async () => {
    const { ask, create, defaults } = await bench();
    await create({ storage_class: 'standard', retention_policy: { age: 5 }, delete_on_empty: { min_age_secs: 5 } });
    await defaults({ retention_policy: { age: 77 } });
    expect((await patch(ask, { storage_class: null, retention_policy: null, delete_on_empty: null })).body).toEqual({
      ...DEFAULTS,
      retention_policy: { age: 77 },
    });
  });

  test('with nothing in it changes nothing, and writes nothing', async () => {
    const { ask, create, engine } = await bench();
    await create({});
    const { hash } = engine.state;
    expect(await patch(ask, {})).toMatchObject({ status: 200, body: DEFAULTS });
    expect(engine.state.hash).toBe(hash);
  });

  test('during appends loses none of them', async () => {
    const { ask, create, append } = await bench();
    await create({});
    const appends = Array.from({ length: 20 }, (_, i) => append([{ body: String(i) }]));
    const changes = [1, 2, 3].map((age) => patch(ask, { retention_policy: { age: age * 100_000 } }));
    for (const answer of await Promise.all([...appends, ...changes])) expect(answer.status).toBe(200);
    expect((await ask('GET /v1/streams/s/records/tail')).body).toMatchObject({ tail: { seq_num: 20 } });
  });
});

describe('deletion', () => {
  test('is shown with its time, blocks everything until it is done, and can be repeated', async () => {
    const { ask, create, append, clock, engine } = await bench();
    await create({}, 'once');
    await append([{ body: 'x' }]);
    expect(await ask('DELETE /v1/streams/s')).toEqual({ status: 202, headers: { 'content-length': '0' }, body: '' });

    expect((await ask('GET /v1/streams')).body).toMatchObject({
      streams: [{ name: 's', deleted_at: expect.stringMatching(/Z$/) as string }],
    });
    const blocked = await unchanged({ engine, clock }, async () => [
      await create({}, 'once'),
      await create({}),
      await ask('PUT /v1/streams/s'),
      await ask('PATCH /v1/streams/s', { body: {} }),
      await ask('GET /v1/streams/s'),
      await append([{ body: 'y' }]),
      await ask('GET /v1/streams/s/records?seq_num=0'),
      await ask('GET /v1/streams/s/records/tail'),
    ]);
    for (const answer of blocked) {
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'stream_deletion_pending', message: 'stream deletion pending' },
      });
    }
    expect((await ask('DELETE /v1/streams/s')).status).toBe(202);

    await clock.advance(6_000);
    expect(code(await ask('DELETE /v1/streams/s'))).toEqual([404, 'stream_not_found']);
    expect((await ask('GET /v1/streams')).body).toEqual({ streams: [], has_more: false });
  });

  test('leaves a new stream of the name nothing: not a number, a timestamp, a token or a configuration', async () => {
    const { ask, create, append, config, clock } = await bench();
    await create({ storage_class: 'standard' });
    await append([{ body: 'x' }, { headers: [['', 'fence']], body: 'owner' }]);
    await ask('DELETE /v1/streams/s');
    await clock.advance(6_000);
    await create({});
    expect((await ask('GET /v1/streams/s/records/tail')).body).toEqual({ tail: { seq_num: 0, timestamp: 0 } });
    expect(await config()).toEqual(DEFAULTS);
    const fresh = { records: [{ body: 'y' }], fencing_token: '' };
    expect((await ask('POST /v1/streams/s/records', { body: fresh })).status).toBe(200);
  });
});

describe('a listing of streams', () => {
  const NAMES = ['a', 'a/1', 'a/2', 'b', 'ß', '🌊'];

  async function listing() {
    const { ask } = await bench();
    for (const stream of NAMES.toReversed()) await ask('POST /v1/streams', { body: { stream } });
    return async (query: string) => {
      const { body } = await ask(`GET /v1/streams${query}`);
      const { streams, has_more } = body as { streams: { name: string }[]; has_more: boolean };
      return { names: streams.map(({ name }) => name), has_more };
    };
  }

  test('is in the order of bytes, pages behind `start_after`, and knows whether there is more', async () => {
    const list = await listing();
    expect(await list('')).toEqual({ names: NAMES, has_more: false });
    expect(await list('?limit=4')).toEqual({ names: NAMES.slice(0, 4), has_more: true });
    expect(await list(`?limit=2&start_after=b`)).toEqual({ names: NAMES.slice(4), has_more: false });
    expect(await list(`?start_after=${encodeURIComponent('🌊')}`)).toEqual({ names: [], has_more: false });
  });

  test('filters by prefix, together with a cursor before, within and behind it', async () => {
    const list = await listing();
    expect((await list('?prefix=a')).names).toEqual(['a', 'a/1', 'a/2']);
    expect(await list('?prefix=a%2F&limit=1')).toEqual({ names: ['a/1'], has_more: true });
    expect((await list('?prefix=a%2F&start_after=a%2F1')).names).toEqual(['a/2']);
    expect((await list('?prefix=b&start_after=a')).names).toEqual(['b']);
    expect((await list('?prefix=a&start_after=b')).names).toEqual([]);
  });

  test('has at most a thousand, whatever the limit, and the rest follows', async () => {
    const { ask, engine } = await bench();
    const names = Array.from({ length: 1001 }, (_, i) => `s-${String(i).padStart(4, '0')}`);
    await Promise.all(names.map((name) => engine.createStream(BASIN, name, null)));
    for (const query of ['', '?limit=0', '?limit=1000', '?limit=5000']) {
      const { body } = await ask(`GET /v1/streams${query}`);
      const { streams, has_more } = body as { streams: unknown[]; has_more: boolean };
      expect([streams.length, has_more]).toEqual([1000, true]);
    }
    expect((await ask('GET /v1/streams?start_after=s-0999')).body).toMatchObject({
      streams: [{ name: 's-1000' }],
      has_more: false,
    });
  });

  test('of a basin without streams is empty, of a missing basin is 404', async () => {
    const { ask } = await bench();
    expect((await ask('GET /v1/streams')).body).toEqual({ streams: [], has_more: false });
    expect(code(await ask('GET /v1/streams', { headers: { 's2-basin': 'basin-99' } }))).toEqual([
      404,
      'basin_not_found',
    ]);
  });
});

describe('a refused request changes nothing', () => {
  const config = (config: unknown): Ask => ({ body: { stream: 'new', config } });
  const elsewhere = { 's2-basin': 'basin-99' };

  test.each<[string, string, Ask, number, string]>([
    ['an empty name', 'POST /v1/streams', { body: { stream: '' } }, 400, 'bad_json'],
    ['a name of 513 bytes', 'POST /v1/streams', { body: { stream: 'x'.repeat(513) } }, 400, 'bad_json'],
    ['the name `..`', 'POST /v1/streams', { body: { stream: '..' } }, 400, 'bad_json'],
    ['no name', 'POST /v1/streams', { body: {} }, 400, 'bad_json'],
    [
      'a long request token',
      'POST /v1/streams',
      { ...config({}), headers: { 's2-request-token': 'x'.repeat(37) } },
      400,
      'bad_header',
    ],
    ['an unknown storage class', 'POST /v1/streams', config({ storage_class: 'glacial' }), 400, 'bad_json'],
    ['an unknown timestamping mode', 'PUT /v1/streams/s', { body: { timestamping: { mode: 'x' } } }, 400, 'bad_json'],
    ['timestamping that is no object', 'PATCH /v1/streams/s', { body: { timestamping: 'arrival' } }, 400, 'bad_json'],
    ['a retention of no age', 'POST /v1/streams', config({ retention_policy: { age: 0 } }), 422, 'invalid'],
    ['…in an ensure', 'PUT /v1/streams/s', { body: { retention_policy: { age: 0 } } }, 422, 'invalid'],
    ['…in a PATCH', 'PATCH /v1/streams/s', { body: { retention_policy: { age: 0 } } }, 422, 'invalid'],
    ['a retention that is neither', 'PATCH /v1/streams/s', { body: { retention_policy: {} } }, 400, 'bad_json'],
    ['a PATCH that is no object', 'PATCH /v1/streams/s', { body: 'null' }, 400, 'bad_json'],
    ['a PATCH of a missing stream', 'PATCH /v1/streams/x', { body: {} }, 404, 'stream_not_found'],
    ['a PATCH in a missing basin', 'PATCH /v1/streams/s', { body: {}, headers: elsewhere }, 404, 'basin_not_found'],
    ['an ensure in a missing basin', 'PUT /v1/streams/s', { headers: elsewhere }, 404, 'basin_not_found'],
    [
      'a creation in a missing basin',
      'POST /v1/streams',
      { ...config({}), headers: elsewhere },
      404,
      'basin_not_found',
    ],
    ['the configuration of a missing stream', 'GET /v1/streams/x', {}, 404, 'stream_not_found'],
    ['…in a missing basin', 'GET /v1/streams/s', { headers: elsewhere }, 404, 'stream_not_found'],
    ['the deletion of a missing stream', 'DELETE /v1/streams/x', {}, 404, 'stream_not_found'],
    ['…in a missing basin', 'DELETE /v1/streams/s', { headers: elsewhere }, 404, 'stream_not_found'],
    ['a tail of a missing stream', 'GET /v1/streams/x/records/tail', {}, 404, 'stream_not_found'],
    ['a tail in a missing basin', 'GET /v1/streams/s/records/tail', { headers: elsewhere }, 404, 'basin_not_found'],
    ['a read of a missing stream', 'GET /v1/streams/x/records', {}, 404, 'stream_not_found'],
    [
      'an append to a missing stream',
      'POST /v1/streams/x/records',
      { body: { records: [{}] } },
      404,
      'stream_not_found',
    ],
    ['a basin header that is none', 'GET /v1/streams', { headers: { 's2-basin': 'NO' } }, 400, 'bad_header'],
    ['a path that is no UTF-8', 'PUT /v1/streams/%ff', {}, 400, 'bad_path'],
    ['a path that names nothing', 'GET /v1/streams/..', {}, 400, 'bad_path'],
    ['a limit that is no number', 'GET /v1/streams?limit=1.5', {}, 400, 'bad_query'],
    ['a prefix of 513 bytes', `GET /v1/streams?prefix=${'x'.repeat(513)}`, {}, 400, 'bad_query'],
  ])('%s', async (_, line, ask, status, expected) => {
    const { ask: send, create, engine, clock } = await bench();
    await create({});
    const told = await unchanged({ engine, clock }, () => send(line, ask));
    expect(code(told)).toEqual([status, expected]);
  });
});

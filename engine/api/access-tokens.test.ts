/** Access tokens over the API (contract §1.13): exact bodies and statuses, and what the holder of each may do and see. */

import { describe, expect, test } from 'vitest';

import { accessBench } from '../testing/access-bench.ts';
import { apiOf } from '../testing/api-bench.ts';
import { BASIN, engineBench, STREAM } from '../testing/engine-bench.ts';

const IN_BASIN = { headers: { 's2-basin': BASIN } };
const ALL = { basins: { prefix: '' }, streams: { prefix: '' }, access_tokens: { prefix: '' } };
const EVERY_GROUP = {
  account: { read: true, write: true },
  basin: { read: true, write: true },
  stream: { read: true, write: true },
};

const codeOf = ({ status, body }: { status: number; body: unknown }) => [status, (body as { code?: string }).code];

describe('without a token that counts', () => {
  test.each<[string, Record<string, string>, string]>([
    ['none', {}, 'missing access token: `Authorization: Bearer TOKEN` carries it'],
    ['no bearer', { authorization: 'Basic eDp5' }, '`Authorization` has to be `Bearer` and an access token'],
    ['an empty one', { authorization: 'Bearer ' }, '`Authorization` has to be `Bearer` and an access token'],
    ['garbage', { authorization: 'Bearer invalid-token' }, 'invalid access token'],
    ['another', { authorization: `Bearer tailrace_${'A'.repeat(43)}` }, 'invalid access token'],
  ])('everything is 401 with a challenge: %s', async (_, headers, message) => {
    const { ask } = await accessBench();
    for (const line of [
      'GET /v1/basins',
      `GET /v1/streams/${STREAM}/records`,
      'POST /v1/access-tokens',
      'GET /v1/locations',
    ]) {
      const answer = await ask(null, line, { headers: { ...IN_BASIN.headers, ...headers } });
      expect(answer).toMatchObject({ status: 401, body: { code: 'authn', message } });
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });

  test('a path or a method that nobody has is told so, and whether the server is well', async () => {
    const { ask } = await accessBench();
    expect((await ask(null, 'GET /v1/nothing')).status).toBe(404);
    expect((await ask(null, 'DELETE /v1/basins')).status).toBe(405);
    expect((await ask(null, 'GET /health')).status).toBe(200);
  });

  test('revoked, expired and never issued are told alike', async () => {
    const bench = await accessBench();
    const revoked = await bench.issue({ id: 'revoked', scope: { ops: ['list-basins'] } });
    const expiring = { id: 'expiring', scope: { ops: ['list-basins'] }, expires_at: '2023-11-14T22:13:21Z' };
    const expired = await bench.issue(expiring);
    await bench.ask(bench.root, 'DELETE /v1/access-tokens/revoked');
    bench.clock.stepWall(1_000);
    const answers = await Promise.all(
      [revoked, expired, `tailrace_${'A'.repeat(43)}`].map((secret) => bench.ask(secret, 'GET /v1/basins')),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(codeOf(answers[0] as never)).toEqual([401, 'authn']);
  });

  test('the scheme may be written in any case', async () => {
    const { ask, root } = await accessBench();
    expect((await ask(null, 'GET /v1/basins', { headers: { authorization: `bearer  ${root}` } })).status).toBe(200);
  });
});

describe('issue', () => {
  test('answers 201 with the secret, which works and is told nowhere else', async () => {
    const bench = await accessBench();
    const body = { id: 'a', scope: { ...ALL, op_groups: EVERY_GROUP } };
    const answer = await bench.ask(bench.root, 'POST /v1/access-tokens', { body });
    const secret = (answer.body as { access_token: string }).access_token;
    expect(answer).toMatchObject({ status: 201, body: { access_token: secret } });
    expect(answer.headers['cache-control']).toBe('no-store');
    const listed = await bench.ask(secret, 'GET /v1/access-tokens');
    expect(listed.status).toBe(200);
    expect(JSON.stringify(listed.body)).not.toContain(secret);
  });

  test('lists what was asked for, with everything that was left out', async () => {
    const bench = await accessBench();
    await bench.issue({
      id: 'full',
      expires_at: '2030-01-01T00:00:00+01:00',
      auto_prefix_streams: true,
      scope: {
        basins: { exact: BASIN },
        streams: { prefix: 'räder/' },
        op_groups: { stream: { read: true } },
        ops: ['append', 'list-streams', 'append'],
      },
    });
    await bench.issue({ id: 'bare', expires_at: null, scope: { ops: ['list-basins'], op_groups: null, basins: null } });
    const none = { read: false, write: false };
    const groups = { account: none, basin: none, stream: none };
    const scope = { basins: null, streams: null, access_tokens: null, op_groups: groups };
    expect((await bench.ask(bench.root, 'GET /v1/access-tokens?start_after=a&limit=2')).body).toEqual({
      access_tokens: [
        { id: 'bare', expires_at: null, auto_prefix_streams: false, scope: { ...scope, ops: ['list-basins'] } },
        {
          id: 'full',
          expires_at: '2029-12-31T23:00:00.000Z',
          auto_prefix_streams: true,
          scope: {
            ...{ basins: { exact: BASIN }, streams: { prefix: 'räder/' }, access_tokens: null },
            op_groups: { ...groups, stream: { read: true, write: false } },
            ops: ['list-streams', 'append'],
          },
        },
      ],
      has_more: true,
    });
  });

  const scope = { ops: ['list-basins'] };

  test.each<[string, unknown, number, string, string?]>([
    ['no body', undefined, 400, 'bad_json'],
    ['no id', { scope }, 400, 'bad_json'],
    ['an empty id', { id: '', scope }, 400, 'bad_json'],
    ['an id of 97 bytes', { id: 'é'.repeat(48) + 'x', scope }, 400, 'bad_json'],
    ['an id that is a dot', { id: '.', scope }, 400, 'bad_json'],
    ['no scope', { id: 'a' }, 400, 'bad_json'],
    ['an operation there is not', { id: 'a', scope: { ops: ['list-basin'] } }, 400, 'bad_json'],
    ['an operation of every object', { id: 'a', scope: { ops: ['toString'] } }, 400, 'bad_json'],
    ['a set of two kinds', { id: 'a', scope: { ...scope, basins: { exact: 'a', prefix: 'a' } } }, 400, 'bad_json'],
    ['a set of another kind', { id: 'a', scope: { ...scope, basins: { suffix: 'a' } } }, 400, 'bad_json'],
    ['no basin’s name', { id: 'a', scope: { ...scope, basins: { exact: 'A' } } }, 400, 'bad_json'],
    ['no stream’s name', { id: 'a', scope: { ...scope, streams: { exact: 'x'.repeat(513) } } }, 400, 'bad_json'],
    ['half a surrogate pair', { id: 'a', scope: { ...scope, streams: { prefix: '\ud800' } } }, 400, 'bad_json'],
    ['a group that is no object', { id: 'a', scope: { op_groups: { stream: 'rw' } } }, 400, 'bad_json'],
    ['a permission that is no boolean', { id: 'a', scope: { op_groups: { stream: { read: 1 } } } }, 400, 'bad_json'],
    ['a date', { id: 'a', scope, expires_at: '2030-01-01' }, 400, 'bad_json'],
    ['a time that is none', { id: 'a', scope, expires_at: '2030-13-01T00:00:00Z' }, 400, 'bad_json'],
    ['a day that is none', { id: 'a', scope, expires_at: '2030-02-29T00:00:00Z' }, 400, 'bad_json'],
    ['an hour that is none', { id: 'a', scope, expires_at: '2030-01-01T24:00:00Z' }, 400, 'bad_json'],
    ['the past', { id: 'a', scope, expires_at: '2020-01-01T00:00:00Z' }, 422, 'invalid'],
    ['no operation', { id: 'a', scope: {} }, 422, 'invalid', 'Access token permissions cannot be empty'],
    [
      'groups that permit nothing',
      { id: 'a', scope: { op_groups: { stream: { read: false } }, ops: [] } },
      ...([422, 'invalid', 'Access token permissions cannot be empty'] as const),
    ],
    [
      'prefixing by an exact name',
      { id: 'a', scope: { ...scope, streams: { exact: 's' } }, auto_prefix_streams: true },
      ...([422, 'invalid', 'Auto prefixing is only allowed for streams with prefix matching'] as const),
    ],
    [
      'an id that is taken',
      { id: 'root', scope },
      409,
      'resource_already_exists',
      'access token `root` already exists',
    ],
  ])('of %s is refused', async (_, body, status, code, message) => {
    const bench = await accessBench();
    const { hash } = bench.engine.state;
    const answer = await bench.ask(bench.root, 'POST /v1/access-tokens', body === undefined ? {} : { body });
    expect(codeOf(answer)).toEqual([status, code]);
    if (message !== undefined) expect(answer.body).toEqual({ code, message });
    expect(bench.engine.state.hash).toBe(hash);
  });

  test('of the server’s own id is 409, also when nobody has it: a server that starts would take it for its root', async () => {
    const bench = await accessBench();
    const admin = await bench.issue({ id: 'admin', scope: { ...ALL, op_groups: EVERY_GROUP } });
    expect((await bench.ask(admin, 'DELETE /v1/access-tokens/root')).status).toBe(204);
    const body = { id: 'root', scope: { ops: ['list-basins'] } };
    const answer = await bench.ask(admin, 'POST /v1/access-tokens', { body });
    expect(codeOf(answer)).toEqual([409, 'resource_already_exists']);
    expect((await bench.engine.ensureRootToken(null)).kind).toBe('issued');
  });

  test.each<[string, object]>([
    ['an operation it does not have', { scope: { ops: ['create-basin'] } }],
    ['a group of which it has some', { scope: { op_groups: { account: { read: true } } } }],
    ['basins beyond its own', { scope: { ops: ['list-basins'], basins: { prefix: '' } } }],
    ['streams, of which it has none', { scope: { ops: ['list-basins'], streams: { exact: 's' } } }],
    ['tokens beyond its own', { scope: { ops: ['list-basins'], access_tokens: { prefix: '' } } }],
    ['an id beyond its own', { id: 'other', scope: { ops: ['list-basins'] } }],
    ['a later end', { scope: { ops: ['list-basins'] }, expires_at: '2030-01-01T00:00:01Z' }],
  ])('of more than the issuer has is 403: %s', async (_, more) => {
    const bench = await accessBench();
    const limited = await bench.issue({
      id: 'limited',
      expires_at: '2030-01-01T00:00:00Z',
      scope: {
        ops: ['list-basins', 'issue-access-token'],
        basins: { prefix: 'ba' },
        access_tokens: { prefix: 'mine/' },
      },
    });
    const { hash } = bench.engine.state;
    const body = { id: 'mine/a', ...more };
    expect(codeOf(await bench.ask(limited, 'POST /v1/access-tokens', { body }))).toEqual([403, 'permission_denied']);
    expect(bench.engine.state.hash).toBe(hash);
    await bench.issue({ id: 'mine/a', scope: { ops: ['list-basins'], basins: { exact: BASIN } } }, limited);
    const { body: page } = await bench.ask(bench.root, 'GET /v1/access-tokens?prefix=mine');
    expect(page).toMatchObject({ access_tokens: [{ id: 'mine/a', expires_at: '2030-01-01T00:00:00.000Z' }] });
  });
});

describe('list and revoke', () => {
  test('by prefix, behind a name, page by page, and only ids within reach', async () => {
    const bench = await accessBench();
    for (const id of ['a/1', 'a/2', 'b/1']) await bench.issue({ id, scope: { ops: ['list-basins'] } });
    const own = { ops: ['list-access-tokens', 'revoke-access-token'], access_tokens: { prefix: 'a/' } };
    const limited = await bench.issue({ id: 'z', scope: own });
    const ids = async (secret: string, query = '') => {
      const { body } = await bench.ask(secret, `GET /v1/access-tokens${query}`);
      const { access_tokens: tokens, has_more: more } = body as { access_tokens: { id: string }[]; has_more: boolean };
      return [...tokens.map(({ id }) => id), ...(more ? ['…'] : [])];
    };
    expect(await ids(bench.root)).toEqual(['a/1', 'a/2', 'b/1', 'root', 'z']);
    expect(await ids(bench.root, '?limit=1')).toEqual(['a/1', '…']);
    expect(await ids(bench.root, '?prefix=a%2F&start_after=a%2F1')).toEqual(['a/2']);
    expect(await ids(bench.root, '?limit=0')).toHaveLength(5);
    expect(await ids(bench.root, '?prefix=c')).toEqual([]);
    expect(await ids(limited)).toEqual(['a/1', 'a/2']);
    expect(await ids(limited, '?limit=2')).toEqual(['a/1', 'a/2']);
    expect(await ids(limited, '?prefix=b')).toEqual([]);

    const denied = await bench.ask(limited, 'DELETE /v1/access-tokens/b%2F1');
    expect(denied).toEqual(await bench.ask(limited, 'DELETE /v1/access-tokens/b%2Fnobody'));
    expect(codeOf(denied)).toEqual([403, 'permission_denied']);
    const revoked = await bench.ask(limited, 'DELETE /v1/access-tokens/a%2F1');
    expect(revoked).toEqual({ status: 204, headers: {}, body: '' });
    expect(await ids(limited)).toEqual(['a/2']);
    const again = await bench.ask(limited, 'DELETE /v1/access-tokens/a%2F1');
    const message = 'access token `a/1` not found';
    expect(again).toMatchObject({ status: 404, body: { code: 'access_token_not_found', message } });
  });

  test('tell of the names in other scopes only those within the asker’s own', async () => {
    const bench = await accessBench();
    const own = { basins: { prefix: 'mine-' }, streams: { prefix: 's/' }, access_tokens: { prefix: 'a/' } };
    const asker = await bench.issue({ id: 'z', scope: { ...own, ops: ['list-access-tokens'] } });
    const others = [
      [{ exact: 'secret-basin' }, { exact: 'secret' }, { exact: 'root' }, null, null, null],
      [
        { exact: 'mine-0001' },
        { exact: 's/1' },
        { exact: 'a/1' },
        { exact: 'mine-0001' },
        { exact: 's/1' },
        { exact: 'a/1' },
      ],
      [{ prefix: '' }, { prefix: '' }, { prefix: '' }, { prefix: 'mine-' }, { prefix: 's/' }, { prefix: 'a/' }],
      [{ prefix: 'mine-2' }, { prefix: 'other/' }, null, { prefix: 'mine-2' }, null, null],
    ] as const;
    for (const [i, [basins, streams, access_tokens]] of others.entries()) {
      await bench.issue({ id: `a/${i}`, scope: { basins, streams, access_tokens, ops: ['read'] } });
    }
    const { body } = await bench.ask(asker, 'GET /v1/access-tokens');
    const { access_tokens: tokens } = body as { access_tokens: { scope: Record<string, unknown> }[] };
    const seen = tokens.map(({ scope: s }) => [s['basins'], s['streams'], s['access_tokens']]);
    expect(seen).toEqual(others.map((row) => row.slice(3)));
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  test('an operation that there is not is said back in part, however long it is', async () => {
    const bench = await accessBench();
    for (const said of ['x'.repeat(500_000), { x: 'x'.repeat(500_000) }]) {
      const answer = await bench.ask(bench.root, 'POST /v1/access-tokens', {
        body: { id: 'a', scope: { ops: [said] } },
      });
      expect(codeOf(answer)).toEqual([400, 'bad_json']);
      expect(JSON.stringify(answer.body).length).toBeLessThan(200);
    }
  });

  test('are counted, like every operation, unless they were not permitted', async () => {
    const bench = await accessBench();
    const limited = await bench.issue({ id: 'a', scope: { ops: ['list-basins'] } });
    await bench.ask(limited, 'GET /v1/access-tokens');
    await bench.ask(null, 'GET /v1/access-tokens');
    await bench.ask(bench.root, 'GET /v1/access-tokens');
    await bench.clock.advance(60_001);
    const query = 'set=account-ops&start=1700000000&end=1700000100&interval=day';
    const { body } = await bench.ask(bench.root, `GET /v1/metrics?${query}`);
    const { values } = body as { values: { accumulation: { name: string; values: number[][] } }[] };
    const counts = values.map(({ accumulation: { name, values: points } }) => [name, points[0]?.[1]]);
    expect(counts).toEqual([
      ['issue-access-token', 1],
      ['list-access-tokens', 1],
    ]);
  });
});

describe('listings show what the token reaches', () => {
  test.each<[string, object | null, string, string[], boolean]>([
    ['all', { prefix: '' }, '', ['a', 'ab', 'b', 'stream'], false],
    ['none', null, '', [], false],
    ['the empty name', { exact: '' }, '', [], false],
    ['one', { exact: 'a' }, '', ['a'], false],
    ['one that is not there', { exact: 'aa' }, '', [], false],
    ['one, elsewhere', { exact: 'a' }, '?prefix=b', [], false],
    ['one, behind it', { exact: 'a' }, '?start_after=a', [], false],
    ['one, page by page', { exact: 'a' }, '?limit=1', ['a'], false],
    ['those behind a beginning', { prefix: 'a' }, '', ['a', 'ab'], false],
    ['…page by page', { prefix: 'a' }, '?limit=1', ['a'], true],
    ['…to the last page', { prefix: 'a' }, '?limit=1&start_after=a', ['ab'], false],
    ['…behind a longer one', { prefix: 'a' }, '?prefix=ab', ['ab'], false],
    ['…and another', { prefix: 'a' }, '?prefix=b', [], false],
  ])('of streams: %s', async (_, streams, query, names, hasMore) => {
    const bench = await accessBench();
    for (const stream of ['a', 'ab', 'b'])
      await bench.ask(bench.root, 'POST /v1/streams', { ...IN_BASIN, body: { stream } });
    const secret = await bench.issue({ id: 't', scope: { basins: { exact: BASIN }, streams, ops: ['list-streams'] } });
    const { body } = await bench.ask(secret, `GET /v1/streams${query}`, IN_BASIN);
    expect(body).toMatchObject({ streams: names.map((name) => ({ name })), has_more: hasMore });
    expect((body as { streams: unknown[] }).streams).toHaveLength(names.length);
  });

  test('of basins, and labels of metrics', async () => {
    const bench = await accessBench();
    await bench.ask(bench.root, 'POST /v1/basins', { body: { basin: 'other-01' } });
    const headers = { 's2-basin': 'other-01' };
    await bench.ask(bench.root, 'POST /v1/streams', { headers, body: { stream: 's' } });
    const scope = { basins: { prefix: 'other' }, ops: ['list-basins', 'account-metrics'] };
    const secret = await bench.issue({ id: 't', scope });
    expect((await bench.ask(secret, 'GET /v1/basins')).body).toMatchObject({
      basins: [{ name: 'other-01' }],
      has_more: false,
    });
    const query = 'set=active-basins&start=1699999000&end=1700000000';
    expect((await bench.ask(secret, `GET /v1/metrics?${query}`)).body).toEqual({
      values: [{ label: { name: 'active-basins', values: ['other-01'] } }],
    });
    const { body } = await bench.ask(bench.root, `GET /v1/metrics?${query}`);
    expect(body).toEqual({ values: [{ label: { name: 'active-basins', values: [BASIN, 'other-01'] } }] });
  });
});

describe('commands need permissions of their own', () => {
  const fence = { headers: [['', 'fence']], body: 'me' };
  const trim = { headers: [['', 'trim']], body: '\0\0\0\0\0\0\0\u0001' };
  const plain = { body: 'x' };

  test.each<[string[], object[], number]>([
    [['append'], [plain], 200],
    [['append'], [fence], 403],
    [['append'], [plain, trim], 403],
    [['fence'], [fence], 200],
    [['fence'], [plain], 403],
    [['fence', 'trim'], [fence, trim], 200],
    [['append', 'fence'], [plain, fence], 200],
    [['read'], [plain], 403],
  ])('a token for %j that sends %j gets %i', async (ops, records, status) => {
    const bench = await accessBench();
    const secret = await bench.issue({ id: 't', scope: { basins: { exact: BASIN }, streams: { exact: STREAM }, ops } });
    const answer = await bench.ask(secret, `POST /v1/streams/${STREAM}/records`, { ...IN_BASIN, body: { records } });
    expect(answer.status).toBe(status);
    const { body } = await bench.ask(bench.root, `GET /v1/streams/${STREAM}/records/tail`, IN_BASIN);
    expect(body).toMatchObject({ tail: { seq_num: status === 200 ? records.length : 0 } });
  });

  test('a basin is replaced by who may make and change it', async () => {
    const bench = await accessBench();
    for (const [ops, status] of [
      [['create-basin'], 403],
      [['create-basin', 'reconfigure-basin'], 200],
    ] as const) {
      const secret = await bench.issue({ id: ops.join(), scope: { basins: { exact: BASIN }, ops } });
      expect((await bench.ask(secret, `PUT /v1/basins/${BASIN}`)).status).toBe(status);
    }
  });
});

test('where tokens are not checked there are none: requests are parsed, and then 501', async () => {
  const { engine } = await engineBench();
  const ask = apiOf(engine);
  const message = 'issuing access tokens is not implemented: this server does not check tokens (--auth on does)';
  const issue = await ask('POST /v1/access-tokens', { body: { id: 'a', scope: { ops: ['list-basins'] } } });
  expect(issue).toMatchObject({ status: 501, body: { code: 'not_implemented', message } });
  expect((await ask('GET /v1/access-tokens')).status).toBe(501);
  expect((await ask('DELETE /v1/access-tokens/a')).status).toBe(501);
  expect((await ask('POST /v1/access-tokens', { body: {} })).status).toBe(400);
});

/** What the server program decides without a process: init files, the banner, cross-origin answers, routes around the API. */

import { describe, expect, test } from 'vitest';

import type { HttpHandler, HttpRequest } from '../ports.ts';
import { STORE_TUNABLES } from '../tunables.ts';
import { banner, type BannerFacts } from './banner.ts';
import { withCors } from './cors.ts';
import { applyInitFile, InitFileError, parseInitFile } from './init-file.ts';
import { withOperatorRoutes } from './operator-routes.ts';
import { type AccessOptions, checkOptions, checksTokens, tunedBy } from './options.ts';
import { type RootIssuer, rootToken } from './root-token.ts';

async function* nothing(): AsyncGenerator<Uint8Array> {}

function ask(method: string, target: string, headers: Record<string, string> = {}): HttpRequest {
  return { method, target, headers: new Map(Object.entries(headers)), body: nothing() };
}

const ok: HttpHandler = async () => ({ status: 200, headers: new Map([['vary', 'accept']]), body: new Uint8Array() });

describe('an init file', () => {
  const bodyOf = (config: unknown): unknown => {
    const [, step] = parseInitFile(
      JSON.stringify({ basins: [{ name: 'some-basin', streams: [{ name: 's', config }] }] }),
    );
    return JSON.parse(step?.body ?? '');
  };

  test('becomes one PUT for each basin and stream, in order, with names as they are in paths', () => {
    const steps = parseInitFile(
      JSON.stringify({
        $schema: 'ignored',
        basins: [
          { name: 'one-basin', streams: [{ name: 'a/b c' }] },
          { name: 'two-basin', config: {} },
        ],
      }),
    );
    expect(steps.map(({ basin, target, body }) => [basin, target, body])).toEqual([
      [null, '/v1/basins/one-basin', '{}'],
      ['one-basin', '/v1/streams/a%2Fb%20c', '{}'],
      [null, '/v1/basins/two-basin', '{"config":{}}'],
    ]);
  });

  test.each([
    ['7days', 604_800],
    ['1h 30m', 5_400],
    ['2weeks 1d', 1_296_000],
    ['1month', 2_630_016],
    ['1year', 31_557_600],
    ['90s', 90],
  ])('knows the duration %s', (text, age) => {
    expect(bodyOf({ retention_policy: text })).toEqual({ retention_policy: { age } });
    expect(bodyOf({ delete_on_empty: { min_age: text } })).toEqual({ delete_on_empty: { min_age_secs: age } });
  });

  test('keeps records for ever when it says infinite, and leaves alone what it does not know better', () => {
    const config = { storage_class: 'express', timestamping: { mode: 'arrival', uncapped: true } };
    expect(bodyOf({ ...config, retention_policy: 'infinite' })).toEqual({
      ...config,
      retention_policy: { infinite: {} },
    });
  });

  test.each([
    ['{"basins":', /not JSON/],
    ['[]', /the file has to be an object/],
    ['{}', /`basins` has to be a list/],
    ['{"basin":[]}', /no `basin`; it may have/],
    ['{"basins":[{}]}', /a basin has no `name`/],
    ['{"basins":[{"name":"b","stream":[]}]}', /a basin has no `stream`; it may have name, config, streams/],
    ['{"basins":[{"name":"b"},{"name":"b"}]}', /the basin "b" comes twice/],
    ['{"basins":[{"name":"b","streams":[{"name":"s"},{"name":"s"}]}]}', /the stream of b "s" comes twice/],
    ['{"basins":[{"name":"b","config":{"retention_policy":"1d"}}]}', /the config of b has no `retention_policy`/],
    [
      '{"basins":[{"name":"b","streams":[{"name":"s","config":{"retention_policy":7}}]}]}',
      /`retention_policy` of b\/s has to be a duration/,
    ],
    ['{"basins":[{"name":"b","streams":[{"name":"s","config":{"retention_policy":"7 moons"}}]}]}', /such as "7days"/],
  ])('%s is refused in one line', (text, reason) => {
    expect(() => parseInitFile(text)).toThrow(InitFileError);
    expect(() => parseInitFile(text)).toThrow(reason);
    expect(() => parseInitFile(text)).not.toThrow(/\n/);
  });

  test('that the API refuses names the resource and the reason', async () => {
    const refusing: HttpHandler = async () => ({
      status: 400,
      headers: new Map(),
      body: new TextEncoder().encode('{"message":"too short"}'),
    });
    const said: string[] = [];
    const steps = parseInitFile('{"basins":[{"name":"b"}]}');
    await expect(applyInitFile(steps, refusing, (line) => said.push(line))).rejects.toThrow(
      /basin b was refused: .*too short/,
    );
    expect(said).toEqual([]);
  });
});

describe('the banner', () => {
  const facts: BannerFacts = {
    host: '127.0.0.1',
    port: 8080,
    tls: 'none',
    store: { kind: 's3', describe: 's3://bucket/prefix' },
    tunables: STORE_TUNABLES.s3,
  };

  test('says what the flush interval of a bucket costs at most in a month', () => {
    // 30 days of 50 ms at 0.005 $ per 1,000: 51.84 million PUTs.
    expect(banner(facts)).toContain('at most about $260 a month');
    const often = tunedBy({ host: '', port: 0, flushMs: 5 }, STORE_TUNABLES.s3);
    expect(banner({ ...facts, tunables: often })).toContain('at most about $2592 a month');
    const unbounded = tunedBy({ host: '', port: 0, flushMs: 0 }, STORE_TUNABLES.s3);
    expect(banner({ ...facts, tunables: unbounded })).toContain('nothing bounds their number');
    const file = { ...facts, store: { kind: 'file', describe: '/data' }, tunables: STORE_TUNABLES.file } as const;
    expect(banner(file)).toContain('costs nothing but time');
  });

  test('gives clients an address they can ask', () => {
    expect(banner({ ...facts, host: '0.0.0.0' })).toContain('S2_ACCOUNT_ENDPOINT=http://localhost:8080 ');
    expect(banner({ ...facts, host: '::1', tls: 'files' })).toContain('S2_BASIN_ENDPOINT=https://[::1]:8080 ');
  });
});

describe('access', () => {
  const facts: BannerFacts = {
    ...{ host: '127.0.0.1', port: 8080, tls: 'none' },
    ...{ store: { kind: 'memory', describe: 'memory' }, tunables: STORE_TUNABLES.memory },
  };

  test.each<[AccessOptions, boolean]>([
    [{ host: '127.0.0.1' }, false],
    [{ host: 'localhost' }, false],
    [{ host: '::1' }, false],
    [{ host: '0.0.0.0' }, true],
    [{ host: '::' }, true],
    [{ host: '10.0.0.1' }, true],
    [{ host: '0.0.0.0', auth: 'off' }, false],
    [{ host: '127.0.0.1', auth: 'on' }, true],
    [{ host: '127.0.0.1', rootToken: 'x' }, true],
    [{ host: '127.0.0.1', rootTokenFile: '/x' }, true],
    [{ host: '127.0.1.1' }, false],
    [{ host: '127.example.com' }, true],
  ])('of %j asks for tokens: %j', (options, asks) => {
    expect(checksTokens(options)).toBe(asks);
    expect(banner({ ...facts, ...options }).includes('S2_ACCESS_TOKEN=ignored')).toBe(!asks);
  });

  test('that is open to a network without tokens is said loudly, with what to do', () => {
    const text = banner({ ...facts, host: '0.0.0.0', auth: 'off' });
    expect(text).toMatch(/ACCESS {2}EVERYBODY WHO REACHES THIS ADDRESS MAY READ, CHANGE AND DELETE EVERYTHING/);
    expect(text).toContain('Leave --auth off out');
    expect(banner(facts)).not.toContain('EVERYBODY');
  });

  test('with tokens in plain text over a network is warned of', () => {
    expect(banner({ ...facts, host: '0.0.0.0' })).toContain('PLAIN TEXT');
    expect(banner({ ...facts, host: '0.0.0.0', tls: 'files' })).not.toContain('PLAIN TEXT');
    expect(banner({ ...facts, auth: 'on' })).not.toContain('PLAIN TEXT');
  });

  test('to a root token that nobody would be asked for is no way to start', () => {
    const good = { host: '127.0.0.1', port: 1 };
    expect(() => checkOptions({ ...good, auth: 'off', rootToken: 'x' })).toThrow(/nobody would be asked for it/);
    expect(() => checkOptions({ ...good, rootToken: 'x', rootTokenFile: 'y' })).toThrow(/exclude each other/);
    expect(() => checkOptions({ ...good, tokenRequests: 0 })).toThrow(/^--token-requests is a whole number from 1/);
  });

  test('to the first token: made and told once, or given and not told', async () => {
    const issuer = (outcome: Awaited<ReturnType<RootIssuer['ensureRootToken']>>): RootIssuer => ({
      ensureRootToken: async () => outcome,
    });
    const secret = 'tailrace_made';
    expect(await rootToken(issuer({ kind: 'issued', secret }), null)).toContain(secret);
    expect(await rootToken(issuer({ kind: 'there' }), null)).toBeNull();
    for (const kind of ['issued', 'there'] as const) {
      expect(await rootToken(issuer({ kind, secret }), secret)).not.toContain(secret);
    }
    for (const outcome of [{ kind: 'rejected' }, { kind: 'unknown', message: 'who knows' }] as const) {
      await expect(rootToken(issuer(outcome), null)).rejects.toThrow(/root token could not be issued/);
    }
    await expect(rootToken(issuer({ kind: 'taken' }), secret)).rejects.toThrow(/another access token has that secret/);
  });

  test('to the metrics is refused to whom the server refuses it', async () => {
    const metrics = async () => ({ type: 'text/plain', text: 'figures' });
    const refusal = async ({ headers }: HttpRequest) =>
      headers.has('authorization') ? null : { status: 401, headers: new Map(), body: new Uint8Array() };
    const handler = withOperatorRoutes(ok, { isDraining: () => false, metrics, refusal });
    expect((await handler(ask('GET', '/metrics'))).status).toBe(401);
    expect((await handler(ask('GET', '/metrics', { authorization: 'x' }))).status).toBe(200);
    expect((await handler(ask('POST', '/metrics'))).status).toBe(405);
  });
});

describe('cross-origin requests', () => {
  test('of nobody are passed on as they are', async () => {
    expect((await withCors(ok)(ask('GET', '/'))).headers).toEqual(new Map([['vary', 'accept']]));
  });

  test('may come from everywhere with everything, and their answers are not shared between origins', async () => {
    const { headers } = await withCors(ok)(ask('GET', '/', { origin: 'https://a.example' }));
    expect(Object.fromEntries(headers)).toMatchObject({
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': expect.stringContaining('s2-provision-result'),
      vary: 'accept, origin',
    });
  });

  test('are promised before they are made, and the API does not see the promise', async () => {
    const never: HttpHandler = () => Promise.reject(new Error('asked'));
    const preflight = ask('OPTIONS', '/v1/streams/s/records', {
      origin: 'https://a.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 's2-basin, content-type',
    });
    const { status, headers } = await withCors(never)(preflight);
    expect([status, Object.fromEntries(headers)]).toMatchObject([
      200,
      { 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 's2-basin, content-type' },
    ]);
    await expect(withCors(never)(ask('OPTIONS', '/', { origin: 'https://a.example' }))).rejects.toThrow('asked');
  });
});

test('a draining server refuses what is new, and still shows its metrics', async () => {
  let isDraining = false;
  const metrics = async () => ({ type: 'text/plain', text: 'figures' });
  const handler = withOperatorRoutes(ok, { isDraining: () => isDraining, metrics });
  const statuses = async (...targets: string[]) =>
    Promise.all(targets.map(async (target) => (await handler(ask('GET', target))).status));
  expect(await statuses('/health', '/v1/basins', '/metrics')).toEqual([200, 200, 200]);
  isDraining = true;
  expect(await statuses('/health', '/ping', '/v1/basins', '/metrics')).toEqual([503, 503, 503, 200]);
});

test('a browser gets the page at /, also while the server drains; programs find nothing there', async () => {
  const metrics = async () => ({ type: 'text/plain', text: '' });
  const nothingThere: HttpHandler = async () => ({ status: 404, headers: new Map(), body: new Uint8Array() });
  const at = (page: string | undefined, isDraining: boolean) =>
    withOperatorRoutes(nothingThere, { isDraining: () => isDraining, metrics, page });
  const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  for (const isDraining of [false, true]) {
    const { status, headers, body } = await at('<p>', isDraining)(ask('GET', '/', html));
    expect([status, headers.get('content-type'), body]).toEqual([
      200,
      'text/html; charset=utf-8',
      new TextEncoder().encode('<p>'),
    ]);
    expect(headers.get('x-frame-options')).toBe('DENY');
  }
  const others = [ask('GET', '/', { accept: '*/*' }), ask('POST', '/', html), ask('GET', '/x', html), ask('GET', '/')];
  for (const request of others) expect((await at('<p>', false)(request)).status).toBe(404);
  expect((await at(undefined, false)(ask('GET', '/', html))).status).toBe(404);
});

test('numbers of an operator are checked for every flag', () => {
  const good = { host: '127.0.0.1', port: 1 };
  expect(() => checkOptions(good)).not.toThrow();
  for (const wrong of [{ maxBodyBytes: 1 }, { idleTimeoutMs: 1.5 }, { appendInflightBytes: Number.NaN }]) {
    expect(() => checkOptions({ ...good, ...wrong }), JSON.stringify(wrong)).toThrow(
      /^--[a-z-]+ is a whole number from/,
    );
  }
});

/** Streams prefixed by the token: its holder sees and names only its own, on every path and in every answer (contract §1.13). */

import { describe, expect, test } from 'vitest';

import { type AccessBench, accessBench } from '../testing/access-bench.ts';

const codeOf = ({ status, body }: { status: number; body: unknown }) => [status, (body as { code?: string }).code];

describe('streams prefixed by the token', () => {
  /** As in S2's post on access control: a basin of sessions of browsers, of which each sees its own. */
  async function browsers(
    scope: object = {},
  ): Promise<AccessBench & { mine: string; as: (line: string, body?: unknown) => ReturnType<AccessBench['ask']> }> {
    const bench = await accessBench();
    await bench.ask(bench.root, 'POST /v1/basins', { body: { basin: 'browser-instances' } });
    const headers = { 's2-basin': 'browser-instances' };
    for (const session of ['g7wrzr9t', 'rhc2q95x']) {
      for (const name of ['console', 'dom-events', 'telemetry']) {
        await bench.ask(bench.root, 'POST /v1/streams', { headers, body: { stream: `session/${session}/${name}` } });
      }
    }
    const mine = await bench.issue({
      id: 'session/rhc2q95x',
      expires_at: '2030-01-01T00:00:00Z',
      auto_prefix_streams: true,
      scope: {
        basins: { exact: 'browser-instances' },
        streams: { prefix: 'session/rhc2q95x/' },
        op_groups: { basin: { read: true, write: true }, stream: { read: true, write: true } },
        ...scope,
      },
    });
    const as = (line: string, body?: unknown) =>
      bench.ask(mine, line, { headers, ...(body !== undefined && { body }) });
    return { ...bench, mine, as };
  }

  const namesIn = ({ body }: { body: unknown }) =>
    (body as { streams: { name: string }[] }).streams.map(({ name }) => name);

  test('are listed without the prefix, and no others', async () => {
    const { as } = await browsers();
    expect(namesIn(await as('GET /v1/streams'))).toEqual(['console', 'dom-events', 'telemetry']);
    expect(namesIn(await as('GET /v1/streams?prefix=d'))).toEqual(['dom-events']);
    expect(namesIn(await as('GET /v1/streams?start_after=console&limit=1'))).toEqual(['dom-events']);
    expect((await as('GET /v1/streams?start_after=console&limit=1')).body).toMatchObject({ has_more: true });
    expect(namesIn(await as('GET /v1/streams?prefix=session'))).toEqual([]);
  });

  test('are written, read and described by the short name, on every path', async () => {
    const bench = await browsers();
    const { as } = bench;
    const acked = await as('POST /v1/streams/console/records', { records: [{ body: 'hello' }] });
    expect(acked.status).toBe(200);
    expect((await as('GET /v1/streams/console/records?seq_num=0')).body).toMatchObject({
      records: [{ body: 'hello' }],
    });
    expect((await as('GET /v1/streams/console/records/tail')).body).toMatchObject({ tail: { seq_num: 1 } });
    expect((await as('GET /v1/streams/console')).status).toBe(200);
    expect((await as('PATCH /v1/streams/console', {})).status).toBe(200);
    expect((await as('POST /v1/streams', { stream: 'new' })).body).toMatchObject({ name: 'new' });
    expect((await as('PUT /v1/streams/newer')).body).toMatchObject({ name: 'newer' });
    expect((await as('DELETE /v1/streams/dom-events')).status).toBe(202);
    const whole = await bench.ask(bench.root, 'GET /v1/streams?prefix=session/rhc', {
      headers: { 's2-basin': 'browser-instances' },
    });
    expect(namesIn(whole).map((name) => name.slice(17))).toEqual([
      'console',
      'dom-events',
      'new',
      'newer',
      'telemetry',
    ]);
    expect(namesIn(whole).every((name) => name.startsWith('session/rhc2q95x/'))).toBe(true);
    const metrics = 'set=storage&start=1700000000&end=1700000100&interval=minute';
    expect((await as(`GET /v1/metrics/browser-instances/console?${metrics}`)).status).toBe(200);
  });

  test('say the short name when they are not there, and nothing of the prefix in any answer', async () => {
    const { as } = await browsers();
    const message = 'stream `nothing` in basin `browser-instances` not found';
    const lines: [string, unknown?][] = [
      ['GET /v1/streams/nothing'],
      ['PATCH /v1/streams/nothing', {}],
      ['DELETE /v1/streams/nothing'],
      ['GET /v1/streams/nothing/records/tail'],
      ['GET /v1/streams/nothing/records?seq_num=0'],
      ['POST /v1/streams/nothing/records', { records: [{}] }],
      ['GET /v1/metrics/browser-instances/nothing?set=storage&start=1&end=2'],
    ];
    for (const [line, body] of lines) {
      expect((await as(line, body)).body, line).toEqual({ code: 'stream_not_found', message });
    }
    for (const [line, body] of [
      ['POST /v1/streams', { stream: 'console' }],
      ['GET /v1/streams'],
      ['GET /v1/streams/console'],
    ] as const) {
      expect(JSON.stringify(await as(line, body))).not.toContain('session/');
    }
  });

  test('can not be left by any name', async () => {
    const { as } = await browsers();
    for (const name of ['../g7wrzr9t/console', '/session/g7wrzr9t/console', 'session/g7wrzr9t/console', '%00']) {
      const { status } = await as(`GET /v1/streams/${encodeURIComponent(name)}/records/tail`);
      expect(status, name).toBe(404);
    }
    expect(codeOf(await as(`GET /v1/streams/${'x'.repeat(500)}`))).toEqual([422, 'invalid']);
  });

  test('stay within it for tokens it issues: names are as it sees them, and so is the list', async () => {
    const bench = await browsers({
      ops: ['issue-access-token', 'list-access-tokens', 'revoke-access-token'],
      access_tokens: { prefix: 'session/' },
    });
    const scope = { basins: { exact: 'browser-instances' }, streams: { prefix: 'con' }, ops: ['list-streams', 'read'] };
    const child = await bench.issue({ id: 'session/child', scope }, bench.mine);
    const headers = { 's2-basin': 'browser-instances' };
    expect(namesIn(await bench.ask(child, 'GET /v1/streams', { headers }))).toEqual(['console']);
    expect((await bench.ask(child, 'GET /v1/streams/telemetry/records/tail', { headers })).status).toBe(403);
    const listed = async (secret: string) => {
      const { body } = await bench.ask(secret, 'GET /v1/access-tokens?prefix=session');
      return (body as { access_tokens: { id: string; scope: { streams: unknown } }[] }).access_tokens.map((token) => [
        token.id,
        token.scope.streams,
      ]);
    };
    expect(await listed(bench.mine)).toEqual([
      ['session/child', { prefix: 'con' }],
      ['session/rhc2q95x', { prefix: '' }],
    ]);
    expect(await listed(bench.root)).toEqual([
      ['session/child', { prefix: 'session/rhc2q95x/con' }],
      ['session/rhc2q95x', { prefix: 'session/rhc2q95x/' }],
    ]);
    // Of one that reaches beyond its namespace it is told what that reaches within.
    const others = [
      ['session/w', { prefix: 'session/' }, { prefix: '' }],
      ['session/x', { prefix: 'session/g7wrzr9t/' }, null],
      ['session/y', { exact: 'session/rhc2q95x/console' }, { exact: 'console' }],
      ['session/z', null, null],
    ] as const;
    for (const [id, streams] of others) await bench.issue({ id, scope: { streams, ops: ['list-basins'] } });
    expect((await listed(bench.mine)).slice(2)).toEqual(others.map(([id, , seen]) => [id, seen]));
    expect((await bench.ask(bench.mine, 'DELETE /v1/access-tokens/session%2Fchild')).status).toBe(204);
  });
});

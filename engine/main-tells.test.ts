/** What a server tells while it runs: lines that programs read, metrics, and nothing that is secret. */

import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { append, call, createStream, ServerProgram } from './testing/server-program.ts';

let program: ServerProgram;

beforeAll(async () => {
  program = await ServerProgram.build();
});

afterEach(() => program.endAll());

afterAll(() => program.remove());

describe('what a server tells', () => {
  test('is a JSON object a line when asked for, and never a secret', async () => {
    const env = { AWS_SECRET_ACCESS_KEY: 'SECRET-of-the-store' };
    const server = await program.start({ logFormat: 'json', log: 'everything' }, env);
    const headers = {
      's2-basin': 'test-basin',
      'content-type': 'application/json',
      authorization: 'Bearer SECRET-token',
      's2-encryption-key': 'SECRET-key',
    };
    const body = JSON.stringify({ records: [{ body: 'SECRET-body' }], fencing_token: 'SECRET-fence' });
    await createStream(server);
    const told = await fetch(`${server.url}/v1/streams/log/records?token=SECRET-query`, {
      method: 'POST',
      headers,
      body,
    });
    expect(told.status).toBe(412);
    const wrong = await fetch(`${server.url}/v1/streams/log/records`, {
      method: 'POST',
      headers,
      body: '{"records":"SECRET',
    });
    expect(wrong.status).toBe(400);
    const key = { 's2-encryption-key': `SECRET${'k'.repeat(36)}E=` };
    await call(server, 'PATCH', '/v1/basins/test-basin', { stream_cipher: 'aes-256-gcm' });
    await call(server, 'POST', '/v1/streams', { stream: 'sealed' });
    const sealed = { records: [{ headers: [['SECRET-name', 'SECRET-value']], body: 'SECRET-body' }] };
    expect((await call(server, 'POST', '/v1/streams/sealed/records', sealed, key)).status).toBe(200);
    for (const more of [key, { 's2-encryption-key': `SECRET${'x'.repeat(36)}E=` }]) {
      const read = await call(server, 'GET', '/v1/streams/sealed/records?seq_num=0', undefined, more);
      expect(read.status).toBe(more === key ? 200 : 400);
    }
    expect(await (await fetch(`${server.url}/metrics`)).text()).not.toContain('SECRET');
    while (server.errors().split('"status":400').length < 3) await sleep(5);
    server.child.kill('SIGTERM');
    await server.exit;
    const lines = [...server.output().trimEnd().split('\n'), ...server.errors().trimEnd().split('\n')];
    const events = lines.map((line) => JSON.parse(line) as { time: string; level: string; event: string; id?: string });
    for (const event of events) expect(event).toMatchObject({ time: expect.any(String), level: expect.any(String) });
    expect(new Set(events.map(({ event }) => event))).toEqual(
      new Set([...events.map(({ event }) => event), 'banner', 'ready', 'request', 'takeover.completed', 'server']),
    );
    expect(events.find(({ id }) => id === told.headers.get('x-request-id'))).toMatchObject({
      event: 'request',
      method: 'POST',
      path: '/v1/streams/log/records',
      status: 412,
    });
    expect(lines.join('\n')).not.toContain('SECRET');
  });

  test('at /metrics is what Prometheus reads', async () => {
    const server = await program.start();
    await createStream(server);
    await append(server, 'a', 'b', 'c');
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toContain('s2_append_ack_latency_seconds_count 1\n');
    expect(text).toContain('s2_append_batch_records_sum 3\n');
    expect(text).toMatch(/^tailrace_store_put_bytes_count [1-9]/m);
    expect(text).toContain('tailrace_engine_up 1\n');
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect((await fetch(`${server.url}/metrics`, { method: 'POST' })).status).toBe(405);
  });

  test('lets scripts of other origins ask, unless it was told not to', async () => {
    const headers = { origin: 'https://page.example', 'access-control-request-method': 'PUT' };
    const [open, closed] = [await program.start(), await program.start({ cors: false })];
    const asked = await fetch(`${open.url}/v1/basins`, { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([200, 'https://page.example']);
    const refused = await fetch(`${closed.url}/v1/basins`, { method: 'OPTIONS', headers });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });
});

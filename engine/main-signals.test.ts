/** How a server ends: what is under way is finished, and a second signal does not wait. */

import { once } from 'node:events';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { AppendInput, AppendRecord, S2 } from '@s2-dev/streamstore';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { EXIT } from './main.ts';
import { append, createStream, ServerProgram } from './testing/server-program.ts';

let program: ServerProgram;

beforeAll(async () => {
  program = await ServerProgram.build();
});

afterEach(() => program.endAll());

afterAll(() => program.remove());

describe('a signal', () => {
  test('ends sessions with a word to try elsewhere, and lets their clients have all acknowledgements', async () => {
    const server = await program.start();
    await createStream(server);
    const endpoints = { account: server.url, basin: server.url };
    const s2 = new S2({ accessToken: 'none', endpoints, retry: { maxAttempts: 1 } });
    const stream = s2.basin('test-basin').stream('log', { forceTransport: 's2s' });
    const session = await stream.appendSession();
    const headers = { 's2-basin': 'test-basin', accept: 'text/event-stream' };
    const following = await fetch(`${server.url}/v1/streams/log/records?seq_num=0`, { headers });
    let events = '';
    const followed = (async () => {
      for await (const chunk of following.body!) events += Buffer.from(chunk).toString();
    })();
    const input = AppendInput.create([AppendRecord.string({ body: 'x' })]);
    const tickets = await Promise.all([0, 1, 2].map(() => session.submit(input)));
    await Promise.all(tickets.map((ticket) => ticket.ack()));
    while (!events.includes('"seq_num":2')) await sleep(5);
    server.child.kill('SIGTERM');
    await followed;
    expect(events).toMatch(/event: error\n[^]*server_draining/);
    await session.close().catch(() => undefined);
    expect(await server.exit).toBe(EXIT.stopped);
  });

  test('lets a request that is under way finish', async () => {
    const server = await program.start();
    await createStream(server);
    const socket = net.connect(server.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    const body = JSON.stringify({ records: [{ body: 'in time' }] });
    socket.write(
      `POST /v1/streams/log/records HTTP/1.1\r\nhost: x\r\ns2-basin: test-basin\r\n` +
        `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
    );
    await sleep(50);
    server.child.kill('SIGTERM');
    while (!server.errors().includes('SIGTERM')) await sleep(5);
    const health = await fetch(`${server.url}/health`);
    expect([health.status, await health.text()]).toEqual([503, 'draining']);
    const refused = await append(server, 'too late');
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'server_draining' }]);
    socket.end(body.slice(5));
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await server.exit).toBe(EXIT.stopped);
    expect(server.errors()).toMatch(/^tailrace: SIGTERM: finishing what is under way/);
  });

  test('ends the process at once when it is the second one', async () => {
    const server = await program.start();
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('POST /v1/basins HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{');
    await sleep(50);
    server.child.kill('SIGTERM');
    while (!server.errors().includes('SIGTERM')) await sleep(5);
    server.child.kill('SIGINT');
    expect(await server.exit).toBe(128 + 2);
    socket.destroy();
  });
});

/** The server as its operator meets it: a process with flags, a banner, signals and exit codes. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { AppendInput, AppendRecord, S2 } from '@s2-dev/streamstore';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { selfSigned } from './adapters/self-signed.ts';
import { EXIT, type ServeOptions } from './main.ts';

let workspace: string;
let built: string;
let program: string;
const running = new Set<Pick<Server, 'child' | 'exit'>>();

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'tailrace-serve-'));
  // Below the packages it imports.
  const builds = fileURLToPath(new URL('../.runs', import.meta.url));
  await mkdir(builds, { recursive: true });
  built = await mkdtemp(join(builds, 'serve-'));
  program = join(built, 'serve.mjs');
  await build({
    stdin: {
      contents: `import { serve } from './main.ts';
        process.exitCode = await serve(JSON.parse(process.argv[2]));`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
});

afterEach(async () => {
  const all = [...running];
  for (const { child } of all) child.kill('SIGKILL');
  await Promise.all(all.map(({ exit }) => exit));
});

afterAll(async () => {
  await rm(built, { recursive: true });
  await rm(workspace, { recursive: true });
});

interface Server {
  child: ChildProcess;
  url: string;
  port: number;
  output: () => string;
  errors: () => string;
  /** The exit code, or the name of the signal. */
  exit: Promise<number | string | null>;
}

/** Starts a server; `url` is known once it is ready or has ended. */
async function start(options: Partial<ServeOptions> = {}, env: Record<string, string> = {}): Promise<Server> {
  const child = spawn(process.execPath, [program, JSON.stringify({ host: '127.0.0.1', port: 0, ...options })], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  let ended = false;
  const exit = (once(child, 'close') as Promise<[number | null, string | null]>).then(([code, signal]) => {
    ended = true;
    running.delete(run);
    return code ?? signal;
  });
  const run = { child, exit };
  running.add(run);
  while (!ended && !/\bready\b/.test(output)) await sleep(5);
  const port = Number(/https?:\/\/[^ ]*:(\d+)/.exec(output)?.[1] ?? 0);
  return { child, port, url: `http://127.0.0.1:${port}`, output: () => output, errors: () => errors, exit };
}

/** Whatever the machine's resolver thinks of `localhost`, the server is at 127.0.0.1. */
const toLoopback: net.LookupFunction = (_, options, done) => {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

async function call(
  server: Server,
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { 's2-basin': 'test-basin', 'content-type': 'application/json', ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function createStream(server: Server): Promise<void> {
  expect((await call(server, 'POST', '/v1/basins', { basin: 'test-basin' })).status).toBe(201);
  expect((await call(server, 'POST', '/v1/streams', { stream: 'log' })).status).toBe(201);
}

async function append(server: Server, ...bodies: string[]): Promise<Response> {
  return call(server, 'POST', '/v1/streams/log/records', { records: bodies.map((body) => ({ body })) });
}

async function bodiesOf(server: Server): Promise<string[]> {
  const response = await call(server, 'GET', '/v1/streams/log/records?seq_num=0&count=1000');
  expect(response.status).toBe(200);
  const { records } = (await response.json()) as { records: { body: string }[] };
  return records.map(({ body }) => body);
}

describe('a server without a folder', () => {
  test('serves appends and reads, and says that its data is lost at the end', async () => {
    const server = await start();
    expect(server.output()).toContain(`http://127.0.0.1:${server.port}\n`);
    expect(server.output()).toMatch(/in memory: everything is lost/);
    expect(server.output()).toMatch(/from this machine only/);
    expect(await (await fetch(`${server.url}/health`)).text()).toBe('OK');
    await createStream(server);
    expect((await append(server, 'a', 'b')).status).toBe(200);
    expect(await bodiesOf(server)).toEqual(['a', 'b']);
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(EXIT.stopped);
  });

  test('says who can reach it when it is opened to the network', async () => {
    const server = await start({ host: '::', auth: 'off' });
    expect(server.output()).toMatch(/http:\/\/\[::\]:\d+\n/);
    expect(server.output()).toMatch(/EVERYBODY WHO REACHES THIS ADDRESS MAY READ, CHANGE AND DELETE EVERYTHING/);
  });
});

describe('a server that asks for tokens', () => {
  const statusOf = async (server: Server, secret: string | null, path = '/v1/basins') => {
    const headers = secret === null ? {} : { authorization: `Bearer ${secret}` };
    return (await fetch(server.url + path, { headers })).status;
  };

  test('tells the first one once, on standard output and nowhere else, and goes on knowing it', async () => {
    const dir = join(workspace, 'tokens');
    const first = await start({ store: `file:${dir}`, auth: 'on', log: 'everything' });
    const secret = /^ {2}token {3}(tailrace_\S+)$/m.exec(first.output())?.[1] ?? '';
    expect(await Promise.all([null, 'x'.repeat(40), secret].map((it) => statusOf(first, it)))).toEqual([401, 401, 200]);
    expect(await Promise.all([null, secret].map((it) => statusOf(first, it, '/metrics')))).toEqual([401, 200]);
    expect(await Promise.all(['/health', '/ping'].map((path) => statusOf(first, null, path)))).toEqual([200, 200]);
    const metrics = await (
      await fetch(`${first.url}/metrics`, { headers: { authorization: `Bearer ${secret}` } })
    ).text();
    first.child.kill('SIGTERM');
    await first.exit;
    expect(first.output().split(secret)).toHaveLength(2);
    expect(first.errors()).not.toContain(secret.slice(9));
    expect(metrics).not.toContain(secret.slice(9));
    for (const name of await readdir(dir, { recursive: true })) {
      const bytes = await readFile(join(dir, name)).catch(() => Buffer.alloc(0));
      expect(bytes.includes(secret.slice(9)) || bytes.includes(Buffer.from(secret.slice(9), 'base64url')), name).toBe(
        false,
      );
    }

    const second = await start({ store: `file:${dir}`, auth: 'on' });
    expect(second.output()).not.toContain('token   ');
    expect(await statusOf(second, secret)).toBe(200);
  });

  test('takes the secret that is given, in place of the one before, and does not say it', async () => {
    const dir = join(workspace, 'given-tokens');
    const file = join(workspace, 'root.token');
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
    await writeFile(file, `${one}\n`);
    const first = await start({ store: `file:${dir}`, rootTokenFile: file });
    expect(first.output()).not.toContain(one);
    expect(await Promise.all([null, one].map((it) => statusOf(first, it)))).toEqual([401, 200]);
    const second = await start({ store: `file:${dir}`, rootToken: two });
    expect(await Promise.all([one, two].map((it) => statusOf(second, it)))).toEqual([401, 200]);
  });
});

describe('a server with a folder', () => {
  test('says where the data is and what an acknowledgement is worth', async () => {
    const dir = join(workspace, 'banner');
    const server = await start({ store: `file:${dir}` });
    expect(server.output()).toContain(`in ${dir}: what is acknowledged is synced to this disk`);
  });

  test('has every acknowledged append after it was stopped and after it was killed', async () => {
    const dir = join(workspace, 'kept');
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const server = await start({ store: `file:${dir}` });
      if (round === 0) await createStream(server);
      else expect(await bodiesOf(server)).toEqual(acknowledged);
      for (const name of ['x', 'y']) {
        const body = `${name} of round ${round}`;
        expect((await append(server, body)).status).toBe(200);
        acknowledged.push(body);
      }
      server.child.kill(round % 2 === 0 ? 'SIGKILL' : 'SIGINT');
      expect(await server.exit).toBe(round % 2 === 0 ? 'SIGKILL' : EXIT.stopped);
    }
  });

  test('that another server takes over says so, exits with its own code and acknowledges nothing more', async () => {
    const dir = join(workspace, 'shared');
    const first = await start({ store: `file:${dir}` });
    await createStream(first);
    expect((await append(first, 'by the first')).status).toBe(200);
    const second = await start({ store: `file:${dir}` });
    expect(await bodiesOf(second)).toEqual(['by the first']);
    const late = await append(first, 'by a zombie').catch(() => null);
    expect(late === null || late.status >= 500, String(late?.status)).toBe(true);
    expect(await first.exit).toBe(EXIT.fenced);
    expect(first.errors()).toMatch(
      /^tailrace: another server has taken over the store \(epoch \d+\); this one stops\n$/,
    );
    expect((await append(second, 'by the second')).status).toBe(200);
    expect(await bodiesOf(second)).toEqual(['by the first', 'by the second']);
  });

  test('logs takeovers as JSON lines when asked to', async () => {
    const server = await start({ store: `file:${join(workspace, 'logged')}`, log: 'notable', logFormat: 'json' });
    const events = server
      .errors()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events).toEqual(['takeover.started', 'takeover.completed']);
  });
});

describe('a server that can not start', () => {
  /** The server ended by itself with this code and one line. */
  async function expectOneLine(server: Server, code: number, line: RegExp): Promise<void> {
    expect(await server.exit).toBe(code);
    expect(server.errors()).toMatch(line);
    expect(server.errors().trimEnd()).not.toContain('\n');
  }

  test('because its port is in use says so and leaves the folder to its owner', async () => {
    const dir = join(workspace, 'busy');
    const first = await start({ store: `file:${dir}` });
    await createStream(first);
    const second = await start({ store: `file:${dir}`, port: first.port });
    await expectOneLine(
      second,
      EXIT.couldNotStart,
      new RegExp(`^tailrace: 127.0.0.1 port ${first.port} is in use; .*--port`),
    );
    expect((await append(first, 'still the owner')).status).toBe(200);
  });

  test('because its folder is a file says which', async () => {
    const dir = join(workspace, 'file');
    await writeFile(dir, 'precious');
    await expectOneLine(
      await start({ store: `file:${dir}` }),
      EXIT.couldNotStart,
      new RegExp(`^tailrace: cannot open a store in ${dir}: `),
    );
  });

  test.each([
    [{ port: 70_000 }, /--port is a whole number from 0 to 65535, not 70000/],
    [{ port: 1.5 }, /--port is a whole number/],
    [{ store: '' }, /"" does not name a store: write memory:, file:PATH or s3/],
    [{ store: './data' }, /for a folder write file:\.\/data\n$/],
    [{ store: 'file:' }, /the path of a folder is missing/],
    [{ store: 'gs://bucket' }, /there is no gs: store/],
    [{ flushMs: -1 }, /--flush-ms is a whole number from 0 to 1000/],
    [{ maxConnections: 0 }, /--max-connections is a whole number from 1 to/],
    [{ tlsCert: 'a.pem' }, /--tls-cert and --tls-key go together; --tls-key is missing/],
    [{ tlsSelf: true, tlsCert: 'a.pem', tlsKey: 'b.pem' }, /--tls-self and --tls-cert exclude each other/],
    [{ tlsPlaintext: 'redirect' } as const, /--tls-plaintext redirect leads nowhere without TLS/],
    [{ tlsCert: '/nowhere/a.pem', tlsKey: '/nowhere/b.pem' }, /--tls-cert \/nowhere\/a\.pem can not be read: ENOENT/],
    [{ rootToken: 'short' }, /TAILRACE_ROOT_TOKEN: an access token has 32 to 512 characters/],
    [{ rootTokenFile: '/nowhere/token' }, /--root-token-file \/nowhere\/token can not be read: ENOENT/],
    [{ initFile: '/nowhere/init.json' }, /--init-file \/nowhere\/init\.json can not be read: ENOENT/],
    [{ host: '203.0.113.7' }, /203\.0\.113\.7 is not an address of this machine; .*--host/],
  ])('because of %j says what to do', async (options, line) => {
    await expectOneLine(await start(options), EXIT.couldNotStart, line);
  });

  test('because its init file asks for what can not be names the resource', async () => {
    const initFile = join(workspace, 'short.json');
    await writeFile(initFile, JSON.stringify({ basins: [{ name: 'short' }] }));
    const server = await start({ initFile });
    await expectOneLine(server, EXIT.couldNotStart, /^tailrace: --init-file .*: basin short was refused: .*bad_path/);
    expect(server.output()).not.toContain('ready');
  });

  test('because its log is damaged names the object', async () => {
    const dir = join(workspace, 'damaged');
    const first = await start({ store: `file:${dir}` });
    await createStream(first);
    first.child.kill('SIGKILL');
    await first.exit;
    await writeFile(join(dir, 'wal', '00000000000000000000.blob'), 'not a log object');
    await expectOneLine(await start({ store: `file:${dir}` }), EXIT.storeRefused, /^tailrace: .*wal\/0{20}/);
  });
});

describe('a server over TLS', () => {
  test('with a certificate of its own serves what a plain one does, and says that nobody vouches for it', async () => {
    const server = await start({ tlsSelf: true });
    expect(server.output()).toMatch(/https:\/\/127\.0\.0\.1:\d+\n[^]*self-signed/);
    const session = http2.connect(`https://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    const stream = session.request({ ':path': '/health' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(200);
    session.destroy();
  });

  test('takes certificate and key from files, and new ones when they change', async () => {
    const { cert, key } = selfSigned('localhost');
    const files = { tlsCert: join(workspace, 'tls.crt'), tlsKey: join(workspace, 'tls.key') };
    await writeFile(files.tlsCert, cert);
    await writeFile(files.tlsKey, key);
    const server = await start(files);
    const session = http2.connect(`https://localhost:${server.port}`, { ca: cert, lookup: toLoopback });
    await once(session, 'connect');
    session.destroy();
    await writeFile(files.tlsCert, 'half');
    while (!server.errors().includes('served on')) await sleep(20);
    const renewed = selfSigned('localhost');
    await writeFile(files.tlsKey, renewed.key);
    await writeFile(files.tlsCert, renewed.cert);
    while (!server.output().includes('has changed')) await sleep(20);
    const next = http2.connect(`https://localhost:${server.port}`, { ca: renewed.cert, lookup: toLoopback });
    await once(next, 'connect');
    next.destroy();
  });
});

describe('an init file', () => {
  const spec = {
    basins: [
      {
        name: 'init-basin',
        config: { create_stream_on_append: true, default_stream_config: { retention_policy: '7days' } },
        streams: [{ name: 'a/b', config: { retention_policy: 'infinite', delete_on_empty: { min_age: '1h 30m' } } }],
      },
    ],
  };

  test('is there before the server is ready, and the second time changes nothing', async () => {
    const initFile = join(workspace, 'init.json');
    await writeFile(initFile, JSON.stringify(spec));
    const store = `file:${join(workspace, 'init-store')}`;
    const first = await start({ initFile, store });
    expect(first.output()).toMatch(/basin init-basin \(created\)\n {2}stream init-basin\/a\/b \(created\)\nready\n$/);
    const config = await fetch(`${first.url}/v1/streams/a%2Fb`, { headers: { 's2-basin': 'init-basin' } });
    expect(await config.json()).toMatchObject({
      retention_policy: { infinite: {} },
      delete_on_empty: { min_age_secs: 5_400 },
    });
    first.child.kill('SIGTERM');
    await first.exit;
    const second = await start({ initFile, store });
    expect(second.output()).toMatch(/basin init-basin \(config unchanged\)\n {2}stream .*\(config unchanged\)\n/);
  });
});

describe('what a server tells', () => {
  test('is a JSON object a line when asked for, and never a secret', async () => {
    const env = { AWS_SECRET_ACCESS_KEY: 'SECRET-of-the-store' };
    const server = await start({ logFormat: 'json', log: 'everything' }, env);
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
    const server = await start();
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
    const [open, closed] = [await start(), await start({ cors: false })];
    const asked = await fetch(`${open.url}/v1/basins`, { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([200, 'https://page.example']);
    const refused = await fetch(`${closed.url}/v1/basins`, { method: 'OPTIONS', headers });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });
});

describe('a signal', () => {
  test('ends sessions with a word to try elsewhere, and lets their clients have all acknowledgements', async () => {
    const server = await start();
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
    const server = await start();
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
    const server = await start();
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

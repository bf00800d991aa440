/** The server as its operator meets it: a process with flags, a banner and exit codes. */

import { once } from 'node:events';
import * as http2 from 'node:http2';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { selfSigned } from './adapters/self-signed.ts';
import { EXIT } from './main.ts';
import { append, call, createStream, type RunningServer, ServerProgram } from './testing/server-program.ts';

let workspace: string;
let program: ServerProgram;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'tailrace-serve-'));
  program = await ServerProgram.build();
});

afterEach(() => program.endAll());

afterAll(async () => {
  await program.remove();
  await rm(workspace, { recursive: true });
});

/** Whatever the machine's resolver thinks of `localhost`, the server is at 127.0.0.1. */
const toLoopback: net.LookupFunction = (_, options, done) => {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
};

async function bodiesOf(server: RunningServer): Promise<string[]> {
  const response = await call(server, 'GET', '/v1/streams/log/records?seq_num=0&count=1000');
  expect(response.status).toBe(200);
  const { records } = (await response.json()) as { records: { body: string }[] };
  return records.map(({ body }) => body);
}

describe('a server without a folder', () => {
  test('serves appends and reads, and says that its data is lost at the end', async () => {
    const server = await program.start();
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
    const server = await program.start({ host: '::', auth: 'off' });
    expect(server.output()).toMatch(/http:\/\/\[::\]:\d+\n/);
    expect(server.output()).toMatch(/EVERYBODY WHO REACHES THIS ADDRESS MAY READ, CHANGE AND DELETE EVERYTHING/);
  });
});

describe('a server that asks for tokens', () => {
  const statusOf = async (server: RunningServer, secret: string | null, path = '/v1/basins') => {
    const headers = secret === null ? {} : { authorization: `Bearer ${secret}` };
    return (await fetch(server.url + path, { headers })).status;
  };

  test('tells the first one once, on standard output and nowhere else, and goes on knowing it', async () => {
    const dir = join(workspace, 'tokens');
    const first = await program.start({ store: `file:${dir}`, auth: 'on', log: 'everything' });
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

    const second = await program.start({ store: `file:${dir}`, auth: 'on' });
    expect(second.output()).not.toContain('token   ');
    expect(await statusOf(second, secret)).toBe(200);
  });

  test('takes the secret that is given, in place of the one before, and does not say it', async () => {
    const dir = join(workspace, 'given-tokens');
    const file = join(workspace, 'root.token');
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
    await writeFile(file, `${one}\n`);
    const first = await program.start({ store: `file:${dir}`, rootTokenFile: file });
    expect(first.output()).not.toContain(one);
    expect(await Promise.all([null, one].map((it) => statusOf(first, it)))).toEqual([401, 200]);
    const second = await program.start({ store: `file:${dir}`, rootToken: two });
    expect(await Promise.all([one, two].map((it) => statusOf(second, it)))).toEqual([401, 200]);
  });
});

describe('a server with a folder', () => {
  test('says where the data is and what an acknowledgement is worth', async () => {
    const dir = join(workspace, 'banner');
    const server = await program.start({ store: `file:${dir}` });
    expect(server.output()).toContain(`in ${dir}: what is acknowledged is synced to this disk`);
  });

  test('has every acknowledged append after it was stopped and after it was killed', async () => {
    const dir = join(workspace, 'kept');
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const server = await program.start({ store: `file:${dir}` });
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
    const first = await program.start({ store: `file:${dir}` });
    await createStream(first);
    expect((await append(first, 'by the first')).status).toBe(200);
    const second = await program.start({ store: `file:${dir}` });
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
    const server = await program.start({
      store: `file:${join(workspace, 'logged')}`,
      log: 'notable',
      logFormat: 'json',
    });
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
  async function expectOneLine(server: RunningServer, code: number, line: RegExp): Promise<void> {
    expect(await server.exit).toBe(code);
    expect(server.errors()).toMatch(line);
    expect(server.errors().trimEnd()).not.toContain('\n');
  }

  test('because its port is in use says so and leaves the folder to its owner', async () => {
    const dir = join(workspace, 'busy');
    const first = await program.start({ store: `file:${dir}` });
    await createStream(first);
    const second = await program.start({ store: `file:${dir}`, port: first.port });
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
      await program.start({ store: `file:${dir}` }),
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
    await expectOneLine(await program.start(options), EXIT.couldNotStart, line);
  });

  test('because its init file asks for what can not be names the resource', async () => {
    const initFile = join(workspace, 'short.json');
    await writeFile(initFile, JSON.stringify({ basins: [{ name: 'short' }] }));
    const server = await program.start({ initFile });
    await expectOneLine(server, EXIT.couldNotStart, /^tailrace: --init-file .*: basin short was refused: .*bad_path/);
    expect(server.output()).not.toContain('ready');
  });

  test('because its log is damaged names the object', async () => {
    const dir = join(workspace, 'damaged');
    const first = await program.start({ store: `file:${dir}` });
    await createStream(first);
    first.child.kill('SIGKILL');
    await first.exit;
    await writeFile(join(dir, 'wal', '00000000000000000000.blob'), 'not a log object');
    await expectOneLine(await program.start({ store: `file:${dir}` }), EXIT.storeRefused, /^tailrace: .*wal\/0{20}/);
  });
});

describe('a server over TLS', () => {
  test('with a certificate of its own serves what a plain one does, and says that nobody vouches for it', async () => {
    const server = await program.start({ tlsSelf: true });
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
    const server = await program.start(files);
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
    const first = await program.start({ initFile, store });
    expect(first.output()).toMatch(/basin init-basin \(created\)\n {2}stream init-basin\/a\/b \(created\)\nready\n$/);
    const config = await fetch(`${first.url}/v1/streams/a%2Fb`, { headers: { 's2-basin': 'init-basin' } });
    expect(await config.json()).toMatchObject({
      retention_policy: { infinite: {} },
      delete_on_empty: { min_age_secs: 5_400 },
    });
    first.child.kill('SIGTERM');
    await first.exit;
    const second = await program.start({ initFile, store });
    expect(second.output()).toMatch(/basin init-basin \(config unchanged\)\n {2}stream .*\(config unchanged\)\n/);
  });
});

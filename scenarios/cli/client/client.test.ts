/**
 * The client against a server of its own: what each command prints where, and how it ends. Commands run in this process,
 * which is quick; those that read standard input or wait for Ctrl-C are processes, as for a person.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EXIT_USAGE, InputError } from '../input-error.ts';
import { clientCommands } from './commands.ts';

const PROGRAM = fileURLToPath(new URL('../../../dist/scenarios/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tailrace-client-'));

interface Exit {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Run {
  child: ChildProcess;
  /** What it has printed so far. */
  out: () => string;
  exit: Promise<Exit>;
}

let server: Run;
let endpoint: string;

function start(words: readonly string[], input?: string): Run {
  const { S2_ACCOUNT_ENDPOINT: _, S2_BASIN_ENDPOINT: __, ...env } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd: folder, env, stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  child.stdin.end(input ?? '');
  const exit = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, out: () => stdout, exit };
}

/** Runs a command against the server of this file, one at a time: what they print is caught here. */
async function tailrace(words: string, at = endpoint): Promise<Exit> {
  const printed = { stdout: '', stderr: '' };
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((line: unknown) => void (printed.stdout += `${String(line)}\n`)),
    ...(['stdout', 'stderr'] as const).map((name) =>
      vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
        printed[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
        return true;
      }),
    ),
  ];
  const program = new Command('tailrace').exitOverride();
  for (const command of clientCommands()) program.addCommand(command.exitOverride());
  try {
    await program.parseAsync([...words.split(' '), '--endpoint', at], { from: 'user' });
    return { code: 0, ...printed };
  } catch (error) {
    if (error instanceof CommanderError) return { code: EXIT_USAGE, ...printed };
    if (!(error instanceof InputError)) throw error;
    return { code: error.exitCode, stdout: printed.stdout, stderr: error.message };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

beforeAll(async () => {
  server = start(['serve', '--port', '0']);
  await until(() => /^ready$/m.test(server.out()));
  endpoint = /http:\/\/127\.0\.0\.1:\d+/.exec(server.out())?.[0] ?? '';
  const made = await tailrace('create-basin client-basin --create-stream-on-append');
  expect(made).toEqual({ code: 0, stdout: '', stderr: '✓ Basin created\n' });
});

afterAll(async () => {
  server.child.kill();
  await server.exit;
  rmSync(folder, { recursive: true });
});

test('makes, configures, lists and deletes streams; configurations are JSON on standard output', async () => {
  const uri = 's2://client-basin/made/here';
  const made = await tailrace(`create-stream ${uri} --retention-policy 7d`);
  expect(made).toEqual({ code: 0, stdout: '', stderr: '✓ Stream created\n' });
  const { stdout } = await tailrace(`reconfigure-stream ${uri} --timestamping-mode arrival`);
  expect(JSON.parse(stdout)).toMatchObject({
    retention_policy: { age_secs: 604_800 },
    timestamping: { mode: 'arrival' },
  });
  const listed = await tailrace('ls s2://client-basin/made');
  expect(listed.stdout).toMatch(/^s2:\/\/client-basin\/made\/here \d{4}-\d\d-\d\dT\S+\n$/);
  expect(await tailrace(`delete-stream ${uri}`)).toMatchObject({ code: 0 });
  const basin = await tailrace('get-basin-config client-basin');
  expect(JSON.parse(basin.stdout)).toMatchObject({ create_stream_on_append: true });
  expect((await tailrace('ls')).stdout).toBe('client-basin active\n');
});

test('lists page after page, up to a limit and after a name', async () => {
  for (const name of ['a', 'b', 'c']) await tailrace(`create-stream s2://client-basin/paged/${name}`);
  const names = async (flags: string) =>
    [...(await tailrace(`list-streams client-basin -p paged/ ${flags}`)).stdout.matchAll(/paged\/(\w)/g)].map(
      (m) => m[1],
    );
  expect(await names('-n 2')).toEqual(['a', 'b']);
  expect(await names('-s paged/a')).toEqual(['b', 'c']);
  expect(await names('-n 0')).toEqual([]);
});

test('appends lines and reads them back, in every format, to a pipe and to a file', async () => {
  const uri = 's2://client-basin/lines';
  const lines = file('in.jsonl', '{"body":"dHdv","headers":[["aw==","dg=="]]}\n');
  // What is typed goes through standard input, which is a process's own.
  const appended = await start(['append', uri, '--endpoint', endpoint], 'one\n').exit;
  expect(appended).toMatchObject({ code: 0, stdout: '' });
  expect(appended.stderr).toMatch(/^✓ \[APPENDED\] 0\.\.1 \/\/ tail: 1 @ \d+\n$/);
  expect(await tailrace(`append ${uri} -m 1 --format json-base64 -i ${lines}`)).toMatchObject({ code: 0 });
  const read = await tailrace(`read ${uri} -s 0 --no-follow`);
  expect(read).toMatchObject({ code: 0, stdout: 'one\ntwo\n' });
  expect(read.stderr).toMatch(/2 records in range 0\.\.=1/);
  const out = join(folder, 'out.txt');
  expect(await tailrace(`tail ${uri} -n 1 -o ${out}`)).toMatchObject({ code: 0, stdout: '' });
  expect(readFileSync(out, 'utf8')).toBe('two\n');
  const { stdout } = await tailrace(`read ${uri} --tail-offset 1 -n 1 --format json`);
  expect(JSON.parse(stdout)).toMatchObject({ seq_num: 1, headers: [['k', 'v']], body: 'two' });
  expect(await tailrace(`read ${uri} -n 1`)).toMatchObject({ code: 0, stdout: '' });
});

test('fences, trims and tells the tail; who does not know the token appends nothing', async () => {
  const uri = 's2://client-basin/fenced';
  await tailrace(`append ${uri} -i ${file('two.txt', 'one\ntwo\n')}`);
  expect((await tailrace(`fence ${uri} tok`)).stderr).toMatch(/new fencing token "tok" \/\/ tail: 3 @ \d+/);
  const refused = await tailrace(`append ${uri} -f wrong -i ${file('three.txt', 'three\n')}`);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('the stream is fenced by "tok"')]);
  expect((await tailrace(`trim ${uri} 1 -f tok`)).stderr).toMatch(/trim to 1 \/\/ tail: 4 @ \d+/);
  expect((await tailrace(`check-tail ${uri}`)).stdout).toMatch(/^4 @ \d+\n$/);
});

test('follows a stream until Ctrl-C, and ends cleanly', async () => {
  const uri = 's2://client-basin/followed';
  await tailrace(`create-stream ${uri}`);
  const reader = start(['tail', uri, '-f', '--endpoint', endpoint]);
  await tailrace(`append ${uri} -i ${file('first.txt', 'first\n')}`);
  await until(() => reader.out() === 'first\n');
  await tailrace(`append ${uri} -i ${file('second.txt', 'second\n')}`);
  await until(() => reader.out() === 'first\nsecond\n');
  reader.child.kill('SIGINT');
  expect(await reader.exit).toMatchObject({ code: 0, stderr: expect.stringContaining('2 records in range 0..=1') });
});

test('names the line that is no record', async () => {
  const input = file('bad.jsonl', '{"body":"x"}\n{"bdy":"y"}\n');
  const { code, stderr } = await tailrace(`append s2://client-basin/bad --format json -i ${input}`);
  expect([code, stderr]).toEqual([1, expect.stringContaining(`${input}:2: "bdy" is not known`)]);
});

test('bench measures and finds every record again', async () => {
  const { code, stdout, stderr } = await tailrace('bench client-basin -d 300ms -w 0s -t 1 -b 1024');
  expect([code, stderr]).toEqual([0, expect.stringMatching(/\d+ records came back twice/)]);
  expect(stdout).toMatch(/append +\d+\.\d\d MiB\/s[^]*end to end +\d/);
});

test('bench that is ended in its pause tells what it measured and leaves no stream behind', async () => {
  const words = 'bench client-basin -d 200ms -w 1h -t 1 -b 1024 --endpoint'.split(' ');
  const running = start([...words, endpoint]);
  let said = '';
  running.child.stderr?.on('data', (text: string) => (said += text));
  await until(() => said.includes('is read again in 3600 s; Ctrl-C leaves that out'));
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.exit;
  expect([code, stderr]).toEqual([0, expect.stringMatching(/\d+ records came back, each once, .* not read again/)]);
  expect(stdout).toMatch(/append +\d+\.\d\d MiB\/s[^]*catch up +- left out[^]*end to end +\d/);
  const left = (await tailrace('ls s2://client-basin/bench/')).stdout.split('\n').filter((line) => line !== '');
  expect(left.filter((line) => !line.endsWith(' deleting'))).toEqual([]);
});

test('bench takes a key for streams that are encrypted', async () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  await tailrace('create-basin sealed-bench --stream-cipher aegis-256');
  const without = await tailrace('bench sealed-bench -d 100ms -w 0s -b 1024');
  expect([without.code, without.stderr]).toEqual([1, expect.stringMatching(/key/)]);
  const { code, stderr } = await tailrace(`bench sealed-bench -d 100ms -w 0s -b 1024 -k ${key}`);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/records came back twice/)]);
});

test.each([
  [1, 'read s2://client-basin/nowhere -s 0', /not found .*create-stream/],
  [1, 'create-basin client-basin', /already exists/],
  [1, 'append s2://client-basin/x -i missing.txt', /missing\.txt can not be read: ENOENT/],
  [2, 'append client-basin', /expected a stream such as s2:/],
  [2, 'read s2://client-basin/x -s 1 --ago 1h', /cannot be used with/],
  [2, 'reconfigure-basin client-basin', /nothing to change/],
])('exits with %i and says why: %s', async (exitCode, words, message) => {
  const { code, stderr, stdout } = await tailrace(words);
  expect([code, stderr, stdout]).toEqual([exitCode, expect.stringMatching(message), '']);
});

test('without a server it exits with 1 and names the command that starts one', async () => {
  const { code, stderr } = await start(['ls', '--endpoint', 'http://127.0.0.1:1']).exit;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: no server answers at http:\/\/127\.0\.0\.1:1 .*tailrace serve --port 1/);
});

test('issues access tokens, works with one as far as it goes, lists them and revokes it', async () => {
  const guarded = start(['serve', '--port', '0', '--auth', 'on']);
  try {
    await until(() => /^ready$/m.test(guarded.out()));
    const at = /http:\/\/127\.0\.0\.1:\d+/.exec(guarded.out())?.[0] ?? '';
    const root = /^ {2}token {3}(\S+)$/m.exec(guarded.out())?.[1] ?? '';
    const as = (secret: string, words: string) => {
      vi.stubEnv('S2_ACCESS_TOKEN', secret);
      return tailrace(words, at);
    };
    expect(await as('', 'ls')).toMatchObject({ code: 1, stderr: expect.stringContaining('set S2_ACCESS_TOKEN') });
    expect((await as(root, 'create-basin token-basin')).code).toBe(0);
    const scope = '--basins-exact token-basin --streams-prefix app/ --op-group-perms basin=rw --ops append,read';
    const issued = await as(
      root,
      `issue-access-token app ${scope} --auto-prefix-streams --expires-at 2040-01-01T00:00:00Z`,
    );
    expect(issued).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tailrace_\S+\n$/) });
    const app = issued.stdout.trim();
    expect((await as(app, 'create-stream s2://token-basin/log')).code).toBe(0);
    expect((await as(app, 'ls token-basin')).stdout).toMatch(/^s2:\/\/token-basin\/log /);
    expect((await as(root, 'ls token-basin')).stdout).toMatch(/^s2:\/\/token-basin\/app\/log /);
    expect(await as(app, 'delete-basin token-basin')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('permission_denied'),
    });
    expect((await as(root, 'list-access-tokens -p app')).stdout).toBe(
      'app  expires 2040-01-01T00:00:00.000Z\n  basins=token-basin  streams=app/*  tokens=∅  perms=b:rw  ops=2\n',
    );
    expect(await as(root, 'revoke-access-token app')).toMatchObject({ code: 0, stderr: '✓ Access token revoked\n' });
    expect((await as(app, 'ls token-basin')).stderr).toContain('authn');
  } finally {
    vi.unstubAllEnvs();
    guarded.child.kill();
    await guarded.exit;
  }
});

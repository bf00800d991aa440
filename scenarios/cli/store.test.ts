/** The operator's tools on a folder beside the server that owns it, and on a damaged copy of it. Runs the built program. */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServerProcess } from '../kill/server-process.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/scenarios/main.js', import.meta.url));

interface Exit {
  code: number;
  stdout: string;
  stderr: string;
}

function tailrace(...args: string[]): Promise<Exit> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

let workspace: string;
let folder: string;
let url: string;
let server: ServerProcess;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'tailrace-store-cli-'));
  folder = join(workspace, 'data');
  url = `file:${folder}`;
  server = new ServerProcess([PROGRAM, 'serve', '--port', '0', '--store', url], {});
  const base = `http://127.0.0.1:${await server.ready()}`;
  const json = { 'content-type': 'application/json', 's2-basin': 'tools-basin' };
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${base}${path}`, { method: 'POST', headers: json, body: JSON.stringify(body) });
    expect(answer.ok, await answer.text()).toBe(true);
  };
  await post('/v1/basins', { basin: 'tools-basin' });
  await post('/v1/streams', { stream: 's' });
  for (let i = 0; i < 3; i++) await post('/v1/streams/s/records', { records: [{ body: 'x'.repeat(500) }] });
}, 30_000);

afterAll(async () => {
  await server.kill();
  await rm(workspace, { recursive: true });
});

describe('beside the server that owns the store', () => {
  test('ls, stat and verify tell what is there, in words that fit the numbers', async () => {
    const listed = await tailrace('store', 'ls', url);
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toContain('fence');
    const stat = await tailrace('store', 'stat', url);
    expect(stat.stdout).toMatch(/^epoch +1 \(1 fence\)$/m);
    const verified = await tailrace('store', 'verify', url);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toContain('is sound: epoch 1, no checkpoint yet, 0 pages, 1 fence, ');
  });

  test('gc --dry-run says what would go, or why nothing would, and deletes nothing', async () => {
    const before = await readdir(folder, { recursive: true });
    const { code, stdout } = await tailrace('store', 'gc', url, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toBe('nothing would be deleted: no checkpoint is published yet: the whole log is needed\n');
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  test('gc without --dry-run is refused with the reason', async () => {
    const { code, stdout, stderr } = await tailrace('store', 'gc', url);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('only the server that owns a store deletes from it');
    expect(stderr).toContain('add --dry-run');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('damage', () => {
  test.each(['verify', 'stat', 'gc'])('%s names object, byte and remedy once, and exits 1', async (tool) => {
    const copy = join(workspace, `damaged-${tool}`);
    await cp(folder, copy, { recursive: true });
    const key = 'wal/00000000000000000064';
    const path = join(copy, `${key}.blob`);
    const bytes = await readFile(path);
    bytes[80] = (bytes[80] as number) ^ 1;
    await writeFile(path, bytes);
    const { code, stderr } = await tailrace('store', tool, `file:${copy}`, ...(tool === 'gc' ? ['--dry-run'] : []));
    expect(code).toBe(1);
    expect(stderr.trim()).toBe(
      `damaged: ${key}, byte 64: the checksum of the body (from byte 64) does not match. Put back a sound copy of this ` +
        'object; `tailrace store verify` checks the rest of the store',
    );
  });

  test.each([['ls'], ['stat'], ['verify'], ['gc', '--dry-run']])(
    '%s finds no store in a folder that is empty or not there, at once',
    async (...args) => {
      const missing = join(workspace, 'nothing-here');
      const atMissing = await tailrace('store', ...args, `file:${missing}`);
      expect(atMissing.code).toBe(2);
      expect(atMissing.stderr).toContain(`there is no folder ${missing}`);
      const empty = await mkdtemp(join(workspace, 'empty-'));
      const atEmpty = await tailrace('store', ...args, `file:${empty}`);
      expect(atEmpty.code).toBe(3);
      expect(atEmpty.stderr).toContain('there is no object `format`: no server has used this place');
      expect(await readdir(empty)).toEqual([]);
    },
  );

  test('looks at a copy that came without its empty directories', async () => {
    const copy = join(workspace, 'without-empty-ones');
    await cp(folder, copy, { recursive: true });
    await rm(join(copy, '+tmp'), { recursive: true });
    const { code, stdout } = await tailrace('store', 'verify', `file:${copy}`);
    expect(code).toBe(0);
    expect(stdout).toContain('is sound');
  });

  test('probe tries out a folder that is still empty', async () => {
    const empty = await mkdtemp(join(workspace, 'probed-'));
    const { code, stdout } = await tailrace('store', 'probe', `file:${empty}`);
    expect(code).toBe(0);
    expect(stdout).toContain('keeps every promise');
  });
});

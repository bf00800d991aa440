/**
 * Folders as bad luck leaves them, met by real processes on the real file system: each time a message that names what
 * is wrong and what to do, and nothing that was there before is touched.
 */

import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { openFolderBlobStore } from './folder-blob-store.ts';

const KIB = 1024;
const NOBODY = 65534;

let workspace: string;
let program: string;
let folder: string;
let count = 0;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'tailrace-luck-'));
  await chmod(workspace, 0o755);
  program = join(workspace, 'puts.mjs');
  await build({
    stdin: {
      contents: `import { openFolderBlobStore } from './folder-blob-store.ts';
        const [folder, ...lengths] = process.argv.slice(2);
        const say = (outcome) => console.log(JSON.stringify(outcome));
        try {
          const store = await openFolderBlobStore(folder);
          for (const length of lengths) say(await store.putIfAbsent('wal/' + length, [new Uint8Array(Number(length))]));
          await store.close();
        } catch (error) {
          say({ kind: 'not opened', fault: { code: error.code, message: error.message } });
        }`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
});

afterAll(() => rm(workspace, { recursive: true }));

beforeEach(() => {
  count += 1;
  folder = join(workspace, `store-${count}`);
});

interface Said {
  kind: string;
  fault?: { code: string; message: string; retryable?: boolean };
}

/** What a process says that opens the folder and puts one object of each length, by a shell line with `$run` in it. */
async function puts(lengths: readonly number[], shell = '$run', asNobody = false): Promise<Said[]> {
  const run = [process.execPath, program, folder, ...lengths].map((word) => `'${word}'`).join(' ');
  const child = spawn('sh', ['-c', shell.replace('$run', `exec ${run}`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(asNobody && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Said);
}

/** A store with one object, closed. */
async function prepared(): Promise<void> {
  const store = await openFolderBlobStore(folder);
  expect(await store.putIfAbsent('wal/0', [Buffer.from('zero')])).toEqual({ kind: 'done' });
  await store.close();
}

/** With the marker that every store has first. */
async function marked(): Promise<void> {
  await prepared();
  const store = await openFolderBlobStore(folder);
  await store.putIfAbsent('format', [Buffer.from('{}')]);
  await store.close();
}

async function holdsItsObject(): Promise<void> {
  const store = await openFolderBlobStore(folder);
  expect(await store.list('')).toMatchObject({ blobs: [{ key: 'wal/0', size: 4 }] });
  expect(await store.get('wal/0')).toMatchObject({ kind: 'found', bytes: new Uint8Array(Buffer.from('zero')) });
  await store.close();
}

function expectMessage(said: Said | undefined, kind: string, code: string, ...parts: string[]): void {
  expect(said).toMatchObject({ kind, fault: { code } });
  for (const part of parts) expect(said?.fault?.message).toContain(part);
  expect(said?.fault?.message).not.toContain('\n');
}

test('a file that may not become so large: the put has no effect, the store goes on', async () => {
  await prepared();
  // Blocks of 512 bytes: 128 KiB.
  const said = await puts([KIB, 512 * KIB, 2 * KIB], 'ulimit -f 256; $run');
  expect(said[0]).toEqual({ kind: 'done' });
  expectMessage(said[1], 'failed', 'too-large', `wal/${512 * KIB}`, folder, 'EFBIG', 'ulimit -f');
  expect(said[2]).toEqual({ kind: 'done' });
  expect(await readdir(join(folder, '+tmp'))).toEqual([]);
  expect((await readdir(join(folder, 'wal'))).toSorted()).toEqual(['0.blob', '1024.blob', '2048.blob']);
});

describe('without permission', () => {
  test('to write into the folder: it is not opened', async () => {
    await mkdir(folder, { mode: 0o555 });
    const [said] = await puts([], '$run', true);
    expectMessage(said, 'not opened', 'denied', folder, 'EACCES', 'let this user read and write');
    expect(await readdir(folder)).toEqual([]);
  });

  test('to write into a directory of it: the put is in doubt and the process is told to stop', async () => {
    await prepared();
    for (const path of [folder, join(folder, '+tmp')]) await chmod(path, 0o777);
    await chmod(join(folder, 'wal'), 0o555);
    const [said] = await puts([KIB], '$run', true);
    expectMessage(said, 'unknown', 'denied', `wal/${KIB}`, folder, 'let this user read and write');
    expect(said?.fault?.retryable).toBe(false);
    await chmod(join(folder, 'wal'), 0o755);
    await holdsItsObject();
  });
});

describe('a folder of somebody else', () => {
  test.each(['notes.txt', 'photos'])('that holds %s is refused and left alone', async (name) => {
    await mkdir(join(folder, 'photos'), { recursive: true });
    if (name === 'notes.txt') await rename(join(folder, 'photos'), join(folder, name));
    await expect(openFolderBlobStore(folder)).rejects.toMatchObject({
      code: 'foreign-folder',
      message: expect.stringMatching(new RegExp(`${folder}.*\`${name}\`.*choose an empty folder`)),
    });
    expect(await readdir(folder)).toEqual([name]);
  });

  test('that holds a store further down is refused, and the store is named', async () => {
    await marked();
    await expect(openFolderBlobStore(join(folder, '..'))).rejects.toMatchObject({
      code: 'foreign-folder',
      message: expect.stringMatching(/there is a store in .*, add that to the path$/),
    });
  });

  test.each(['wal', '+tmp', 'new/and/deeper'])(
    'that is %s of a store is refused, the store named, nothing written',
    async (name) => {
      await marked();
      const before = await readdir(folder, { recursive: true });
      await expect(openFolderBlobStore(join(folder, name))).rejects.toMatchObject({
        code: 'inside-a-store',
        message: `cannot keep a store in ${join(folder, name)}: it lies inside the store ${folder}; use file:${folder}, or another folder`,
      });
      expect(await readdir(folder, { recursive: true })).toEqual(before);
    },
  );

  test('is none when it holds what file systems put there by themselves', async () => {
    await mkdir(join(folder, 'lost+found'), { recursive: true });
    await writeFile(join(folder, '.DS_Store'), '');
    await prepared();
    await holdsItsObject();
  });

  test('is none when it is a copy of a store without its empty directories', async () => {
    const store = await openFolderBlobStore(folder);
    await store.putIfAbsent('format', [Buffer.from('{}')]);
    await store.close();
    await rm(join(folder, '+tmp'), { recursive: true });
    const again = await openFolderBlobStore(folder);
    expect(await again.get('format')).toMatchObject({ kind: 'found' });
    await again.close();
  });
});

test('an empty folder in place of the store does not pass for it, as when a disk is unmounted', async () => {
  await prepared();
  const store = await openFolderBlobStore(folder);
  await rename(folder, `${folder}-away`);
  await mkdir(folder);
  const missing = { kind: 'failed', fault: { code: 'missing', message: expect.stringContaining('mounted') } };
  expect(await store.get('wal/0')).toMatchObject(missing);
  expect(await store.get('wal/0', { start: 0, end: 1 })).toMatchObject(missing);
  expect(await store.list('')).toMatchObject(missing);
  expect(await store.putIfAbsent('wal/1', [Buffer.from('one')])).toMatchObject(missing);
  await rm(folder, { recursive: true });
  await rename(`${folder}-away`, folder);
  expect(await store.putIfAbsent('wal/1', [Buffer.from('one')]), 'once it is back').toEqual({ kind: 'done' });
  await store.delete(['wal/1']);
  await store.close();
  await holdsItsObject();
});

test('a file that was cut short while it was open fails to be read, by name and offset', async () => {
  await prepared();
  const store = await openFolderBlobStore(folder);
  await store.get('wal/0', { start: 0, end: 2 });
  await truncate(join(folder, 'wal', '0.blob'), 1);
  expect(await store.get('wal/0', { start: 0, end: 4 })).toMatchObject({
    kind: 'failed',
    fault: { message: expect.stringMatching(/wal\/0.*ended at 1 of 4 bytes/) },
  });
  await store.close();
});

test('who only looks touches nothing, not even what a killed process left', async () => {
  await marked();
  await writeFile(join(folder, '+tmp', 'half.written'), 'x');
  const before = await readdir(folder, { recursive: true });
  const store = await openFolderBlobStore(folder, undefined, 'look');
  expect(await store.get('format')).toMatchObject({ kind: 'found' });
  expect(await store.list('')).toMatchObject({ kind: 'page' });
  await store.close();
  expect(await readdir(folder, { recursive: true })).toEqual(before);
});

test('files half written by killed processes are swept, whatever they are called', async () => {
  await prepared();
  for (const name of ['7.blob.0123456789abcdef.1', 'x', '0.blob']) await writeFile(join(folder, '+tmp', name), 'half');
  await holdsItsObject();
  expect(await readdir(join(folder, '+tmp'))).toEqual([]);
});

test.each([-1, 1])('files dated %i hour from now change nothing', async (hours) => {
  await prepared();
  await writeFile(join(folder, '+tmp', '7.blob.0123456789abcdef.1'), 'half');
  const then = new Date(Date.now() + hours * 3_600_000);
  for (const path of ['wal/0.blob', 'wal', '+tmp/7.blob.0123456789abcdef.1', '+tmp']) {
    await utimes(join(folder, path), then, then);
  }
  await holdsItsObject();
  expect(await readdir(join(folder, '+tmp'))).toEqual([]);
  expect(await readFile(join(folder, 'wal', '0.blob'), 'utf8')).toBe('zero');
});

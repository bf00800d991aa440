/** Parts of objects are read through files that stay open, and nobody can tell, but by the clock. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { faultyFiles, type FaultyFiles } from '../testing/faulty-files.ts';
import type { FolderFiles } from './folder-files.ts';
import { openFolderBlobStore, type FolderBlobStore } from './folder-blob-store.ts';

const KEPT_MAX = 64;
const PART = { start: 1, end: 3 };

let folder: string;
let faulty: FaultyFiles;
/** Files that were opened since the test began, and how many of them are open. */
let opened: number;
let open: number;
let store: FolderBlobStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-open-'));
  faulty = faultyFiles();
  store = await openFolderBlobStore(folder, { ...faulty.files, open: counted });
  await store.put('seg/1', [text('abcd')]);
  opened = 0;
  open = 0;
});

afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const counted: FolderFiles['open'] = async (path, flags) => {
  const handle = await faulty.files.open(path, flags);
  opened += 1;
  open += 1;
  return {
    ...handle,
    close: () => {
      open -= 1;
      return handle.close();
    },
  };
};

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

async function part(key = 'seg/1'): Promise<string> {
  const outcome = await store.get(key, PART);
  return outcome.kind === 'found' ? Buffer.from(outcome.bytes).toString() : outcome.kind;
}

test('a second read of a part opens nothing', async () => {
  expect(await part()).toBe('bc');
  expect(await part()).toBe('bc');
  expect(await store.get('seg/1', { start: 2, end: 9 })).toMatchObject({ bytes: text('cd'), size: 4 });
  expect([opened, open]).toEqual([1, 1]);
});

test('a file that was read whole is closed', async () => {
  await store.get('seg/1');
  expect([opened, open]).toEqual([1, 0]);
});

test('many first reads at once leave one file open', async () => {
  expect(await Promise.all(Array.from({ length: 10 }, () => part()))).toEqual(Array(10).fill('bc'));
  expect(open).toBe(1);
});

test('a file that is deleted is closed, so that its space is free', async () => {
  await part();
  await store.delete(['seg/1']);
  expect(open).toBe(0);
  expect(await part()).toBe('absent');
});

test('a file that is deleted while it is read is closed after that', async () => {
  await part();
  const reading = part();
  await Promise.all([store.delete(['seg/1']), reading]);
  expect(['bc', 'absent']).toContain(await reading);
  expect(await part()).toBe('absent');
  expect(open).toBe(0);
});

test('a file that another process deleted is not read again, nor one whose name is another file by now', async () => {
  const rival = await openFolderBlobStore(folder);
  await part();
  await rival.delete(['seg/1']);
  expect(await part()).toBe('absent');
  await rival.put('seg/1', [text('wxyz')]);
  expect(await part()).toBe('xy');
  await rival.delete(['seg/1']);
  await rival.put('seg/1', [text('1234')]);
  expect(await part()).toBe('23');
  expect(open).toBe(1);
  await rival.close();
});

test(`${KEPT_MAX} files stay open, the most recently read ones`, async () => {
  const keys = Array.from({ length: KEPT_MAX + 5 }, (_, index) => `seg/many-${index}`);
  for (const key of keys) await store.put(key, [text('abcd')]);
  for (const key of keys) {
    await part(key);
    await part(keys[0]);
  }
  expect(open).toBe(KEPT_MAX);
  opened = 0;
  await part(keys[0]);
  await part(keys.at(-1));
  expect(opened).toBe(0);
  await part(keys[1]);
  expect(opened).toBe(1);
});

test('a read that fails leaves no file open, and a kept one is good for the next read', async () => {
  faulty.fail('read', 'EIO', { where: 'seg' });
  expect(await part()).toBe('failed');
  expect([opened, open]).toEqual([1, 0]);
  expect(await part()).toBe('bc');
  faulty.fail('read', 'EIO', { where: 'seg' });
  expect(await part()).toBe('failed');
  expect(await part()).toBe('bc');
});

test('closing the store closes them', async () => {
  await part();
  await store.close();
  expect(open).toBeLessThanOrEqual(0);
  store = await openFolderBlobStore(folder);
});

test('closing the store in the middle of its work leaves no file and no directory open', async () => {
  const rest: Promise<unknown>[] = [];
  const before = open;
  const busy = await openFolderBlobStore(join(folder, 'busy'), { ...faulty.files, open: counted });
  for (let i = 0; i < 40; i++) {
    rest.push(busy.put(`d${i % 7}/e${i % 3}/${i}`, [text('x')]), busy.list(`d${i % 7}/`), busy.get(`d0/e0/${i}`, PART));
    if (i % 10 === 0) await busy.get('d0/e0/0');
  }
  await busy.close();
  await Promise.all(rest);
  expect(open - before).toBe(0);
});

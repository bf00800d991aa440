/** The folder store: the contract, its failure table (storage reference §3.4), and folders it must refuse. */

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { blobStoreSuite } from '../testing/blob-store-suite.ts';
import { END_EARLY, faultyFiles, type FaultyFiles } from '../testing/faulty-files.ts';
import { openFolderBlobStore, type FolderBlobStore } from './folder-blob-store.ts';
import { FolderRefusedError } from './folder-faults.ts';
import { type FileHandle, nodeFiles } from './folder-files.ts';

let folder: string;
let opened: FolderBlobStore[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-folder-'));
  opened = [];
});

afterEach(async () => {
  await Promise.allSettled(opened.map((store) => store.close()));
  await rm(folder, { recursive: true });
});

async function open(at = folder, faulty?: FaultyFiles): Promise<FolderBlobStore> {
  const store = await openFolderBlobStore(at, faulty?.files);
  opened.push(store);
  return store;
}

/** A store on a file system that can be told to fail, with `wal/` in place and no step remembered. */
async function openFaulty(): Promise<{ store: FolderBlobStore; faulty: FaultyFiles }> {
  const faulty = faultyFiles();
  const store = await open(folder, faulty);
  expect(await store.putIfAbsent('wal/0', [text('zero')])).toEqual({ kind: 'done' });
  faulty.steps.length = 0;
  return { store, faulty };
}

async function names(directory: string): Promise<string[]> {
  return (await readdir(join(folder, directory))).sort();
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

blobStoreSuite('the folder store', async () => ({ store: await open(), reopen: () => open() }));

describe('a put', () => {
  test('syncs the bytes before it gives them a name, and the name before it says done', async () => {
    const { store, faulty } = await openFaulty();
    expect(await store.putIfAbsent('wal/1', [text('one')])).toEqual({ kind: 'done' });
    expect(faulty.steps.map((step) => step.replace(/1\.blob\..*/, 'TMP'))).toEqual([
      'open TMP',
      'writev TMP',
      'datasync TMP',
      'close TMP',
      'link 1.blob',
      'sync wal',
      'unlink TMP',
    ]);
  });

  test('syncs the directory before it says that a name is taken', async () => {
    const { store, faulty } = await openFaulty();
    expect(await store.putIfAbsent('wal/0', [text('rival')])).toEqual({ kind: 'refused' });
    const order = faulty.steps.filter((step) => /^(link|sync)/.test(step));
    expect(order).toEqual(['link 0.blob', 'sync wal']);
  });

  test('never says that a name is taken when the directory can not be synced', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('sync', 'EIO', { where: 'wal' });
    expect(await store.putIfAbsent('wal/0', [text('rival')])).toMatchObject({
      kind: 'unknown',
      fault: { code: 'directory-sync', retryable: false },
    });
  });

  test('makes a new directory durable in its parent, all the way up, before it puts an object there', async () => {
    const faulty = faultyFiles();
    const store = await open(join(folder, 'deep', 'store'), faulty);
    const made = faulty.steps.filter((step) => /^(mkdir|sync)/.test(step));
    const [above, inside] = [tmpdir(), folder].map((path) => `sync ${basename(path)}`);
    expect(made.slice(0, 5)).toEqual([above, 'mkdir deep', inside, 'mkdir store', 'sync deep']);
    faulty.steps.length = 0;
    expect(await store.putIfAbsent('a/b/1', [text('x')])).toEqual({ kind: 'done' });
    const steps = faulty.steps.filter((step) => /^(mkdir|sync|link)/.test(step));
    expect(steps).toEqual(['mkdir a', 'sync store', 'mkdir b', 'sync a', 'link 1.blob', 'sync b']);
  });

  test('goes on after a short write until every byte is stored', async () => {
    const { store, faulty } = await openFaulty();
    faulty.shortWrites(3);
    expect(await store.putIfAbsent('wal/1', [text('abcd'), text('ef'), text('ghijk')])).toEqual({ kind: 'done' });
    expect(await store.get('wal/1')).toMatchObject({ kind: 'found', bytes: text('abcdefghijk'), size: 11 });
  });

  test.each([
    ['open', 'EMFILE', { code: 'too-many-files', retryable: true }, 'ulimit -n'],
    ['open', 'EACCES', { code: 'denied', retryable: false }, 'read and write the folder'],
    ['writev', 'ENOSPC', { code: 'no-space', retryable: false }, 'free space'],
    ['writev', 'EDQUOT', { code: 'no-space', retryable: false }, 'quota'],
    ['writev', 'EIO', { code: 'io', retryable: true }, 'health of the disk'],
    ['datasync', 'EIO', { code: 'io', retryable: true }, 'health of the disk'],
    ['datasync', 'ENOSPC', { code: 'no-space', retryable: false }, 'free space'],
    ['close', 'EIO', { code: 'io', retryable: true }, 'health of the disk'],
  ] as const)('whose %s ends with %s has certainly no effect, and says why', async (step, errno, fault, remedy) => {
    const { store, faulty } = await openFaulty();
    faulty.fail(step, errno, { where: '+tmp' });
    const outcome = await store.putIfAbsent('wal/1', [text('one')]);
    expect(outcome).toMatchObject({ kind: 'failed', fault });
    const message = outcome.kind === 'failed' ? outcome.fault.message : '';
    for (const part of ['wal/1', folder, errno, remedy]) expect(message).toContain(part);
    expect(await names('wal')).toEqual(['0.blob']);
    expect(await names('+tmp'), 'no leftovers').toEqual([]);
    expect(await store.putIfAbsent('wal/1', [text('again')]), 'with a file of its own').toEqual({ kind: 'done' });
  });

  test('never syncs a file again whose sync failed', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('datasync', 'EIO', { where: '+tmp' });
    await store.putIfAbsent('wal/1', [text('one')]);
    await store.putIfAbsent('wal/1', [text('one')]);
    const synced = faulty.steps.filter((step) => step.startsWith('datasync'));
    expect(synced).toHaveLength(2);
    expect(new Set(synced).size).toBe(2);
  });

  test('whose link fails in any other way than by a taken name is unknown', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('link', 'EIO', { where: 'wal' });
    expect(await store.putIfAbsent('wal/1', [text('one')])).toMatchObject({
      kind: 'unknown',
      fault: { code: 'io', retryable: true },
    });
    faulty.fail('link', 'EIO', { where: 'wal', after: true });
    expect(await store.putIfAbsent('wal/2', [text('two')])).toMatchObject({ kind: 'unknown' });
    expect(await store.putIfAbsent('wal/2', [text('two')]), 'the lost reply').toEqual({ kind: 'refused' });
    expect(await store.putIfAbsent('wal/1', [text('one')]), 'no effect').toEqual({ kind: 'done' });
    expect(await names('+tmp')).toEqual([]);
  });

  test('whose temporary file another start swept away is unknown and can be repeated', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('link', 'ENOENT', { where: 'wal' });
    expect(await store.putIfAbsent('wal/1', [text('one')])).toMatchObject({
      kind: 'unknown',
      fault: { code: 'missing', retryable: true },
    });
    expect(await store.putIfAbsent('wal/1', [text('one')])).toEqual({ kind: 'done' });
  });

  test('is done although its temporary file could not be removed', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('unlink', 'EIO', { where: '+tmp' });
    expect(await store.putIfAbsent('wal/1', [text('one')])).toEqual({ kind: 'done' });
    expect(await names('+tmp')).toHaveLength(1);
    await open();
    expect(await names('+tmp'), 'swept at the next start').toEqual([]);
  });

  test('below a directory that can not be created fails and works once it can', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('mkdir', 'ENOSPC', { where: 'seg' });
    expect(await store.put('seg/1-1', [text('x')])).toMatchObject({ kind: 'failed', fault: { code: 'no-space' } });
    expect(await store.put('seg/1-1', [text('x')])).toEqual({ kind: 'done' });
  });
});

describe('a directory that can not be synced', () => {
  test('makes the put unknown and ends the use of the store', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('sync', 'EIO', { where: 'wal' });
    expect(await store.putIfAbsent('wal/1', [text('one')])).toMatchObject({
      kind: 'unknown',
      fault: { code: 'directory-sync', retryable: false, message: expect.stringContaining('stop this process') },
    });
    const fault = { code: 'directory-sync', retryable: false };
    expect(await store.putIfAbsent('wal/2', [text('two')])).toMatchObject({ kind: 'failed', fault });
    expect(await store.putIfAbsent('wal/1', [text('one')]), 'visible is not durable').toMatchObject({
      kind: 'failed',
      fault,
    });
    expect(await store.get('wal/1'), 'visible is not durable').toMatchObject({ kind: 'failed', fault });
    expect(await store.list('wal/')).toMatchObject({ kind: 'failed', fault });
    expect(await store.delete(['wal/0'])).toMatchObject({ kind: 'failed', fault });
    const reopened = await open();
    expect(await reopened.get('wal/0')).toMatchObject({ kind: 'found' });
  });

  test('makes every put unknown that waited for the same sync', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('sync', 'EIO', { where: 'wal' });
    const keys = Array.from({ length: 10 }, (_, index) => `wal/${index + 1}`);
    const outcomes = await Promise.all(keys.map((key) => store.putIfAbsent(key, [text(key)])));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
    expect(
      faulty.steps.filter((step) => step === 'sync wal'),
      'a failed sync is not repeated',
    ).toHaveLength(1);
  });

  test('is not believed to be durable because it is the parent of a new one', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('sync', 'EIO', { where: folder });
    expect(await store.put('seg/1-1', [text('x')])).toMatchObject({
      kind: 'failed',
      fault: { code: 'directory-sync', retryable: false },
    });
    expect(await store.put('wal/1', [text('x')])).toMatchObject({ kind: 'failed' });
  });
});

describe('a listing', () => {
  test('syncs what it saw before it returns it', async () => {
    const { store, faulty } = await openFaulty();
    const rival = await open();
    await rival.put('pub/1', [text('published')]);
    faulty.steps.length = 0;
    expect(await store.list('pub/')).toMatchObject({ kind: 'page', blobs: [{ key: 'pub/1', size: 9 }] });
    const read = faulty.steps.indexOf('readdir pub');
    expect(read).toBeGreaterThanOrEqual(0);
    expect(faulty.steps.lastIndexOf('sync pub')).toBeGreaterThan(read);
  });

  test('fails when what it saw can not be made durable', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('sync', 'EIO', { where: 'wal' });
    expect(await store.list('wal/')).toMatchObject({ kind: 'failed', fault: { code: 'directory-sync' } });
  });

  test('passes over names that no key maps to', async () => {
    const store = await open();
    await store.put('wal/1', [text('x')]);
    await store.put('Wal/B.blob/c', [text('x')]);
    const foreign = ['notes.txt', '.DS_Store', 'A.blob', 'ä.blob', '.blob', '..blob', '^.blob', '^A.blob', 'a b.blob'];
    for (const name of foreign) await writeFile(join(folder, 'wal', name), 'foreign');
    for (const name of ['2.blob', 'lost+found', 'B', 'sub ']) {
      await mkdir(join(folder, 'wal', name));
      await writeFile(join(folder, 'wal', name, '3.blob'), 'foreign');
    }
    expect(await store.list('')).toEqual({
      kind: 'page',
      blobs: [
        { key: 'Wal/B.blob/c', size: 1 },
        { key: 'wal/1', size: 1 },
      ],
      next: null,
    });
  });

  test('shows an object that is being written only once it has its name', async () => {
    const store = await open();
    await writeFile(join(folder, '+tmp', '7.blob.0123456789abcdef.1'), 'half of a bod');
    expect(await store.list('')).toEqual({ kind: 'page', blobs: [], next: null });
  });
});

describe('a read', () => {
  test('of a file that ends early fails instead of returning less', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('read', END_EARLY, { where: 'wal' });
    expect(await store.get('wal/0')).toMatchObject({
      kind: 'failed',
      fault: { code: 'io', message: expect.stringContaining('ended at 0 of 4 bytes') },
    });
  });

  test('of hundreds at a time leaves puts in front of most of them', async () => {
    const slow = { ...nodeFiles, open: openSlowly };
    const store = await openFolderBlobStore(folder, slow);
    opened.push(store);
    await store.put('seg/1', [text('cold')]);
    let read = 0;
    const reads = Array.from({ length: 400 }, () => store.get('seg/1').then(() => (read += 1)));
    expect(await store.putIfAbsent('wal/1', [text('hot')])).toEqual({ kind: 'done' });
    expect(read).toBeLessThan(200);
    await Promise.all(reads);
  });

  /** A file system on which every read takes a while. */
  async function openSlowly(path: string, flags: 'r' | 'wx'): Promise<FileHandle> {
    const handle = await nodeFiles.open(path, flags);
    return {
      writev: (buffers) => handle.writev(buffers),
      read: async (...where) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return handle.read(...where);
      },
      stat: () => handle.stat(),
      datasync: () => handle.datasync(),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  }

  test('that the disk refuses fails, names the object, and can be repeated', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('read', 'EIO', { where: 'wal' });
    expect(await store.get('wal/0')).toMatchObject({
      kind: 'failed',
      fault: { code: 'io', retryable: true, message: expect.stringContaining('wal/0') },
    });
    expect(await store.get('wal/0')).toMatchObject({ kind: 'found', bytes: text('zero') });
  });

  test('fails, and does not find nothing, when too many files are open', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('open', 'EMFILE', { where: 'wal' });
    expect(await store.get('wal/0')).toMatchObject({ kind: 'failed', fault: { code: 'too-many-files' } });
  });

  test('fails, and does not find nothing, when the folder itself is gone', async () => {
    const parent = join(folder, 'mount');
    const store = await open(parent);
    await store.put('wal/1', [text('x')]);
    await rm(parent, { recursive: true });
    expect(await store.get('wal/1')).toMatchObject({ kind: 'failed', fault: { code: 'missing' } });
    expect(await store.get('wal/2')).toMatchObject({ kind: 'failed' });
    expect(await store.list('wal/')).toMatchObject({ kind: 'failed' });
    expect(await store.put('wal/2', [text('x')])).toMatchObject({ kind: 'failed' });
  });
});

describe('deleting', () => {
  test('that fails in the middle is unknown and names an object', async () => {
    const { store, faulty } = await openFaulty();
    faulty.fail('unlink', 'EIO', { where: join('wal', '0.blob') });
    expect(await store.delete(['wal/5', 'wal/0'])).toMatchObject({
      kind: 'unknown',
      fault: { code: 'io', message: expect.stringContaining('delete wal/0') },
    });
  });
});

describe('opening', () => {
  test('keeps the objects and sweeps what killed processes left in +tmp', async () => {
    const first = await open();
    await first.put('wal/1', [text('kept')]);
    await writeFile(join(folder, '+tmp', '2.blob.feed.1'), 'half');
    const second = await open();
    expect(await names('+tmp')).toEqual([]);
    expect(await second.get('wal/1')).toMatchObject({ kind: 'found', bytes: text('kept') });
  });

  test('the same folder many times at once succeeds every time', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => open()));
    for (const [index, store] of stores.entries()) {
      expect(await store.putIfAbsent(`wal/${index}`, [text('x')])).toEqual({ kind: 'done' });
    }
    expect(await names('+tmp')).toEqual([]);
  });

  test.each([
    ['EPERM', 'no-hard-links'],
    ['ENOTSUP', 'no-hard-links'],
    ['EMLINK', 'no-hard-links'],
    ['ENOSPC', 'no-space'],
  ])('is refused when the trial link ends with %s', async (errno, code) => {
    const faulty = faultyFiles();
    faulty.fail('link', errno);
    const error: unknown = await openFolderBlobStore(folder, faulty.files).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FolderRefusedError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(folder) });
    expect((error as Error).message).not.toContain('\n');
  });

  test('is refused on a file system whose link replaces names that are taken', async () => {
    const faulty = faultyFiles();
    const replacing = { ...faulty.files, link: async () => undefined };
    await expect(openFolderBlobStore(folder, replacing)).rejects.toMatchObject({ code: 'unsafe-links' });
  });

  test('is refused on a file system that can not sync directories', async () => {
    const faulty = faultyFiles();
    faulty.fail('sync', 'EINVAL', { where: '+tmp' });
    await expect(openFolderBlobStore(folder, faulty.files)).rejects.toMatchObject({ code: 'directory-sync' });
  });

  test('is refused, by name, where a file is in the way', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'precious');
    await expect(openFolderBlobStore(path)).rejects.toMatchObject({
      code: 'not-a-folder',
      message: expect.stringContaining(path),
    });
    await expect(openFolderBlobStore(join(path, 'below'))).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(await readFile(path, 'utf8')).toBe('precious');
  });

  test('is refused, by name, without permission', async () => {
    const faulty = faultyFiles();
    faulty.fail('mkdir', 'EACCES');
    const path = join(folder, 'locked');
    await expect(openFolderBlobStore(path, faulty.files)).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining(path),
    });
  });
});

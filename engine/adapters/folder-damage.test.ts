/**
 * Logs in a folder that were damaged, or written by a build from the future: no engine starts on them, the message
 * names the object and, inside it, the place, and not a byte of the folder is changed by the attempt.
 */

import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { openEngine } from '../engine.ts';
import { BASIN, batch, STREAM } from '../testing/engine-bench.ts';
import { PROMPT } from '../testing/log-bench.ts';
import { manualPorts } from '../testing/manual-ports.ts';
import { ENGINE_DEFAULTS } from '../tunables.ts';
import { openFolderBlobStore } from './folder-blob-store.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-damage-'));
  const store = await openFolderBlobStore(folder);
  const engine = await openEngine({ ...manualPorts(), blobs: store }, { ...ENGINE_DEFAULTS, log: PROMPT });
  await engine.createBasin(BASIN, null);
  await engine.createStream(BASIN, STREAM, null);
  for (const body of ['one', 'two']) await engine.append(BASIN, STREAM, batch(body));
  // Killed, not stopped: what a clean end writes is of no interest here.
  await store.close();
});

afterEach(() => rm(folder, { recursive: true }));

/** Every object with its bytes. */
async function contents(): Promise<Record<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return Object.fromEntries(
    await Promise.all(paths.toSorted().map(async (path) => [path, (await readFile(path)).toString('hex')])),
  ) as Record<string, string>;
}

/** The objects of the log, oldest first, as paths. */
async function slots(): Promise<string[]> {
  return (await readdir(join(folder, 'wal'))).toSorted().map((name) => join(folder, 'wal', name));
}

function keyOf(path: string): string {
  return `wal/${path.slice(-25, -'.blob'.length)}`;
}

/** What an engine says that is started on the folder, or null when it starts. */
async function refusal(): Promise<string | null> {
  const before = await contents();
  const store = await openFolderBlobStore(folder);
  try {
    await openEngine({ ...manualPorts({ seed: 2 }), blobs: store }, { ...ENGINE_DEFAULTS, log: PROMPT });
    return null;
  } catch (error) {
    expect(await contents(), 'nothing is changed').toEqual(before);
    return (error as Error).message;
  } finally {
    await store.close();
  }
}

test('a flipped bit anywhere in the log is found, and the message names the object and the place', async () => {
  for (const path of await slots()) {
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at += 5) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at & 7);
      await writeFile(path, damaged);
      const message = await refusal();
      expect(message, `byte ${at} of ${keyOf(path)}`).toContain(keyOf(path));
      if (at >= 8) expect(message).toMatch(/byte|slot/);
    }
    await writeFile(path, bytes);
  }
});

test('an object of the log that was cut short is found, and the message says to what length', async () => {
  for (const path of await slots()) {
    const bytes = await readFile(path);
    for (const length of [0, 10, 63, bytes.length - 1]) {
      await truncate(path, length);
      expect(await refusal()).toMatch(new RegExp(`${keyOf(path)}.* ${length} bytes`));
      await writeFile(path, bytes);
    }
  }
});

test('an object of a version from the future names the version and the remedy', async () => {
  const path = (await slots()).at(-1)!;
  const bytes = await readFile(path);
  bytes[4] = 99;
  await writeFile(path, bytes);
  expect(await refusal()).toMatch(new RegExp(`${keyOf(path)}, byte 4: it has format version 99; .*newer build`));
});

test('a store of a version from the future names the version and the remedy', async () => {
  const path = join(folder, 'format.blob');
  const marker = JSON.parse(await readFile(path, 'utf8')) as { version: number };
  await writeFile(path, JSON.stringify({ ...marker, version: 99 }));
  expect(await refusal()).toMatch(/object `format` .*format version 99;.*Use a newer build/s);
});

test('a store that lost its marker is not taken for an empty one', async () => {
  await rm(join(folder, 'format.blob'));
  expect(await refusal()).toMatch(/no `format` marker.*Use an empty folder/s);
});

/** Writing files durably: short ones do not wait for long ones, and no byte is left unsynced. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { DurableFiles } from './durable-files.ts';
import { type FileHandle, nodeFiles } from './folder-files.ts';

const MIB = 1024 * 1024;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-durable-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** Files that count: bytes written since the last sync of each file, and how many long writes run at once. */
function watched() {
  const seen = { unsyncedMax: 0, unsyncedAtClose: 0, writing: 0, writingMax: 0 };
  const open = async (path: string, flags: 'r' | 'wx'): Promise<FileHandle> => {
    const handle = await nodeFiles.open(path, flags);
    let unsynced = 0;
    return {
      async writev(buffers) {
        seen.writingMax = Math.max(seen.writingMax, ++seen.writing);
        const written = await handle.writev(buffers);
        seen.writing--;
        unsynced += written.bytesWritten;
        seen.unsyncedMax = Math.max(seen.unsyncedMax, unsynced);
        return written;
      },
      async datasync() {
        await handle.datasync();
        unsynced = 0;
      },
      close() {
        seen.unsyncedAtClose += unsynced;
        return handle.close();
      },
      read: (...where) => handle.read(...where),
      stat: () => handle.stat(),
      sync: () => handle.sync(),
    };
  };
  return { seen, files: new DurableFiles({ open }) };
}

function patterned(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 31 + seed);
}

test('a long file of parts of any length has its bytes in order, and a sync behind every MiB and the last byte', async () => {
  const { seen, files } = watched();
  const parts = [patterned(3 * MIB + 5, 1), patterned(0, 2), patterned(7, 3), patterned(6 * MIB, 4)];
  await files.write(join(folder, 'long'), parts);
  expect(Buffer.concat(parts).equals(await readFile(join(folder, 'long')))).toBe(true);
  expect(seen.unsyncedMax).toBe(MIB);
  expect(seen.unsyncedAtClose).toBe(0);
});

test('of many long files two are written at a time, and a short one does not wait for its turn', async () => {
  const { seen, files } = watched();
  const long = [patterned(9 * MIB, 1)];
  let longLeft = 6;
  const all = Array.from({ length: longLeft }, async (_, i) => {
    await files.write(join(folder, `long-${i}`), long);
    longLeft--;
  });
  await files.write(join(folder, 'short'), [patterned(10, 1)]);
  expect(longLeft).toBeGreaterThan(3);
  expect(seen.writingMax).toBeLessThanOrEqual(3);
  await Promise.all(all);
  expect(seen.unsyncedAtClose).toBe(0);
});

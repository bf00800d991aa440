/** Real processes, really killed in the middle of writing: what they reported is there, and nothing is torn. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { bodyOf } from '../testing/put-stream.ts';
import { openFolderBlobStore, type FolderBlobStore } from './folder-blob-store.ts';

const ROUNDS = 15;

let workspace: string;
let program: string;

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'tailrace-crash-'));
  program = join(workspace, 'put-stream.mjs');
  // Bundled once: a child that first has to load a compiler spends its life on that.
  await build({
    stdin: {
      contents: `import { putUntilKilled, raceUntilKilled } from './put-stream.ts';
        const [folder, round, kind] = process.argv.slice(2);
        await (kind === 'race' ? raceUntilKilled : putUntilKilled)(folder, round);`,
      resolveDir: fileURLToPath(new URL('../testing/', import.meta.url)),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
  });
});

afterAll(() => rm(workspace, { recursive: true }));

/** Runs the program and kills it after it reported `reports` puts and some more milliseconds. */
async function killedAfter(
  folder: string,
  round: number,
  reports: number,
  extraMs: number,
  kind: 'put' | 'race' = 'put',
): Promise<string[]> {
  const child = spawn(process.execPath, [program, folder, String(round), kind], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let killing = false;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
    if (killing || output.split('\n').length <= reports) return;
    killing = true;
    void sleep(extraMs).then(() => child.kill('SIGKILL'));
  });
  const signal = await new Promise<string | null>((resolve) => child.on('close', (_, by) => resolve(by)));
  expect(signal, errors).toBe('SIGKILL');
  return output.split('\n').slice(0, -1);
}

async function allKeys(store: FolderBlobStore): Promise<string[]> {
  const keys: string[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page = await store.list('', after);
    if (page.kind !== 'page') throw new Error(page.fault.message);
    keys.push(...page.blobs.map(({ key }) => key));
    after = page.next;
  }
  return keys;
}

test(`every put reported by ${ROUNDS} killed processes is there, and no object is torn`, async () => {
  const folder = join(workspace, 'store');
  const reported: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    reported.push(...(await killedAfter(folder, round, 5 + ((round * 7) % 20), round % 4)));
    const store = await openFolderBlobStore(folder);
    const keys = await allKeys(store);
    const stored = new Set(keys);
    expect(
      reported.filter((key) => !stored.has(key)),
      `lost after round ${round}`,
    ).toEqual([]);
    for (const key of keys.filter((candidate) => candidate.startsWith(`wal/${round}-`))) {
      const object = await store.get(key);
      if (object.kind !== 'found') throw new Error(`${key} was listed and is ${object.kind}`);
      expect(Buffer.compare(object.bytes, bodyOf(key)), `${key} is torn`).toBe(0);
    }
    await store.close();
  }
  expect(reported.length).toBeGreaterThan(ROUNDS * 5);
});

test('two processes that write to one folder at once disturb each other in nothing they reported', async () => {
  const folder = join(workspace, 'shared');
  const rounds = await Promise.all([killedAfter(folder, 1, 40, 0), killedAfter(folder, 2, 40, 0)]);
  const store = await openFolderBlobStore(folder);
  for (const key of rounds.flat()) {
    const object = await store.get(key);
    if (object.kind !== 'found') throw new Error(`${key} was reported and is ${object.kind}`);
    expect(Buffer.compare(object.bytes, bodyOf(key)), `${key} is torn`).toBe(0);
  }
  await store.close();
});

test('of processes that race for the same names and are killed, each name has one winner and the bytes of it', async () => {
  const folder = join(workspace, 'race');
  const winners = new Map<string, number>();
  for (let round = 0; round < 10; round += 2) {
    const rivals = [round, round + 1];
    const won = await Promise.all(rivals.map((rival) => killedAfter(folder, rival, 8, rival % 3, 'race')));
    for (const [index, keys] of won.entries()) {
      for (const key of keys) {
        expect(winners.get(key), `${key} was won twice`).toBeUndefined();
        winners.set(key, rivals[index]!);
      }
    }
  }
  const store = await openFolderBlobStore(folder);
  for (const [key, winner] of winners) {
    const object = await store.get(key);
    if (object.kind !== 'found') throw new Error(`${key} was won and is ${object.kind}`);
    expect(Buffer.compare(object.bytes, bodyOf(`${winner} ${key}`)), `${key} is not its winner's`).toBe(0);
  }
  await store.close();
  expect(winners.size).toBeGreaterThanOrEqual(80);
});

/** The pool loses no run and repeats none, whatever its workers do. */

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { RunName } from './protocol.ts';
import { runPool } from './worker-pool.ts';

const WORKER = fileURLToPath(new URL('testing/scripted-worker.mjs', import.meta.url));

/** Runs slices of seeds whose names say what becomes of the worker. */
async function pool(jobs: number, slices: readonly (readonly string[])[], silenceMsMax = 30_000) {
  const left = slices.map((seeds) => seeds.map((seed) => ({ seed, profile: 'p' })));
  const done: string[] = [];
  const broken: [string, string][] = [];
  await runPool({
    jobs,
    worker: [WORKER],
    size: {},
    silenceMsMax,
    nextSlice: () => left.shift() ?? [],
    onResult: (result: RunName) => done.push(result.seed),
    onBroken: ({ seed }, message) => broken.push([seed, message]),
  });
  return { done: done.toSorted(), broken: Object.fromEntries(broken) };
}

test('every run is done once, by as many workers as there are seats', async () => {
  const { done, broken } = await pool(3, [['1', '2'], ['3'], ['4', '5', '6'], ['7']]);
  expect(done).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  expect(broken).toEqual({});
});

test('a worker that dies costs one run; the rest of its slice and later slices are done by its successor', async () => {
  const { done, broken } = await pool(1, [['1', 'dies', '2', '3'], ['4']]);
  expect(done).toEqual(['1', '2', '3', '4']);
  expect(broken).toEqual({ dies: 'worker ended with SIGKILL' });
});

test('a worker that hangs is killed when it was silent for too long', async () => {
  // Long enough for a worker to start on a busy machine.
  const { done, broken } = await pool(1, [['1', 'hangs', '2'], ['3']], 4_000);
  expect(done).toEqual(['1', '2', '3']);
  expect(broken).toEqual({ hangs: 'no answer for 4 s' });
});

test('a run that breaks the harness is reported by its worker, which goes on', async () => {
  const { done, broken } = await pool(1, [['throws', '1']]);
  expect(done).toEqual(['1']);
  expect(broken).toEqual({ throws: 'thrown' });
});

test('a worker that goes away behind its last run takes no later slice with it', async () => {
  const { done, broken } = await pool(1, [['1', 'exits-behind'], ['2'], ['3']]);
  expect(done).toEqual(['1', '2', '3', 'exits-behind']);
  expect(broken).toEqual({});
});

test('two workers that die one after the other on one slice cost two runs', async () => {
  const { done, broken } = await pool(2, [['dies-1', 'dies-2', '1'], ['2']]);
  expect(done).toEqual(['1', '2']);
  expect(Object.keys(broken).toSorted()).toEqual(['dies-1', 'dies-2']);
});

test('a program that can not be a worker is a harness error for each run, not an endless wait', async () => {
  const broken: string[] = [];
  let left = 2;
  await runPool({
    jobs: 1,
    worker: [`${WORKER}.missing`],
    size: {},
    silenceMsMax: 30_000,
    nextSlice: () => (left-- > 0 ? [{ seed: '1', profile: 'p' }] : []),
    onResult: () => expect.unreachable(),
    onBroken: (_, message) => broken.push(message),
  });
  expect(broken).toHaveLength(2);
  expect(broken[0]).toContain('Cannot find module');
});

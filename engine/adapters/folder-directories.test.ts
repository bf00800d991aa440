import { expect, test } from 'vitest';

import { DurableDirectory } from './folder-directories.ts';
import { DirectorySyncError } from './folder-faults.ts';
import type { FileHandle } from './folder-files.ts';

/** A directory whose syncs end when the test says so. */
function slowDirectory(): { directory: DurableDirectory; syncs: PromiseWithResolversOf<void>[] } {
  const syncs: PromiseWithResolversOf<void>[] = [];
  const sync = (): Promise<void> => {
    let settle!: Pick<PromiseWithResolversOf<void>, 'resolve' | 'reject'>;
    const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
    syncs.push({ ...settle, promise });
    return promise;
  };
  return { directory: new DurableDirectory('/store/wal', { sync } as unknown as FileHandle), syncs };
}

interface PromiseWithResolversOf<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
}

/** The names of the promises that are settled once everything that can go on has gone on. */
async function settled(promises: Record<string, Promise<void>>): Promise<string[]> {
  const names: string[] = [];
  for (const [name, promise] of Object.entries(promises)) {
    promise.then(
      () => names.push(name),
      () => names.push(name),
    );
  }
  await new Promise((resolve) => setImmediate(resolve));
  return names;
}

test('a caller that comes during a sync is not served by it, but by the next one', async () => {
  const { directory, syncs } = slowDirectory();
  const early = directory.sync();
  const late = directory.sync();
  expect(syncs).toHaveLength(1);
  syncs[0]!.resolve();
  expect(await settled({ early, late })).toEqual(['early']);
  expect(syncs).toHaveLength(2);
  syncs[1]!.resolve();
  expect(await settled({ late })).toEqual(['late']);
});

test('all callers that come during one sync share the next one', async () => {
  const { directory, syncs } = slowDirectory();
  const all = Array.from({ length: 20 }, () => directory.sync());
  syncs[0]!.resolve();
  await all[0];
  expect(syncs).toHaveLength(2);
  syncs[1]!.resolve();
  await Promise.all(all);
  expect(syncs).toHaveLength(2);
});

test('a failed sync fails everybody who waits and everybody who comes later', async () => {
  const { directory, syncs } = slowDirectory();
  const early = directory.sync();
  const late = directory.sync();
  syncs[0]!.reject(Object.assign(new Error('planted'), { code: 'EIO' }));
  for (const promise of [early, late, directory.sync()]) await expect(promise).rejects.toThrow(DirectorySyncError);
  expect(syncs, 'no sync after a failed one').toHaveLength(1);
});

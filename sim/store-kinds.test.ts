/** Stores by name promise what they promise, and a store that breaks every promise does so in the ways it says. */

import { describe, expect, test } from 'vitest';
import type { FaultSettings, World, WorldOptions } from './index.ts';
import { asPromised, STORE_KINDS, type StoreKind } from './store-kinds.ts';
import { QUIET } from './faults.ts';
import { bytes, inHost, worldWith } from './testing/in-world.ts';

const ALWAYS = [1, 1] as const;
const KINDS = Object.keys(STORE_KINDS) as StoreKind[];

/** A hundred puts of names of their own, and how they ended. */
async function putsOn(options: Partial<WorldOptions>, faults: Partial<FaultSettings>) {
  const world = worldWith(faults, options);
  const kinds = await inHost(world, 'node-1', async ({ blobs }) => {
    const ends: string[] = [];
    for (let i = 0; i < 100; i++) ends.push((await blobs.putIfAbsent(`wal/${i}`, [])).kind);
    return ends;
  });
  return { world, kinds, tookMs: world.nowMs };
}

describe.each(KINDS)('%s', (store) => {
  test('shows no fault that it promises never to show', async () => {
    const every = Object.fromEntries(STORE_KINDS[store].never.map((name) => [name, [1, 2] as const]));
    const { world, kinds } = await putsOn({ store }, every);
    expect(new Set(kinds)).toEqual(new Set(['done']));
    expect(Object.keys(world.probes.counts()).filter((name) => name !== 'fault.put.slow')).toEqual([]);
    expect(asPromised({ ...QUIET, putFailsBefore: ALWAYS }, store).putFailsBefore).toEqual(ALWAYS);
  });

  test('lists what settled before, in order, page by page', async () => {
    const world = worldWith({ listUncertain: ALWAYS }, { store });
    const keys = ['k/b', 'k/a', 'k/c', 'k/10', 'k/9', 'k/Z'];
    const listed = await inHost(world, 'node-1', async ({ blobs, clock }) => {
      for (const key of keys) await blobs.put(key, []);
      await clock.sleep(1000);
      const found: string[] = [];
      for (let after: string | null = ''; after !== null;) {
        const page = await blobs.list('k/', after, 2);
        if (page.kind !== 'page') throw new Error(page.kind);
        found.push(...page.blobs.map(({ key }) => key));
        after = page.next;
      }
      return found;
    });
    expect(listed).toEqual(keys.toSorted());
  });
});

test('S3 is slower than Express, and a folder faster than both', async () => {
  const tookMs = async (store: StoreKind) => (await putsOn({ store }, {})).tookMs;
  const [s3, express, folder] = [await tookMs('s3'), await tookMs('express'), await tookMs('folder')];
  expect(s3).toBeGreaterThan(3 * express);
  expect(express).toBeGreaterThan(3 * folder);
});

test('only the listing of Express is put together from several moments', async () => {
  const shifted: string[] = [];
  for (const store of KINDS) {
    const world = worldWith({}, { store });
    await inHost(world, 'node-1', async ({ blobs, clock }) => {
      const writing = (async () => {
        for (let i = 0; i < 200; i++) await blobs.put(`k/${i}`, []);
      })();
      for (let i = 0; i < 40; i++) {
        await blobs.list('k/');
        await clock.sleep(1);
      }
      await writing;
    });
    if (world.probes.count('fault.list.shifted') > 0) shifted.push(store);
  }
  expect(shifted).toEqual(['express']);
});

describe('a store that breaks its promises', () => {
  const read = async (world: World, key: string) => {
    const found = await inHost(world, `reader-${world.nowUs}`, ({ blobs }) => blobs.get(key));
    return found.kind === 'found' ? new TextDecoder().decode(found.bytes) : found.kind;
  };

  test('creates an object over another one until it is mended', async () => {
    const world = worldWith({ conditionsIgnored: ALWAYS });
    const put = (name: string, text: string) =>
      inHost(world, name, async ({ blobs }) => (await blobs.putIfAbsent('k/1', [bytes(text)])).kind);
    expect([await put('a', 'one'), await put('b', 'two')]).toContain('done');
    const ends = await inHost(world, 'c', async ({ blobs }) => {
      const both = await Promise.all(['x', 'y'].map((text) => blobs.putIfAbsent('k/2', [bytes(text)])));
      return both.map(({ kind }) => kind);
    });
    expect(ends).toEqual(['done', 'done']);
    expect(world.probes.count('fault.put.overwrote')).toBeGreaterThan(0);
    world.heal();
    expect(await put('d', 'three')).toBe('refused');
  });

  test.each([
    ['getTruncated', /^o?n?$/, 'fault.get.truncated'],
    ['getSwapped', /^two$/, 'fault.get.swapped'],
  ] as const)('%s: says nothing of it, three times in a row at most', async (fault, expected, probe) => {
    const world = worldWith({ [fault]: ALWAYS });
    await inHost(world, 'writer', async ({ blobs }) => {
      await blobs.put('k/1', [bytes('one')]);
      await blobs.put('k/2', [bytes('two')]);
    });
    const seen = await inHost(world, 'reader', async ({ blobs }) => {
      const bodies: string[] = [];
      for (let i = 0; i < 4; i++) {
        const found = await blobs.get('k/1');
        bodies.push(found.kind === 'found' ? new TextDecoder().decode(found.bytes) : found.kind);
      }
      return bodies;
    });
    for (const body of seen.slice(0, 3)) expect(body).toMatch(expected);
    expect(seen[3]).toBe('one');
    expect(world.probes.count(probe)).toBe(3);
  });

  test("somebody else's object is listed, read and in the way, and was never written", async () => {
    const world = worldWith();
    await inHost(world, 'writer', ({ blobs }) => blobs.put('k/1', [bytes('ours')]));
    world.store.damage.plant('k/1', bytes('theirs'));
    world.store.damage.plant('k/2', bytes('theirs, too'));
    expect([await read(world, 'k/1'), await read(world, 'k/2')]).toEqual(['theirs', 'theirs, too']);
    const [listed, put] = await inHost(world, 'other', async ({ blobs }) => [
      await blobs.list('k/'),
      await blobs.putIfAbsent('k/2', []),
    ]);
    expect(listed).toMatchObject({
      blobs: [
        { key: 'k/1', size: 6 },
        { key: 'k/2', size: 11 },
      ],
    });
    expect(put).toEqual({ kind: 'refused' });
    expect([...world.store.objects().keys()]).toEqual(['k/1']);
    world.heal();
    expect([await read(world, 'k/1'), await read(world, 'k/2')]).toEqual(['ours', 'absent']);
    expect(world.store.damage.lost.size).toBe(0);
  });

  test("a program that deletes somebody else's object is remembered", async () => {
    const world = worldWith();
    world.store.damage.plant('k/1', bytes('theirs'));
    await inHost(world, 'node-1', ({ blobs }) => blobs.delete(['k/1']));
    expect([...world.store.damage.lost]).toEqual(['k/1']);
  });
});

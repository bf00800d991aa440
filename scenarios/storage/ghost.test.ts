/** The onlooker speaks up when something is deleted that must stay, and when a name gets other bytes. */

import { expect, test } from 'vitest';
import { FENCE_BYTES } from './decode.ts';
import { StorageGhost } from './ghost.ts';

function watchedStore() {
  const objects = new Map<string, Uint8Array>();
  const violations: string[] = [];
  const lit: string[] = [];
  const ghost = new StorageGhost((key) => objects.get(key), {
    violated: (message, never) => {
      violations.push(message);
      if (never !== undefined) lit.push(never);
    },
    noted: () => {},
  });
  return {
    violations,
    lit,
    put(key: string, bytes: Uint8Array, writer = 'node-1') {
      objects.set(key, bytes);
      ghost.saw({ kind: 'put', key, host: writer, generation: 1 });
    },
    delete(key: string) {
      objects.delete(key);
      ghost.saw({ kind: 'delete', key, host: 'node-1', generation: 1 });
    },
  };
}

function fence(slot: number, epoch: number): Uint8Array {
  const bytes = new Uint8Array(FENCE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(5, 2);
  view.setUint32(8, slot, true);
  view.setUint32(16, epoch, true);
  view.setUint32(40, slot + 64, true);
  return bytes;
}

const slot = (number: number) => `wal/${String(number).padStart(20, '0')}`;

test('a deleted fence is a violation', () => {
  const store = watchedStore();
  store.put(slot(0), fence(0, 1));
  expect(store.violations).toEqual([]);
  store.delete(slot(0));
  expect(store.violations.join()).toMatch(/is a fence and was deleted/);
});

test('a fence that does not raise the epoch is a violation', () => {
  const store = watchedStore();
  store.put(slot(0), fence(0, 2));
  store.put(slot(64), fence(64, 2));
  expect(store.violations.join()).toMatch(/does not raise the epoch/);
});

test('a name that comes back with its bytes is fine, with others it is a violation', () => {
  const store = watchedStore();
  const key = 'seg/0000000001-0000000001';
  store.put(key, new Uint8Array([1]));
  store.delete(key);
  store.put(key, new Uint8Array([1]));
  expect(store.violations).toEqual([]);
  store.delete(key);
  store.put(key, new Uint8Array([2]));
  expect(store.violations).toEqual([`${key} was written again with other bytes`]);
});

test('a publication whose checkpoint is missing and whose INSTALL is not in the log is two violations', () => {
  const store = watchedStore();
  store.put(slot(0), fence(0, 1));
  store.put('pub/00000000000000000070-0000000001-0000000003', new Uint8Array());
  expect(store.violations.join()).toMatch(/INSTALL is not in the log/);
  expect(store.violations.join()).toMatch(/which does not exist/);
});

test('a publication may go when a milestone is above it, and a milestone never', () => {
  const store = watchedStore();
  const publication = (number: number) => `pub/${String(number).padStart(20, '0')}-0000000001-0000000003`;
  const aboutDeletion = () => store.violations.filter((violation) => violation.includes('was deleted'));
  for (const number of [70, 80]) store.put(publication(number), new Uint8Array());
  store.put(publication(90), new Uint8Array([1]));
  store.put(publication(95), new Uint8Array());
  store.delete(publication(70));
  expect(aboutDeletion()).toEqual([]);
  store.delete(publication(90));
  expect(aboutDeletion().join()).toMatch(/is a milestone and was deleted/);
  store.delete(publication(80));
  expect(aboutDeletion().join()).toMatch(/no milestone is above it/);
});

test('what the design excludes has a probe of its own', () => {
  const store = watchedStore();
  const key = 'seg/0000000001-0000000001';
  store.put(key, new Uint8Array([1]));
  store.put(key, new Uint8Array([1]), 'node-2');
  expect(store.lit).toEqual(['never.name-shared']);
  store.put(slot(0), fence(0, 2));
  store.put(slot(64), fence(64, 2));
  store.put(slot(1000), fence(1000, 3).subarray(0, 60));
  store.put(key, new Uint8Array([2]));
  expect(store.lit.slice(1)).toEqual(['never.two-owners', 'never.in-parts', 'never.overwritten']);
});

test('a page of a predecessor is shared from the checkpoint in force only', () => {
  const store = watchedStore();
  const name = (number: number, epoch: number) =>
    `${String(number).padStart(20, '0')}-${String(epoch).padStart(10, '0')}-0000000001`;
  // A root as the onlooker reads it: header, name, seven numbers and four empty lists, rows of a page, the pages.
  const root = (number: number, epoch: number, pages: [epoch: number, number: number][]) =>
    new Uint8Array([
      ...Array.from({ length: 16 }, () => 0),
      ...[number, epoch, 1],
      ...[0, 0, 0, 0, 0, 0, 0],
      ...[0, 0, 0],
      1,
      ...[pages.length, ...pages.flatMap((page) => [0, ...page, 0, 0, 0])],
    ]);
  store.put(slot(0), fence(0, 1));
  store.put(`ckpt/${name(70, 1)}`, root(70, 1, [[1, 5]]));
  store.put(`pub/${name(70, 1)}`, new Uint8Array());
  store.put(slot(71), fence(71, 2));
  const aboutPages = () => store.violations.filter((violation) => violation.includes('shares'));
  store.put(
    `ckpt/${name(72, 2)}`,
    root(72, 2, [
      [1, 5],
      [2, 1],
    ]),
  );
  expect(aboutPages()).toEqual([]);
  store.put(`ckpt/${name(73, 2)}`, root(73, 2, [[1, 4]]));
  expect(aboutPages().join()).toMatch(/shares meta\/0000000001-0000000004, which ckpt\/0+70-0+1-0+1 has not/);
});

test('the newest publication may not go', () => {
  const store = watchedStore();
  store.put('pub/00000000000000000070-0000000001-0000000003', new Uint8Array());
  store.delete('pub/00000000000000000070-0000000001-0000000003');
  expect(store.violations.join()).toMatch(/was the newest publication and was deleted/);
});

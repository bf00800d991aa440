import { expect, test } from 'vitest';

import { blobStoreSuite } from '../testing/blob-store-suite.ts';
import { MemoryBlobStore } from './memory-blob-store.ts';

blobStoreSuite('the memory store', async () => ({ store: new MemoryBlobStore() }));

test('usage counts the objects and bytes that are stored', async () => {
  const store = new MemoryBlobStore();
  await store.putIfAbsent('a', [new Uint8Array(3), new Uint8Array(4)]);
  await store.put('b', [new Uint8Array(5)]);
  expect(store.usage()).toEqual({ objects: 2, bytes: 12 });
  await store.delete(['a']);
  expect(store.usage()).toEqual({ objects: 1, bytes: 5 });
});

test('a put may be told to end behind what arrived with it, and is done at once for everybody else', async () => {
  const order: string[] = [];
  const store = new MemoryBlobStore(() => new Promise((resolve) => setImmediate(resolve)));
  const putting = store.putIfAbsent('a', [new Uint8Array(1)]).then(() => order.push('put'));
  setImmediate(() => order.push('what arrived'));
  expect((await store.get('a')).kind).toBe('found');
  expect(order).toEqual([]);
  await putting;
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toContain('put');
});

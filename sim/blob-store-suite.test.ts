/** The simulated store signs the contract, in a quiet world that is driven while a claim waits. */

import { blobStoreSuite, type OpenedStore } from '../engine/testing/blob-store-suite.ts';
import type { BlobStore } from '../engine/ports.ts';
import { World } from './index.ts';

async function portOf(world: World, name: string): Promise<BlobStore> {
  const ports: BlobStore[] = [];
  world.host(name).start(async ({ blobs }) => void ports.push(blobs));
  await world.run(() => ports.length > 0);
  return ports[0]!;
}

async function open(): Promise<OpenedStore> {
  const world = new World({ seed: 'contract', profile: 'quiet' });
  let handles = 0;
  const another = (): Promise<BlobStore> => portOf(world, `node-${++handles}`);
  return {
    store: await another(),
    reopen: another,
    async drive(promise) {
      let isSettled = false;
      const settled = (): void => void (isSettled = true);
      promise.then(settled, settled);
      await world.run(() => isSettled);
      return promise;
    },
  };
}

blobStoreSuite('the simulated store', open);

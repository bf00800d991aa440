/**
 * Listings of `pub/` that are no snapshots: while a taker's listing is under way, the owner publishes so often that
 * everything the listing began with is gone and everything it should end with came too late. The taker must neither
 * believe in an empty store nor take what was collected for what was never written.
 */

import { expect, test } from 'vitest';

import { parseCheckpointKey } from '../core/object-names.ts';
import { slotKey } from '../log/format.ts';
import type { ListedBlob } from '../ports.ts';
import { FlushingOwner } from '../testing/flushing-owner.ts';
import { plantFence } from '../testing/log-bench.ts';
import { manualPorts, settled, type StoredObjects } from '../testing/manual-ports.ts';

const FIRST_SLOT = 64;
const TUNABLES = { milestoneEvery: 3 };

function publications(objects: StoredObjects): ListedBlob[] {
  const keys = [...objects.keys()].filter((key) => parseCheckpointKey(key) !== null && key.startsWith('pub/'));
  return keys.toSorted().map((key) => ({ key, size: objects.get(key)?.length ?? 0 }));
}

async function publish(owner: FlushingOwner, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    expect(await owner.append(1)).toBe('committed');
    await owner.flusher.flushNow();
  }
}

async function ownerOfOneStream(): Promise<FlushingOwner> {
  const owner = await FlushingOwner.open({ tunables: TUNABLES });
  await owner.createBasin();
  await owner.createStreams(1);
  return owner;
}

test('a taker whose listings show nothing of what comes and goes loses nothing that was acknowledged', async () => {
  const owner = await ownerOfOneStream();
  const { objects } = owner.ports.blobs;
  const ports = manualPorts({ objects, seed: 2 });
  ports.blobs.holds = ({ operation, key }) => operation === 'get' && key >= slotKey(FIRST_SLOT);
  const taking = FlushingOwner.open({ ports, tunables: TUNABLES });
  await settled();

  // Nothing was published when it listed, and the log is collected before it gets there.
  await publish(owner, 1);
  expect(objects.has(slotKey(FIRST_SLOT))).toBe(false);
  ports.blobs.holds = ({ operation, key }) => operation === 'list' && key === 'pub/';
  for (const call of ports.blobs.held('get')) await call.complete();
  await settled();

  for (let listing = 0; listing < 2; listing++) {
    const [call] = ports.blobs.held('list');
    if (call === undefined) throw new Error('expected a listing of the publications');
    const before = new Set(publications(objects).map(({ key }) => key));
    await publish(owner, 4);
    const steady = publications(objects).filter(({ key }) => before.has(key));
    if (listing === 0) expect(steady).toEqual([]);
    await call.reply({ kind: 'page', blobs: steady, next: null });
    await settled();
  }
  ports.blobs.holds = () => false;
  for (const call of ports.blobs.held()) await call.complete();

  const taker = await taking;
  expect(taker.log.epoch).toBeGreaterThan(owner.log.epoch);
  expect(await taker.readAll(1)).toEqual(Array.from({ length: 9 }, (_, seqNum) => seqNum));
  expect(taker.ports.telemetry.count('takeover.listing-missed')).toBe(1);
});

test('a loss is not called certain because one listing showed no publication', async () => {
  const owner = await ownerOfOneStream();
  const { objects } = owner.ports.blobs;
  // The next slot of the owner is written and its reply is on its way.
  owner.ports.blobs.holds = ({ operation }) => operation === 'putIfAbsent';
  const settlement = owner.append(1);
  await settled();
  const [write] = owner.ports.blobs.held('putIfAbsent');
  write?.effect();
  // A successor replays and collects it; a taker from before it comes too late and fences the empty slot.
  const successor = await FlushingOwner.open({ objects, seed: 2, tunables: TUNABLES });
  await publish(successor, 1);
  const slot = owner.log.committed;
  expect(write?.key).toBe(slotKey(slot));
  expect(objects.has(slotKey(slot))).toBe(false);
  plantFence(owner.ports, slot, 3);
  owner.ports.blobs.holds = ({ operation }) => operation === 'list';
  await write?.reply({ kind: 'refused' });
  await settled();

  const [listing] = owner.ports.blobs.held('list');
  const before = new Set(publications(objects).map(({ key }) => key));
  await publish(successor, 4);
  const steady = publications(objects).filter(({ key }) => before.has(key));
  expect(steady).toEqual([]);
  owner.ports.blobs.holds = () => false;
  await listing?.reply({ kind: 'page', blobs: steady, next: null });
  expect(await settlement).toBe('unknown');
});

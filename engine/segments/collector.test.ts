/** Collection: what goes, what stays, and that a store which refuses costs space and nothing else. */

import { expect, test } from 'vitest';

import { checkpointKey, pageKey, publicationKey, segmentKey } from '../core/object-names.ts';
import { slotKey } from '../log/format.ts';
import { FlushingOwner } from '../testing/flushing-owner.ts';
import { DENIED, settled } from '../testing/manual-ports.ts';

const OLD = new Uint8Array(200);

async function ownerOf(streams: number): Promise<FlushingOwner> {
  const owner = await FlushingOwner.open({ tunables: { overlayRowsMax: 1_000 } });
  await owner.createBasin();
  await owner.createStreams(streams);
  return owner;
}

/** The next owner of the same store; the former one is dead. */
async function successor(owner: FlushingOwner, seed = 2): Promise<FlushingOwner> {
  await owner.die();
  return FlushingOwner.open({ objects: owner.ports.blobs.objects, seed, tunables: { overlayRowsMax: 1_000 } });
}

function has(owner: FlushingOwner, key: string): boolean {
  return owner.ports.blobs.objects.has(key);
}

async function flushAfterAppend(owner: FlushingOwner): Promise<void> {
  await owner.append(1);
  await owner.flusher.flushNow();
}

/** Takes the segment out of the list, as compaction does. */
async function removeFirstSegment(owner: FlushingOwner): Promise<string> {
  await owner.append(1, 10, { trimPoint: owner.committed.state.tables.stream(1)?.tail.seqNum ?? 0 });
  const [first] = owner.committed.state.segments.all();
  if (first === undefined) throw new Error('expected a segment');
  await owner.submit({ type: 'edit', removed: [{ epoch: first.epoch, number: first.number }], added: [] });
  return segmentKey(first);
}

test('a segment that an EDIT removed goes with the next publication and not before', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const key = await removeFirstSegment(owner);
  await settled();
  expect(has(owner, key)).toBe(true);
  await owner.flusher.flushNow();
  expect(has(owner, key)).toBe(false);
  expect(owner.ports.telemetry.count('collect.segment-deleted')).toBe(1);
});

test('a segment that is being read stays until a later publication', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const [ref] = owner.committed.state.segments.all();
  const release = owner.segments.pin(ref as NonNullable<typeof ref>);
  const key = await removeFirstSegment(owner);
  await owner.flusher.flushNow();
  expect(has(owner, key)).toBe(true);
  expect(owner.ports.telemetry.count('collect.pinned-kept')).toBeGreaterThan(0);
  release();
  await flushAfterAppend(owner);
  expect(has(owner, key)).toBe(false);
});

test('what a dead owner uploaded and never installed goes, names of the own epoch and of no owner stay', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const next = await successor(owner);
  const dead = { epoch: 1, number: 900 };
  const orphans = [segmentKey(dead), pageKey(dead), checkpointKey({ slot: 66, ...dead })];
  const own = segmentKey({ epoch: 2, number: 900 });
  for (const key of [...orphans, own, 'seg/readme']) next.ports.blobs.objects.set(key, OLD);
  await flushAfterAppend(next);
  expect(orphans.filter((key) => has(next, key))).toEqual([]);
  expect(has(next, own)).toBe(true);
  expect(has(next, 'seg/readme')).toBe(true);
  expect(next.ports.telemetry.count('collect.orphan-deleted')).toBe(3);
});

test('no orphan goes while the INSTALL is committed and its publication is on its way', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const next = await successor(owner);
  const orphan = segmentKey({ epoch: 1, number: 900 });
  next.ports.blobs.objects.set(orphan, OLD);
  await next.append(1);
  next.ports.blobs.holds = ({ key }) => key.startsWith('pub/0');
  const flushed = next.flusher.flushNow();
  await settled();
  expect(next.ports.telemetry.count('checkpoint.installed')).toBe(1);
  expect(has(next, orphan)).toBe(true);
  next.ports.blobs.holds = () => false;
  for (const call of next.ports.blobs.held()) await call.complete();
  await flushed;
  expect(has(next, orphan)).toBe(false);
});

test('a segment that an EDIT removed above the published checkpoint is no orphan yet', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const next = await successor(owner);
  await flushAfterAppend(next);
  const removed = await removeFirstSegment(next);
  expect(removed).toContain('seg/0000000001-');
  // The newest publication still names it; the sweep would find it unreferenced by the committed state.
  expect(await next.collector.plan()).toEqual({ garbage: [], kept: [] });
  await next.flusher.flushNow();
  expect(has(next, removed)).toBe(false);
});

test('litter behind the collector and late puts in void slots go after a takeover; fences never do', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const next = await successor(owner);
  await flushAfterAppend(next);
  // The second checkpoint says how far the collection after the first one came.
  await flushAfterAppend(next);
  const third = await successor(next, 3);
  const fences = [...third.committed.state.fences];
  const litter = slotKey(70);
  const late = slotKey((fences[2] as number) + 5);
  const stray = slotKey(71);
  for (const key of [litter, late]) third.ports.blobs.objects.set(key, OLD);
  third.ports.blobs.objects.set(stray, new Uint8Array(64));
  await flushAfterAppend(third);
  expect([litter, late].filter((key) => has(third, key))).toEqual([]);
  expect(has(third, stray)).toBe(true);
  expect(fences.length).toBe(3);
  for (const fence of fences) expect(has(third, slotKey(fence))).toBe(true);
  const { telemetry } = third.ports;
  expect(telemetry.count('collect.litter-deleted')).toBe(1);
  expect(telemetry.count('collect.void-swept')).toBe(1);
  expect(telemetry.count('collect.stray-fence-kept')).toBe(1);
});

test('nothing goes when somebody of a higher epoch has published', async () => {
  const owner = await ownerOf(1);
  await owner.append(1);
  owner.ports.blobs.objects.set(publicationKey({ slot: 10_000, epoch: 2, number: 1 }), new Uint8Array());
  await owner.flusher.flushNow();
  expect(owner.ports.telemetry.count('collect.superseded')).toBe(1);
  expect(owner.ports.blobs.calls.filter(({ operation }) => operation === 'delete')).toEqual([]);
});

test('a refused deletion is reported, the owner goes on, and the next publication makes up for it', async () => {
  const owner = await ownerOf(1);
  owner.ports.blobs.holds = ({ operation }) => operation === 'delete';
  await owner.append(1);
  const flushed = owner.flusher.flushNow();
  await settled();
  await owner.ports.blobs.held('delete')[0]?.reply({ kind: 'failed', fault: DENIED });
  await flushed;
  expect(owner.ports.telemetry.count('collect.refused')).toBe(1);
  expect(owner.failures).toEqual([]);
  owner.ports.blobs.holds = () => false;
  await flushAfterAppend(owner);
  expect(has(owner, slotKey(65))).toBe(false);
});

test('a slow deletion holds up neither appends nor the next checkpoint', async () => {
  const owner = await ownerOf(1);
  owner.ports.blobs.holds = ({ operation }) => operation === 'delete';
  await owner.append(1);
  void owner.flusher.flushNow();
  await settled();
  expect(await owner.append(1)).toBe('committed');
  void owner.flusher.flushNow();
  await settled();
  expect(owner.ports.telemetry.count('publication.written')).toBe(2);
  expect(owner.ports.blobs.held('delete').length).toBe(1);
});

test('a checkpoint published while an older one is collected leaves nothing behind', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  await flushAfterAppend(owner);
  owner.ports.blobs.holds = ({ operation, key }) => operation === 'delete' && key.startsWith('ckpt/');
  await owner.append(1);
  const third = owner.flusher.flushNow();
  await settled();
  expect(owner.ports.blobs.held('delete').length).toBe(1);
  await owner.append(1);
  const fourth = owner.flusher.flushNow();
  await settled();
  expect(owner.ports.telemetry.count('publication.written')).toBe(4);
  owner.ports.blobs.holds = () => false;
  for (const call of owner.ports.blobs.held('delete')) await call.complete();
  await Promise.all([third, fourth]);
  await flushAfterAppend(owner);
  const stored = [...owner.ports.blobs.objects.keys()].filter((key) => key.startsWith('ckpt/'));
  expect(stored).toHaveLength(2);
});

test('a successor that begins at a checkpoint meets its INSTALL, which does nothing', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const { hash } = owner.committed.state;
  const next = await successor(owner);
  expect(next.ports.telemetry.count('install.noop')).toBe(1);
  expect(next.committed.state.hash).toEqual(hash);
});

test('a plan names what a collection would delete and why, and deletes nothing', async () => {
  const owner = await ownerOf(1);
  await flushAfterAppend(owner);
  const next = await successor(owner);
  await flushAfterAppend(next);
  const orphan = segmentKey({ epoch: 1, number: 900 });
  next.ports.blobs.objects.set(orphan, OLD);
  const before = next.ports.blobs.objects.size;
  const { garbage } = await next.collector.plan();
  expect(garbage).toEqual([{ reason: 'collect.orphan-deleted', keys: [orphan] }]);
  expect(next.ports.blobs.objects.size).toBe(before);
});

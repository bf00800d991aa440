/** Takeovers that begin from a checkpoint: what is replayed, and what is published or collected in the meantime. */

import { describe, expect, test } from 'vitest';

import { checkpointKey, publicationKey } from '../core/object-names.ts';
import { settled, type StoredObjects } from '../testing/manual-ports.ts';
import { claimed, isPut, plant, taker, type Taker } from '../testing/taker-bench.ts';
import { slotKey } from './format.ts';

describe('a takeover that begins from a checkpoint', () => {
  const at = (slot: number, epoch = 1) => ({ slot, epoch, number: 1 });

  function publish(objects: StoredObjects, slot: number, epoch = 1): void {
    objects.set(publicationKey(at(slot, epoch)), new Uint8Array());
  }

  /** Slots up to 70 are collected, two more words follow. */
  function collected(): StoredObjects {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [71, 1, ['c']] });
    plant(objects, { data: [72, 1, ['d']] });
    publish(objects, 70);
    return objects;
  }

  function withCheckpoints(a: Taker, ...checkpoints: readonly [number, string[], number][]): Taker {
    for (const [slot, words, epoch] of checkpoints) a.fold.checkpoints.set(slot, { words, epoch });
    return a;
  }

  test('replays only what comes after it', async () => {
    const a = withCheckpoints(taker(collected()), [70, ['a', 'b'], 1]);
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 73 + 64 });
    expect(a.fold.applied).toEqual(['a', 'b', 'c', 'd']);
    expect(a.telemetry.count('takeover.from-checkpoint')).toBe(1);
  });

  test('takes the newest of several', async () => {
    const objects = collected();
    publish(objects, 66);
    const a = withCheckpoints(taker(objects), [66, ['a'], 1], [70, ['a', 'b'], 1]);
    await a.ownership;
    expect(a.fold.applied).toEqual(['a', 'b', 'c', 'd']);
  });

  test('begins again when a newer one is published before its fence is validated', async () => {
    const a = withCheckpoints(taker(collected(), 1, isPut), [70, ['a', 'b'], 1], [72, ['a', 'b', 'c', 'd'], 1]);
    await settled();
    publish(a.blobs.objects, 72);
    await a.blobs.heldOn('putIfAbsent', slotKey(73)).complete();
    expect(a.owned()).toBeNull();
    expect(a.telemetry.count('takeover.publication-moved')).toBe(1);
    // Its own fence is part of the log now: the next one goes behind that window, with a higher epoch.
    await a.blobs.heldOn('putIfAbsent', slotKey(73 + 64)).complete();
    expect(await a.ownership).toMatchObject({ epoch: 3, next: 73 + 128 });
    expect(a.fold.applied).toEqual(['a', 'b', 'c', 'd']);
    expect(a.fold.fences).toEqual([73, 73 + 64]);
  });

  test('takes what collection left for a reason to begin again, not for damage', async () => {
    const objects = collected();
    const a = withCheckpoints(
      taker(objects, 1, ({ key }) => key === slotKey(71)),
      [70, ['a'], 1],
    );
    withCheckpoints(a, [72, ['a', 'b', 'c', 'd'], 2]);
    await settled();
    // Since its listing: a checkpoint at 72 in epoch 2, slots up to it collected, a stray fence in one of them.
    publish(objects, 72, 2);
    plant(objects, { fence: [71, 1] });
    objects.delete(slotKey(72));
    a.blobs.holds = () => false;
    for (const call of a.blobs.held()) await call.complete();
    expect(await a.ownership).toMatchObject({ epoch: 3, next: 73 + 64 });
    expect(a.fold.applied).toEqual(['a', 'b', 'c', 'd']);
    expect(a.telemetry.count('takeover.stale-view')).toBe(1);
  });

  test('reports a contradiction that no newer publication explains', async () => {
    const objects = collected();
    plant(objects, { fence: [71, 1] });
    const a = withCheckpoints(taker(objects), [70, ['a', 'b'], 1]);
    await expect(a.ownership).rejects.toThrow(
      `${slotKey(71)}, byte 16: a fence slot of epoch 1 stands where epoch 1 is in force`,
    );
  });

  test('reports a published checkpoint that is not there', async () => {
    const a = taker(collected());
    await expect(a.ownership).rejects.toThrow(`${checkpointKey(at(70))}, byte 0: it is published`);
  });

  test('reads an object again that came damaged, and goes on when it is sound', async () => {
    const objects = collected();
    const a = withCheckpoints(
      taker(objects, 1, ({ key }) => key === slotKey(71)),
      [70, ['a', 'b'], 1],
    );
    await settled();
    const sound = objects.get(slotKey(71)) as Uint8Array;
    const bytes = sound.slice();
    bytes[76] = (bytes[76] as number) ^ 1;
    await a.blobs.heldOn('get', slotKey(71)).reply({ kind: 'found', bytes, size: bytes.length });
    a.blobs.holds = () => false;
    for (const call of a.blobs.held()) await call.complete();
    await a.ownership;
    expect(a.fold.applied).toEqual(['a', 'b', 'c', 'd']);
    expect(a.telemetry.count('takeover.damage-reread')).toBe(1);
  });

  test('begins again when what came damaged was collected before it could be read again', async () => {
    const objects = collected();
    const a = withCheckpoints(
      taker(objects, 1, ({ key }) => key === slotKey(71)),
      [70, ['a', 'b'], 1],
      [72, ['a', 'b', 'c', 'd'], 1],
    );
    await settled();
    const bytes = (objects.get(slotKey(71)) as Uint8Array).slice();
    bytes[30] = (bytes[30] as number) ^ 1;
    publish(objects, 72);
    for (const slot of [71, 72]) objects.delete(slotKey(slot));
    await a.blobs.heldOn('get', slotKey(71)).reply({ kind: 'found', bytes, size: bytes.length });
    a.blobs.holds = () => false;
    for (const call of a.blobs.held()) await call.complete();
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 73 + 64 });
    expect(a.fold.applied).toEqual(['a', 'b', 'c', 'd']);
    expect(a.telemetry.count('takeover.stale-view')).toBe(1);
  });
});

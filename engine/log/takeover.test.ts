/** Becoming the owner: what is replayed, where the fence goes, and what lost replies and rivals do to it (§4.5). */

import { describe, expect, test } from 'vitest';

import { FORMAT_VERSION } from '../core/format-version.ts';
import { checkpointKey, publicationKey } from '../core/object-names.ts';
import { dataObject, plantData, plantFence, PROMPT, rawWord, RETRY_MS, WordFold } from '../testing/log-bench.ts';
import {
  DENIED,
  type ManualPorts,
  manualPorts,
  nativeCompute,
  settled,
  type StoredObjects,
  TIMEOUT,
} from '../testing/manual-ports.ts';
import { decodeHeader, slotKey } from './format.ts';
import { SlotLog } from './slot-log.ts';
import { type Ownership, takeOver } from './takeover.ts';

interface Taker extends ManualPorts {
  fold: WordFold;
  ownership: Promise<Ownership>;
  /** The same, null while it is open. */
  owned(): Ownership | null;
}

function claimed(objects: StoredObjects = new Map()): StoredObjects {
  const marker = { store: 'tailrace', version: FORMAT_VERSION, windowSlots: 64 };
  return objects.set('format', new TextEncoder().encode(JSON.stringify(marker)));
}

/** Starts a takeover. Nothing is held unless `holds` says so. */
function taker(
  objects: StoredObjects,
  seed = 1,
  holds: (call: { operation: string; key: string }) => boolean = () => false,
) {
  const ports = manualPorts({ objects, seed });
  ports.blobs.holds = holds;
  const fold = new WordFold();
  let owned: Ownership | null = null;
  const ownership = takeOver(ports, PROMPT, fold);
  ownership.then((value) => (owned = value)).catch(() => {});
  return { ...ports, fold, ownership, owned: () => owned } satisfies Taker;
}

function headerIn(objects: StoredObjects, slot: number) {
  return decodeHeader(slot, objects.get(slotKey(slot)) ?? new Uint8Array(), nativeCompute);
}

/** Fences `slot` as an earlier owner of that epoch would have done. */
function plant(objects: StoredObjects, what: { fence?: [number, number]; data?: [number, number, string[]] }): void {
  const bench = manualPorts({ objects });
  if (what.fence !== undefined) plantFence(bench, ...what.fence);
  if (what.data !== undefined) plantData(bench, ...what.data);
}

const isPut = ({ operation }: { operation: string }) => operation === 'putIfAbsent';

describe('replay', () => {
  test('an empty store is fenced at slot 0, and the log goes on behind the window', async () => {
    const a = taker(new Map());
    expect(await a.ownership).toMatchObject({ epoch: 1, next: 64 });
    expect(headerIn(a.blobs.objects, 0)).toMatchObject({ kind: 'fence', epoch: 1, next: 64 });
    expect([...a.blobs.objects.keys()]).toEqual(['format', slotKey(0)]);
  });

  test('data is applied in slot order, then the first gap is fenced', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    for (let i = 0; i < 40; i++) plant(objects, { data: [64 + i, 1, [`${i}a`, `${i}b`]] });
    const a = taker(objects);
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 104 + 64 });
    expect(a.fold.applied).toEqual(Array.from({ length: 40 }, (_, i) => [`${i}a`, `${i}b`]).flat());
    expect(headerIn(objects, 104)).toMatchObject({ kind: 'fence', epoch: 2, next: 168 });
    expect(a.telemetry.count('takeover.replayed-data')).toBe(40);
  });

  test('what lies behind the first gap was never acknowledged and is not replayed', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['kept']] });
    plant(objects, { data: [66, 1, ['lost']] });
    const a = taker(objects);
    expect(await a.ownership).toMatchObject({ next: 65 + 64 });
    expect(a.fold.applied).toEqual(['kept']);
  });

  test('a chain of fences is followed, each over its void window', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { fence: [64, 2] });
    plant(objects, { data: [65, 1, ['late put of the first owner']] });
    plant(objects, { data: [128, 2, ['second owner']] });
    plant(objects, { fence: [129, 3] });
    plant(objects, { fence: [193, 7] });
    const a = taker(objects);
    expect(await a.ownership).toMatchObject({ epoch: 8, next: 257 + 64 });
    expect(a.fold.applied).toEqual(['second owner']);
    expect(a.telemetry.count('takeover.skipped-window')).toBe(4);
  });

  test('every takeover has an identity of its own', async () => {
    const objects = claimed();
    const first = await taker(objects, 1).ownership;
    const second = await taker(objects, 2).ownership;
    expect(first.identity).not.toEqual(second.identity);
  });

  test('a get that fails is repeated until the store answers', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['kept']] });
    const a = taker(objects, 1, ({ operation, key }) => operation === 'get' && key === slotKey(64));
    await settled();
    // The first get was only ahead of time; its failure is not the answer.
    await a.blobs.heldOn('get', slotKey(64)).reply({ kind: 'failed', fault: TIMEOUT });
    await a.blobs.heldOn('get', slotKey(64)).reply({ kind: 'failed', fault: TIMEOUT });
    await a.clock.advance(RETRY_MS);
    await a.blobs.heldOn('get', slotKey(64)).complete();
    await a.ownership;
    expect(a.fold.applied).toEqual(['kept']);
    expect(a.telemetry.count('takeover.store-retried')).toBe(1);
  });

  test('an absence seen ahead of time is only a hint: the slot is looked at again', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    const ahead = taker(objects, 1, ({ operation, key }) => operation === 'get' && key === slotKey(64));
    await settled();
    const absent = ahead.blobs.heldOn('get', slotKey(64)).effect();
    plant(objects, { data: [64, 1, ['written meanwhile']] });
    await ahead.blobs.heldOn('get', slotKey(64)).reply(absent);
    await ahead.blobs.heldOn('get', slotKey(64)).complete();
    expect(await ahead.ownership).toMatchObject({ next: 65 + 64 });
    expect(ahead.fold.applied).toEqual(['written meanwhile']);
  });
});

describe('corruption is never the end of the log', () => {
  test.each([
    ['data', 64],
    ['a fence', 0],
  ])('a flipped bit in %s stops the takeover with the name of the object, and nothing is fenced', async (_, slot) => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    plant(objects, { data: [65, 1, ['b']] });
    const damaged = (objects.get(slotKey(slot)) ?? new Uint8Array()).slice();
    damaged[30] = (damaged[30] ?? 0) ^ 1;
    objects.set(slotKey(slot), damaged);
    const before = [...objects.keys()];
    const a = taker(objects);
    await expect(a.ownership).rejects.toMatchObject({
      name: 'LogCorruption',
      message: expect.stringContaining(slotKey(slot)),
    });
    expect([...objects.keys()]).toEqual(before);
  });

  test('a short object stops it', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    objects.set(slotKey(64), (objects.get(slotKey(64)) ?? new Uint8Array()).slice(0, -1));
    await expect(taker(objects).ownership).rejects.toThrow(slotKey(64));
  });

  test.each([
    ['data of an epoch that is over', 1],
    ['data of an epoch that never began', 3],
  ])('%s stops it', async (_, epoch) => {
    const objects = claimed();
    plant(objects, { fence: [0, 2] });
    plant(objects, { data: [64, epoch, ['a']] });
    await expect(taker(objects).ownership).rejects.toThrow(
      `${slotKey(64)}, byte 16: a data of epoch ${epoch} stands where epoch 2 is in force. `,
    );
  });

  test.each([
    ['data in the middle', 66, [65]],
    ['the first data of an owner', 64, [64]],
    ['several in a row', 64, [64, 65, 66, 67]],
  ])('%s deleted by hand is missed, and the log is not cut there', async (_, first, gone) => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    for (let slot = 64; slot < 140; slot++) plant(objects, { data: [slot, 1, [`${slot}`]] });
    for (const slot of [first, ...gone]) objects.delete(slotKey(slot));
    const [missing] = [first, ...gone].toSorted((a, b) => a - b);
    const before = [...objects.keys()];
    await expect(taker(objects).ownership).rejects.toThrow(
      `${slotKey(missing ?? 0)}, byte 0: the object is missing, and the log goes on with wal/`,
    );
    expect([...objects.keys()]).toEqual(before);
  });

  test('a fence deleted by hand is missed by the data of its owner', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    plant(objects, { fence: [65, 2] });
    plant(objects, { data: [129, 2, ['b']] });
    objects.delete(slotKey(65));
    await expect(taker(objects).ownership).rejects.toThrow(`${slotKey(65)}, byte 0: the object is missing`);
  });

  test('a fence far ahead of the log is no witness: takers with an old view follow stray fences over nothing', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    // Two takers began before a checkpoint was published; the second went on behind the fence of the first.
    for (const stray of [128, 192]) plant(objects, { fence: [stray, 2] });
    const a = taker(objects);
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 65 + 64 });
    expect(a.fold.applied).toEqual(['a']);
  });

  test('objects within the window behind a gap are late puts, not proof that a slot is missing', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['kept']] });
    for (let slot = 66; slot < 65 + 64; slot++) plant(objects, { data: [slot, 1, ['lost']] });
    const a = taker(objects);
    expect(await a.ownership).toMatchObject({ next: 65 + 64 });
    expect(a.fold.applied).toEqual(['kept']);
  });

  test('a log that moved on past the window while a slot was looked at is no damage', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['early']] });
    const a = taker(objects, 1, ({ operation, key }) => operation === 'list' && key === 'wal/');
    await settled();
    for (let slot = 65; slot < 160; slot++) plant(objects, { data: [slot, 1, [`${slot}`]] });
    await a.blobs.heldOn('list', 'wal/').complete();
    await settled();
    await a.blobs.heldOn('list', 'wal/').complete();
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 160 + 64 });
    expect(a.fold.applied).toHaveLength(96);
    expect(a.telemetry.count('takeover.log-moved')).toBe(1);
  });

  test('a fence that does not raise the epoch stops it', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 2] });
    plant(objects, { fence: [64, 2] });
    await expect(taker(objects).ownership).rejects.toThrow('epoch 2 is in force');
  });

  test('an entry of a type this build does not know stops it with the name of the object', async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    const ports = manualPorts({ objects });
    const picky = Object.assign(new WordFold(), {
      decode: () => {
        throw new RangeError('there is no log entry of type 9');
      },
    });
    await expect(takeOver(ports, PROMPT, picky)).rejects.toMatchObject({
      name: 'LogCorruption',
      message: expect.stringContaining(`${slotKey(64)}, byte 64: there is no log entry of type 9. Its checksums`),
    });
  });
});

describe('the fence', () => {
  function fenceOf(a: ManualPorts, slot: number) {
    return a.blobs.heldOn('putIfAbsent', slotKey(slot));
  }

  test('makes nobody owner before it is durable', async () => {
    const a = taker(claimed(), 1, isPut);
    await settled();
    fenceOf(a, 0).effect();
    await a.clock.advance(60_000);
    expect(a.owned()).toBeNull();
    await fenceOf(a, 0).reply({ kind: 'done' });
    expect(a.owned()).toMatchObject({ epoch: 1 });
  });

  test('whose outcome is unknown is repeated with identical bytes', async () => {
    const a = taker(claimed(), 1, isPut);
    await settled();
    const first = fenceOf(a, 0);
    await first.reply({ kind: 'unknown', fault: TIMEOUT });
    await a.clock.advance(RETRY_MS);
    expect(fenceOf(a, 0).bytes).toEqual(first.bytes);
    await fenceOf(a, 0).complete();
    expect(await a.ownership).toMatchObject({ epoch: 1, next: 64 });
  });

  test('refused by our own earlier attempt, whose reply was lost, is ours', async () => {
    const a = taker(claimed(), 1, isPut);
    await settled();
    fenceOf(a, 0).effect();
    await fenceOf(a, 0).reply({ kind: 'unknown', fault: TIMEOUT });
    await a.clock.advance(RETRY_MS);
    await fenceOf(a, 0).complete();
    expect(await a.ownership).toMatchObject({ epoch: 1, next: 64 });
    expect(a.telemetry.count('takeover.fence-mine')).toBe(1);
  });

  test('that lands late, after it was reported unknown, is ours all the same', async () => {
    const a = taker(claimed(), 1, isPut);
    await settled();
    const late = fenceOf(a, 0);
    await late.reply({ kind: 'unknown', fault: TIMEOUT });
    await a.clock.advance(RETRY_MS);
    late.effect();
    await fenceOf(a, 0).complete();
    expect(await a.ownership).toMatchObject({ epoch: 1, next: 64 });
  });

  test('refused by the fence of another taker is put behind the window of that one', async () => {
    const a = taker(claimed(), 1, isPut);
    await settled();
    plant(a.blobs.objects, { fence: [0, 1] });
    await fenceOf(a, 0).complete();
    expect(a.owned()).toBeNull();
    expect(a.telemetry.count('takeover.fence-contended')).toBe(1);
    await fenceOf(a, 64).complete();
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 128 });
  });

  test("refused by the old owner's data is put behind them, and they are replayed", async () => {
    const objects = claimed();
    plant(objects, { fence: [0, 1] });
    plant(objects, { data: [64, 1, ['a']] });
    const a = taker(objects, 1, isPut);
    await settled();
    plant(objects, { data: [65, 1, ['b']] });
    plant(objects, { data: [66, 1, ['c']] });
    await fenceOf(a, 65).complete();
    await fenceOf(a, 67).complete();
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 67 + 64 });
    expect(a.fold.applied).toEqual(['a', 'b', 'c']);
  });

  test('unknown and then refused by a rival is not mistaken for ours', async () => {
    const a = taker(claimed(), 1, isPut);
    await settled();
    await fenceOf(a, 0).reply({ kind: 'unknown', fault: TIMEOUT });
    plant(a.blobs.objects, { fence: [0, 1] });
    await a.clock.advance(RETRY_MS);
    await fenceOf(a, 0).complete();
    expect(a.owned()).toBeNull();
    await fenceOf(a, 64).complete();
    expect(await a.ownership).toMatchObject({ epoch: 2, next: 128 });
  });

  test('refused and yet absent is put again', async () => {
    const a = taker(claimed(), 1, isPut);
    await settled();
    await fenceOf(a, 0).reply({ kind: 'refused' });
    await fenceOf(a, 0).complete();
    expect(await a.ownership).toMatchObject({ epoch: 1 });
  });
});

describe('two takers at once', () => {
  test('end with one owner: the other is fenced at its first write, which is void', async () => {
    const objects = claimed();
    const a = taker(objects, 1, isPut);
    const b = taker(objects, 2, isPut);
    await settled();
    // Both want slot 0. A gets it, B moves on and fences A.
    await a.blobs.heldOn('putIfAbsent', slotKey(0)).complete();
    await b.blobs.heldOn('putIfAbsent', slotKey(0)).complete();
    await b.blobs.heldOn('putIfAbsent', slotKey(64)).complete();
    const [first, second] = [await a.ownership, await b.ownership];
    expect([first.epoch, second.epoch]).toEqual([1, 2]);

    a.blobs.holds = b.blobs.holds = () => false;
    const settlements: string[] = [];
    const logA = new SlotLog(a, PROMPT, a.fold, first);
    const logB = new SlotLog(b, PROMPT, b.fold, second);
    logA.enqueue({ entry: 'of A', settle: (settlement) => settlements.push(`A ${settlement}`) });
    logB.enqueue({ entry: 'of B', settle: (settlement) => settlements.push(`B ${settlement}`) });
    await settled();
    expect(settlements.toSorted()).toEqual(['A void', 'B committed']);
    expect(await logA.proveOwnership()).toBe(false);
    expect(await logB.proveOwnership()).toBe(true);

    const c = taker(objects, 3);
    await c.ownership;
    expect(c.fold.applied).toEqual(['of B']);
  });

  test('the one that writes first keeps what it wrote, also when the other fences it', async () => {
    const objects = claimed();
    const a = taker(objects, 1);
    const b = taker(objects, 2, isPut);
    const logA = new SlotLog(a, PROMPT, a.fold, await a.ownership);
    logA.enqueue({ entry: 'of A', settle: () => {} });
    await settled();
    b.blobs.holds = () => false;
    for (const call of b.blobs.held()) await call.complete();
    expect((await b.ownership).epoch).toBe(2);
    expect(b.fold.applied).toEqual(['of A']);
    expect(await logA.proveOwnership()).toBe(false);
  });

  test('however their puts are ordered, the epochs of two takers differ and rise along the log', async () => {
    for (let order = 0; order < 16; order++) {
      const objects = claimed();
      const takers = [taker(objects, 1, isPut), taker(objects, 2, isPut)];
      await settled();
      for (let step = 0; takers.some((t) => t.owned() === null); step++) {
        const wish = takers[(order >> (step % 4)) & 1];
        const able = wish?.owned() === null ? wish : takers.find((t) => t.owned() === null);
        await able?.blobs.held('putIfAbsent')[0]?.complete();
      }
      const [x, y] = takers.map((t) => t.owned());
      expect(new Set([x?.epoch, y?.epoch])).toEqual(new Set([1, 2]));
      expect(Math.sign((x?.epoch ?? 0) - (y?.epoch ?? 0))).toBe(Math.sign((x?.next ?? 0) - (y?.next ?? 0)));
    }
  });
});

describe('a store that refuses for good', () => {
  test.each(['get', 'putIfAbsent'] as const)(
    'ends the takeover at a denied %s with the name of the object',
    async (operation) => {
      const a = taker(claimed(), 1, (call) => call.operation === operation && call.key === slotKey(0));
      await settled();
      for (let call = a.blobs.held()[0]; call !== undefined; call = a.blobs.held()[0]) {
        await call.reply({ kind: 'failed', fault: DENIED });
      }
      await expect(a.ownership).rejects.toMatchObject({
        name: 'StoreRefused',
        message: expect.stringContaining(slotKey(0)),
      });
    },
  );
});

test('entries of one object are applied whole: a bad one among them leaves none behind', async () => {
  const objects = claimed();
  plant(objects, { fence: [0, 1] });
  const bytes = dataObject({ slot: 64, epoch: 1, identity: new Uint8Array(16) }, ['a', 'b'].map(rawWord));
  bytes[bytes.length - 1] = 0;
  objects.set(slotKey(64), bytes);
  const a = taker(objects);
  await expect(a.ownership).rejects.toThrow(slotKey(64));
  expect(a.fold.applied).toEqual([]);
});

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
      `${slotKey(71)}, byte 16: a fence of epoch 1 stands where epoch 1 is in force`,
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

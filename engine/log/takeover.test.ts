/** Becoming the owner: what is replayed, where the fence goes, and what lost replies and rivals do to it (§4.5). */

import { describe, expect, test } from 'vitest';

import { PROMPT, RETRY_MS } from '../testing/log-bench.ts';
import { DENIED, type ManualPorts, settled, TIMEOUT } from '../testing/manual-ports.ts';
import { claimed, headerIn, isPut, plant, taker } from '../testing/taker-bench.ts';
import { slotKey } from './format.ts';
import { SlotLog } from './slot-log.ts';

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

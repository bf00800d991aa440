import { describe, expect, test } from 'vitest';
import type { BlobStore } from '../engine/ports.ts';
import type { FaultSettings, World } from './index.ts';
import { bytes, inHost, worldWith } from './testing/in-world.ts';

const ALWAYS = [1, 1] as const;

/** Outcome of one put under these faults, whether the object was there when it ended, and whether it is in the end. */
async function putUnder(
  faults: Partial<FaultSettings>,
): Promise<{ outcome: string; code: string; whenReported: boolean; inTheEnd: boolean; tookMs: number; world: World }> {
  const world = worldWith(faults);
  const outcome = await inHost(world, 'node-1', ({ blobs }) => blobs.putIfAbsent('k/1', [bytes('x')]));
  const whenReported = world.store.objects().has('k/1');
  const tookMs = world.nowMs;
  await world.run(() => false);
  return {
    outcome: outcome.kind,
    code: 'fault' in outcome ? outcome.fault.code : '',
    whenReported,
    inTheEnd: world.store.objects().has('k/1'),
    tookMs,
    world,
  };
}

/** As `putUnder`, over seeds, until every listed code was seen. */
async function putsUnder(
  faults: Partial<FaultSettings>,
): Promise<Map<string, { whenReported: boolean; inTheEnd: boolean }>> {
  const seen = new Map<string, { whenReported: boolean; inTheEnd: boolean }>();
  const world = worldWith(faults);
  for (let i = 0; i < 40; i++) {
    const key = `k/${i}`;
    const outcome = await inHost(world, `node-${i}`, ({ blobs }) => blobs.put(key, [bytes('x')]));
    const whenReported = world.store.objects().has(key);
    await world.run(() => false);
    const inTheEnd = world.store.objects().has(key);
    seen.set(`${outcome.kind} ${'fault' in outcome ? outcome.fault.code : ''} ${inTheEnd}`, { whenReported, inTheEnd });
  }
  return seen;
}

describe('each fault of a put means what it says', () => {
  test('without faults it takes effect, then is reported, in about the time the store is said to take', async () => {
    const { outcome, inTheEnd, tookMs } = await putUnder({});
    expect({ outcome, inTheEnd }).toEqual({ outcome: 'done', inTheEnd: true });
    expect(tookMs).toBeGreaterThanOrEqual(2);
    expect(tookMs).toBeLessThan(20);
  });

  test('failing before the effect: no effect ever, reported as failed or as unknown', async () => {
    const seen = await putsUnder({ putFailsBefore: ALWAYS });
    expect([...seen.keys()].toSorted()).toEqual(['failed unreachable false', 'unknown internal false']);
  });

  test('losing the reply: the effect is there when unknown is reported', async () => {
    const put = await putUnder({ putLosesReply: ALWAYS });
    expect(put).toMatchObject({ outcome: 'unknown', code: 'reset', whenReported: true, inTheEnd: true });
  });

  test('late: nothing is there when unknown is reported, and later it is', async () => {
    for (const ms of [20, 60_000]) {
      const put = await putUnder({ putTakesEffectLate: ALWAYS, lateEffectMs: [ms] });
      expect(put).toMatchObject({ outcome: 'unknown', code: 'reset', whenReported: false, inTheEnd: true });
      expect(put.tookMs).toBeLessThan(20);
      expect(put.world.nowMs - put.tookMs).toBeGreaterThanOrEqual(ms);
      expect(put.world.probes.count('fault.put.late-effect')).toBe(1);
    }
  });

  test('late: what it finds taken by then it leaves alone', async () => {
    const world = worldWith({ putTakesEffectLate: ALWAYS, lateEffectMs: [1000] });
    await inHost(world, 'node-1', ({ blobs }) => blobs.put('k/1', [bytes('mine')]));
    world.heal();
    const rival = await inHost(world, 'node-2', ({ blobs }) => blobs.put('k/1', [bytes('theirs')]));
    await world.run(() => false);
    expect(rival.kind).toBe('done');
    expect(world.store.objects().get('k/1')).toEqual(bytes('theirs'));
    expect(world.probes.count('fault.put.late-refused')).toBe(1);
    expect(world.probes.count('fault.put.late-effect')).toBe(0);
  });

  test('late: it lands although its writer died, and a restarted writer meets its own object', async () => {
    const world = worldWith({ putTakesEffectLate: ALWAYS, lateEffectMs: [1000] });
    const host = world.host('node-1');
    host.start(async ({ blobs }) => void blobs.put('k/1', [bytes('mine')]));
    await world.run(() => false, { untilMs: 100 });
    host.crash();
    await world.run(() => false, { untilMs: 2000 });
    expect(world.store.objects().has('k/1')).toBe(true);
    expect(world.probes.count('fault.put.late-effect-after-restart')).toBe(1);
    world.heal();
    const retry = await inHost(world, 'node-2', ({ blobs }) => blobs.put('k/1', [bytes('mine')]));
    expect(retry.kind).toBe('refused');
  });

  test('hanging: unknown after the attempt’s time-out, with every kind of effect', async () => {
    const seen = await putsUnder({ putHangs: ALWAYS, lateEffectMs: [500] });
    expect([...seen.keys()].toSorted()).toEqual(['unknown timeout false', 'unknown timeout true']);
    const { tookMs } = await putUnder({ putHangs: ALWAYS });
    expect(tookMs).toBe(5000);
  });

  test('409 is unknown, never refused, and has no effect', async () => {
    expect(await putUnder({ putConflicts: ALWAYS })).toMatchObject({
      outcome: 'unknown',
      code: 'conflict',
      inTheEnd: false,
    });
  });

  test('503 is unknown and has no effect', async () => {
    expect(await putUnder({ putThrottled: ALWAYS })).toMatchObject({
      outcome: 'unknown',
      code: 'slow-down',
      inTheEnd: false,
    });
  });

  test('duplicated: it is done, and a deleted name may come back', async () => {
    const world = worldWith({ putDuplicated: ALWAYS, lateEffectMs: [1000] });
    const outcomes = await inHost(world, 'node-1', async ({ blobs }) => [
      (await blobs.put('k/1', [bytes('x')])).kind,
      (await blobs.delete(['k/1'])).kind,
    ]);
    expect(outcomes).toEqual(['done', 'done']);
    expect(world.store.objects().has('k/1')).toBe(false);
    await world.run(() => false);
    expect(world.store.objects().has('k/1')).toBe(true);
  });

  test('slow: ten or a hundred times the normal time', async () => {
    const { outcome, tookMs, world } = await putUnder({ blobHundredfold: ALWAYS });
    expect(outcome).toBe('done');
    expect(tookMs).toBeGreaterThanOrEqual(300);
    expect(world.probes.count('fault.put.slow')).toBe(1);
  });

  test('bigger objects take longer', async () => {
    const took = async (length: number): Promise<number> => {
      const world = worldWith();
      await inHost(world, 'node-1', ({ blobs }) => blobs.put('k/1', [new Uint8Array(length)]));
      return world.nowUs;
    };
    expect((await took(4 << 20)) - (await took(1))).toBeGreaterThan(30_000);
  });

  test('of many racing creators exactly one is done, whatever goes wrong with the others', async () => {
    const world = worldWith({ putLosesReply: [1, 4], putTakesEffectLate: [1, 4], blobTenfold: [1, 4] });
    for (let round = 0; round < 50; round++) {
      const outcomes = await inHost(world, `node-${round}`, ({ blobs }) =>
        Promise.all(Array.from({ length: 6 }, (_, rival) => blobs.putIfAbsent(`k/${round}`, [bytes(`${rival}`)]))),
      );
      await world.run(() => false);
      const kinds = outcomes.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'done').length).toBeLessThanOrEqual(1);
      if (kinds.includes('done')) {
        expect(world.store.objects().get(`k/${round}`)).toEqual(bytes(`${kinds.indexOf('done')}`));
      } else if (kinds.every((kind) => kind === 'refused')) throw new Error('everybody was refused');
    }
  });

  test('a buffer that is used again after the report does not change a late effect', async () => {
    const world = worldWith({ putTakesEffectLate: ALWAYS });
    await inHost(world, 'node-1', async ({ blobs }) => {
      const buffer = bytes('precious');
      await blobs.put('k/1', [buffer]);
      buffer.fill(0);
    });
    await world.run(() => false);
    expect(world.store.objects().get('k/1')).toEqual(bytes('precious'));
  });
});

describe('deletes, gets and listings', () => {
  /** A world whose store holds k/0 … k/9 and whose faults begin afterwards. */
  async function stocked(
    faults: Partial<FaultSettings>,
  ): Promise<{ world: World; ask: <T>(ask: (blobs: BlobStore) => Promise<T>) => Promise<T> }> {
    const world = worldWith(faults);
    let asked = 0;
    const ask = <T>(question: (blobs: BlobStore) => Promise<T>): Promise<T> =>
      inHost(world, `reader-${asked++}`, ({ blobs }) => question(blobs));
    await ask((blobs) => Promise.all(Array.from({ length: 10 }, (_, i) => blobs.put(`k/${i}`, [bytes(`body ${i}`)]))));
    return { world, ask };
  }

  test('a get that fails, hangs or loses the end of its body is failed, never absent and never short', async () => {
    for (const [faults, code] of [
      [{ getFails: ALWAYS }, 'internal'],
      [{ getShortBody: ALWAYS }, 'short-body'],
      [{ getHangs: ALWAYS }, 'timeout'],
    ] as const) {
      const { ask } = await stocked(faults);
      expect(await ask((blobs) => blobs.get('k/1'))).toMatchObject({
        kind: 'failed',
        fault: { code, retryable: true },
      });
    }
  });

  test('an absent name is absent, even when bodies are cut short', async () => {
    const { ask } = await stocked({ getShortBody: ALWAYS });
    expect(await ask((blobs) => blobs.get('k/nothing'))).toEqual({ kind: 'absent' });
  });

  test('a listing that fails or hangs is failed', async () => {
    for (const [faults, code] of [
      [{ listFails: ALWAYS }, 'internal'],
      [{ listHangs: ALWAYS }, 'timeout'],
    ] as const) {
      const { ask } = await stocked(faults);
      expect(await ask((blobs) => blobs.list('k/'))).toMatchObject({ kind: 'failed', fault: { code } });
    }
  });

  test('a short page leads on to the rest', async () => {
    const { ask } = await stocked({ listShortPage: [1, 2] });
    const keys = await ask(async (blobs) => {
      const seen: string[] = [];
      for (let after: string | undefined = ''; after !== undefined;) {
        const page = await blobs.list('k/', after, 5);
        if (page.kind !== 'page') throw new Error('a page was expected');
        seen.push(...page.blobs.map(({ key }) => key));
        after = page.next ?? undefined;
      }
      return seen;
    });
    expect(keys).toEqual(Array.from({ length: 10 }, (_, i) => `k/${i}`));
  });

  test('a listing is uncertain about what is just being created or deleted, and about nothing else', async () => {
    const { world, ask } = await stocked({ listUncertain: ALWAYS });
    const settled = await ask((blobs) => blobs.list(''));
    expect(settled.kind === 'page' && settled.blobs).toHaveLength(10);
    const during = await ask(async (blobs) => {
      const puts = Promise.all([blobs.put('k/new', []), blobs.delete(['k/3'])]);
      const pages = [];
      for (let i = 0; i < 10; i++) pages.push(await blobs.list(''));
      await puts;
      return [...pages, await blobs.list('')].map((page) =>
        page.kind === 'page' ? page.blobs.map(({ key }) => key) : [],
      );
    });
    const certain = [0, 1, 2, 4, 5, 6, 7, 8, 9].map((i) => `k/${i}`);
    for (const keys of during) expect(keys.filter((key) => certain.includes(key))).toEqual(certain);
    // Begun after both had ended, a listing knows.
    expect(during.at(-1)).toEqual([...certain, 'k/new']);
    expect(world.probes.count('fault.list.hid-name-in-flux')).toBeGreaterThan(0);
    expect(world.probes.count('fault.list.showed-deleted')).toBeGreaterThan(0);
  });

  test('a listing that is under way for long may leave out all that was created meanwhile, and nothing else', async () => {
    const { world, ask } = await stocked({ listLingers: ALWAYS, listIsSlowAt: ALWAYS, listLingersMs: [500] });
    const certain = Array.from({ length: 10 }, (_, i) => `k/${i}`);
    const keysOf = async (blobs: BlobStore): Promise<string[]> => {
      const page = await blobs.list('');
      return page.kind === 'page' ? page.blobs.map(({ key }) => key) : [];
    };
    const seen = await ask(async (blobs) => {
      const listings: string[][] = [];
      for (let i = 0; i < 10; i++) {
        const listing = keysOf(blobs);
        // Answered long before the listing looks.
        for (const name of ['a', 'b']) expect((await blobs.put(`new/${i}${name}`, [])).kind).toBe('done');
        listings.push((await listing).filter((key) => !key.startsWith('new/') || key.startsWith(`new/${i}`)));
        expect(await keysOf(blobs)).toHaveLength(10 + 2 * (i + 1));
      }
      return listings.map((keys) => keys.filter((key) => key.startsWith('new/')).length);
    });
    // Both or neither.
    expect(new Set(seen)).toEqual(new Set([0, 2]));
    expect(await ask((blobs) => keysOf(blobs))).toEqual(expect.arrayContaining(certain));
    expect(world.probes.count('fault.list.lingered')).toBe(21);
    expect(world.probes.count('fault.list.as-it-began')).toBeGreaterThan(0);
  });

  test('a delete may be lost, lose its reply, or take effect after it was reported', async () => {
    const cases: [Partial<FaultSettings>, string, boolean, boolean][] = [
      [{ deleteFailsBefore: ALWAYS }, 'unknown', true, true],
      [{ deleteLosesReply: ALWAYS }, 'unknown', false, false],
      [{ deleteTakesEffectLate: ALWAYS }, 'unknown', true, false],
    ];
    for (const [faults, kind, whenReported, inTheEnd] of cases) {
      const { world, ask } = await stocked(faults);
      const outcome = await ask((blobs) => blobs.delete(['k/1', 'k/2']));
      const was = world.store.objects().has('k/2');
      await world.run(() => false);
      expect([outcome.kind, was, world.store.objects().has('k/2')]).toEqual([kind, whenReported, inTheEnd]);
      expect(world.store.objects().has('k/3')).toBe(true);
    }
  });
});

describe('between host and store', () => {
  test('a delete of several names may be done with some of them, and a delete may arrive twice', async () => {
    const partly = worldWith({ deleteIsPartial: ALWAYS });
    const left = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const keys = [1, 2, 3].map((n) => `k/${i}/${n}`);
      const outcome = await inHost(partly, `node-${i}`, async ({ blobs }) => {
        for (const key of keys) await blobs.put(key, []);
        return blobs.delete(keys);
      });
      expect(outcome.kind).toBe('unknown');
      left.add(keys.filter((key) => partly.store.peek(key) !== undefined).length);
    }
    expect([...left].toSorted((a, b) => a - b)).toEqual([1, 2, 3]);

    const twice = worldWith({ deleteDuplicated: ALWAYS, lateEffectMs: [5000] });
    await inHost(twice, 'node-1', async ({ blobs }) => {
      await blobs.put('k/1', []);
      await blobs.delete(['k/1']);
      return blobs.put('k/1', []);
    });
    expect(twice.store.peek('k/1')).toBeDefined();
    await twice.run(() => false);
    expect(twice.store.peek('k/1')).toBeUndefined();
  });

  test('a flipped bit is one bit, and a later reading of that object is whole', async () => {
    const world = worldWith({ getFlipsBit: ALWAYS, getFlipsInARowMax: 1 });
    const [first, second] = await inHost(world, 'node-1', async ({ blobs }) => {
      await blobs.put('k/1', [new Uint8Array(100)]);
      return [await blobs.get('k/1'), await blobs.get('k/1')] as const;
    });
    const bitsOf = (outcome: typeof first) =>
      outcome.kind === 'found' ? outcome.bytes.filter((byte) => byte !== 0) : null;
    expect([...(bitsOf(first) ?? [])].map((byte) => Math.log2(byte) % 1)).toEqual([0]);
    expect(bitsOf(second)).toHaveLength(0);
    expect(world.store.peek('k/1')?.every((byte) => byte === 0)).toBe(true);
  });

  test('damage on the way comes in rows, and never in a longer one than a reader bears', async () => {
    const world = worldWith({ getFlipsBit: [1, 4], getFlipsAgain: ALWAYS, getFlipsInARowMax: 3 });
    const readings = await inHost(world, 'node-1', async ({ blobs }) => {
      await blobs.put('k/1', [new Uint8Array(100)]);
      const isWhole: boolean[] = [];
      for (let i = 0; i < 40; i++) {
        const got = await blobs.get('k/1');
        isWhole.push(got.kind === 'found' && got.bytes.every((byte) => byte === 0));
      }
      return isWhole;
    });
    const first = readings.indexOf(false);
    expect(readings.slice(first)).toEqual([false, false, false, ...Array.from({ length: 37 - first }, () => true)]);
  });

  test('an object that is damaged in the store comes back wrong until a sound copy is put back', async () => {
    const world = worldWith();
    const sound = new Uint8Array(100).fill(7);
    world.store.load(new Map([['k/1', sound]]));
    expect(world.store.damage.strike('k/')).toBe('k/1');
    expect(world.store.damage.strike('k/')).toBeNull();
    const read = () =>
      inHost(world, `reader-${world.hosts.length}`, async ({ blobs }) => {
        const [first, again] = [await blobs.get('k/1'), await blobs.get('k/1')];
        const listed = await blobs.list('k/');
        if (first.kind !== 'found' || again.kind !== 'found' || listed.kind !== 'page') throw new Error('not there');
        return { first: first.bytes, again: again.bytes, size: first.size, listed: listed.blobs[0]?.size };
      });
    const damaged = await read();
    expect(damaged.first).not.toEqual(sound);
    expect(damaged.again).toEqual(damaged.first);
    expect([damaged.size, damaged.listed]).toEqual([damaged.first.length, damaged.first.length]);
    expect(world.store.peek('k/1')).toEqual(sound);
    world.store.damage.mend('k/1');
    expect((await read()).first).toEqual(sound);
    expect(world.store.damage.wasDamaged('k/1')).toBe(true);
  });

  test('an answer that is late comes long after its effect', async () => {
    const world = worldWith({ blobAnswersLate: ALWAYS, answerLateMs: [2000] });
    let effectMs = 0;
    world.store.onEffect(() => (effectMs = world.nowMs));
    await inHost(world, 'node-1', ({ blobs }) => blobs.put('k/1', []));
    expect(effectMs).toBeLessThan(20);
    expect(world.nowMs).toBeGreaterThan(2000);
  });

  test('a put beside the log may travel for very long, and lands; one of the log does not', async () => {
    const world = worldWith({ putTravels: ALWAYS, travelMs: [90_000] });
    const outcomes = await inHost(world, 'node-1', async ({ blobs }) => {
      return [(await blobs.putIfAbsent('pub/1', [])).kind, (await blobs.putIfAbsent('wal/1', [])).kind];
    });
    expect(outcomes).toEqual(['unknown', 'done']);
    expect(world.store.peek('pub/1')).toBeUndefined();
    await world.run(() => false);
    expect(world.store.peek('pub/1')).toBeDefined();
  });

  test('a cut on the way there: unknown after the time-out, and the put may still get through later', async () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const world = worldWith({}, { seed: String(seed) });
      world.network.cut('node-1', 'store');
      const outcome = await inHost(world, 'node-1', ({ blobs }) => blobs.put('k/1', []));
      expect([outcome.kind, world.store.objects().size, world.nowMs]).toEqual(['unknown', 0, 5000]);
      await world.run(() => false);
      ends.add(`${world.store.objects().size} object`);
    }
    expect([...ends].toSorted()).toEqual(['0 object', '1 object']);
  });

  test('a cut on the way back: unknown after the time-out, with the effect', async () => {
    const world = worldWith();
    world.network.cut('store', 'node-1');
    const outcome = await inHost(world, 'node-1', ({ blobs }) => blobs.put('k/1', []));
    expect([outcome.kind, world.store.objects().size, world.nowMs]).toEqual(['unknown', 1, 5000]);
  });

  test('a cut that begins while a put travels swallows it', async () => {
    const world = worldWith();
    const put = inHost(world, 'node-1', ({ blobs }) => blobs.put('k/1', []));
    world.after(1, 'cut', () => world.network.cut('node-1', 'store'));
    expect((await put).kind).toBe('unknown');
    expect(world.store.effects).toBe(0);
  });

  test('an outage turns everything away without effect', async () => {
    const world = worldWith();
    world.store.setOutage(true);
    const kinds = await inHost(world, 'node-1', async ({ blobs }) => [
      (await blobs.put('k/1', [])).kind,
      (await blobs.get('k/1')).kind,
      (await blobs.list('')).kind,
      (await blobs.delete(['k/1'])).kind,
    ]);
    expect(kinds).toEqual(['unknown', 'failed', 'failed', 'unknown']);
    expect(world.store.effects).toBe(0);
  });

  test.each([
    ['expired', true, ['failed', 'failed', 'failed', 'failed']],
    ['denied', false, ['failed', 'failed', 'failed', 'failed']],
    ['full', false, ['failed', 'absent', 'page', 'done']],
  ] as const)(
    'a store whose reason is `%s` refuses without effect and says so',
    async (refusal, isRetryable, kinds) => {
      const world = worldWith();
      world.store.setRefusal(refusal);
      const [put, ...others] = await inHost(world, 'node-1', async ({ blobs }) => [
        await blobs.put('k/1', []),
        await blobs.get('k/1'),
        await blobs.list(''),
        await blobs.delete(['k/1']),
      ]);
      expect([put, ...others].map((outcome) => outcome?.kind)).toEqual(kinds);
      expect(put).toMatchObject({ fault: { retryable: isRetryable, message: expect.stringContaining('k/1') } });
      expect(world.store.effects).toBe(0);
      world.store.setRefusal(null);
      expect((await inHost(world, 'node-2', ({ blobs }) => blobs.put('k/1', []))).kind).toBe('done');
    },
  );

  test('effects are announced as they happen, with their writer', async () => {
    const world = worldWith();
    const effects: unknown[] = [];
    world.store.onEffect((effect) => effects.push(effect));
    await inHost(world, 'node-1', async ({ blobs }) => {
      await blobs.put('k/1', []);
      await blobs.delete(['k/1', 'k/2']);
    });
    const common = { host: 'node-1', generation: 1, isLate: false, key: 'k/1' };
    expect(effects).toEqual([
      { index: 1, kind: 'put', ...common },
      { index: 2, kind: 'delete', ...common },
    ]);
  });
});

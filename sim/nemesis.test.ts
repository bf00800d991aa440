import { describe, expect, test } from 'vitest';
import { EPOCH_MS, type FaultSettings, type World } from './index.ts';
import { inHost, worldWith } from './testing/in-world.ts';

const ALWAYS = [1, 1] as const;

/** A world with one idle server and one idle client, the nemesis looking every second. */
function watched(faults: Partial<FaultSettings>, names: readonly string[] = ['node-1']): World {
  const world = worldWith({ nemesisTickMs: 1000, ...faults }, { record: true });
  for (const name of names) world.host(name).start(async () => {});
  world.host('client', { role: 'client' }).start(async () => {});
  return world;
}

function run(world: World, untilMs: number): Promise<unknown> {
  return world.run(() => false, { untilMs });
}

describe('the nemesis', () => {
  test('acts at the commit it drew, whenever that is', async () => {
    const world = worldWith({ actAtCommit: ALWAYS, clockStep: [1, 2], clockStepMs: [-1000] });
    world.host('node-1').start(async ({ blobs, clock }) => {
      for (let slot = 0; slot < 3; slot++) {
        await blobs.put(`seg/${slot}`, []);
        await clock.sleep(1000 * slot);
        await blobs.put(`wal/${slot}`, []);
      }
    });
    await world.run(() => false);
    // Three puts of the log: three acts, and none for other objects or by time.
    expect(world.probes.count('fault.clock.step-back')).toBe(3);
    expect(world.host('node-1').clocks.skewMs()).toBe(-3000);
  });

  test('does nothing in a quiet world and does not keep it awake', async () => {
    const world = worldWith();
    world.host('node-1').start(async () => {});
    expect(await world.run(() => false)).toBe('idle');
    expect(world.probes.counts()).toEqual({});
  });

  test('crashes servers and lets them come back, and leaves clients alone', async () => {
    const world = watched({ crash: ALWAYS, downMs: [300] });
    await run(world, 1100);
    expect([world.host('node-1').state, world.host('client').state]).toEqual(['stopped', 'running']);
    await run(world, 1301);
    expect(world.host('node-1').state).toBe('running');
    await run(world, 10_500);
    expect(world.host('node-1').generation).toBe(11);
    expect(world.host('client').generation).toBe(1);
  });

  test('kills a writer after the effect and before it hears of it', async () => {
    const world = worldWith({ crashAtEffect: ALWAYS, downMs: [50] });
    let heard = 0;
    world.host('node-1').start(async ({ blobs }, { generation }) => {
      if (generation > 3) return;
      await blobs.put(`k/${generation}`, []);
      heard++;
    });
    await world.run(() => false);
    expect([...world.store.objects().keys()]).toEqual(['k/1', 'k/2', 'k/3']);
    expect(heard).toBe(0);
    expect(world.probes.count('fault.host.crash-at-effect')).toBe(3);
    expect(world.probes.count('fault.host.crash-with-puts-in-flight')).toBe(3);
  });

  test('ends no pause before its time because a process that is dead by now was paused too', async () => {
    const world = watched({ pause: ALWAYS, pauseIsLong: ALWAYS, pauseLongMs: [3500] });
    const host = world.host('node-1');
    await run(world, 1500);
    expect(host.state).toBe('paused');
    host.crash();
    host.restart();
    await run(world, 4800);
    expect(host.state).toBe('paused');
  });

  test('stalls a writer at its effect for longer than a takeover takes', async () => {
    const world = worldWith({ pauseAtEffect: ALWAYS, pauseIsLong: ALWAYS, pauseLongMs: [20_000] });
    let heardAtMs = 0;
    world.host('node-1').start(async ({ blobs }) => {
      await blobs.put('k/1', []);
      heardAtMs = world.nowMs;
    });
    await world.run(() => false);
    expect(heardAtMs).toBeGreaterThanOrEqual(20_000);
    expect(world.probes.count('fault.pause.long')).toBe(1);
    expect(world.probes.count('fault.pause.with-puts-in-flight')).toBe(1);
  });

  test('lets the answers of the store stand still after their effects, and loses none of them', async () => {
    const world = worldWith({ storeStallAtEffect: ALWAYS, storeStallMs: [3000] });
    const heardAtMs: number[] = [];
    world.host('node-1').start(async ({ blobs, clock }) => {
      const first = blobs.put('wal/1', []).then(({ kind }) => heardAtMs.push(kind === 'done' ? world.nowMs : -1));
      await clock.sleep(1000);
      const second = blobs.put('wal/2', []).then(({ kind }) => heardAtMs.push(kind === 'done' ? world.nowMs : -1));
      await Promise.all([first, second]);
    });
    await run(world, 2900);
    expect([...world.store.objects().keys()]).toEqual(['wal/1', 'wal/2']);
    expect(heardAtMs).toEqual([]);
    await world.run(() => heardAtMs.length === 2);
    for (const atMs of heardAtMs) {
      expect(atMs).toBeGreaterThanOrEqual(3000);
      expect(atMs).toBeLessThan(3100);
    }
    expect(world.probes.count('fault.store.answer-held')).toBe(2);
  });

  test('a stall does not keep an attempt from its time-out, and healing ends it', async () => {
    const world = worldWith({ storeStallAtEffect: ALWAYS, storeStallMs: [60_000] }, { storeTimeoutMs: 500 });
    const ends: string[] = [];
    world.host('node-1').start(async ({ blobs }) => {
      ends.push((await blobs.put('wal/1', [])).kind);
      ends.push((await blobs.put('wal/1', [])).kind);
    });
    await run(world, 600);
    expect(ends).toEqual(['unknown']);
    world.heal();
    await world.run(() => false);
    expect(ends).toEqual(['unknown', 'refused']);
  });

  test('takes the store from one server after another, and gives it back in the end', async () => {
    const names = ['node-1', 'node-2', 'node-3'];
    const world = watched({ swizzle: ALWAYS, partitionMs: [200] }, names);
    const cut = () => names.filter((name) => world.network.isCut(name, 'store') && world.network.isCut('store', name));
    const seen: number[] = [];
    for (let ms = 1100; ms < 2200; ms += 200) {
      await run(world, ms);
      seen.push(cut().length);
    }
    // The next one begins at 2,000 ms.
    expect(seen.slice(0, 5)).toEqual([1, 2, 3, 2, 1]);
    expect(world.probes.count('fault.swizzle')).toBeGreaterThan(0);
    world.heal();
    expect(cut()).toEqual([]);
  });

  test('starts a server that had ended when another one stands still', async () => {
    const world = worldWith({ pauseAtEffect: ALWAYS, pauseIsLong: ALWAYS, rivalAtStall: ALWAYS });
    world.host('node-2').start(async ({ clock }, { generation }) => {
      if (generation === 1) return 4;
      await clock.sleep(1_000_000);
    });
    await run(world, 10);
    expect(world.host('node-2').hasEnded).toBe(true);
    world.host('node-1').start(async ({ blobs }) => void (await blobs.put('wal/1', [])));
    await run(world, 1000);
    expect(world.host('node-2').generation).toBe(2);
    expect(world.probes.count('fault.rival-at-stall')).toBe(1);
  });

  test('strikes the sender of a put that travels, and whoever wrote or deleted an object beside the log', async () => {
    const striking = worldWith({
      putTravels: ALWAYS,
      travelMs: [9000],
      strikeAtDeparture: ALWAYS,
      pauseLongMs: [20_000],
    });
    striking.host('node-1').start(async ({ blobs }) => void (await blobs.put('seg/1', [])));
    await run(striking, 8000);
    expect(striking.host('node-1').isAlive(1) && striking.host('node-1').state === 'running').toBe(false);
    expect(striking.store.peek('seg/1')).toBeUndefined();
    await run(striking, 10_000);
    expect(striking.store.peek('seg/1')).toBeDefined();
    expect(striking.probes.count('fault.host.struck-at-departure')).toBe(1);

    const crashing = worldWith({ crashAtMilestone: ALWAYS, downMs: [1_000_000] });
    const done: string[] = [];
    crashing.host('node-1').start(async ({ blobs }) => {
      await blobs.put('wal/1', []);
      done.push('log');
      await blobs.put('seg/1', []);
      done.push('segment');
    });
    await run(crashing, 1000);
    expect(done).toEqual(['log']);
    expect(crashing.probes.count('fault.host.crash-at-milestone')).toBe(1);
  });

  test('cuts links in one direction or both, also to the store, and mends them', async () => {
    const seen = new Set<string>();
    const world = watched({ partition: [1, 2], partitionMs: [500] }, ['node-1', 'node-2']);
    const names = ['node-1', 'node-2', 'client', 'store'];
    for (let second = 1; second < 60; second++) {
      await run(world, second * 1000 + 100);
      for (const from of names) {
        for (const to of names) {
          if (from < to && (world.network.isCut(from, to) || world.network.isCut(to, from))) {
            seen.add(world.network.isCut(from, to) && world.network.isCut(to, from) ? 'both ways' : 'one way');
            if (to === 'store') seen.add('store');
          }
        }
      }
      await run(world, second * 1000 + 600);
      for (const from of names) for (const to of names) expect(world.network.isCut(from, to)).toBe(false);
    }
    expect([...seen].toSorted()).toEqual(['both ways', 'one way', 'store']);
  });

  test('takes the store out of service for a while', async () => {
    const world = watched({ outage: [1, 2], outageMs: [500] });
    const states = new Set<boolean>();
    for (let ms = 100; ms < 20_000; ms += 100) {
      await run(world, ms);
      states.add(world.store.isOut);
      if (ms % 1000 === 900) expect(world.store.isOut).toBe(false);
    }
    expect(states.size).toBe(2);
  });

  test('lets the store refuse for a reason that lasts a while', async () => {
    const world = watched({ refusal: [1, 2], outageMs: [500] });
    const reasons = new Set<string | null>();
    for (let ms = 100; ms < 60_000; ms += 100) {
      await run(world, ms);
      reasons.add(world.store.refusal);
      if (ms % 1000 === 900) expect(world.store.refusal).toBeNull();
    }
    expect(reasons).toEqual(new Set([null, 'expired', 'denied', 'full']));
  });

  test('sets wall clocks wrong from the start, lets them drift and jump', async () => {
    const world = watched({ clockOffset: ALWAYS, clockOffsetMs: [60_000], clockDrift: ALWAYS, clockDriftPpm: [500] });
    const host = world.host('node-1');
    await run(world, 1_000_000);
    expect(host.clocks.wallMs()).toBe(EPOCH_MS + 60_000 + 1_000_500);
    expect(world.host('client').clocks.wallMs()).toBe(EPOCH_MS + 1_000_000);

    const jumpy = watched({ clockStep: ALWAYS, clockStepMs: [-5000] });
    await run(jumpy, 3500);
    expect(jumpy.host('node-1').clocks.skewMs()).toBe(-15_000);
    expect(jumpy.probes.count('fault.clock.step-back')).toBe(3);
  });

  test('is over when the world heals: hosts run, links are whole, the store serves, clocks keep their offset', async () => {
    const world = watched(
      {
        crash: [1, 3],
        pause: [1, 2],
        pauseStopsClock: [1, 2],
        partition: ALWAYS,
        outage: [1, 2],
        refusal: [1, 2],
        clockStep: ALWAYS,
        clockDrift: ALWAYS,
        downMs: [1_000_000],
        pauseShortMs: [1_000_000],
        partitionMs: [1_000_000],
        outageMs: [1_000_000],
      },
      ['node-1', 'node-2', 'node-3'],
    );
    await run(world, 20_000);
    expect(world.hosts.filter((host) => host.state !== 'running').length).toBeGreaterThan(0);
    expect(world.store.isOut).toBe(true);
    expect(world.store.refusal).not.toBeNull();
    world.heal();
    expect(world.waiting().filter(({ what }) => /nemesis\.(restart|resume|mend|service|accepts)/.test(what))).toEqual(
      [],
    );
    const skews = world.hosts.map((host) => host.clocks.skewMs());
    expect(skews.some((skew) => skew !== 0)).toBe(true);
    const names = [...world.hosts.map(({ name }) => name), 'store'];
    for (const from of names) for (const to of names) expect(world.network.isCut(from, to)).toBe(false);
    expect(world.hosts.map((host) => host.state)).toEqual(['running', 'running', 'running', 'running']);
    const outcome = await inHost(world, 'reader', ({ blobs }) => blobs.put('k/1', []));
    expect(outcome.kind).toBe('done');
    expect(await world.run(() => false)).toBe('idle');
    world.after(1_000_000, 'much later', () => {});
    await world.run(() => false);
    for (const [index, host] of world.hosts.slice(0, 3).entries()) {
      expect(Math.abs(host.clocks.skewMs() - skews[index]!)).toBeLessThanOrEqual(1);
    }
  });

  test('leaves spans for the page, one for each thing that lasted', async () => {
    const world = watched({ crash: ALWAYS, downMs: [300] });
    await run(world, 1500);
    world.heal();
    expect(world.tracks.spans()).toEqual([
      { track: 'host node-1', label: 'crash node-1', startMs: 1000, endMs: 1000, tone: 'bad' },
      { track: 'faults', label: 'down node-1', startMs: 1000, endMs: 1300, tone: 'bad' },
      { track: 'host node-1', label: 'start node-1', startMs: 1300, endMs: 1300, tone: 'good' },
      { track: 'faults', label: 'heal', startMs: 1500, endMs: 1500, tone: 'good' },
    ]);
  });
});

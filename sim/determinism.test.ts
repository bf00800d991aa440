import { describe, expect, test } from 'vitest';
import { QUIET, World, type FaultSettings } from './index.ts';
import { bytes, chunks, ok, outcomeOf, request, textOf } from './testing/in-world.ts';

/** A little of everything that can go wrong. */
const STORMY: FaultSettings = {
  ...QUIET,
  netTenfold: [1, 20],
  netHundredfold: [1, 200],
  netRefused: [1, 40],
  netRequestLost: [1, 60],
  netResponseLost: [1, 60],
  netResetBefore: [1, 40],
  netResetAfter: [1, 40],
  netRequestCut: [1, 40],
  netResponseCut: [1, 40],
  netDuplicated: [1, 10],
  netSplit: [1, 5],
  blobTenfold: [1, 20],
  putFailsBefore: [1, 20],
  putLosesReply: [1, 20],
  putTakesEffectLate: [1, 20],
  putHangs: [1, 60],
  putConflicts: [1, 30],
  getFails: [1, 30],
  listUncertain: [1, 3],
  listShortPage: [1, 3],
  nemesisTickMs: 50,
  crash: [1, 20],
  crashAtEffect: [1, 30],
  pause: [1, 20],
  pauseAtEffect: [1, 30],
  pauseIsLong: [1, 4],
  pauseStopsClock: [1, 3],
  partition: [1, 20],
  outage: [1, 60],
  clockOffset: [1, 2],
  clockDrift: [1, 2],
  clockStep: [1, 20],
};

interface Digest {
  hash: string;
  checkpoints: string[];
  events: number;
  nowUs: number;
  probes: Record<string, number>;
  flat: readonly number[];
  keys: string[];
}

/** Two servers over one store, three clients, everything failing: until the clients are done, then healed. */
async function storm(seed: string, options: { calls?: number; taint?: () => number } = {}): Promise<Digest> {
  const { calls = 15, taint = () => 0 } = options;
  const world = new World({ seed, profile: 'storm', faults: STORMY, guard: true });
  for (const name of ['node-1', 'node-2']) {
    world.host(name).start(async ({ network, blobs, clock, random, telemetry }) => {
      await network.serve(`${name}:80`, async ({ target, body, method }) => {
        if (method === 'GET') {
          const page = await blobs.list('k/');
          return ok(page.kind === 'page' ? String(page.blobs.length) : page.kind);
        }
        const text = await textOf(body);
        await clock.sleep(random.below(5) + taint());
        const put = await blobs.putIfAbsent(`k${target}`, [bytes(text)]);
        telemetry.event('append.durable', clock.wallMs());
        return ok(put.kind);
      });
    });
  }
  let busy = 3;
  for (const name of ['client-1', 'client-2', 'client-3']) {
    world.host(name, { role: 'client' }).start(async ({ network, clock, random }) => {
      for (let i = 0; i < calls; i++) {
        const server = random.below(2) === 0 ? 'node-1:80' : 'node-2:80';
        const call =
          random.below(4) === 0
            ? request('/', { method: 'GET' })
            : request(`/${name}-${i}`, { body: chunks('some', 'text', String(i)) });
        await Promise.race([outcomeOf(network.call(server, call)), clock.sleep(3000)]);
        await clock.sleep(random.below(20));
      }
      busy--;
    });
  }
  await world.run(() => busy === 0, { untilMs: 600_000 });
  world.heal();
  await world.run(() => false, { untilMs: world.nowMs + 120_000 });
  if (world.failure !== null) throw new Error(world.failure.message);
  return {
    hash: world.trace.hash(),
    checkpoints: world.trace.checkpoints(),
    events: world.events,
    nowUs: world.nowUs,
    probes: { ...world.probes.counts() },
    flat: world.choices.flat(),
    keys: [...world.store.objects().keys()],
  };
}

describe('a run', () => {
  test('is the same twice in one process: hash, checkpoints, choices, probes, contents', async () => {
    const first = await storm('7', { calls: 60 });
    expect(first.events).toBeGreaterThan(1024);
    expect(first.checkpoints).toHaveLength(Math.floor(first.events / 1024));
    expect(await storm('7', { calls: 60 })).toEqual(first);
  });

  test('is the same alone and after fifty others', async () => {
    const alone = await storm('alone');
    const others = new Set<string>();
    for (let seed = 0; seed < 50; seed++) others.add((await storm(String(seed))).hash);
    expect(others.size).toBe(50);
    expect(await storm('alone')).toEqual(alone);
  });

  test('differs from that of another seed and from that of another profile', async () => {
    const hashes = new Set<string>();
    for (const [seed, profile] of [
      ['1', 'a'],
      ['2', 'a'],
      ['1', 'b'],
      ['f00f', 'a'],
    ] as const) {
      const world = new World({ seed, profile });
      world.host('node-1').start(async ({ blobs }) => void (await blobs.put('k/1', [])));
      await world.run(() => false);
      hashes.add(world.trace.hash());
    }
    expect(hashes.size).toBe(4);
  });

  test('that depends on something outside the world is told apart: the canary sings', async () => {
    let outside = 0;
    const taint = (): number => outside++ % 3;
    const first = await storm('7', { taint });
    outside = 1;
    expect((await storm('7', { taint })).hash).not.toBe(first.hash);
  });

  test('in fair weather or foul, lights the probes of what went wrong and of nothing else', async () => {
    const lit = new Set<string>();
    for (let seed = 0; seed < 60; seed++)
      for (const name of Object.keys((await storm(`s${seed}`)).probes)) lit.add(name);
    for (const name of [
      'fault.host.crash',
      'fault.host.crash-at-effect',
      'fault.host.crash-with-puts-in-flight',
      'fault.pause.long',
      'fault.pause.short',
      'fault.partition.one-way',
      'fault.partition.two-way',
      'fault.partition.from-store',
      'fault.clock.step-back',
      'fault.put.late-effect',
      'fault.put.late-effect-after-restart',
      'fault.put.lost-reply',
      'fault.put.hang',
      'fault.net.request-lost',
      'fault.net.response-lost',
      'fault.net.reset-after',
      'fault.net.request-cut',
      'fault.net.response-cut',
      'fault.net.duplicated',
      'fault.net.split',
      'fault.net.peer-crash',
      'fault.list.short-page',
      'fault.store.outage',
    ]) {
      expect(lit, name).toContain(name);
    }
    expect([...lit].filter((name) => name.startsWith('fault.delete'))).toEqual([]);
  });

  test('has the same hash whether or not its text is written down', async () => {
    const run = async (traceLine?: (line: string) => void): Promise<string> => {
      const world = new World({
        seed: '1',
        profile: 'p',
        ...(traceLine === undefined ? {} : { traceLine, record: true }),
      });
      world.host('node-1').start(async ({ blobs }) => void (await blobs.put('k/1', [])));
      await world.run(() => false);
      return world.trace.hash();
    };
    const lines: string[] = [];
    expect(await run((line) => lines.push(line))).toBe(await run());
    expect(lines.slice(0, 2)).toEqual(['  world 1 p', '1 0 node-1 start']);
    expect(lines.some((line) => line.includes('store put k/1'))).toBe(true);
  });
});

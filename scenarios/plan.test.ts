/** What profiles draw: always the same for a name, always within range, always possible. */

import { expect, test } from 'vitest';
import { QUIET } from '../sim/index.ts';
import { upkeepMs } from './plan-faults.ts';
import { drawPlan, type Plan, PROFILES } from './plan.ts';

const SEEDS = 1_000;

function problemsOf(plan: Plan): string[] {
  const { tunables, faults } = plan;
  const { log, segments } = tunables;
  const claims: [string, boolean][] = [
    ['one to three servers', plan.servers >= 1 && plan.servers <= 3],
    ['a batch fits into what the API takes', plan.batchRecordsMax >= 1 && plan.batchRecordsMax <= 1_000],
    ['a page is not empty', plan.pageRecords === null || plan.pageRecords >= 1],
    ['fences come now and then', plan.fenceEvery >= 2],
    ['clients wait for an answer', plan.requestTimeoutMs >= 500],
    [
      'a stall may outlast a takeover with the checkpoint and the collection behind it',
      plan.profile === 'quiet' || Math.max(...faults.storeStallMs) > 2 * upkeepMs(tunables),
    ],
    ['the window is within what a fence skips', log.windowSlots >= 1 && log.windowSlots <= 64],
    ['retries begin before they are slowest', log.retryMsMin > 0 && log.retryMsMin <= log.retryMsMax],
    ['spans are not negative', Math.min(log.lingerMs, log.issueIntervalMs, plan.thinkMsMax, plan.restMs) >= 0],
    ['something may wait to be durable', tunables.undurableBytesMax > 0 && log.slotBytesMax > 0],
    ['checkpoints begin before appends wait for them', segments.unflushedBytesMax >= 2 * segments.flushBytes],
    ['segments are large enough to be asked for', Math.min(segments.flushBytes, segments.segmentBytesMax) >= 1024],
    ['pages and shared segments hold something', segments.pageRows >= 1 && segments.sharedSegmentsMax >= 1],
    ['upkeep has its intervals', Math.min(segments.flushIntervalMs, segments.retentionIntervalMs) >= 10],
    ['the engine has patience', tunables.patienceMs > 0],
    ['a replay reads at least one slot ahead', log.replayAheadSlots >= 1],
  ];
  for (const [name, value] of Object.entries(faults)) {
    if (!Array.isArray(value)) continue;
    const isList = name.endsWith('Ms') || name.endsWith('Ppm');
    const [n, d] = value as [number, number];
    claims.push([`${name} are odds`, isList || (value.length === 2 && n >= 0 && n <= d && d >= 1)]);
    claims.push([`${name} is never certain`, isList || n < d]);
  }
  const acts = [faults.crash, faults.pause, faults.partition, faults.outage, faults.clockStep].some(([n]) => n > 0);
  claims.push(['what the nemesis may do it gets to do', !acts || faults.nemesisTickMs > 0]);
  return claims.filter(([, holds]) => !holds).map(([claim]) => claim);
}

test.each(PROFILES)('%s draws only what is within range, for a thousand seeds', (profile) => {
  for (let seed = 0; seed < SEEDS; seed++) {
    expect(problemsOf(drawPlan(String(seed), profile, {})), `seed ${seed}`).toEqual([]);
  }
});

test('a name draws the same plan always, and its size is no part of the draw', () => {
  const plan = drawPlan('word', 'swarm', {});
  expect(drawPlan('word', 'swarm', {})).toEqual(plan);
  expect(drawPlan('word', 'swarm', { clients: 9, operationsPerClient: 1 })).toEqual({
    ...plan,
    clients: 9,
    operationsPerClient: 1,
  });
});

test('quiet has no faults, and only failover, storage, skew and swarm have more than one server', () => {
  for (let seed = 0; seed < 100; seed++) {
    expect(drawPlan(String(seed), 'quiet', {}).faults).toEqual(QUIET);
    for (const profile of ['quiet', 'lossy', 'crash', 'ambiguous'] as const) {
      expect(drawPlan(String(seed), profile, {}).servers).toBe(1);
    }
    for (const profile of ['failover', 'skew'] as const) expect(drawPlan(String(seed), profile, {}).servers).toBe(2);
    expect(drawPlan(String(seed), 'storage', {}).servers).toBeGreaterThan(1);
  }
});

test('the swarm switches each family on in about half of its runs, and meets every workflow with one server, two and three', () => {
  const families = [
    'netSplit',
    'blobTenfold',
    'listFails',
    'deleteIsPartial',
    'blobAnswersLate',
    'clockOffset',
  ] as const;
  const on = new Map<string, number>();
  const shapes = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const { faults, workflow, servers } = drawPlan(String(seed), 'swarm', {});
    for (const name of families) if (faults[name][0] > 0) on.set(name, (on.get(name) ?? 0) + 1);
    shapes.add(`${workflow} ${servers}`);
  }
  for (const name of families) {
    expect(on.get(name), name).toBeGreaterThan(SEEDS * 0.42);
    expect(on.get(name), name).toBeLessThan(SEEDS * 0.58);
  }
  expect(shapes.size).toBe(9);
});

test('every fault there is, is drawn by some profile', () => {
  const drawn = new Set<string>();
  for (const profile of PROFILES) {
    for (let seed = 0; seed < 50; seed++) {
      for (const [name, value] of Object.entries(drawPlan(String(seed), profile, {}).faults)) {
        if (JSON.stringify(value) !== JSON.stringify(QUIET[name as keyof typeof QUIET])) drawn.add(name);
      }
    }
  }
  const isFault = (name: string) => !/(Ms|Ppm|Max)$/.test(name);
  // How a cut is made is the same in every profile, and so is how many hosts list slowly where any may.
  const fixed = ['listIsSlowAt', 'partitionIsOneWay', 'partitionIsFromStore'];
  expect(Object.keys(QUIET).filter((name) => isFault(name) && !drawn.has(name))).toEqual(fixed);
});

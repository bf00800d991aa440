/** The metered client: it passes over an engine that is right, in runs that have it, and objects to figures that are not. */

import { describe, expect, test } from 'vitest';

import type { HttpRequest, HttpResponse } from '../../engine/index.ts';
import { drawPlan, type Profile } from '../plan.ts';
import { runSeed } from '../run-seed.ts';
import { Wire } from '../wire.ts';
import { UsageClient } from './client.ts';
import { USAGE_PROBES } from './crew.ts';
import { readsAreCounted } from './reads-counted.ts';

const PROFILES: readonly Profile[] = ['quiet', 'failover', 'storage', 'skew'];
const RUNS_PER_PROFILE = 2;

/** The first seeds whose runs have one. */
function seedsOf(profile: Profile): string[] {
  const seeds: string[] = [];
  for (let seed = 0; seeds.length < RUNS_PER_PROFILE; seed++) {
    if (drawPlan(String(seed), profile, {}).usage !== null) seeds.push(String(seed));
  }
  return seeds;
}

test('over faults, restarts, failovers, clocks and lives the figures agree with what was acknowledged and is there', async () => {
  const lit = new Set<string>();
  for (const profile of PROFILES) {
    for (const seed of seedsOf(profile)) {
      const { failure, probes } = await runSeed({ seed, profile, size: { clients: 1, operationsPerClient: 5 } });
      expect(failure, `${profile} ${seed}`).toBeNull();
      for (const [name, hits] of Object.entries(probes)) if (hits > 0) lit.add(name);
    }
  }
  const rare = new Set(['usage.awaited-count']);
  for (const probe of [...Object.keys(USAGE_PROBES), 'usage.logged', 'usage.trim-counted']) {
    if (!rare.has(probe)) expect(lit).toContain(probe);
  }
});

const YEAR_MS = 31_536_000_000;
const NOW_MS = 1e12;

interface Said {
  ops: number;
  bytes: number;
  reads: number;
  readBytes: number;
}
const NOTHING: Said = { ops: 0, bytes: 0, reads: 0, readBytes: 0 };

/** A server that acknowledges everything and tells the figures it is given, as of now. */
function clientOf(figures: Said, { back = 0, forward = 0, serverMs = NOW_MS, jump = () => {} } = {}) {
  const clock = { wallMs: () => NOW_MS, monoMs: () => 0, sleep: () => new Promise<void>(() => {}) };
  const asked: string[] = [];
  let reads = 0;
  const answer = (target: string): unknown => {
    const { pathname, searchParams: query } = new URL(target, 'http://n');
    if (query.has('seq_num')) reads++;
    if (!pathname.startsWith('/v1/metrics/')) return { tail: { seq_num: 1 }, records: [] };
    const [set, startS, endS] = [query.get('set') ?? '', Number(query.get('start')), Number(query.get('end'))];
    asked.push(`${startS}..${endS}`);
    if (endS - startS > 30 * 86_400) throw new Error('the range is too long');
    if (endS * 1000 > serverMs + 300_000) throw new Error('the range ends too late');
    const isNow = startS * 1000 <= serverMs && serverMs <= endS * 1000;
    const value = { 'append-ops': figures.ops, 'append-throughput': figures.bytes, 'read-ops': figures.reads }[set];
    const name = { 'append-ops': 'express', 'read-ops': 'unary' }[set] ?? set;
    if (set === 'read-throughput') jump();
    return { values: [{ accumulation: { name, values: isNow ? [[0, value ?? figures.readBytes]] : [] } }] };
  };
  const transport = (_: string, { target }: HttpRequest): Promise<HttpResponse> =>
    Promise.resolve({ status: 200, headers: new Map(), body: Buffer.from(JSON.stringify(answer(target))) });
  const wire = new Wire(transport, clock, { addresses: ['n'], roam: null, basin: 'b', timeoutMs: 5 });
  const world = { wallMs: () => serverMs, trueMs: clock.wallMs, jumps: () => ({ back, forward }) };
  const jumped = () => void forward++;
  return {
    client: new UsageClient(
      wire,
      'b',
      () => 0,
      world,
      () => 0,
    ),
    clock,
    asked,
    jumped,
    readsAsked: () => reads,
  };
}

describe('a server is caught that', () => {
  test.each<[string, Partial<Said>, string]>([
    ['forgets an append', { ops: 1 }, 'the server counts 1 appends, which are 2 to 2'],
    ['counts one twice', { ops: 3 }, 'the server counts 3 appends, which are 2 to 2'],
    ['counts other bytes', { bytes: 27 }, 'the server counts 27 appended bytes, which are 28 to 28'],
    ['counts reads nobody asked for', { reads: 2 }, 'the server counts 2 reads, which are 0 to 1'],
    ['counts bytes nobody read', { readBytes: 1 }, 'the server counts 1 bytes that were read, which are 0 to 0'],
  ])('%s', async (_, figures, objection) => {
    const { client } = clientOf({ ops: 2, bytes: 28, reads: 1, readBytes: 0, ...figures });
    for (const bytes of [5, 7]) await client.append(bytes);
    await client.read();
    await expect(client.compare()).rejects.toThrow(objection);
  });

  test('tells less than it told before', async () => {
    const figures = { ...NOTHING, ops: 1, bytes: 13 };
    const { client } = clientOf(figures);
    await client.append(5);
    expect(await client.compare()).toEqual({ appends: 1, appendedBytes: 13, reads: 0, readBytes: 0 });
    figures.ops = 0;
    await expect(client.compare()).rejects.toThrow('appends fell from 1 to 0');
  });

  test('tells of a basin what came before it was made again', async () => {
    const figures = { ...NOTHING, ops: 1, bytes: 13 };
    const { client } = clientOf(figures);
    await client.append(5);
    await client.compare();
    client.beginAnew();
    await expect(client.compare()).rejects.toThrow('the server counts 1 appends, which are 0 to 0');
    client.beginAnew();
    Object.assign(figures, NOTHING);
    expect(await client.compare()).toEqual({ appends: 0, appendedBytes: 0, reads: 0, readBytes: 0 });
  });

  test.each([
    ['counts no reads', 0, 0, 'of 3 reads of 0 bytes that were answered, 3 and 0 bytes are not counted'],
    ['counts them and then an owner dies', 0, 1, null],
    ['counts them late', 3, 0, null],
  ])('%s', async (_, reads, deaths, objection) => {
    const figures = { ...NOTHING };
    const { client, readsAsked } = clientOf(figures);
    let ms = 0;
    let served = 0;
    let lost: number | null = null;
    const sleep = (forMs: number) => {
      ms += forMs;
      if (deaths > 0) {
        // It dies with what it counted, and the next one counts at once.
        served = deaths;
        lost ??= readsAsked();
        figures.reads = readsAsked() - lost;
      } else if (ms > 5_000) figures.reads = reads;
      return Promise.resolve();
    };
    const clock = { monoMs: () => ms, wallMs: () => NOW_MS, sleep };
    const over = readsAreCounted(client, clock, { usageFlushMs: 10_000, served: () => served });
    if (objection === null) expect(await over).toBe(true);
    else await expect(over).rejects.toThrow(objection);
  });
});

describe('all of a life is asked for', () => {
  test.each([
    ['around true time where no clock was set', {}, [0]],
    ['and around other years where one was', { back: 1, forward: 2, serverMs: NOW_MS + 2 * YEAR_MS }, [-1, 0, 1, 2]],
    ['but not of a time to come', { back: 2, forward: 2, serverMs: NOW_MS - YEAR_MS }, [-2, -1]],
  ])('%s', async (_, clocks, years) => {
    const { client, asked } = clientOf({ ...NOTHING, ops: 1, bytes: 13 }, clocks);
    await client.append(5);
    expect(await client.compare()).toMatchObject({ appends: 1 });
    const ranges = [...new Set(asked)].map((range) => range.split('..').map((at) => Number(at) * 1000));
    const isIn = (ms: number) => ranges.filter(([start = 0, end = 0]) => start <= ms && ms <= end).length;
    expect(ranges).toHaveLength(years.length);
    for (const year of years) expect(isIn(NOW_MS + year * YEAR_MS)).toBe(1);
  });

  test('and nothing was said when a clock was set meanwhile', async () => {
    let jumped = () => {};
    const made = clientOf({ ...NOTHING, ops: 9 }, { jump: () => jumped() });
    jumped = made.jumped;
    expect(await made.client.compare()).toBeNull();
    jumped = () => {};
    await expect(made.client.compare()).rejects.toThrow('the server counts 9 appends');
  });
});

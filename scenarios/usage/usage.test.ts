/** The metered client: it passes over an engine that is right, in runs that have it, and objects to figures that are not. */

import { describe, expect, test } from 'vitest';

import type { HttpRequest, HttpResponse } from '../../engine/index.ts';
import { drawPlan, type Profile } from '../plan.ts';
import { runSeed } from '../run-seed.ts';
import { Wire } from '../wire.ts';
import { UsageClient } from './client.ts';

const PROFILES: readonly Profile[] = ['quiet', 'failover', 'storage'];
const RUNS_PER_PROFILE = 3;

/** The first seeds whose runs have one. */
function seedsOf(profile: Profile): string[] {
  const seeds: string[] = [];
  for (let seed = 0; seeds.length < RUNS_PER_PROFILE; seed++) {
    if (drawPlan(String(seed), profile, {}).usage !== null) seeds.push(String(seed));
  }
  return seeds;
}

test('over faults, restarts and failovers the figures agree with what was acknowledged and with what is there', async () => {
  const lit = new Set<string>();
  for (const profile of PROFILES) {
    for (const seed of seedsOf(profile)) {
      const { failure, probes } = await runSeed({ seed, profile, size: { clients: 1, operationsPerClient: 5 } });
      expect(failure, `${profile} ${seed}`).toBeNull();
      for (const [name, hits] of Object.entries(probes)) if (hits > 0) lit.add(name);
    }
  }
  for (const probe of ['usage.audited', 'usage.compared', 'usage.logged', 'usage.trim-counted']) {
    expect(lit).toContain(probe);
  }
});

/** A server that acknowledges everything and tells the figures it is given. */
function clientOf(figures: { ops: number; bytes: number; reads: number }) {
  const sums = (name: string, value: number) => ({
    values: [{ accumulation: { name, unit: 'operations', interval: 'hour', values: [[0, value]] } }],
  });
  const answer = (target: string): unknown => {
    if (target.includes('append-ops')) return sums('express', figures.ops);
    if (target.includes('append-throughput')) return sums('append-throughput', figures.bytes);
    if (target.includes('read-ops')) return sums('unary', figures.reads);
    return { tail: { seq_num: 1 } };
  };
  const transport = (_: string, { target }: HttpRequest): Promise<HttpResponse> =>
    Promise.resolve({ status: 200, headers: new Map(), body: Buffer.from(JSON.stringify(answer(target))) });
  const clock = { wallMs: () => 1e12, monoMs: () => 0, sleep: () => new Promise<void>(() => {}) };
  const wire = new Wire(transport, clock, { addresses: ['n'], roam: null, basin: 'b', timeoutMs: 5 });
  return new UsageClient(wire, 'b', { below: () => 0, wallMs: clock.wallMs });
}

describe('a server is caught that', () => {
  test.each([
    ['forgets an append', { ops: 1, bytes: 28, reads: 0 }, 'the server counts 1 appends, which are 2 to 2'],
    ['counts one twice', { ops: 3, bytes: 28, reads: 0 }, 'the server counts 3 appends, which are 2 to 2'],
    ['counts other bytes', { ops: 2, bytes: 27, reads: 0 }, 'the server counts 27 appended bytes, which are 28 to 28'],
    ['counts reads nobody asked for', { ops: 2, bytes: 28, reads: 1 }, 'the server counts 1 reads, which are 0 to 0'],
  ])('%s', async (_, figures, objection) => {
    const client = clientOf(figures);
    for (const bytes of [5, 7]) await client.append(bytes);
    await expect(client.compare()).rejects.toThrow(objection);
  });

  test('tells less than it told before', async () => {
    const figures = { ops: 1, bytes: 13, reads: 0 };
    const client = clientOf(figures);
    await client.append(5);
    expect(await client.compare()).toBe(true);
    figures.ops = 0;
    await expect(client.compare()).rejects.toThrow('express fell from 1 to 0');
  });
});

/** One run by name: equal names give equal records, and every profile works. */

import { describe, expect, test } from 'vitest';
import { checkExtendedStream, parseExtended, parseHistory } from '../checker/index.ts';
import { PROFILES } from './plan.ts';
import { runSeed } from './run-seed.ts';

const size = { clients: 3, operationsPerClient: 20 };

describe('a run', () => {
  test('is the same record whenever it is repeated, whatever ran in between', async () => {
    const first = await runSeed({ seed: 'word', profile: 'swarm', size, record: true });
    for (let i = 0; i < 5; i++) await runSeed({ seed: String(i), profile: 'failover', size });
    expect(await runSeed({ seed: 'word', profile: 'swarm', size, record: true })).toEqual(first);
  });

  test('has the same trace whether it is recorded or not', async () => {
    const recorded = await runSeed({ seed: '3', profile: 'failover', size, record: true });
    const bare = await runSeed({ seed: '3', profile: 'failover', size });
    expect(bare.traceHash).toBe(recorded.traceHash);
    expect(bare.tracks).toEqual([]);
  });

  test('is written in our own format too, with who answered, what acknowledgements tell and why appends were refused', async () => {
    const { extendedHistory = '' } = await runSeed({ seed: '8', profile: 'failover', size, record: true });
    const parsed = parseExtended(extendedHistory);
    if (parsed.kind === 'malformed') return expect.unreachable(parsed.message);
    expect(parsed.header).toEqual({ seed: '8', profile: 'failover' });
    expect(checkExtendedStream(parsed.history)).toMatchObject({ verdict: 'ok' });
    const kinds = new Set(parsed.history.map((event) => (event.type === 'return' ? event.return.kind : 'call')));
    expect([...kinds]).toEqual(expect.arrayContaining(['append-acked', 'append-rejected']));
    expect(new Set(parsed.history.map(({ node }) => node))).toEqual(new Set([undefined, 'node-1', 'node-2']));
  });

  test('writes with each event when and where it was, in which session, and how often it was tried', async () => {
    const { extendedHistory = '' } = await runSeed({ seed: '1', profile: 'swarm', record: true });
    const parsed = parseExtended(extendedHistory);
    if (parsed.kind === 'malformed') return expect.unreachable(parsed.message);
    const { header, history } = parsed;
    expect(header).toEqual({ seed: '1', profile: 'swarm' });
    expect(history.every(({ atMs }) => atMs !== undefined)).toBe(true);
    expect(history.some(({ node }) => node === 'node-1')).toBe(true);
    expect(history.some(({ session }) => session === 'w1/1')).toBe(true);
    expect(history.some((event) => event.type === 'call' && 'turn' in event.call)).toBe(true);
    expect(history.map(({ attempt }) => attempt)).toEqual(expect.arrayContaining([undefined, 1, 2]));
    expect(checkExtendedStream(history)).toMatchObject({ verdict: 'ok' });
  });

  test('differs with the seed, and with the profile', async () => {
    const names = [
      ['1', 'crash'],
      ['2', 'crash'],
      ['1', 'skew'],
    ] as const;
    const hashes = new Set<string>();
    for (const [seed, profile] of names) hashes.add((await runSeed({ seed, profile, size })).traceHash);
    expect(hashes.size).toBe(3);
  });

  test('of an unknown profile is refused with the known ones', async () => {
    await expect(runSeed({ seed: '1', profile: 'nice' })).rejects.toThrow(/quiet, lossy/);
  });

  test.each(PROFILES)('under %s passes, and its history reads back', async (profile) => {
    for (const seed of ['1', '2']) {
      const run = await runSeed({ seed, profile, size, record: true });
      expect(run.failure).toBeNull();
      expect(run.counts.operations).toBeGreaterThanOrEqual(63);
      expect(parseHistory(run.historyLines.join('\n')).kind).toBe('history');
    }
  });
});

/** Results of runs as tests of sweeps have them: one that came to its end well, but for what the test says, and the head of their file. */

import type { RunCounts, SeedResult } from '../../run.ts';

const COUNTS: RunCounts = {
  operations: 10,
  appendsDurable: 0,
  appendsRejected: 0,
  appendsUnknown: 0,
  reads: 0,
  checkTails: 0,
  faults: 0,
};

export function seedResult({
  counts,
  ...changes
}: Partial<Omit<SeedResult, 'counts'>> & { counts?: Partial<RunCounts> } = {}): SeedResult {
  return {
    scenario: 's',
    seed: '1',
    profile: 'quiet',
    plant: null,
    repro: 'repro line',
    failure: null,
    traceHash: 'h',
    events: 100,
    simulatedMs: 1,
    counts: { ...COUNTS, ...counts },
    probes: {},
    wallMs: 5,
    ...changes,
  };
}

export const RESULTS_HEAD = {
  format: 'tailrace-results/2',
  scenario: 's',
  build: 'abc',
  plant: null,
  nodeVersion: 'v24',
  startedAt: '2026-01-01T00:00:00.000Z',
  machine: 'm',
  size: {},
  range: { from: 0, end: 9, profiles: ['quiet', 'lossy'], shard: 0, shards: 2 },
} as const;

/** Results of runs as tests of sweeps have them: one that came to its end well, but for what the test says. */

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

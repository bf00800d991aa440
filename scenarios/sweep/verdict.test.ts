/** One verdict for the summary and the exit code. */

import { expect, test } from 'vitest';
import type { SeedResult, SweepRecord } from '../run.ts';
import { summaryText } from './summary.ts';
import { seedResult } from './testing/seed-result.ts';
import { verdictOf } from './verdict.ts';

const result = (changes: Partial<SeedResult> = {}) => seedResult({ probes: { 'a.b': 1 }, ...changes });

function record(results: readonly SeedResult[], fields: Partial<SweepRecord> = {}): SweepRecord {
  return {
    format: 'tailrace-sweep/1',
    scenario: 's',
    runsPlanned: null,
    build: '',
    nodeVersion: '',
    startedAt: '',
    wallMs: 1,
    jobs: 1,
    results,
    probes: [
      { name: 'a.b', sentence: 'lit', required: true, row: null },
      { name: 'c.d', sentence: 'dark', required: true, row: null },
    ],
    judgesProbes: false,
    harnessErrors: [],
    ...fields,
  };
}

const failure = { kind: 'liveness', signature: 's', message: 'm', opIds: [] } as const;
const harnessErrors = [{ seed: '1', profile: 'quiet', message: 'm', repro: '' }];
const many = Array.from({ length: 3_000 }, (_, i) => result({ profile: i % 2 === 0 ? 'quiet' : 'crash' }));

test.each([
  ['ok', record([result()])],
  ['failed', record([result(), result({ failure })], { harnessErrors })],
  ['harness errors', record([result()], { harnessErrors })],
  ['nothing ran', record([])],
  ['interrupted', record([result()], { interruptedBy: 'SIGINT' })],
  ['failed', record([result({ failure })], { interruptedBy: 'SIGINT' })],
  ['probes dark', record(many)],
  ['ok', record(many.map((run) => ({ ...run, probes: { 'a.b': 1, 'c.d': 1 } })))],
  ['ok', record(many.map((run) => ({ ...run, profile: 'quiet' })))],
] as const)('%s is said by the verdict and by the summary', (verdict, sweep) => {
  expect(verdictOf(sweep)).toBe(verdict);
  const said = summaryText(sweep).toLowerCase();
  expect(said.trimStart()).toMatch(new RegExp(`^\\W*(\\[\\d+m)?${verdict}`));
});

/** What `sim probes` says of a sweep. */

import { expect, test } from 'vitest';
import { probeTable } from './probe-table.ts';
import { probeCatalogue } from './probes.ts';
import type { SweepRecord } from './run.ts';
import { seedResult } from './sweep/testing/seed-result.ts';

const RECORD: SweepRecord = {
  format: 'tailrace-sweep/1',
  scenario: 's',
  build: 'b',
  nodeVersion: 'v24',
  startedAt: '2026-01-01T00:00:00.000Z',
  wallMs: 1,
  jobs: 1,
  runsPlanned: 3,
  results: [
    seedResult({ seed: '1', watermarks: { 'deepest.pipeline': 2 }, probes: { 'log.fenced': 1 } }),
    seedResult({ seed: '2', watermarks: { 'deepest.pipeline': 7 }, probes: { 'log.fenced': 2 } }),
    seedResult({ seed: '3', watermarks: { 'deepest.pipeline': 7 } }),
    // Of a build that kept none.
    seedResult({ seed: '4' }),
  ],
  probes: probeCatalogue(),
  judgesProbes: false,
  harnessErrors: [],
};

test('a probe is told with its hits and its first seed, a watermark with the furthest run, and what stayed dark as dark', () => {
  const text = probeTable(RECORD);
  expect(text).toMatch(/^log\.fenced +3 {2}1\/quiet /m);
  expect(text).toMatch(/^fault\.swizzle +0 {2}DARK, required/m);
  expect(text).toMatch(/^deepest\.pipeline +7 {2}2\/quiet /m);
  expect(text).toMatch(/^longest\.pause-survived-ms +0 {2}dark /m);
});

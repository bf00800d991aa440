/** The trend of past sweeps on the page. */

import { expect, test } from 'vitest';
import type { Night } from '../scenarios/run.ts';
import { newSignatures, trendSection } from './trend.ts';

function night(day: number, changes: Partial<Night> = {}): Night {
  const startedAt = `2026-01-0${day}T02:17:00.000Z`;
  return {
    startedAt,
    build: 'abc',
    runs: 1000 * day,
    failed: 0,
    signatures: [],
    harnessErrors: 0,
    probesLit: 5,
    probes: 6,
    runsPerSecond: 80,
    ...changes,
  };
}

test('one night is no trend', () => {
  expect(trendSection([])).toBeNull();
  expect(trendSection([night(1)])).toBeNull();
});

test('a failure is new in the first night that has it, and in no later one', () => {
  const nights = [
    night(1),
    night(2, { signatures: ['liveness: s'] }),
    night(3, { signatures: ['liveness: s', 'unknown: t'] }),
  ];
  expect(nights.map((one) => newSignatures(one, nights))).toEqual([[], ['liveness: s'], ['unknown: t']]);
});

test('the newest night stands first, with what is new in it as text', () => {
  const page = trendSection([night(1), night(2, { failed: 1, signatures: ['invariant: <script>'] })])?.markup ?? '';
  expect(page.indexOf('2026-01-02')).toBeLessThan(page.indexOf('2026-01-01'));
  expect(page).toContain('invariant: &lt;script&gt;');
  expect(page).not.toContain('<script>');
});

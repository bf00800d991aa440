/**
 * The rules behind "What the trace shows" hold in runs that pass, whatever fails around a right engine. With
 * `EVIDENCE_SEEDS=20` in so many runs of every profile.
 */

import { expect, test } from 'vitest';
import { parseHistory } from '../checker/index.ts';
import { evidenceOf } from '../reports/evidence.ts';
import { eventTimesOf, operationsOf } from '../reports/operations.ts';
import { PROFILES } from './plan.ts';
import { runSeed } from './run-seed.ts';

const seeds = process.env['EVIDENCE_SEEDS'];
const profiles = seeds === undefined ? ['crash', 'failover', 'storage'] : PROFILES;

test('the trace of a run that passes shows nothing wrong', { timeout: 3_600_000 }, async () => {
  const found: string[] = [];
  let committed = 0;
  for (const profile of profiles) {
    for (let seed = 0; seed < Number(seeds ?? 1); seed++) {
      const { historyLines, tracks, marks = [] } = await runSeed({ seed: String(seed), profile, record: true });
      const parsed = parseHistory(historyLines.join('\n'));
      if (parsed.kind === 'malformed') throw new Error(parsed.message);
      const operations = operationsOf(parsed.history);
      const timesMs = eventTimesOf(parsed.history);
      committed += marks.filter(([, , name]) => name === 'log.slot.committed').length;
      const evidence = evidenceOf({ operations, timesMs, tracks, marks, guilty: [] });
      found.push(...evidence.map((sentence) => `${seed}/${profile}: ${sentence}`));
    }
  }
  expect(found).toEqual([]);
  expect(committed).toBeGreaterThan(20);
});

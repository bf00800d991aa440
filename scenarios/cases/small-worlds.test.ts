/** Every run of a tiny world with one thing gone wrong passes. Two things at once are for the night: `tailrace sim exhaust`. */

import { expect, test } from 'vitest';
import { enumerate } from '../../sim/index.ts';
import { runSeed } from '../run-seed.ts';
import { runCase } from './case.ts';
import { replay } from './replay-check.ts';
import { simcaseOf } from './simcase.ts';
import { caseOfDeviations, deviationsText, enumerationText, exhaust, SMALL_WORLDS } from './small-worlds.ts';

test.each(Object.entries(SMALL_WORLDS))('%s: all runs with at most one deviation pass', async (name, world) => {
  const found = await exhaust(world, 1, 500);
  expect(found.failures).toEqual([]);
  expect(found.isComplete).toBe(true);
  expect(found.runs).toBeGreaterThan(20);
  expect(enumerationText(name, found, 1)).toContain(
    `${name}: ${found.runs} runs, all there are with at most 1 deviations`,
  );
});

test('a run of the enumeration is a case that is repeated from its file', async () => {
  const world = SMALL_WORLDS['takeover']!;
  let runs = 0;
  // Its trace instead of what is wrong with it, of the first few with one deviation.
  const run = async (choices: Parameters<Parameters<typeof enumerate>[0]['run']>[0]) => {
    const { plan } = world;
    const { traceHash } = await runSeed({ seed: 'small', profile: plan.profile, plan, world: { choices } });
    return runs++ === 0 ? null : traceHash;
  };
  const found = await enumerate({ looksAt: world.looksAt, deviationsMax: 1, runsMax: 4, run });
  expect(found.failures).toHaveLength(3);
  for (const { deviations, message } of found.failures) {
    const made = caseOfDeviations(world, deviations);
    const again = await runCase(made);
    expect(again.record.traceHash).toBe(message);
    const written = simcaseOf({ case: made, run: again, build: 'here', notes: '' });
    expect(await replay(written)).toMatchObject({ isSameTrace: true });
  }
});

test('an enumeration that met failures does not claim what hangs on them', () => {
  const failures = [{ deviations: [], message: 'invariant: it broke' }];
  const found = { runs: 1, covered: [{ deviations: 0, done: 1, known: 1 }], isComplete: true, failures };
  expect(enumerationText('takeover', found, 1)).toMatch(
    /^takeover: 1 runs, all there are with at most 1 deviations, but for those that add to one that failed\n/,
  );
  expect(deviationsText(failures[0]!)).toBe('FAILED with no deviation\n  invariant: it broke');
});

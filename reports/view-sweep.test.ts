import { describe, expect, test } from 'vitest';
import type { SeedResult, SweepRecord } from '../scenarios/run.ts';
import { wordsOf } from './failure-groups.ts';
import { sweepBody } from './sweep-page.ts';
import { fakeSweep } from './testing/fake-run.ts';
import { viewSweep } from './view-sweep.ts';

const PASSED = fakeSweep({ seeds: 40 });

function failing(seed: string, operations: number, signature = 'stale tail'): SeedResult {
  const [result] = PASSED.results;
  if (result === undefined) throw new Error('the sweep has results');
  const failure = { kind: 'linearizability' as const, signature, message: 'm', opIds: [] };
  return { ...result, seed, failure, counts: { ...result.counts, operations } };
}

describe('the verdict of a sweep', () => {
  test('is good only if nothing failed, hung or stayed dark', () => {
    expect(viewSweep({ ...PASSED, probes: [] }).verdict).toEqual({
      tone: 'good',
      headline: 'All 40 runs passed',
      reasons: [],
    });
    const harnessErrors = [{ seed: '1', profile: 'quiet', message: 'hung', repro: 'again' }];
    expect(viewSweep({ ...PASSED, probes: [], harnessErrors }).verdict.tone).toBe('bad');
    expect(viewSweep({ ...PASSED, probes: [], results: [] }).verdict).toMatchObject({
      tone: 'bad',
      headline: 'Nothing ran',
    });
  });

  test('is bad when a required probe stayed dark, although every run passed', () => {
    const probes = [{ name: 'never', sentence: 's', required: true, row: null }];
    expect(viewSweep({ ...PASSED, probes }).verdict).toEqual({
      tone: 'bad',
      headline: 'The sweep failed',
      reasons: ['1 required probe stayed dark'],
    });
  });

  test('is undecided when the only trouble is a checker that gave up', () => {
    const [result] = PASSED.results;
    if (result === undefined) throw new Error('the sweep has results');
    const failure = { kind: 'unknown' as const, signature: 'budget', message: 'm', opIds: [] };
    const view = viewSweep({ ...PASSED, probes: [], results: [{ ...result, failure }] });
    expect(view.verdict).toMatchObject({ tone: 'undecided', reasons: ['1 run could not be decided'] });
    expect(view.profiles[0]).toMatchObject({ failed: 0, undecided: 1 });
  });
});

describe('a sweep that goes on', () => {
  test('praises nothing, and misses no probe that its end may still light', () => {
    const probes = [{ name: 'never', sentence: 's', required: true, row: null }];
    const view = viewSweep({ ...PASSED, probes, runsPlanned: 90 }, { goesOn: true });
    expect(view.verdict).toEqual({ tone: 'undecided', headline: '40 runs so far, none failed', reasons: [] });
    expect(view.probes[0]?.state).toBe('dark');
    expect(view.progress).toEqual({ done: 40, planned: 90 });
  });

  test('is bad from the first failure on', () => {
    const view = viewSweep({ ...PASSED, results: [failing('1', 5)] }, { goesOn: true });
    expect(view.verdict).toMatchObject({ tone: 'bad', headline: '1 of 1 run failed' });
  });
});

describe('what ran', () => {
  test('is told by the range of seeds, the end excluded, and by machines, equal ones together', () => {
    const { about } = viewSweep({ ...PASSED, machines: ['b', 'a', 'b'] });
    expect(about).toMatchObject({ seeds: '0..40', machines: ['a', '2 × b'] });
    expect(viewSweep({ ...PASSED, results: [] }).about).toMatchObject({ seeds: null, machines: [] });
  });
});

describe('planted bugs', () => {
  test('stand with the median of their tries, those that survived one first', () => {
    const plants = [
      { plant: 'easy', seeds: [1, 3, 2], convicted: 'invariant: x' },
      { plant: 'hard', seeds: [90, 10, 40, 20], convicted: 'liveness: y' },
      { plant: 'lucky', seeds: [5, null, 7], convicted: 'invariant: z' },
      { plant: 'gone', seeds: [null], convicted: null },
    ];
    const rows = viewSweep(PASSED, { plants }).plants;
    expect(rows.map(({ plant, medianSeeds, mostSeeds, missed }) => [plant, medianSeeds, mostSeeds, missed])).toEqual([
      ['gone', null, null, 1],
      ['lucky', 7, null, 1],
      ['hard', 20, 90, 0],
      ['easy', 2, 3, 0],
    ]);
  });
});

describe('failures', () => {
  test('are grouped by signature, the most frequent first, the smallest case first', () => {
    const results = [failing('9', 80), failing('10', 20), failing('3', 20), failing('4', 5, 'slot reused')];
    const { failures, verdict } = viewSweep({ ...PASSED, results });
    expect(failures.map(({ signature, count }) => [signature, count])).toEqual([
      ['stale tail', 3],
      ['slot reused', 1],
    ]);
    expect(failures[0]?.seeds.map(({ seed }) => seed)).toEqual(['3', '10', '9']);
    expect(verdict.headline).toBe('4 of 4 runs failed');
  });

  test('are told once: by the message where the signature is that with its values blanked, else by both', () => {
    const words = (signature: string, message: string) => {
      const result = failing('1', 5, signature);
      const failure = { kind: 'invariant' as const, signature, message, opIds: [] };
      const [group] = viewSweep({ ...PASSED, results: [{ ...result, failure }] }).failures;
      return group === undefined ? null : wordsOf(group);
    };
    const once = 'Slot 14 was issued twice by wal/3 (on node-1 at 30 ms)';
    expect(words('Slot # was issued twice by …', `${once}\nmore`)).toEqual({ heading: once, text: 'more' });
    const explained = 'A check-tail answered 31 after 37.';
    expect(words('stale-tail', explained)).toEqual({ heading: 'stale-tail', text: explained });
    expect(words('f(#) [x', 'f(1) [x')).toEqual({ heading: 'f(1) [x', text: '' });
  });

  test('beyond ten of a kind are counted, not listed', () => {
    const results = Array.from({ length: 25 }, (_, i) => failing(String(i), 50));
    const [group] = viewSweep({ ...PASSED, results }).failures;
    expect([group?.seeds.length, group?.omitted]).toEqual([10, 15]);
  });

  test('link to their history page, but never to a script', () => {
    const results = [failing('1', 5), failing('2', 6), failing('3', 7), failing('4', 8)];
    const runLinks = {
      '1/quiet': 'runs/1 a.html',
      '2/quiet': ' JavaScript:alert(1)',
      '3/quiet': 'java\nscript:alert(1)',
    };
    const hrefs = viewSweep({ ...PASSED, results }, { runLinks }).failures[0]?.seeds.map(({ href }) => href);
    expect(hrefs).toEqual(['runs/1 a.html', null, null, null]);
  });
});

describe('probes', () => {
  test('stand dark ones first, required ones above all, each with the first seed that lit it', () => {
    const [one] = PASSED.results;
    if (one === undefined) throw new Error('the sweep has results');
    const results = [
      { ...one, seed: '10', probes: { common: 4 } },
      { ...one, seed: '2', probes: { common: 3, rare: 1 } },
    ];
    const probe = (name: string, required: boolean) => ({ name, sentence: 's', required, row: null });
    const probes = [probe('common', true), probe('rare', true), probe('optional', false), probe('wanted', true)];
    const rows = viewSweep({ ...PASSED, results, probes }).probes;
    expect(rows.map(({ name, state, hits, runs, first }) => [name, state, hits, runs, first?.seed])).toEqual([
      ['wanted', 'missing', 0, 0, undefined],
      ['optional', 'dark', 0, 0, undefined],
      ['rare', 'lit', 1, 1, '2'],
      ['common', 'lit', 7, 2, '2'],
    ]);
  });
});

test('a sweep too small to judge probes has not failed because of one that stayed dark', () => {
  const probes = [{ name: 'rare', sentence: 's', required: true, row: null }];
  expect(viewSweep({ ...PASSED, probes }).verdict.tone).toBe('bad');
  expect(viewSweep({ ...PASSED, probes, judgesProbes: false }).verdict.tone).toBe('good');
});

describe('required probes', () => {
  const probes = [
    { name: 'rare', sentence: 's', required: true, row: null },
    { name: 'append.durable', sentence: 's', required: true, row: null },
  ];

  /** What a reader sees: tags gone, blanks as one. */
  const read = (sweep: SweepRecord): string =>
    sweepBody(viewSweep(sweep))
      .markup.replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ');

  test('are missing where they fail the sweep, and nowhere else', () => {
    const judged = viewSweep({ ...PASSED, probes });
    expect([judged.verdict.tone, judged.probes[0]?.state, judged.required.notAsked]).toEqual(['bad', 'missing', null]);
    const small = viewSweep({ ...PASSED, probes, judgesProbes: false });
    expect([small.verdict.tone, small.probes[0]?.state]).toEqual(['good', 'dark']);
    expect(small.required).toEqual({ lit: 1, probes: 2, notAsked: 'not asked of so few runs' });
    const [one] = PASSED.results;
    const alone = viewSweep({ ...PASSED, probes, judgesProbes: false, results: one === undefined ? [] : [one] });
    expect(alone.required.notAsked).toBe('not asked of one profile alone');
  });

  test('of a sweep too small to ask for them raise no alarm, and the banner does not deny that some are dark', () => {
    const small = read({ ...PASSED, probes, judgesProbes: false });
    expect(small).toContain('No failure, no harness error. 1 of 2 required probes lit; not asked of so few runs.');
    expect(small).toContain('dark, not asked here');
    expect(small).not.toMatch(/no required probe dark|required, dark/);
    expect(read({ ...PASSED, probes })).toContain('required, dark');
  });
});

test('the order in which workers finished changes nothing', () => {
  const sweep = fakeSweep({ seeds: 60, failing: 6 });
  expect(viewSweep({ ...sweep, results: sweep.results.toReversed() })).toEqual(viewSweep(sweep));
});

test('the view does not grow with the number of seeds', () => {
  const size = (seeds: number): number => JSON.stringify(viewSweep(fakeSweep({ seeds, failing: 20 }))).length;
  expect(size(4000)).toBeLessThan(size(400) * 1.2);
});

test('profiles add up to the whole', () => {
  const { profiles, totals } = viewSweep(PASSED);
  expect(profiles.reduce((sum, { operations }) => sum + operations, 0)).toBe(totals.operations);
  expect(profiles.reduce((sum, { runs }) => sum + runs, 0)).toBe(40);
});

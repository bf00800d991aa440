/** What is made of a sweep: results that survive an interruption, shards merged, JUnit, issues, nights. */

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SeedResult } from '../run.ts';
import { issuesOf, summaryMarkdown } from './github.ts';
import { junitXml } from './junit.ts';
import { mergeResults } from './merge.ts';
import { addNight, nightOf, readNights } from './nights.ts';
import { parseResults, ResultsFile } from './results-file.ts';
import { signatureGroups } from './signatures.ts';
import { RESULTS_HEAD, seedResult } from './testing/seed-result.ts';

const folder = mkdtempSync(join(tmpdir(), 'tailrace-sweep-'));
const head = RESULTS_HEAD;

function result(seed: number, changes: Parameters<typeof seedResult>[0] = {}): SeedResult {
  return seedResult({ seed: String(seed), repro: `again ${seed}`, ...changes });
}

const failure = { kind: 'liveness', signature: 'no <end>', message: 'who & why\u0007', opIds: [] } as const;

describe('a results file', () => {
  test('is gone on with where it ends, though its last line was cut short', () => {
    const path = join(folder, 'resumed.jsonl');
    const first = new ResultsFile(path, head);
    expect(first.before).toBeNull();
    first.result(result(1));
    first.end(1_000, 2);
    appendFileSync(path, '{"result":{"seed":"2","pro');
    const second = new ResultsFile(path, head);
    expect(second.has({ seed: '1', profile: 'quiet' })).toBe(true);
    expect(second.has({ seed: '2', profile: 'quiet' })).toBe(false);
    second.result(result(2));
    second.end(500, 2);
    expect(parseResults(readFileSync(path, 'utf8'))).toMatchObject({
      wallMs: 1_500,
      results: [{ seed: '1' }, { seed: '2' }],
    });
  });

  test.each([
    [{ build: 'def' }, 'of build abc, not of build def'],
    [{ plant: 'no-fence' }, 'of the engine as it is, not of the planted bug no-fence'],
    [{ nodeVersion: 'v26' }, 'of Node v24, not of Node v26'],
    [{ size: { operationsPerClient: 3 } }, 'of runs of the size they draw, not of runs of --ops 3'],
    [{ range: { ...head.range, end: 5 } }, 'of seeds 0..9, not of seeds 0..5'],
    [{ range: { ...head.range, shard: 1 } }, 'of shard 0/2, not of shard 1/2'],
    [{ range: { ...head.range, profiles: ['quiet'] } }, 'of 2 profiles, not of profile quiet'],
  ])('of another sweep is not gone on with: %j', (changes, why) => {
    const path = join(folder, 'other.jsonl');
    rmSync(path, { force: true });
    new ResultsFile(path, head).result(result(1));
    expect(() => new ResultsFile(path, { ...head, ...changes })).toThrow(`it is ${why}: `);
  });

  test('has to say that it is one', () => {
    const path = join(folder, 'none.jsonl');
    writeFileSync(path, '{}\n');
    expect(() => new ResultsFile(path, head)).toThrow(/tailrace-results/);
  });
});

describe('shards', () => {
  const part = (...results: SeedResult[]) => ({
    file: `${results.length}.jsonl`,
    head,
    results,
    harnessErrors: [],
    wallMs: 10,
    jobs: 2,
  });

  test('merge into one sweep, each run once, in the order of seeds', () => {
    const merged = mergeResults([part(result(10), result(2)), part(result(3), result(2))]);
    expect(merged.results.map(({ seed }) => seed)).toEqual(['2', '3', '10']);
    expect(merged).toMatchObject({ wallMs: 10, jobs: 4, build: 'abc' });
  });

  test.each([
    [{ build: 'def' }, 'build def'],
    [{ plant: 'no-fence' }, 'the planted bug no-fence'],
    [{ size: { clients: 2 } }, 'runs of --clients 2'],
  ])('of different programs do not: %j', (changes, why) => {
    const other = { ...part(), file: 'other.jsonl', head: { ...head, ...changes } };
    expect(() => mergeResults([part(), other])).toThrow(`other.jsonl of ${why}: they do not belong together`);
    expect(() => mergeResults([])).toThrow(/nothing/);
  });

  test('have a harness error once, and none of a run that was done in another sitting', () => {
    const broken = (seed: string) => ({ seed, profile: 'quiet', message: 'no answer for 1 s', repro: '' });
    const first = { ...part(result(1)), harnessErrors: [broken('2'), broken('3')] };
    const second = { ...part(result(2)), harnessErrors: [broken('3')] };
    expect(mergeResults([first, second]).harnessErrors).toEqual([broken('3')]);
    expect(mergeResults([second, first]).harnessErrors).toEqual([broken('3')]);
  });

  test('do not when a run came out in two ways, whichever of them failed', () => {
    const [passed, failed] = [part(result(7)), part(result(3), result(7, { failure, traceHash: 'g' }))];
    const told = 'came out in two ways: 1.jsonl has trace h, ok, 2.jsonl has trace g, liveness: no <end>';
    expect(() => mergeResults([passed, failed])).toThrow(`seed 7 of quiet ${told}`);
    expect(() => mergeResults([failed, passed])).toThrow('came out in two ways');
    expect(() => mergeResults([passed, part(result(7, { failure }))])).toThrow('came out in two ways');
  });
});

describe('failures', () => {
  const small = result(2, { failure, counts: { operations: 3 }, wallMs: 9 });
  const fast = result(3, { failure, wallMs: 1 });
  const record = mergeResults([
    { file: 'f', head, results: [result(1), small, fast], harnessErrors: [], wallMs: 10, jobs: 1 },
  ]);

  test('are one group per signature, with the smallest case and the fastest seed', () => {
    expect(signatureGroups(record)).toMatchObject([{ count: 2, smallest: { seed: '2' }, fastest: { seed: '3' } }]);
  });

  test('are failed test cases of JUnit, with nothing in them that XML can not hold', () => {
    const xml = junitXml(record);
    expect(xml).toContain('tests="2" failures="2" errors="0"');
    expect(xml).toMatch(/name="3 seeds under quiet" time="[\d.]+">\n {4}<failure message="2 of 3 runs failed"\/>/);
    expect(xml).toContain('message="2 runs; smallest: again 2"');
    expect(xml).toContain('liveness: no &lt;end&gt;');
    expect(xml).toContain('who &amp; why?');
  });

  test('fail the profile they are of and no other, with the number of it', () => {
    const results = [result(1, { failure }), result(2, { profile: 'lossy' })];
    const xml = junitXml({ ...record, results });
    expect(xml).toContain('tests="3" failures="2" errors="0"');
    expect(xml).toMatch(/name="1 seed under quiet" time="[\d.]+">\n {4}<failure message="1 of 1 run failed"\/>/);
    expect(xml).toMatch(/name="1 seed under lossy" time="[\d.]+"\/>/);
    expect(xml).toContain('message="1 run; smallest: again 1"');
  });

  test('have an issue each, found again by its mark, and a row of the summary', () => {
    const [issue] = issuesOf(record);
    expect(issue?.body).toContain(issue?.mark);
    expect(issue?.body).toContain('again 2');
    expect(summaryMarkdown(record)).toContain('| liveness: no <end> | 2 | `again 2` |');
  });

  test('of the harness, and probes that stayed dark, have an issue of their own', () => {
    const harnessErrors = [{ seed: '4', profile: 'quiet', message: 'no answer\nat all', repro: 'again 4' }];
    const [issue] = issuesOf({ ...record, results: [result(1)], harnessErrors });
    expect(issue).toMatchObject({ mark: 'tailrace-sweep: harness errors', title: 'sweep: harness errors' });
    expect(issue?.body).toContain('1 run told nothing.\n\n- `again 4`: no answer at all');
    expect(issue?.body).toContain(`<!-- ${issue?.mark} -->`);
    const many = Array.from({ length: 3_000 }, (_, i) => result(i, { profile: i % 2 === 0 ? 'quiet' : 'lossy' }));
    expect(issuesOf({ ...record, results: many })).toMatchObject([{ title: 'sweep: probes dark' }]);
    expect(issuesOf({ ...record, results: [result(1)] })).toEqual([]);
  });

  test('are counted in the history of nights, which grows by a line', () => {
    const path = join(folder, 'nights.jsonl');
    expect(readNights(path)).toEqual([]);
    const night = nightOf(record);
    addNight(path, { ...night, startedAt: '2025-12-31' });
    addNight(path, { ...night, runs: 2 });
    // The same results, merged again: one night.
    expect(addNight(path, night)).toMatchObject([
      { startedAt: '2025-12-31' },
      { startedAt: head.startedAt, runs: 3, failed: 2, signatures: ['liveness: no <end>'] },
    ]);
    appendFileSync(path, '{"startedAt":"20');
    expect(readNights(path)).toHaveLength(2);
  });

  test('are not counted in a file that is something else', () => {
    const path = join(folder, 'notes.md');
    for (const text of ['# Notes', '# Notes\nand more\n', '{"result":{"seed":"1"}}\n']) {
      writeFileSync(path, text);
      expect(() => addNight(path, nightOf(record))).toThrow('no history of nights: line 1');
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });
});

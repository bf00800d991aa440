/** What an exploration promises: it can be repeated, its runs stand alone, and it goes on from what is rare and cheap. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Choices, KeyedSource, runKeys } from '../../sim/index.ts';
import { runCase } from '../cases/case.ts';
import { PROFILES } from '../plan.ts';
import { SITES } from '../plan-draw.ts';
import { probeCatalogue } from '../probes.ts';
import { comparisonText, type Measured } from './compare.ts';
import { Corpus } from './corpus.ts';
import { Coverage, type Specimen } from './coverage.ts';
import { Explorer } from './explore.ts';
import { type Genome, planOf } from './genome.ts';
import { GROUPS, mutantOf } from './mutate.ts';
import { Paths } from './paths.ts';

const TINY = { clients: 1, operationsPerClient: 1 };
const PROBES = probeCatalogue().map(({ name }) => name);

function explorer(seed: number): Explorer {
  return new Explorer({ seed, profiles: ['quiet'], size: TINY, isGuided: true, blindFirst: 1 });
}

function genome(seed: string): Genome {
  return { profile: 'swarm', seed, genes: null };
}

/** A run that lit the probes of these numbers, without having been run. */
function specimen(seed: string, events: number, probes: readonly number[]): Specimen {
  const lit = Object.fromEntries(probes.map((index) => [PROBES[index] as string, 1]));
  return { genome: genome(seed), genes: planOf(genome(seed), {}).genes, probes: lit, events };
}

function dice(seed: string): Choices {
  return new Choices(new KeyedSource(runKeys(seed, 'test')));
}

describe('an exploration', () => {
  test('does the same runs again, mutants too, and another one does others', async () => {
    const traces = async (seed: number, runs: number) => {
      const exploring = explorer(seed);
      const done = [];
      for (let i = 0; i < runs; i++) done.push(await exploring.next());
      return done.map(({ isMutant, record }) => ({ isMutant, traceHash: record.traceHash }));
    };
    const first = await traces(1, 3);
    expect(first.some(({ isMutant }) => isMutant)).toBe(true);
    expect(await traces(1, 3)).toEqual(first);
    expect((await traces(2, 1))[0]).not.toEqual(first[0]);
  });

  test('leaves cases that repeat a mutant without it', async () => {
    const exploring = explorer(3);
    let mutant = await exploring.next();
    while (!mutant.isMutant) mutant = await exploring.next();
    const { seed } = mutant.genome;
    const again = await runCase({ seed, plan: mutant.plan, choices: { kind: 'generated' } });
    expect(again.record.traceHash).toBe(mutant.record.traceHash);
  });
});

describe('a plan', () => {
  test('drawn from its own draws is the same plan under any seed', () => {
    for (const profile of PROFILES) {
      const { plan, genes } = planOf({ ...genome('7'), profile }, {});
      expect(planOf({ profile, seed: '8', genes }, {}).plan).toEqual(plan);
      expect(planOf({ ...genome('8'), profile }, {}).plan).not.toEqual(plan);
    }
  });

  test('has what is missing drawn by the seed', () => {
    expect(planOf({ ...genome('8'), genes: [] }, {}).plan).toEqual(planOf(genome('8'), {}).plan);
  });
});

describe('coverage', () => {
  test('counts pairs in whatever order, and one probe by powers of two of its hits', () => {
    const coverage = new Coverage();
    expect(coverage.add(specimen('1', 10, [0, 1, 2]))).toBe(6);
    expect(coverage.add(specimen('2', 10, [2, 0]))).toBe(0);
    const thrice = { ...specimen('3', 10, [0]), probes: { [PROBES[0] as string]: 3 } };
    expect(coverage.add(thrice)).toBe(1);
  });

  test('keeps the run of fewest events for each combination, and no run that is the cheapest of nothing', () => {
    const coverage = new Coverage();
    for (const run of [specimen('1', 30, [0, 1]), specimen('2', 20, [0]), specimen('3', 25, [0])]) coverage.add(run);
    expect(coverage.specimens().map((run) => run.genome.seed)).toEqual(['2', '1']);
  });
});

describe('a mutant', () => {
  test('may take over each draw of a plan, together with those it belongs to', () => {
    const sites = Object.values(SITES).map(({ name }) => name);
    expect(GROUPS.flat().toSorted()).toEqual(sites.toSorted());
  });

  test('mostly goes on from what is rare', () => {
    const coverage = new Coverage();
    for (let i = 0; i < 50; i++) coverage.add(specimen(`common-${i}`, 10, [0, 1, 2]));
    coverage.add({ ...specimen('rare', 10, [3, 4]), genome: { profile: 'skew', seed: 'rare', genes: null } });
    const mutants = Array.from({ length: 20 }, (_, i) => mutantOf(coverage, dice(`${i}`), `new-${i}`));
    expect(mutants.filter(({ profile }) => profile === 'skew').length).toBeGreaterThan(10);
  });

  test('has dice of its own, and each of its draws from a parent or from its seed', () => {
    const parents = [specimen('1', 10, [0]), specimen('2', 10, [1])];
    const coverage = new Coverage();
    for (const parent of parents) coverage.add(parent);
    for (let i = 0; i < 30; i++) {
      const mutant = mutantOf(coverage, dice(`${i}`), `new-${i}`);
      expect(mutant.seed).toBe(`new-${i}`);
      const known = new Set(parents.flatMap(({ genes }) => genes));
      expect(mutant.genes?.every((gene) => known.has(gene))).toBe(true);
      expect(mutant.genes?.length).toBeGreaterThan(0);
      planOf(mutant, {});
    }
  });
});

describe('a corpus', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'corpus-'));
    file = join(folder, 'deep', 'genomes.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is read as it was written, is empty when there is none, and says which line is no run', () => {
    expect(new Corpus(file).next()).toBeNull();
    const coverage = new Coverage();
    coverage.add(specimen('1', 10, [0]));
    expect(new Corpus(file).write(coverage)).toBe(1);
    const read = new Corpus(file);
    expect([read.next(), read.next()]).toEqual([genome('1'), null]);
    writeFileSync(file, '{"profile":"swarm","seed":"1","genes":null}\n{"profile":"calm"}\n');
    expect(() => new Corpus(file)).toThrow('line 2');
    writeFileSync(file, '{"profile":"swarm","seed":"1","genes":[{}]}\n');
    expect(() => new Corpus(file)).toThrow('line 1');
  });

  test('keeps what a short exploration did not come to', () => {
    const coverage = new Coverage();
    coverage.add(specimen('1', 10, [0]));
    coverage.add(specimen('2', 10, [1]));
    new Corpus(file).write(coverage);
    const interrupted = new Corpus(file);
    const done = interrupted.next()!;
    const found = new Coverage();
    found.add(specimen(done.seed, 10, [0]));
    found.add(specimen('3', 10, [2]));
    expect(interrupted.write(found)).toBe(3);
    const after = new Corpus(file);
    const seeds = [after.next(), after.next(), after.next()].map((kept) => kept?.seed);
    expect(new Set(seeds)).toEqual(new Set(['1', '2', '3']));
  });
});

describe('the comparison', () => {
  test('counts a way of three things once a run, in order, of servers alone, whatever is repeated', () => {
    const paths = new Paths();
    for (const names of [
      ['a', 'a', 'b', 'c'],
      ['a', 'b', 'b', 'c'],
      ['c', 'b', 'a'],
    ]) {
      const { hear, end } = paths.ofRun();
      for (const name of names) hear(name, 'node-1');
      hear('a', 'client-1');
      end();
    }
    // Three each, with nothing before the first two.
    expect(paths.known).toBe(6);
  });

  test('takes a failure that never came for later than any that came', () => {
    const measured = (failure: [string, number][]): Measured => ({
      ...{ runs: 1, combinations: 10, paths: 5, failedRuns: failure.length },
      firstFailures: new Map(failure),
    });
    const options = { seed: 1, tries: 3, events: 100, profiles: [], size: {} };
    const blind = [measured([]), measured([['seldom', 9]]), measured([['lost', 50]])];
    const guided = [measured([['lost', 20]]), measured([]), measured([['lost', 40]])];
    const text = comparisonText({ options, blind, guided });
    expect(text).toMatch(/never\s+40\s+- {2}events to "lost"/);
    expect(text).not.toContain('seldom');
  });
});

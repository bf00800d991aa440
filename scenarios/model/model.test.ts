/** The storage protocol as a model: sound as a whole, broken without any one of its rules. */

import { describe, expect, test } from 'vitest';
import { lossBehindAStrayFence, SCHEDULES, shiftingListings } from './directed.ts';
import { EMPTY, firstGap, foldData, physicalHash } from './fold.ts';
import { measure } from './measure.ts';
import { type MutantName, MUTANTS } from './mutants.ts';
import type { Data, Entry } from './objects.ts';
import { SITUATIONS } from './situations.ts';
import { walk } from './walk.ts';

const STEPS = 1_500;
const SOUND_RUNS = 3_000;
const MUTANT_RUNS = 2_000;

describe('random walks', () => {
  test('the sound protocol breaks no claim, and the walks reach every rare situation it has a rule for', () => {
    const figures = measure({ firstSeed: 1, runs: SOUND_RUNS, steps: STEPS });
    expect(figures.broken).toEqual([]);
    expect(SITUATIONS.filter((situation) => !figures.reached.has(situation))).toEqual([]);
  });

  test('a walk is a function of its seed', () => {
    expect(walk({ seed: 7, steps: STEPS })).toEqual(walk({ seed: 7, steps: STEPS }));
    expect(walk({ seed: 7, steps: STEPS })).not.toEqual(walk({ seed: 8, steps: STEPS }));
  });

  const searched = MUTANTS.filter(({ hidden }) => !hidden).map(({ what, name }) => [what, name] as const);
  test.each(searched)(`a protocol that %s is caught within ${MUTANT_RUNS} walks`, (_, name) => {
    const figures = measure({ firstSeed: 1, runs: MUTANT_RUNS, steps: STEPS, mutant: name, stopsEarly: true });
    expect(figures.runsToDetection).toBeDefined();
  });
});

describe('directed schedules', () => {
  test('every mutant that hides from random search has a schedule', () => {
    const hidden = MUTANTS.filter(({ hidden: hides }) => hides).map(({ name }) => name);
    expect(Object.keys(SCHEDULES).sort()).toEqual(hidden.sort());
  });

  test.each(Object.entries(SCHEDULES))('the schedule for %s breaks the mutant and not the protocol', (name, play) => {
    expect(play(undefined).violation).toBeUndefined();
    expect(play(name as MutantName).violation).toBeDefined();
  });

  test('a loss behind a stray fence is answered as indefinite', () => {
    const { reached, definite } = lossBehindAStrayFence(undefined);
    expect(reached.get('stale fence in a collected slot')).toBe(1);
    expect(reached.get('loss left indefinite for a publication')).toBe(1);
    expect(definite).toBe(0);
  });

  test('listings that show nothing of what comes and goes do not fool a taker', () => {
    const { reached, violation, fencesWon } = shiftingListings(undefined);
    expect(violation).toBeUndefined();
    expect(reached.get('listing that missed the newest publication')).toBeGreaterThan(0);
    expect(fencesWon).toBe(2);
  });
});

describe('the fold', () => {
  const data = (slot: number, ...entries: Entry[]): Data => ({ kind: 'data', slot, epoch: 1, identity: 1, entries });
  const segment = (name: string, first: number, next: number) => ({ name, epoch: 1, first, next });
  const install = (frozenAt: number, name: string, first: number, next: number): Entry => ({
    type: 'install',
    frozenAt,
    checkpoint: `checkpoint-${frozenAt}`,
    segments: [segment(name, first, next)],
    wholeList: [],
  });
  const log = [
    data(2, { type: 'append', first: 0, op: 10 }),
    data(3, { type: 'append', first: 1, op: 11 }),
    data(4, install(2, 'a', 0, 1), install(3, 'b', 1, 2)),
    data(5, { type: 'append', first: 2, op: 12 }),
    data(6, { type: 'edit', removed: ['a', 'b'], added: [segment('ab', 0, 2)] }),
    data(7, install(5, 'c', 2, 3)),
  ];
  const folded = log.reduce((state, object) => foldData(state, object, false), EMPTY);

  test('INSTALL leaves an EDIT alone that came after its checkpoint was frozen', () => {
    expect(folded.segments.map(({ name }) => name)).toEqual(['ab', 'c']);
    expect(folded.chunks).toEqual([]);
    expect(firstGap(folded)).toBeUndefined();
  });

  test('replay from a checkpoint that holds its INSTALL already ends in the same state', () => {
    const frozen = log.slice(0, 4).reduce((state, object) => foldData(state, object, false), EMPTY);
    const checkpoint = foldData(frozen, data(5, install(5, 'c', 2, 3)), false);
    const replayed = log.slice(4).reduce((state, object) => foldData(state, object, false), checkpoint);
    expect(physicalHash(replayed)).toBe(physicalHash(folded));
    expect(replayed).toEqual(folded);
  });

  test('an INSTALL that is not above the installed one changes nothing', () => {
    expect(foldData(folded, data(8, install(3, 'b', 1, 2)), false)).toEqual(folded);
  });

  test('a record that no segment and no chunk holds is found, and one that two hold', () => {
    expect(firstGap({ ...folded, segments: folded.segments.slice(1) })).toBe(0);
    expect(firstGap({ ...folded, segments: [...folded.segments, segment('again', 1, 3)] })).toBe(1);
    expect(firstGap({ ...folded, segments: [], trim: folded.count })).toBeUndefined();
  });
});

/** Cases: spelled out, written, read again and replayed, they are the run they were made of. */

import { beforeAll, describe, expect, test } from 'vitest';
import { drawPlan, PROFILES } from '../plan.ts';
import { type Case, type CaseRun, runCase } from './case.ts';
import { firstDifference } from './diff.ts';
import { lanes } from './explain.ts';
import { planShape } from './plan-shape.ts';
import { replay } from './replay-check.ts';
import { caseOf, flatOf, parseSimcase, type Simcase, simcaseOf } from './simcase.ts';
import { simplerSteps, simplestPlan } from './simpler-plans.ts';

const size = { clients: 2, operationsPerClient: 4 };
const plan = { ...drawPlan('7', 'lossy', size), sdkClients: 0 };
const generated: Case = { seed: '7', plan, choices: { kind: 'generated' } };

let run: CaseRun;
let simcase: Simcase;
beforeAll(async () => {
  run = await runCase(generated);
  simcase = parseSimcase(JSON.stringify(simcaseOf({ case: generated, run, build: 'here', notes: '' })));
});

describe('a case', () => {
  test('replayed by key is the run it was recorded from, byte for byte', async () => {
    const report = await replay(simcase);
    expect(report).toMatchObject({ verdict: 'pass', isSameTrace: true, dark: [], moved: null });
    expect(report.run.record.traceHash).toBe(run.record.traceHash);
  });

  test('replayed in order is that run, too', async () => {
    const flat = await runCase({ ...caseOf(simcase), choices: { kind: 'flat', recording: flatOf(simcase) } });
    expect(flat.record.traceHash).toBe(run.record.traceHash);
    expect(flat.misalignment).toBeNull();
  });

  test('of a build that asks for other choices names the first site that moved', async () => {
    // As if this build asked for one choice less than the one that made the case.
    const sites = simcase.flat.sites.map((entry) => [...entry] as [number, number]);
    const outcomes = [[0, 1] as const, ...simcase.flat.runs];
    const changed: Simcase = {
      ...simcase,
      expect: { ...simcase.expect, traceHash: '0'.repeat(16) },
      flat: {
        siteNames: ['gone.site', ...simcase.flat.siteNames],
        runs: outcomes,
        sites: [[0, 1], ...sites.map(([site, n]) => [site + 1, n] as [number, number])],
      },
    };
    const { moved } = await replay(changed);
    expect(moved).toMatch(/^choice 0 was recorded at gone\.site and is now asked for at /);
  });

  test('without any of its choices is the dullest run there is', async () => {
    const dull = await runCase({ ...generated, choices: { kind: 'keyed', lively: [] } });
    expect(dull.lively).toEqual([]);
    expect(dull.record.failure).toBeNull();
    expect(dull.record.counts.faults).toBe(0);
  });

  test('parts from another one at a line that can be looked at', async () => {
    expect(await firstDifference(generated, caseOf(simcase))).toBeNull();
    const difference = await firstDifference(generated, { ...generated, choices: { kind: 'keyed', lively: [] } });
    expect(difference?.left).not.toBe(difference?.right);
    expect(difference?.line).toBeGreaterThan(1);
  });

  test('of a build that knew fewer faults and crews has none of the new ones', async () => {
    const { swizzle: _swizzle, ...faults } = simcase.plan.faults;
    const { side: _side, ...older } = simcase.plan;
    const replayed = await replay({ ...simcase, plan: { ...older, faults } as typeof simcase.plan });
    expect(replayed).toMatchObject({ verdict: 'pass', isSameTrace: true });
  });

  test('that is none is refused with the reason', () => {
    expect(() => parseSimcase('{')).toThrow(/no JSON/);
    expect(() => parseSimcase('{}')).toThrow(/no simulator case/);
    expect(() => parseSimcase('null')).toThrow(/no simulator case/);
  });

  test('of another format is refused with the build that can replay it', () => {
    const other = JSON.stringify({ ...simcase, format: 'tailrace-simcase/2', build: 'abc' });
    expect(() => parseSimcase(other)).toThrow(/of format 2, .* format 1: replay it with the Tailrace .*, build abc/);
  });

  test.each([
    ['plan.profile', ['plan', 'profile'], '?'],
    ['plan.tunables', ['plan', 'tunables'], undefined],
    ['plan.tunables: patienceMs', ['plan', 'tunables', 'patienceMs'], 1],
    ['plan.faults', ['plan', 'faults'], null],
    ['plan.faults.putLosesReply', ['plan', 'faults', 'putLosesReply'], 'x'],
    ['plan.faults.putLosesReply', ['plan', 'faults', 'putLosesReply'], [3, 2]],
    ['plan.faults.lateEffectMs', ['plan', 'faults', 'lateEffectMs'], []],
    ['plan.clients', ['plan', 'clients'], 'xx'],
    ['plan.clients', ['plan', 'clients'], -1],
    ['plan.weather', ['plan', 'weather'], 'rain'],
    ['lively', ['lively'], undefined],
    ['lively[0]', ['lively', 0], null],
    ['lively[0].outcome', ['lively', 0, 'outcome'], -5],
    ['flat.sites', ['flat', 'sites'], undefined],
    ['flat.runs[0][1]', ['flat', 'runs', 0, 1], 1e12],
    ['expect', ['expect'], undefined],
    ['expect.probes', ['expect', 'probes'], [1]],
    ['seed', ['seed'], 7],
  ] as const)('whose %s does not fit is refused with that path', (path, where, value) => {
    const broken = JSON.parse(JSON.stringify(simcase));
    const parent = where.slice(0, -1).reduce((of, name) => of[name], broken);
    parent[where.at(-1)!] = value;
    expect(() => parseSimcase(JSON.stringify(broken))).toThrow(path);
  });

  test('is drawn as lanes: a column per client, an edge per event, and every word of it', () => {
    const rows = lanes(run.history, [], []);
    expect(rows[0]).toMatch(/ms {2}client \d+ +client \d+/);
    expect(rows.filter((row) => /[┌└]/.test(row))).toHaveLength(run.history.length);
    const words = rows.join(' ').split(/\s+/);
    const notes = run.history.flatMap(({ note = '' }) => note.split(' '));
    expect(notes.some((note) => note.length > 0)).toBe(true);
    expect(notes.filter((word) => word.length < 20 && word !== '' && !words.includes(word))).toEqual([]);
  });
});

test('a simpler plan needs no crew, no fault and one operation, and can still be run', async () => {
  const simplest = simplestPlan('swarm');
  expect(simplest).toMatchObject({ clients: 1, operationsPerClient: 1, servers: 1, side: null, control: null });
  expect(simplerSteps(simplest)).toEqual([]);
  const { record } = await runCase({ seed: '3', plan: simplest, choices: { kind: 'keyed', lively: [] } });
  expect(record.failure).toBeNull();
});

test('every plan that is drawn has the shape of one', () => {
  for (const profile of PROFILES) {
    for (let seed = 0; seed < 5; seed++) {
      const drawn = drawPlan(String(seed), profile, {});
      expect(() => planShape(JSON.parse(JSON.stringify(drawn)), 'plan'), `${seed}/${profile}`).not.toThrow();
    }
  }
});

/** Thinned dice: dull at muted sites, dull but for one in so many elsewhere, and what is left is what the generator said. */

import { expect, test } from 'vitest';
import { Choices, defineSite, KeyedSource, OVERDUE, runKeys } from '../../sim/index.ts';
import { drawPlan } from '../plan.ts';
import { runCase } from './case.ts';
import { ThinDice } from './thin-dice.ts';

const LOUD = defineSite('test.loud', 'what is seldom dull');
const MUTE = defineSite('test.mute', 'what is muted');
const THROWS = 2_000;

function thrown(oneIn: number): { loud: number[]; mute: number[] } {
  const dice = new ThinDice(new KeyedSource(runKeys('7', 'quiet')), { oneIn, muted: new Set([MUTE.name]) });
  const choices = new Choices(dice);
  const of = (site: typeof LOUD) => Array.from({ length: THROWS }, () => choices.choose(site, 'x', 1_000));
  return { loud: of(LOUD), mute: of(MUTE) };
}

test('a muted site is dull, and of the others one decision in so many is left, as it was', () => {
  const [all, few] = [thrown(1), thrown(8)];
  expect(new Set([...all.mute, ...few.mute])).toEqual(new Set([0]));
  const left = few.loud.filter((outcome) => outcome !== 0).length;
  expect(left).toBeGreaterThan(THROWS / 12);
  expect(left).toBeLessThan(THROWS / 6);
  for (const [index, outcome] of few.loud.entries()) expect([0, all.loud[index]]).toContain(outcome);
});

test('a run of thinned dice is the same once its decisions are spelled out', async () => {
  const plan = drawPlan('7', 'crash', { clients: 2, operationsPerClient: 4 });
  const thinness = { oneIn: 3, muted: new Set(['net.latency']) };
  const thinned = await runCase({ seed: '7~1', plan, choices: { kind: 'thinned', thinness } });
  expect(thinned.lively.length).toBeGreaterThan(0);
  const keyed = await runCase({ seed: '7~1', plan, choices: { kind: 'keyed', lively: thinned.lively } });
  expect(keyed.record.traceHash).toBe(thinned.record.traceHash);
});

test('a run ends with the first decision beyond those it was given', async () => {
  const plan = drawPlan('7', 'crash', { clients: 2, operationsPerClient: 4 });
  const whole = await runCase({ seed: '7', plan, choices: { kind: 'generated' } });
  const { record, lively } = await runCase({ seed: '7', plan, choices: { kind: 'generated' } }, { decisionsMax: 20 });
  expect(whole.record.failure).toBeNull();
  expect(record.failure?.message).toContain(OVERDUE);
  expect(lively.slice(0, 21)).toEqual(whole.lively.slice(0, 21));
  expect(record.events).toBeLessThan(whole.record.events);
});

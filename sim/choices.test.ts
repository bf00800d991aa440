import { describe, expect, test } from 'vitest';
import { Choices, defineSite, KeyedSource, runKeys } from './choices.ts';

const FIRST = defineSite('test.first', 'the first thing');
const SECOND = defineSite('test.second', 'the second thing');

function choices(seed = '1', profile = 'p'): Choices {
  return new Choices(new KeyedSource(runKeys(seed, profile)));
}

function throws(count: number, choose: () => number): number[] {
  return Array.from({ length: count }, choose);
}

describe('choices', () => {
  test('the same seed and profile give the same outcomes, another of either gives others', () => {
    const draw = (c: Choices): number[] => throws(50, () => c.choose(FIRST, 'a', 1000));
    expect(draw(choices('7', 'p'))).toEqual(draw(choices('7', 'p')));
    expect(draw(choices('7', 'p'))).not.toEqual(draw(choices('8', 'p')));
    expect(draw(choices('7', 'p'))).not.toEqual(draw(choices('7', 'q')));
  });

  test('a draw added at one site moves no draw of another site or entity', () => {
    const plain = choices();
    const expected = throws(20, () => plain.choose(SECOND, 'a', 1000));
    const busy = choices();
    const got = throws(20, () => {
      busy.choose(FIRST, 'a', 6);
      busy.choose(SECOND, 'b', 6);
      return busy.choose(SECOND, 'a', 1000);
    });
    expect(got).toEqual(expected);
  });

  test('outcomes stay within their bound and reach all of it evenly', () => {
    const c = choices();
    for (const bound of [2, 3, 7, 100]) {
      const hits = Array.from({ length: bound }, () => 0);
      for (let i = 0; i < bound * 1000; i++) hits[c.choose(FIRST, `bound ${bound}`, bound)]!++;
      for (const hit of hits) expect(Math.abs(hit - 1000)).toBeLessThan(200);
    }
  });

  test('a bound that is no power of two is not lopsided even when it is huge', () => {
    const c = choices();
    const bound = 3 * 2 ** 29;
    let low = 0;
    for (let i = 0; i < 6000; i++) if (c.choose(FIRST, 'huge', bound) < 2 ** 29) low++;
    expect(Math.abs(low - 2000)).toBeLessThan(200);
  });

  test('odds are kept, zero never happens and costs no draw, one always happens', () => {
    const c = choices();
    let hits = 0;
    for (let i = 0; i < 20_000; i++) if (c.chance(FIRST, 'a', [3, 100])) hits++;
    expect(Math.abs(hits - 600)).toBeLessThan(100);
    const before = c.count;
    expect(c.chance(FIRST, 'b', [0, 5])).toBe(false);
    expect(c.count).toBe(before);
    expect(c.chance(FIRST, 'b', [5, 5])).toBe(true);
  });

  test('weights are kept and a weight of zero never comes', () => {
    const c = choices();
    const hits = [0, 0, 0, 0];
    for (let i = 0; i < 10_000; i++) hits[c.choose(FIRST, 'w', 4, [5, 0, 3, 2])]!++;
    expect(hits[1]).toBe(0);
    expect(Math.abs(hits[0]! - 5000)).toBeLessThan(300);
    expect(Math.abs(hits[3]! - 2000)).toBeLessThan(300);
  });

  test('a choice between more than a draw can tell apart, or between none, is an error and no endless search', () => {
    const choices = new Choices(new KeyedSource(runKeys('1', 'test')));
    const site = defineSite('test.bound', 'how far');
    for (const bound of [2 ** 53, 2 ** 32 + 1, 0, -1, Number.NaN]) {
      expect(() => choices.choose(site, 'entity', bound)).toThrow(/test\.bound is asked for one of/);
    }
    expect(choices.choose(site, 'entity', 2 ** 32)).toBeLessThan(2 ** 32);
  });

  test('every outcome is recorded flat, and those that were not dull with their names', () => {
    const c = choices();
    const outcomes = throws(30, () => c.choose(FIRST, 'a', 3));
    expect(c.flat()).toEqual(outcomes);
    const lively = outcomes.flatMap((outcome, ordinal) => (outcome === 0 ? [] : [{ ordinal, outcome }]));
    expect(c.keyed()).toEqual(
      lively.map(({ ordinal, outcome }) => ({
        site: 'test.first',
        sentence: 'the first thing',
        entity: 'a',
        ordinal,
        outcome,
      })),
    );
  });

  test('bytes that must not repeat do not, and are no choices', () => {
    const c = choices();
    const seen = new Set<string>();
    for (let i = 0; i < 5000; i++) {
      seen.add(String(c.unrepeated('node-1', i)));
      seen.add(String(c.unrepeated('node-2', i)));
    }
    expect(seen.size).toBe(10_000);
    expect(c.count).toBe(0);
  });

  test('the keys are the same on every machine', () => {
    expect(runKeys('7', 'swarm')).toEqual(runKeys('7', 'swarm'));
    const c = choices('7', 'swarm');
    expect(throws(8, () => c.choose(FIRST, 'a', 100))).toMatchInlineSnapshot(`
      [
        53,
        8,
        99,
        32,
        51,
        71,
        43,
        11,
      ]
    `);
  });
});

/** The plain search on a register, the smallest model there is, and on what Porcupine gets wrong. */

import { describe, expect, test } from 'vitest';
import { type Model, type NondeterministicModel, type Operation, toModel } from '../../wgl/model.ts';
import { searchPlainly } from './plain-wgl.ts';
import { hasLinearization } from '../permutations.ts';
import { type Dice, seededRandom } from '../random.ts';

type Input = { write: number } | { read: true };
type Op = Operation<Input & { key?: string }, number | null>;

/** An integer register that begins as 0; the output of a write is null. */
const register: Model<number, Input, number | null> = {
  init: () => 0,
  step: (state, input, output) => {
    if ('write' in input) return { legal: true, state: input.write };
    return output === state ? { legal: true, state } : { legal: false, reason: `the register holds ${state}` };
  },
  hash: (state) => state,
};

const write = (clientId: number, value: number, call: number, end: number): Op => ({
  clientId,
  input: { write: value },
  output: null,
  call,
  return: end,
});
const read = (clientId: number, value: number, call: number, end: number): Op => ({
  clientId,
  input: { read: true },
  output: value,
  call,
  return: end,
});

describe('the plain search on a register', () => {
  test('accepts reads that see a concurrent write and reads that do not, and tells the order', () => {
    const operations = [write(1, 100, 0, 100), read(2, 100, 25, 75), read(3, 0, 30, 60)];
    const { verdict, partitions } = searchPlainly(register, operations);
    expect(verdict).toBe('ok');
    expect(partitions[0]!.partialLinearizations).toEqual([[2, 0, 1]]);
  });

  test('refuses a value that was there and is gone again', () => {
    const operations = [write(1, 200, 0, 100), read(2, 200, 10, 30), read(3, 0, 40, 90)];
    expect(searchPlainly(register, operations).verdict).toBe('illegal');
  });

  test('treats intervals as closed: a call at the very moment of a return overlaps it', () => {
    const operations = [write(1, 1, 0, 10), read(2, 0, 10, 20)];
    expect(searchPlainly(register, operations).verdict).toBe('ok');
    expect(searchPlainly(register, [write(1, 1, 0, 10), read(2, 0, 11, 20)]).verdict).toBe('illegal');
  });

  test('an operation that never returns may take effect at any later time', () => {
    const never = Number.POSITIVE_INFINITY;
    const operations = [write(1, 1, 0, never), write(3, 2, 0, never), read(2, 0, 5, 6), read(2, 1, 7, 8)];
    expect(searchPlainly(register, operations).verdict).toBe('ok');
  });

  test('keeps for every operation the longest legal order that contains it', () => {
    const operations = [write(1, 1, 0, 10), read(2, 7, 20, 30), write(3, 2, 0, 100)];
    const { verdict, partitions } = searchPlainly(register, operations);
    expect(verdict).toBe('illegal');
    expect(partitions[0]!.partialLinearizations).toEqual([[0, 2]]);
  });

  test('says unknown when its steps are spent, and how many that were', () => {
    const operations = [write(1, 200, 0, 100), read(2, 200, 10, 30), read(3, 0, 40, 90)];
    expect(searchPlainly(register, operations, { stepsMax: 2 })).toMatchObject({ verdict: 'unknown', steps: 2 });
  });

  test('judges partitions by themselves and stops at the first illegal one', () => {
    const keyed: Model<number, Op['input'], number | null> = {
      ...register,
      partition: (operations) => [operations.slice(0, 1), operations.slice(1, 3), operations.slice(3)],
    };
    const bad = [write(1, 1, 0, 1), write(2, 2, 0, 1), read(2, 1, 2, 3), write(3, 3, 0, 1)];
    const result = searchPlainly(keyed, bad);
    expect(result.verdict).toBe('illegal');
    expect(result.partitions.map((part) => part.verdict)).toEqual(['ok', 'illegal']);
  });

  test('an empty history is ok', () => {
    expect(searchPlainly(register, [])).toMatchObject({ verdict: 'ok', steps: 0 });
  });

  test('agrees with the permutation search on random registers with lost writes, and twice in a row', () => {
    // A write may be lost: nondeterministic, hence sets of states.
    const lossy: NondeterministicModel<number, Input, number | null> = {
      init: () => [0],
      step: (state, input, output) => ('write' in input ? [state, input.write] : output === state ? [state] : []),
    };
    const tally = { ok: 0, illegal: 0 };
    for (let seed = 0; seed < 4_000; seed++) {
      const operations = randomRegisterHistory(seededRandom(seed));
      const expected = hasLinearization(lossy, operations) ? 'ok' : 'illegal';
      tally[expected]++;
      const first = searchPlainly(toModel(lossy), operations);
      expect(first.verdict, `seed ${seed}`).toBe(expected);
      expect(searchPlainly(toModel(lossy), operations)).toEqual(first);
    }
    expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(400);
  });
});

function randomRegisterHistory(dice: Dice): Op[] {
  return Array.from({ length: dice.between(1, 7) }, (_, clientId) => {
    const call = dice.below(12);
    const end = call + dice.below(6);
    return dice.chance(1, 2) ? write(clientId, dice.below(3), call, end) : read(clientId, dice.below(3), call, end);
  });
}

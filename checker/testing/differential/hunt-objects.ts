/** Looks for a history of a register or of a key-value store on which WGL+ and the permutation search disagree. */

import { type KeyValueInput, keyValueModel, wholeKeyValueModel } from '../../models/key-value.ts';
import { casRegisterModel, type RegisterInput, type Value } from '../../models/register.ts';
import type { Outcome } from '../../models/outcome.ts';
import { checkOperations } from '../../wgl/check-operations.ts';
import { type Model, type Operation, toNondeterministic } from '../../wgl/model.ts';
import { hasLinearization } from '../permutations.ts';
import { seededRandom } from '../random.ts';
import { type Pretence, smallOperations } from '../small-operations.ts';

const OPERATIONS_MAX = 7;

/** Seeds from..to-1. */
interface Seeds {
  from: number;
  to: number;
}

/** The first seed with a disagreement, or null. */
export function huntRegisters(seeds: Seeds): number | null {
  const model = casRegisterModel(0);
  return huntObjects(seeds, REGISTER, model, model);
}

/** The same, of WGL+ key by key beside permutations of the whole. */
export function huntKeyValues(seeds: Seeds): number | null {
  return huntObjects(seeds, KEY_VALUE, keyValueModel(), wholeKeyValueModel());
}

function huntObjects<S, T, I, V>(
  { from, to }: Seeds,
  pretence: Pretence<unknown, I, V>,
  model: Model<S, I, Outcome<V>>,
  oracle: Model<T, I, Outcome<V>>,
): number | null {
  for (let seed = from; seed < to; seed++) {
    const operations = smallOperations(seededRandom(seed), pretence, OPERATIONS_MAX);
    const isLegal = hasLinearization(toNondeterministic(oracle), operations);
    if (saidOf(model, operations) !== (isLegal ? 'ok' : 'illegal')) return seed;
  }
  return null;
}

/** An exception is an answer too, which agrees with none. */
function saidOf<S, I, O>(model: Model<S, I, O>, operations: readonly Operation<I, O>[]): string {
  try {
    return checkOperations(model, operations).verdict;
  } catch (error) {
    return (error as Error).message;
  }
}

const REGISTER: Pretence<unknown, RegisterInput, Value> = {
  initial: 0,
  draw: (dice) => {
    if (dice.chance(1, 2)) return { op: 'read' };
    const value = dice.below(3);
    return dice.chance(1, 2) ? { op: 'write', value } : { op: 'cas', from: dice.below(3), to: value };
  },
  answer: (state, input) => {
    if (input.op === 'read') return { value: state as Value, state };
    if (input.op === 'write') return { value: input.value, state: input.value };
    return { value: state === input.from, state: state === input.from ? input.to : state };
  },
};

const KEY_VALUE: Pretence<unknown, KeyValueInput, string | null> = {
  initial: '',
  draw: (dice) => {
    if (dice.chance(1, 2)) return { op: 'get', key: 'a' };
    return { op: dice.chance(1, 4) ? 'put' : 'append', key: 'a', value: `${dice.below(3)}` };
  },
  answer: (state, input) => {
    if (input.op === 'get') return { value: state as string, state };
    return { value: input.value, state: input.op === 'put' ? input.value : `${state as string}${input.value}` };
  },
};

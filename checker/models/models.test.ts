/** Every shipped model: what it means, on the histories everybody knows, and WGL+ against two oracles on random ones. */

import { describe, expect, test } from 'vitest';
import { hasLinearization } from '../testing/permutations.ts';
import { searchPlainly } from '../testing/plain-wgl/plain-wgl.ts';
import { seededRandom } from '../testing/random.ts';
import { type Pretence, smallOperations } from '../testing/small-operations.ts';
import { checkOperations } from '../wgl/check-operations.ts';
import { type Model, type NondeterministicModel, type Operation, toModel, toNondeterministic } from '../wgl/model.ts';
import { fencingLockModel, type LockInput, type LockOutput, type LockState } from './fencing-lock.ts';
import { type KeyValueInput, keyValueModel, type KeyValueOutput, wholeKeyValueModel } from './key-value.ts';
import type { Outcome } from './outcome.ts';
import { queueModel, type QueueInput } from './queue.ts';
import { casRegisterModel, type RegisterInput, registerModel } from './register.ts';
import { type SetInput, setModel } from './set.ts';

const RANDOM_HISTORIES = 1_200;

/** One client after the other: what a single thread sees. */
function inSequence<I, V>(...steps: readonly (readonly [I, V])[]): Operation<I, Outcome<V>>[] {
  return steps.map(([input, value], at) => ({
    clientId: 1,
    input,
    output: { outcome: 'ok', value },
    call: 2 * at,
    return: 2 * at + 1,
  }));
}

function verdictOf<S, I, O>(model: Model<S, I, O>, operations: readonly Operation<I, O>[]): string {
  return checkOperations(model, operations).verdict;
}

describe('what the models mean', () => {
  test('a register answers with the last write, and a plain one knows no compare-and-set', () => {
    const history = inSequence([{ op: 'write', value: 1 }, null], [{ op: 'read' }, 1]);
    expect(verdictOf(registerModel(), history as never)).toBe('ok');
    expect(verdictOf(registerModel(), inSequence([{ op: 'read' }, 1]) as never)).toBe('illegal');
    expect(
      verdictOf(registerModel(1), inSequence<unknown, unknown>([{ op: 'cas', from: 1, to: 2 }, true]) as never),
    ).toBe('illegal');
  });

  test('a refused compare-and-set proves that the register held something else', () => {
    const cas = { op: 'cas', from: 1, to: 2 };
    expect(
      verdictOf(casRegisterModel(1), inSequence<unknown, unknown>([cas, true], [{ op: 'read' }, 2]) as never),
    ).toBe('ok');
    expect(verdictOf(casRegisterModel(1), inSequence([cas, false]) as never)).toBe('illegal');
    expect(verdictOf(casRegisterModel(0), inSequence([cas, false]) as never)).toBe('ok');
  });

  test('keys are judged by themselves', () => {
    const history = inSequence(
      [{ op: 'put', key: 'a', value: 'x' }, null],
      [{ op: 'append', key: 'a', value: 'y' }, null],
      [{ op: 'get', key: 'b' }, ''],
      [{ op: 'get', key: 'a' }, 'xy'],
    );
    const result = checkOperations(keyValueModel(), history as never);
    expect(result).toMatchObject({ verdict: 'ok', operationCount: 4 });
    expect(result.partitions).toHaveLength(2);
  });

  test('a get that no order of the appends leads to is known at the first piece that differs', () => {
    const appends = Array.from({ length: 12 }, (_, clientId) => ({
      clientId,
      input: { op: 'append', key: 'k', value: `<${clientId}>` },
      output: { outcome: 'ok', value: null },
      call: 0,
      return: 1,
    }));
    const get = (value: string) => [
      ...appends,
      { ...inSequence([{ op: 'get', key: 'k' }, value])[0]!, call: 2, return: 3 },
    ];
    const legal = checkOperations(keyValueModel(), get('<7><3><11><0><9><1><4><2><10><5><8><6>') as never);
    expect([legal.verdict, legal.steps < 100]).toEqual(['ok', true]);
    const lost = checkOperations(keyValueModel(), get('<7><3><11><0><9><1><4><2><10><5><8>') as never);
    expect([lost.verdict, lost.steps < 100]).toEqual(['illegal', true]);
    expect(lost.partitions[0]!.partialLinearizations[0]).toHaveLength(12);
    expect(lost.partitions[0]!.stuck[0]!.reason).toContain('the key "k" holds "<7><3>');
  });

  test('a set answers whether an element was new; read as a whole it is one part', () => {
    const model = setModel();
    const add = { op: 'add', value: 3 };
    expect(verdictOf(model, inSequence<unknown, unknown>([add, true], [add, false]) as never)).toBe('ok');
    expect(verdictOf(model, inSequence<unknown, unknown>([add, true], [add, true]) as never)).toBe('illegal');
    const read = inSequence<unknown, unknown>([add, null], [{ op: 'add', value: 1 }, null], [{ op: 'read' }, [3, 1]]);
    expect(verdictOf(model, read as never)).toBe('ok');
  });

  test('a queue gives elements back in the order they came, once each', () => {
    const two = [
      [{ op: 'enqueue', value: 'a' }, null],
      [{ op: 'enqueue', value: 'b' }, null],
    ] as const;
    const take = { op: 'dequeue' };
    const model = queueModel();
    expect(
      verdictOf(model, inSequence<unknown, unknown>(...two, [take, 'a'], [take, 'b'], [take, null]) as never),
    ).toBe('ok');
    expect(verdictOf(model, inSequence<unknown, unknown>(...two, [take, 'b']) as never)).toBe('illegal');
    expect(verdictOf(model, inSequence<unknown, unknown>(...two, [take, 'a'], [take, 'a']) as never)).toBe('illegal');
  });

  test('a long history costs what its operations cost, one by one', () => {
    const many = 30_000;
    const numbers = Array.from({ length: many }, (_, value) => value);
    const queue = inSequence<unknown, unknown>(
      ...numbers.map((value) => [{ op: 'enqueue', value }, null] as const),
      ...numbers.map((value) => [{ op: 'dequeue' }, value] as const),
      [{ op: 'dequeue' }, null],
    );
    const store = inSequence<unknown, unknown>(
      ...numbers.map(() => [{ op: 'append', key: 'k', value: 'xy' }, null] as const),
      [{ op: 'get', key: 'k' }, 'xy'.repeat(many)],
    );
    const start = performance.now();
    expect(verdictOf(queueModel(), queue as never)).toBe('ok');
    expect(verdictOf(keyValueModel(), store as never)).toBe('ok');
    // Lists that are copied at each step took a minute for as many, and gigabytes.
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(verdictOf(queueModel(), queue.toSpliced(many, 1) as never)).toBe('illegal');
  });

  test('queues that hold the same are one state, however they came by it', () => {
    const model = queueModel();
    const after = (text: string) =>
      text.split('').reduce((state, letter) => {
        const input: QueueInput = letter === '-' ? { op: 'dequeue' } : { op: 'enqueue', value: letter };
        const next = model.step(state, input, { outcome: 'unknown' });
        if (!next.legal) throw new Error('an operation of unknown outcome fits everywhere');
        return next.state;
      }, model.init());
    for (const [one, other] of [
      ['abc--', 'bac--'],
      ['ab-', 'b'],
      ['-a-', ''],
      ['xyabc--de', 'abcde'],
    ] as const) {
      expect(model.equal!(after(one), after(other)), `${one} and ${other}`).toBe(true);
      expect(model.hash!(after(one))).toBe(model.hash!(after(other)));
      expect(model.describeState!(after(one))).toBe(model.describeState!(after(other)));
    }
    for (const [one, other] of [
      ['ab', 'ba'],
      ['a', 'aa'],
      ['aab-', 'b'],
      ['abcd-', 'bdc'],
    ] as const)
      expect(model.equal!(after(one), after(other)), `${one} and ${other}`).toBe(false);
  });

  test('a resource behind a fencing lock accepts no token that is older than one it has seen', () => {
    const acquire = { op: 'acquire', owner: 'a' };
    const history = inSequence<unknown, unknown>(
      [acquire, 1],
      [acquire, 2],
      [{ op: 'use', token: 2 }, true],
      [{ op: 'use', token: 1 }, false],
    );
    expect(verdictOf(fencingLockModel(), history as never)).toBe('ok');
    expect(verdictOf(fencingLockModel({ expires: false }), history as never)).toBe('illegal');
    const late = inSequence<unknown, unknown>([acquire, 1], [acquire, 2], [{ op: 'use', token: 2 }, true]);
    late.push({ ...inSequence<unknown, unknown>([{ op: 'use', token: 1 }, true])[0]!, call: 90, return: 91 });
    expect(verdictOf(fencingLockModel(), late as never)).toBe('illegal');
  });
});

describe('a lock that is a lease', () => {
  const acquire = { op: 'acquire', owner: 'a' };
  const release = { op: 'release', token: 1 };
  test.each([
    ['has run out where its release says so', [acquire, 1], [release, false]],
    ['is free for good then', [acquire, 1], [release, false], [release, false], [acquire, 2]],
  ] as unknown as readonly [string, ...(readonly [unknown, unknown])[]][])('%s', (_, ...steps) => {
    const history = inSequence(...steps);
    expect(verdictOf(fencingLockModel(), history as never)).toBe('ok');
    expect(verdictOf(fencingLockModel({ expires: false }), history as never)).toBe('illegal');
  });

  test.each([
    ['is not held again by who let it run out', [acquire, 1], [release, false], [release, true]],
    ['is not taken once it has run out', [acquire, 1], [release, false], [acquire, null]],
    ['is not released twice', [acquire, 1], [release, true], [release, true]],
  ] as unknown as readonly [string, ...(readonly [unknown, unknown])[]][])('%s', (_, ...steps) => {
    const history = inSequence(...steps);
    expect(verdictOf(fencingLockModel(), history as never)).toBe('illegal');
  });

  test('may run out at any moment: the model says what one says in which that is a step', () => {
    const initial: LockState = { issued: 0, isHeld: false, used: 0 };
    const pretence: Pretence<LockState, LockInput, number | boolean | null> = {
      initial,
      draw: (dice) =>
        dice.chance(1, 3)
          ? { op: 'acquire', owner: 'me' }
          : { op: dice.pick(['release', 'release', 'use'] as const), token: dice.between(1, 2) },
      answer: (state, input) => {
        // Every third token runs out by itself.
        const isHeld = state.isHeld && state.issued % 3 !== 0;
        if (input.op === 'use') return { value: input.token >= state.used && input.token <= state.issued, state };
        if (input.op === 'release')
          return isHeld && input.token === state.issued
            ? { value: true, state: { ...state, isHeld: false } }
            : { value: false, state };
        return {
          value: isHeld ? null : state.issued + 1,
          state: isHeld ? state : { ...state, issued: state.issued + 1, isHeld: true },
        };
      },
    };
    const tally = { ok: 0, illegal: 0 };
    for (let seed = 1; seed <= RANDOM_HISTORIES; seed++) {
      const operations = smallOperations(seededRandom(seed), pretence, 7);
      const expected = hasLinearization(runningOut(initial), operations) ? 'ok' : 'illegal';
      tally[expected]++;
      expect(verdictOf(fencingLockModel(), operations), `seed ${seed}: ${JSON.stringify(operations)}`).toBe(expected);
    }
    expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(RANDOM_HISTORIES / 30);
  });
});

/** The lease written a second time: before each step it runs out or does not. */
function runningOut(initial: LockState): NondeterministicModel<LockState, LockInput, LockOutput> {
  return {
    init: () => [initial],
    equal: (a, b) => a.issued === b.issued && a.isHeld === b.isHeld && a.used === b.used,
    step: (before, input, output) => {
      const states = before.isHeld ? [before, { ...before, isHeld: false }] : [before];
      if (output.outcome === 'failed') return states;
      const isKnown = output.outcome === 'ok';
      const next = states.flatMap((state): LockState[] => {
        if (input.op === 'acquire') {
          const token = isKnown ? output.value : state.issued + 1;
          if (token === null) return state.isHeld ? [state] : [];
          if (state.isHeld || typeof token !== 'number' || token <= state.issued) return [];
          return [{ ...state, issued: token, isHeld: true }];
        }
        if (input.op === 'use') {
          const accepts = input.token >= state.used && input.token <= state.issued;
          if (isKnown && output.value !== accepts) return [];
          return [accepts ? { ...state, used: input.token } : state];
        }
        const holds = state.isHeld && state.issued === input.token;
        return isKnown && output.value !== holds ? [] : [holds ? { ...state, isHeld: false } : state];
      });
      return isKnown ? next : [...next, ...states];
    },
  };
}

type KeyValues = readonly Operation<KeyValueInput, KeyValueOutput>[];

interface Case<S, I, V> {
  name: string;
  model: Model<S, I, Outcome<V>>;
  pretence: Pretence<S, I, V>;
}

/** The pretended object answers as the model allows. */
function caseOf<S, I, V>(
  name: string,
  model: Model<S, I, Outcome<V>>,
  draw: Pretence<S, I, V>['draw'],
  valueOf: (state: S, input: I) => V,
): Case<S, I, V> {
  const answer = (state: S, input: I): { value: V; state: S } => {
    const value = valueOf(state, input);
    const step = model.step(state, input, { outcome: 'ok', value });
    return { value, state: step.legal ? step.state : state };
  };
  return { name, model, pretence: { initial: model.init(), draw, answer } };
}

const cases = [
  caseOf(
    'register',
    registerModel(0),
    (dice): RegisterInput => (dice.chance(1, 2) ? { op: 'read' } : { op: 'write', value: dice.below(3) }),
    (state) => state,
  ),
  caseOf(
    'compare-and-set register',
    casRegisterModel(0),
    (dice): RegisterInput => {
      if (dice.chance(1, 3)) return { op: 'read' };
      if (dice.chance(1, 3)) return { op: 'write', value: dice.below(3) };
      return { op: 'cas', from: dice.below(3), to: dice.below(3) };
    },
    (state, input) => (input.op === 'cas' ? input.from === state : state),
  ),
  caseOf(
    'key-value store',
    wholeKeyValueModel(),
    (dice): KeyValueInput => {
      const key = dice.pick(['a', 'b']);
      return dice.chance(1, 2)
        ? { op: 'get', key }
        : { op: dice.pick(['put', 'append'] as const), key, value: `${dice.below(3)}` };
    },
    (state, input) => state.get(input.key) ?? '',
  ),
  caseOf(
    'set',
    setModel(),
    (dice): SetInput =>
      dice.chance(1, 5)
        ? { op: 'read' }
        : { op: dice.pick(['add', 'remove', 'contains'] as const), value: dice.below(2) },
    (state, input) => {
      const elements = JSON.parse(state) as number[];
      if (input.op === 'read') return elements;
      return elements.includes(input.value as number) !== (input.op === 'add');
    },
  ),
  caseOf(
    'queue',
    queueModel(),
    (dice): QueueInput => (dice.chance(1, 2) ? { op: 'dequeue' } : { op: 'enqueue', value: dice.below(2) }),
    (state, input) => (input.op === 'dequeue' ? state.oldest : null),
  ),
  caseOf(
    'fencing lock',
    fencingLockModel({ expires: false }),
    (dice): LockInput => {
      if (dice.chance(1, 3)) return { op: 'acquire', owner: 'me' };
      return { op: dice.pick(['release', 'use'] as const), token: dice.between(1, 3) };
    },
    (state, input) => {
      if (input.op === 'acquire') return state.isHeld ? null : state.issued + 1;
      if (input.op === 'release') return state.isHeld && state.issued === input.token;
      return input.token >= state.used && input.token <= state.issued;
    },
  ),
] as unknown as readonly Case<unknown, unknown, unknown>[];

test.each(cases)(
  'WGL+, the plain search and permutations agree on random histories of a $name',
  ({ name, model, pretence }) => {
    const tally = { ok: 0, illegal: 0 };
    const oracle = toNondeterministic(model);
    const partsOf = (operations: readonly Operation<unknown, Outcome<unknown>>[]) =>
      model.partition?.(operations) ?? [operations];
    for (let seed = 1; seed <= RANDOM_HISTORIES; seed++) {
      const operations = smallOperations(seededRandom(seed), pretence, 7);
      const isLegal = partsOf(operations).every((part) => hasLinearization(oracle, part));
      const expected = isLegal ? 'ok' : 'illegal';
      tally[expected]++;
      const found = checkOperations(model, operations);
      expect(found.verdict, `seed ${seed}: ${JSON.stringify(operations)}`).toBe(expected);
      if (name === 'key-value store')
        expect(checkOperations(keyValueModel(), operations as KeyValues).verdict).toBe(expected);
      if (seed % 10 === 0) expect(searchPlainly(toModel(oracle), operations).verdict).toBe(expected);
      if (seed % 50 === 0) expect(checkOperations(model, operations)).toEqual(found);
    }
    expect(Math.min(tally.ok, tally.illegal)).toBeGreaterThan(RANDOM_HISTORIES / 30);
  },
);

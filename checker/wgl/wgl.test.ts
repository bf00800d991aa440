/** The general engine as a library: results, budgets, reasons, lists of events, and what Porcupine gets wrong. */

import { describe, expect, test } from 'vitest';
import { MalformedHistory } from '../malformed.ts';
import { casRegisterModel, type RegisterInput, registerModel, type RegisterOutput } from '../models/register.ts';
import { streamModel, streamOperations } from '../models/stream.ts';
import { collectHistory } from '../testing/collected-histories.ts';
import { checkEvents, type Event } from './check-events.ts';
import { annotate, checkOperations } from './check-operations.ts';
import { type Model, type Operation, toModel } from './model.ts';

type Op = Operation<RegisterInput, RegisterOutput>;

const write = (clientId: number, value: number, call: number, end: number): Op => ({
  clientId,
  input: { op: 'write', value },
  output: { outcome: 'ok', value: null },
  call,
  return: end,
});
const read = (clientId: number, value: number, call: number, end: number): Op => ({
  clientId,
  input: { op: 'read' },
  output: { outcome: 'ok', value },
  call,
  return: end,
});
const register = registerModel(0);

describe('checkOperations', () => {
  test('tells the order it found, without writes of unknown outcome that nobody needs', () => {
    const lost: Op = { ...write(4, 9, 0, 0), output: { outcome: 'unknown' }, return: Number.POSITIVE_INFINITY };
    const operations = [write(1, 100, 0, 100), read(2, 100, 25, 75), read(3, 0, 30, 60), lost];
    const { verdict, partitions, operationCount } = checkOperations(register, operations);
    expect({ verdict, operationCount }).toEqual({ verdict: 'ok', operationCount: 4 });
    expect(partitions[0]!.partialLinearizations).toEqual([[2, 0, 1]]);
  });

  test('says of an illegal history how far it got and why nothing could come next', () => {
    const result = checkOperations(register, [write(1, 1, 0, 10), read(2, 7, 20, 30), write(3, 2, 0, 100)]);
    expect(result.verdict).toBe('illegal');
    expect(result.partitions[0]!.partialLinearizations).toHaveLength(1);
    expect(result.partitions[0]!.stuck).toEqual([{ operation: 1, reason: 'the register holds 2' }]);
  });

  test('keeps for every operation the longest legal order that contains it, on request', () => {
    const operations = [write(1, 1, 0, 10), read(2, 7, 20, 30), write(3, 2, 0, 100)];
    const { partitions } = checkOperations(register, operations, { keepsAllOrders: true });
    expect(partitions[0]!.partialLinearizations).toEqual([[0, 2]]);
  });

  test('treats intervals as closed: a call at the very moment of a return overlaps it', () => {
    expect(checkOperations(register, [write(1, 1, 0, 10), read(2, 0, 10, 20)]).verdict).toBe('ok');
    expect(checkOperations(register, [write(1, 1, 0, 10), read(2, 0, 11, 20)]).verdict).toBe('illegal');
  });

  test('an unknown write that has returned takes effect before what was called after its return, or never', () => {
    const unknown: Op = { ...write(1, 1, 0, 5), output: { outcome: 'unknown' } };
    expect(checkOperations(register, [unknown, read(2, 0, 6, 7), read(2, 1, 8, 9)]).verdict).toBe('illegal');
    expect(checkOperations(register, [unknown, read(2, 1, 6, 7), read(2, 1, 8, 9)]).verdict).toBe('ok');
    const open = { ...unknown, return: Number.POSITIVE_INFINITY };
    expect(checkOperations(register, [open, read(2, 0, 6, 7), read(2, 1, 8, 9)]).verdict).toBe('ok');
  });

  test('a read that need not have happened ends no way, whatever it would have answered', () => {
    type Input = { op: 'append' | 'get'; value: string };
    const growing: Model<string, Input, { isKnown: boolean }> = {
      init: () => '',
      step: (state, { op, value }) => {
        if (op === 'append') return { legal: true, state: state + value };
        return value === state ? { legal: true, state } : { legal: false };
      },
      isOptional: (_input, { isKnown }) => !isKnown,
      isReadOnly: ({ op }) => op === 'get',
      isHopeless: (state, { op, value }) => op === 'get' && !value.startsWith(state),
    };
    const op = (kind: Input['op'], value: string, isKnown: boolean, call: number, end: number) => ({
      clientId: call,
      input: { op: kind, value },
      output: { isKnown },
      call,
      return: end,
    });
    const appends = [op('append', 'a', true, 1, 2), op('append', 'b', true, 3, 4)];
    const lost = op('get', 'zz', false, 0, 9);
    expect(checkOperations(growing, [lost, ...appends, op('get', 'ab', true, 10, 11)]).verdict).toBe('ok');
    expect(checkOperations(growing, [lost, ...appends, op('get', 'b', true, 10, 11)]).verdict).toBe('illegal');
  });

  test('says unknown when its steps are spent, and spends hardly more', () => {
    const operations = [write(1, 200, 0, 100), read(2, 200, 10, 30), read(3, 0, 40, 90)];
    const { verdict, steps } = checkOperations(register, operations, { stepsMax: 2 });
    expect(verdict).toBe('unknown');
    expect(steps).toBeLessThanOrEqual(2 + operations.length);
  });

  test('a part that runs out of steps does not keep another from being convicted', () => {
    const keyed = { ...register, partition: (all: readonly Op[]) => [all.slice(0, 6), all.slice(6)] };
    const hard = [1, 2, 3, 4, 5].map((value) => write(value, value, 0, 100));
    const operations = [...hard, read(6, 9, 200, 201), read(7, 3, 0, 1)];
    expect(checkOperations(keyed, operations, { stepsMax: 20 })).toMatchObject({
      verdict: 'illegal',
      partitions: [{ verdict: 'unknown' }, { verdict: 'illegal' }],
    });
  });

  test('of an empty history it says that nothing was checked', () => {
    expect(checkOperations(register, [])).toMatchObject({ verdict: 'ok', steps: 0, operationCount: 0 });
  });

  test('a step of another shape, such as Porcupine has, is an error and no verdict', () => {
    const operations = [read(1, 0, 0, 1)];
    const pair = { ...register, step: () => [true, 0] } as unknown as typeof register;
    expect(() => checkOperations(pair, operations)).toThrow(
      new TypeError(
        'a step of the model gave a list of 2 instead of { legal: true, state } or { legal: false, reason }; ' +
          'what Porcupine writes as [ok, state] is { legal: ok, state } here',
      ),
    );
    const nothing = { ...register, step: () => undefined } as unknown as typeof register;
    expect(() => checkOperations(nothing, operations)).toThrow(TypeError);
    const stateless = { ...register, step: () => ({ legal: true }) } as unknown as typeof register;
    expect(() => checkOperations(stateless, operations)).toThrow('an object with legal');
    for (const next of [undefined, null, 1]) {
      const unlisted = toModel({ init: () => [0], step: () => next as never });
      expect(() => checkOperations(unlisted, operations)).toThrow('instead of a list of states');
    }
  });

  test('a nondeterministic model that was not made a model is told how', () => {
    const lists = { ...register, step: () => [0] } as unknown as typeof register;
    expect(() => checkOperations(lists, [read(1, 0, 0, 1)])).toThrow(
      /^a step of the model gave a list of 1 instead of .*; lists of states are for toModel$/,
    );
  });

  test.each([
    ['leaves operations out', (all: readonly Op[]) => [all.slice(1)], 'left operation 1 out'],
    ['holds one twice', (all: readonly Op[]) => [all, all.slice(0, 1)], 'holds operation 1 a second time'],
    [
      'holds another',
      (all: readonly Op[]) => [all, [read(9, 9, 0, 1)]],
      'holds an operation that is none of the history',
    ],
    ['makes new ones', (all: readonly Op[]) => [all.map((one) => ({ ...one }))], 'that is none of the history'],
    ['gives no lists', (all: readonly Op[]) => all as never, 'instead of lists of operations'],
    ['gives nothing', () => undefined as never, 'instead of lists of operations'],
  ])('a partition that %s is an error and no verdict', (_, partition, reason) => {
    const operations = [write(1, 1, 0, 1), read(2, 1, 2, 3)];
    const check = (): unknown => checkOperations({ ...register, partition }, operations);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(reason);
  });

  test('one operation that stands in a history twice may stand in its parts twice', () => {
    const twice = read(1, 0, 0, 1);
    const model = { ...register, partition: (all: readonly Op[]) => [all.slice(0, 1), all.slice(1)] };
    expect(checkOperations(model, [twice, twice]).verdict).toBe('ok');
    const lossy = { ...register, partition: (all: readonly Op[]) => [all.slice(1)] };
    expect(() => checkOperations(lossy, [twice, twice])).toThrow('left one out');
  });

  test.each([Number.NaN, -1, '10' as never, null as never])('refuses a budget of %s steps', (stepsMax) => {
    expect(() => checkOperations(register, [read(1, 0, 0, 1)], { stepsMax })).toThrow(RangeError);
  });

  test('toModel keeps the order in which operations are to be tried', () => {
    const tried: number[] = [];
    const model = toModel<number, RegisterInput, RegisterOutput>({
      init: () => [0],
      step: (state, _input, output) => {
        tried.push((output as { value: number }).value);
        return [state];
      },
      preference: (_input, output) => -(output as { value: number }).value,
    });
    expect(checkOperations(model, [read(1, 1, 0, 9), read(2, 3, 0, 9), read(3, 2, 0, 9)]).verdict).toBe('ok');
    expect(tried).toEqual([3, 2, 1]);
  });

  test('refuses an operation that returns before it is called', () => {
    expect(() => checkOperations(register, [read(1, 0, 5, 4)])).toThrow(MalformedHistory);
    expect(() => checkOperations(register, [read(1, 0, 5, Number.NaN)])).toThrow(MalformedHistory);
  });

  test('annotations are handed on beside the result', () => {
    const fault = { tag: 'network', start: 3, end: 5, description: 'cut' };
    expect(annotate(checkOperations(register, []), [fault]).annotations).toEqual([fault]);
  });

  test('twenty clients with a hundred operations of a stream and unknown appends need few configurations', () => {
    const history = collectHistory({ seed: 3, clients: 20, opsPerClient: 100, unknownPermille: 50 });
    const result = checkOperations(streamModel(), streamOperations(history), { stepsMax: 200_000 });
    expect(result.verdict).toBe('ok');
  });
});

describe('checkEvents', () => {
  const call = (id: number, value: RegisterInput, clientId = id): Event<RegisterInput, RegisterOutput> => ({
    kind: 'call',
    clientId,
    id,
    value,
  });
  const end = (id: number, value: number | boolean | null, clientId = id): Event<RegisterInput, RegisterOutput> => ({
    kind: 'return',
    clientId,
    id,
    value: { outcome: 'ok', value },
  });

  test('a write that never returned may have happened; a read that never returned says nothing', () => {
    const events = [call(1, { op: 'write', value: 5 }), call(2, { op: 'read' }), call(3, { op: 'read' }), end(3, 5)];
    expect(checkEvents(register, events).verdict).toBe('ok');
    expect(checkEvents(register, [...events, call(4, { op: 'read' }), end(4, 0)]).verdict).toBe('illegal');
  });

  test.each([
    ['a return without a call', [end(1, 0)], 1],
    ['an id called twice', [call(1, { op: 'read' }), end(1, 0), call(1, { op: 'read' })], 3],
    ['an id returned twice', [call(1, { op: 'read' }), end(1, 0), end(1, 0)], 3],
    ['a return to another client', [call(1, { op: 'read' }), end(1, 0, 7)], 2],
  ] as const)('refuses %s, and names the event', (_what, events, line) => {
    expect(() => checkEvents(register, events)).toThrow(expect.objectContaining({ line }));
  });

  test('refuses an event of a kind that there is not by its name', () => {
    const misspelt = { ...call(1, { op: 'read' }), kind: 'Call' as never };
    expect(() => checkEvents(register, [misspelt])).toThrow('event 1: the kind is "Call"; expected "call" or "return"');
  });

  test('refuses a cut history for a model that does not say what a call without a return is', () => {
    const { pending, ...silent } = casRegisterModel(0);
    expect(pending?.({ op: 'read' })).toBeNull();
    expect(() => checkEvents(silent, [call(1, { op: 'read' })])).toThrow(MalformedHistory);
  });
});

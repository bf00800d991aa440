/** Claims of `tailrace check` about registers: what they hold at first can be said. */

import { describe, expect, test } from 'vitest';
import type { CheckOptions } from './check.ts';
import { judgeObject } from './check-object.ts';

const reads = (value: string): Uint8Array =>
  new TextEncoder().encode(
    `{"client_id":1,"call":0,"return":1,"input":{"op":"read"},"output":{"outcome":"ok","value":${value}}}`,
  );
const judged = (value: string, options: CheckOptions): string => {
  const found = judgeObject('file', reads(value), { model: 'register', ...options }, false);
  return 'refusal' in found ? found.refusal : found.verdict;
};

describe('a register', () => {
  test.each([
    ['null', undefined, 'ok'],
    ['0', undefined, 'illegal'],
    ['0', '0', 'ok'],
    ['"0"', '0', 'illegal'],
    ['"0"', '"0"', 'ok'],
    ['"idle"', 'idle', 'ok'],
    ['true', 'true', 'ok'],
    ['-5', '-5', 'ok'],
    ['"-5"', '-5', 'illegal'],
    ['null', 'nil', 'ok'],
    ['"nil"', 'nil', 'illegal'],
  ])('that shows %s at first, said to hold %s, is %s', (value, initial, expected) => {
    expect(judged(value, initial === undefined ? {} : { initial })).toBe(expected);
    expect(judged(value, { model: 'cas-register', ...(initial !== undefined && { initial }) })).toBe(expected);
  });

  test.each(['9007199254740993', '-9007199254740993', '{}', '[1', '[1]', '0.0', '-0', '1e3', '+5', '"a', '7up'])(
    'is not said to hold %s, which would be a guess',
    (initial) =>
      expect(() => judged('0', { initial })).toThrow(
        /^--initial: the value .* is no .*; a string is written as JSON: "/,
      ),
  );

  test('of a history of Jepsen begins as is said, too', () => {
    const text = '{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read, :value 0}';
    const verdictOf = (options: CheckOptions): unknown =>
      judgeObject('f', new TextEncoder().encode(text), options, true);
    expect(verdictOf({})).toMatchObject({ verdict: 'illegal' });
    expect(verdictOf({ initial: '0' })).toMatchObject({
      verdict: 'ok',
      text: 'OK  1 operation of a cas-register, linearizable',
    });
    const nil = new TextEncoder().encode(text.replace(':value 0', ':value nil'));
    expect(judgeObject('f', nil, { initial: 'nil' }, true)).toMatchObject({ verdict: 'ok' });
    const negative = new TextEncoder().encode(text.replace(':value 0', ':value -5'));
    expect(judgeObject('f', negative, { initial: '-5' }, true)).toMatchObject({ verdict: 'ok' });
  });
});

test('nothing but a register holds something at first', () => {
  const emptyAtFirst = 'is empty at first; --initial is for registers';
  expect(() => judged('0', { model: 'queue', initial: '0' })).toThrow(`a queue ${emptyAtFirst}`);
  const get = '{:process 0, :type :invoke, :f :get, :key "a"}';
  expect(() => judgeObject('file', new TextEncoder().encode(get), { initial: '0' }, true)).toThrow(
    `a key-value ${emptyAtFirst}`,
  );
});

test('--json tells the stamps as they were given, whole ones beyond 2^53-1 as their text, and metadata', () => {
  const line = (call: string, end: string, more = ''): string =>
    `{"client_id":1,"call":${call},"return":${end},"input":{"op":"write","value":1}${more}}`;
  const answered = ',"output":{"outcome":"ok","value":null},"metadata":{"at":18446744073709551615,"node":"n1"}';
  const lines = [line('7', '1750000000000000001', answered), line('12', 'null')].join('\n');
  const found = judgeObject('file', new TextEncoder().encode(lines), { model: 'register' }, false);
  expect(JSON.parse(JSON.stringify('json' in found && found.json))).toMatchObject({
    parts: [
      {
        operations: [
          { call: 7, return: '1750000000000000001', metadata: { at: '18446744073709551615', node: 'n1' } },
          { call: 12, return: null },
        ],
      },
    ],
  });
});

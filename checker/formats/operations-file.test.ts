/** Files of operations, timed or as events, and those of Jepsen: read exactly, or refused with a line and a reason. */

import { describe, expect, test } from 'vitest';
import { MODELS } from '../models/catalogue.ts';
import { casRegisterModel } from '../models/register.ts';
import { keyValueModel } from '../models/key-value.ts';
import { keyValueHistory } from '../testing/key-value-histories.ts';
import { registerHistory } from '../testing/register-histories.ts';
import { checkOperations } from '../wgl/check-operations.ts';
import { isOfJepsen, parseJepsen } from './jepsen.ts';
import { parseOperations } from './operations-file.ts';

const REGISTER = MODELS['register']!;

function verdictOf(text: string, model: string): string {
  const parsed = parseOperations(text, MODELS[model]!);
  if (parsed.kind === 'malformed') return `line ${parsed.line}: ${parsed.message}`;
  return checkOperations(MODELS[model]!.model, parsed.operations).verdict;
}

const timed = (call: number | string, end: number | string, input: string, output: string): string =>
  `{"client_id":1,"call":${call},"return":${end},"input":${input},"output":${output}}`;
const WRITE = '{"op":"write","value":5}';
const READ = '{"op":"read"}';
const DONE = '{"outcome":"ok","value":null}';
const SAW_5 = '{"outcome":"ok","value":5}';

describe('timed operations', () => {
  test('are judged by their stamps, in whatever order the lines stand', () => {
    expect(verdictOf([timed(5, 6, READ, SAW_5), timed(0, 4, WRITE, DONE)].join('\n'), 'register')).toBe('ok');
    expect(verdictOf([timed(0, 4, READ, SAW_5), timed(5, 6, WRITE, DONE)].join('\n'), 'register')).toBe('illegal');
  });

  test('nanoseconds beyond 2^53 stay apart', () => {
    const lines = [
      timed('1750000000000000000', '1750000000000000001', READ, SAW_5),
      timed('1750000000000000002', '1750000000000000003', WRITE, DONE),
    ];
    expect(verdictOf(lines.join('\n'), 'register')).toBe('illegal');
  });

  test('a write without a return may have happened', () => {
    const open = `{"client_id":2,"call":0,"return":null,"input":${WRITE}}`;
    expect(verdictOf(`${open}\n${timed(5, 6, READ, SAW_5)}\n`, 'register')).toBe('ok');
  });

  test.each([
    ['{"client_id":1', 1, 'JSON'],
    [`${timed(0, 1, WRITE, DONE)}\n${timed(3, 2, READ, SAW_5)}`, 2, 'before it is called'],
    [timed(0, 1, '{"op":"swap"}', DONE), 1, 'unknown operation "swap"'],
    [timed(0, 1, '{"op":"write"}', DONE), 1, 'lacks the field "value"'],
    [timed(0, 1, READ, '{"outcome":"maybe"}'), 1, 'unknown outcome "maybe"'],
    [timed(0, 1, READ, '{"outcome":"ok"}'), 1, 'needs a "value"'],
    [timed(0, '1.5', READ, SAW_5), 1, '"return" must be a whole number'],
    [`{"client_id":1,"call":0,"return":1,"input":${READ}}`, 1, 'neither of them'],
    [`${timed(0, 1, WRITE, DONE)}\n{"client_id":1,"id":1,"call":${READ}}`, 2, 'mixed'],
  ])('%s is refused on line %i', (text, line, message) => {
    expect(parseOperations(text, REGISTER)).toEqual({
      kind: 'malformed',
      line,
      message: expect.stringContaining(message),
    });
  });
});

describe('events', () => {
  const call = (id: number, input: string): string => `{"client_id":${id},"id":${id},"call":${input}}`;
  const end = (id: number, output: string): string => `{"client_id":${id},"id":${id},"return":${output}}`;

  test('are judged in the order of their lines', () => {
    expect(verdictOf([call(1, WRITE), call(2, READ), end(2, SAW_5), end(1, DONE)].join('\n'), 'register')).toBe('ok');
    expect(verdictOf([call(2, READ), end(2, SAW_5), call(1, WRITE)].join('\n'), 'register')).toBe('illegal');
  });

  test('that do not pair up are refused', () => {
    expect(verdictOf(end(1, DONE), 'register')).toBe('line 1: id 1 returns but was never called');
  });

  test('every model of the catalogue reads its operations', () => {
    const lock = [call(1, '{"op":"acquire","owner":"a"}'), end(1, '{"outcome":"ok","value":1}')];
    expect(verdictOf(lock.join('\n'), 'fencing-lock')).toBe('ok');
    const set = [call(1, '{"op":"add","value":1}'), end(1, '{"outcome":"ok","value":true}')];
    expect(verdictOf([...set, call(2, READ), end(2, '{"outcome":"ok","value":[1]}')].join('\n'), 'set')).toBe('ok');
    const queue = [call(1, '{"op":"dequeue"}'), end(1, '{"outcome":"ok","value":3}')];
    expect(verdictOf(queue.join('\n'), 'queue')).toBe('illegal');
    const store = [call(1, '{"op":"get","key":"k"}'), end(1, '{"outcome":"ok","value":""}')];
    expect(verdictOf(store.join('\n'), 'key-value')).toBe('ok');
  });
});

describe('values are what the model says they are, or refused', () => {
  const ok = (value: string): string => `{"outcome":"ok","value":${value}}`;
  const put = '{"op":"put","key":"a","value":"x"}';
  test.each([
    ['register', '{"op":"write","value":[1,2]}', DONE, '"value" of "write" must be an integer within 2^53-1, a string'],
    ['register', READ, ok('[1,2]'), 'the answer of "read" must be an integer within 2^53-1, a string, '],
    ['register', READ, ok('1.0'), 'not 1.0'],
    ['register', READ, ok('-0'), 'not -0'],
    ['register', READ, ok('1e3'), 'not 1e3'],
    ['register', READ, ok('9007199254740992'), 'not 9007199254740992'],
    ['register', READ, ok('-9007199254740992'), 'not -9007199254740992'],
    ['register', READ, ok('{"a":1}'), 'not an object'],
    ['register', WRITE, ok('"OK"'), 'the answer of "write" must be null, not "OK"'],
    ['cas-register', '{"op":"cas","from":null,"to":5}', DONE, 'the answer of "cas" must be true or false, not null'],
    ['key-value', '{"op":"put","key":"a","value":5}', DONE, '"value" of "put" must be a string, not 5'],
    ['key-value', '{"op":"get","key":5}', ok('""'), '"key" of "get" must be a string, not 5'],
    ['key-value', '{"op":"get","key":"a"}', DONE, 'the answer of "get" must be a string, not null'],
    ['key-value', put, ok('"x"'), 'the answer of "put" must be null, not "x"'],
    ['set', '{"op":"add","value":true}', ok('true'), '"value" of "add" must be an integer within 2^53-1 or a string'],
    ['set', '{"op":"add","value":1}', ok('1'), 'the answer of "add" must be true or false or null, not 1'],
    ['set', '{"op":"contains","value":1}', DONE, 'the answer of "contains" must be true or false, not null'],
    ['set', READ, ok('1'), 'must be a list, each element an integer within 2^53-1 or a string, not 1'],
    ['set', READ, ok('[true,"x"]'), 'not a list'],
    [
      'queue',
      '{"op":"enqueue","value":[1,2]}',
      DONE,
      '"value" of "enqueue" must be an integer within 2^53-1 or a string',
    ],
    [
      'queue',
      '{"op":"enqueue","value":null}',
      DONE,
      '"value" of "enqueue" must be an integer within 2^53-1 or a string, not null',
    ],
    [
      'queue',
      '{"op":"dequeue"}',
      ok('[1,2]'),
      'the answer of "dequeue" must be an integer within 2^53-1, a string or null',
    ],
    [
      'fencing-lock',
      '{"op":"acquire","owner":"a"}',
      ok('"1"'),
      'the answer of "acquire" must be an integer within 2^53-1 or null',
    ],
    [
      'fencing-lock',
      '{"op":"use","token":"1"}',
      ok('true'),
      '"token" of "use" must be an integer within 2^53-1, not "1"',
    ],
  ])('%s: %s answered with %s', (model, input, output, message) => {
    const events = [`{"client_id":1,"id":1,"call":${input}}`, `{"client_id":1,"id":1,"return":${output}}`];
    const line = message.startsWith('"') ? 1 : 2;
    expect(verdictOf(timed(0, 1, input, output), model)).toMatch(/^line 1: /);
    expect(verdictOf(events.join('\n'), model)).toMatch(new RegExp(`^line ${line}: `));
    for (const text of [timed(0, 1, input, output), events.join('\n')])
      expect(verdictOf(text, model)).toContain(message);
  });

  test('integers are the same value however they are signed', () => {
    const write = '{"op":"write","value":-5}';
    expect(verdictOf([timed(0, 1, write, DONE), timed(2, 3, READ, ok('-5'))].join('\n'), 'register')).toBe('ok');
    expect(verdictOf([timed(0, 1, write, DONE), timed(2, 3, READ, ok('"-5"'))].join('\n'), 'register')).toBe('illegal');
  });

  test('a read of a set that shows an element twice is no read of a set', () => {
    const add = timed(0, 1, '{"op":"add","value":1}', DONE);
    expect(verdictOf([add, timed(2, 3, READ, ok('[1]'))].join('\n'), 'set')).toBe('ok');
    expect(verdictOf([add, timed(2, 3, READ, ok('[1,1]'))].join('\n'), 'set')).toBe('illegal');
  });
});

test('metadata is handed back as plain values, integers beyond 2^53-1 as their text', () => {
  const line = (metadata: string): string =>
    `{"client_id":1,"call":0,"return":1,"input":${READ},"output":{"outcome":"ok","value":null},"metadata":${metadata}}`;
  const handedBack = (metadata: string): unknown => {
    const parsed = parseOperations(line(metadata), REGISTER);
    return parsed.kind === 'operations' && parsed.operations[0]!.metadata;
  };
  expect(handedBack('{"node":"n1","at":18446744073709551615,"list":[1,-2,0.5,{"a":null}]}')).toEqual({
    node: 'n1',
    at: '18446744073709551615',
    list: [1, -2, 0.5, { a: null }],
  });
  expect(handedBack('-9007199254740993')).toBe('-9007199254740993');
  expect(handedBack('1e400')).toBe('1e400');
});

describe('generated histories in the shape of those that Porcupine is tested with', () => {
  test('registers of etcd: legal as they are made, illegal mostly with a read from the past', () => {
    let convicted = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const verdicts = [false, true].map((isWrong) => {
        const parsed = parseJepsen(registerHistory(seed, 80, isWrong));
        if (parsed.kind !== 'register') throw new Error(JSON.stringify(parsed));
        return checkOperations(casRegisterModel(), parsed.operations).verdict;
      });
      expect(verdicts[0], `seed ${seed}`).toBe('ok');
      if (verdicts[1] === 'illegal') convicted++;
    }
    // With five values and five clients many a read from the past could be one of the present.
    expect(convicted).toBeGreaterThan(5);
  });

  test('key-value stores: legal as they are made, illegal with a lost append', () => {
    for (const isWrong of [false, true]) {
      const parsed = parseJepsen(keyValueHistory({ seed: 1, clients: 10, opsPerClient: 40, keys: 10, isWrong }));
      if (parsed.kind !== 'key-value') throw new Error(JSON.stringify(parsed));
      expect(checkOperations(keyValueModel(), parsed.operations).verdict).toBe(isWrong ? 'illegal' : 'ok');
    }
  });
});

describe('histories of Jepsen', () => {
  const log = (...steps: string[]): string => steps.map((step) => `INFO  jepsen.util - ${step}\n`).join('');

  function registerVerdict(text: string): string {
    const parsed = parseJepsen(text);
    if (parsed.kind !== 'register') throw new Error(JSON.stringify(parsed));
    return checkOperations(casRegisterModel(), parsed.operations).verdict;
  }

  test('log lines: a compare-and-set that failed with its value saw another one', () => {
    expect(registerVerdict(log('0 :invoke :read nil', '0 :ok :read nil'))).toBe('ok');
    const written = ['0\t:invoke\t:write\t1', '0\t:ok\t:write\t1'];
    expect(registerVerdict(log(...written, '1 :invoke :cas [1 2]', '1 :fail :cas [1 2]'))).toBe('illegal');
    expect(registerVerdict(log(...written, '1 :invoke :cas [1 2]', '1 :fail :cas :timed-out'))).toBe('ok');
  });

  test('what ends with :info, and what never ends, may have happened at any later time', () => {
    const begun = ['0 :invoke :write 4', '1 :invoke :read nil', '1 :ok :read nil'];
    const seen = ['1 :invoke :read nil', '1 :ok :read 4'];
    expect(registerVerdict(log(...begun, '0 :info :write :timed-out', ...seen))).toBe('ok');
    expect(registerVerdict(log(...begun, ...seen))).toBe('ok');
    expect(registerVerdict(log(...begun, '0 :fail :write :refused', ...seen))).toBe('illegal');
  });

  test('maps: a failed compare-and-set says nothing; commas and comments are nothing', () => {
    const text = [
      '; a comment',
      '{:process 0, :type :invoke, :f :cas, :value [1 2]}',
      '{:process 0 :type :fail :f :cas :value [1 2] :error "refused"}',
      '{:process 0, :type :invoke, :f :read, :value nil}',
      '{:process 0, :type :ok, :f :read, :value nil}',
    ].join('\n');
    expect(registerVerdict(text)).toBe('ok');
  });

  test('maps with a key are a key-value store', () => {
    const text = [
      '{:process 0, :type :invoke, :f :append, :key "a", :value "x"}',
      '{:process 0, :type :ok, :f :append, :key "a", :value "x"}',
      '{:process 1, :type :invoke, :f :get, :key "a", :value nil}',
      '{:process 1, :type :ok, :f :get, :key "a", :value "x"}',
    ].join('\n');
    const parsed = parseJepsen(text);
    if (parsed.kind !== 'key-value') throw new Error(JSON.stringify(parsed));
    expect(checkOperations(keyValueModel(), parsed.operations).verdict).toBe('ok');
  });

  test('what the nemesis did is no operation on the register', () => {
    const fault = '{:process :nemesis, :type :info, :f :start, :value {"n1" ["n2" "n3"]}}';
    const text = [fault, '{:process 0, :type :invoke, :f :read}', fault, '{:process 0, :type :ok, :f :read}'].join(
      '\n',
    );
    expect(parseJepsen(text)).toMatchObject({ kind: 'register', operations: [{ input: { op: 'read' } }] });
    const lines = log(':nemesis :info :start nil', '0 :invoke :read nil', '0 :ok :read nil');
    expect(registerVerdict(lines)).toBe('ok');
    expect(parseJepsen(text.replace(':nemesis', ':gremlin'))).toMatchObject({ kind: 'malformed', line: 1 });
  });

  test('operations of newer Jepsens are maps with a tag, as etcd tests write them', () => {
    const op = (fields: string): string => `#jepsen.history.Op{:index 0, :time 3291485317, ${fields}}`;
    const lines = [
      op(':type :invoke, :process 0, :f :read, :value nil'),
      op(':type :info, :process :nemesis, :f :kill, :value {"n1" :killed, "n2" #inst "2026-11-22"}'),
      op(':type :ok, :process 0, :f :read, :value nil'),
      op(':type :invoke, :process 1, :f :cas, :value [0 4]'),
      op(':type :fail, :process 1, :f :cas, :value [0 4], :error [:did-not-succeed #object["x" 1]]'),
      op(':type :invoke, :process 2, :f :write, :value 3'),
      op(':type :info, :process 2, :f :write, :value 3, :error :timeout'),
      op(':type :invoke, :process 3, :f :read, :value nil'),
      op(':type :ok, :process 3, :f :read, :value 3'),
    ];
    expect(registerVerdict(lines.join('\n'))).toBe('ok');
    expect(registerVerdict(lines.slice(0, 5).concat(lines.slice(7)).join('\n'))).toBe('illegal');
    expect(registerVerdict(`[${lines.join('\n')}]`)).toBe('ok');
    expect([isOfJepsen(lines[0]!), isOfJepsen(`[${lines[0]!}`), isOfJepsen('{"event"')]).toEqual([true, true, false]);
    expect(parseJepsen('# 1')).toMatchObject({
      kind: 'malformed',
      line: 1,
      message: expect.stringContaining('no tag'),
    });
  });

  test('maps in one vector are read, and refused by their line', () => {
    const text = '[{:process 0, :type :invoke, :f :write, :value 3}\n {:process 0, :type :ok, :f :write, :value 3}]\n';
    expect(parseJepsen(text)).toMatchObject({ kind: 'register', operations: [{ input: { op: 'write', value: 3 } }] });
    expect(parseJepsen(text.replace(':ok', ':huh'))).toMatchObject({ kind: 'malformed', line: 2 });
  });

  test('numbers that no operation depends on may be of any size and form', () => {
    const more =
      ':time 1234567890123456789, :latency 0.25, :ratio 1/2, :big 5N, :rate 1.5e3M, :hex 0x1b, :octal 017, :base 36rZZ, ' +
      ':day 2026-11-22, :most ##Inf, :least ##-Inf, :mean ##NaN, :index';
    const text = [
      '{:process :nemesis, :type :info, :f :start, :value #object[Foo 0x1b "x"]}',
      `{:process 0, :type :invoke, :f :write, :value 3, ${more} 0}`,
      `{:process 0, :type :fail, :f :write, :value 3.5, ${more} 1}`,
      `{:process 0, :type :invoke, :f :read, :value nil, ${more} 2}`,
      `{:process 0, :type :ok, :f :read, :value nil, ${more} 3}`,
    ];
    expect(registerVerdict(text.join('\n'))).toBe('ok');
  });

  const step = (type: string, f: string, more: string): string => `{:process 0, :type ${type}, :f ${f}, ${more}}`;
  test.each([
    [step(':invoke', ':write', ':value 3'), step(':ok', ':write', ':value 4'), ':write of 3 ends with the value 4'],
    [
      step(':invoke', ':cas', ':value [1 2]'),
      step(':ok', ':cas', ':value [1 3]'),
      ':cas of [1 2] ends with the value [1 3]',
    ],
    [step(':invoke', ':write', ':value 3'), step(':ok', ':write', ':value "3"'), 'ends with the value "3"'],
    [step(':invoke', ':read', ':value 3'), step(':ok', ':read', ':value 4'), ':read of 3 ends with the value 4'],
    [step(':invoke', ':read', ':value 3'), step(':ok', ':read', ':value nil'), ':read of 3 ends with the value nil'],
    [
      step(':invoke', ':get', ':key "b"'),
      step(':ok', ':get', ':key "c", :value ""'),
      'the key "c" ends an operation on the key "b"',
    ],
    [
      step(':invoke', ':put', ':key "b", :value "x"'),
      step(':fail', ':put', ':key "c", :value "x"'),
      'the key "c" ends',
    ],
    [
      step(':invoke', ':append', ':key 1, :value "x"'),
      step(':ok', ':append', ':key 1, :value "y"'),
      ':append of "x" ends with the value "y"',
    ],
    [
      step(':invoke', ':put', ':key 1, :value 5'),
      step(':ok', ':put', ':key 1, :value 5').concat('\n', step(':invoke', ':get', ':key "1"')),
      '"1" and 1 in one file may be the same or not',
    ],
    [log('0 :invoke :cas [1 2]').trim(), log('0 :fail :cas [1 3]').trim(), ':cas of [1 2] ends with the value [1 3]'],
  ])('%s ended by %s is refused', (call, end, message) => {
    expect(parseJepsen(`${call}\n${end}`)).toEqual({
      kind: 'malformed',
      line: end.includes('\n') ? 3 : 2,
      message: expect.stringContaining(message),
    });
  });

  test.each([
    [step(':invoke', ':write', ':value 3'), step(':ok', ':write', ':value nil')],
    [step(':invoke', ':write', ':value :a'), step(':ok', ':write', ':value :a')],
    [step(':invoke', ':cas', ':value [nil "b"]'), step(':ok', ':cas', ':index 1')],
    [step(':invoke', ':read', ':value 3'), step(':ok', ':read', ':value 3')],
    [step(':invoke', ':write', ':value 3'), step(':info', ':write', ':value :timed-out')],
    [step(':invoke', ':write', ':value -0'), step(':ok', ':write', ':value 0')],
  ])('%s may be ended by %s', (call, end) => {
    expect(parseJepsen(`${call}\n${end}`)).toMatchObject({ kind: 'register' });
  });

  test.each([
    ['{:process 0, :type :invoke', 'not closed'],
    ['{:process 0, :type :ok, :f :read, :value 1}', 'never invoked'],
    ['{:process 0, :type :huh, :f :read, :value 1}', 'the type is :huh'],
    ['{:process 0, :type :invoke, :f :swap, :value 1}', 'unknown operation :swap'],
    ['{:process 0, :type :invoke, :f :cas, :value 1}', 'expected two values'],
    ['{:process 0, :type :invoke, :f :write, :value 1.5}', 'is no integer'],
    ['{:process 0, :type :invoke, :f :write, :value 9007199254740993}', 'is no integer within 2^53-1'],
    ['{:process 0, :type :invoke, :f :write, :value 5N}', '5N is no integer'],
    ['{:process 0, :type :invoke, :f :cas, :value [1 0.5]}', '0.5 is no integer'],
    ['{:process 0, :type :invoke, :f :put, :key 1, :value 0.5}', '0.5 is no integer'],
    ['{:process 0.5, :type :invoke, :f :read}', 'the process is 0.5'],
    ['{:process 0, :type :invoke, :f :write, :value 0x1b}', '0x1b is no integer'],
    ['{:process 0, :type :invoke, :f :write, :value ##-Inf}', '##-Inf is no integer'],
    ['{:process ##NaN, :type :invoke, :f :read}', 'the process is ##NaN'],
    ['{:process 0, :type :invoke, :f :read, :value ##Infinite}', 'followed by no tag'],
    ['{:process 0, :process 1}', 'twice'],
    ['[1 2]', 'expected one map'],
  ])('%s is refused', (text, message) => {
    expect(parseJepsen(`\n${text}`)).toEqual({ kind: 'malformed', line: 2, message: expect.stringContaining(message) });
  });
});

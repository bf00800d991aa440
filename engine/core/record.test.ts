/** What S2 allows in a batch, exactly at each limit and one past it, in S2's words (API contract §2.3, §2.4). */

import { describe, expect, test } from 'vitest';

import { type AppendRecord, batchProblem, isCommand, meteredBytes, parseCommand } from './record.ts';

const utf8 = new TextEncoder();
const MIB = 1024 * 1024;

function record(body: string | Uint8Array, headers: readonly [string, string][] = []): AppendRecord {
  return {
    timestamp: null,
    headers: headers.map(([name, value]) => ({ name: utf8.encode(name), value: utf8.encode(value) })),
    body: typeof body === 'string' ? utf8.encode(body) : body,
  };
}

function command(op: string, payload: string | Uint8Array): AppendRecord {
  return record(payload, [['', op]]);
}

describe('metering', () => {
  test.each([
    ['an empty record', record(''), 8],
    ['a body', record('hello'), 13],
    ['a header and a body', record('b', [['k', 'v']]), 13],
    ['a trim command', command('trim', new Uint8Array(8)), 22],
    ['a fence to the empty token', command('fence', ''), 15],
    [
      'two headers, bytes of UTF-8 and not characters',
      record('é', [
        ['ä', 'ö'],
        ['n', ''],
      ]),
      8 + 4 + 4 + 1 + 2,
    ],
  ])('%s', (_what, metered, bytes) => {
    expect(meteredBytes(metered)).toBe(bytes);
  });
});

describe('batch limits', () => {
  test('a batch of 1 and of 1000 records is allowed, of 0 and of 1001 is not', () => {
    expect(batchProblem([record('x')])).toBeNull();
    expect(batchProblem(Array(1000).fill(record('x')))).toBeNull();
    expect(batchProblem([])).toBe('record batch must not be empty');
    expect(batchProblem(Array(1001).fill(record('x')))).toBe('record batch must not exceed 1000 records');
  });

  test('a record of exactly 1 MiB metered is allowed, one byte more is not', () => {
    expect(batchProblem([record(new Uint8Array(MIB - 8))])).toBeNull();
    expect(batchProblem([record(new Uint8Array(MIB - 7))])).toBe('record must have metered size less than 1 MiB');
  });

  test('a batch of exactly 1 MiB metered is allowed, one byte more is not', () => {
    const half = record(new Uint8Array(MIB / 2 - 8));
    expect(batchProblem([half, half])).toBeNull();
    expect(batchProblem([half, record(new Uint8Array(MIB / 2 - 7))])).toBe(
      'record batch must not exceed a metered size of 1 MiB',
    );
  });

  test('headers count towards the limit', () => {
    expect(batchProblem([record(new Uint8Array(MIB - 8 - 4), [['k', 'v']])])).toBeNull();
    expect(batchProblem([record(new Uint8Array(MIB - 8 - 3), [['k', 'v']])])).not.toBeNull();
  });
});

describe('headers', () => {
  test('an empty name among several headers is refused, wherever it stands', () => {
    expect(
      batchProblem([
        record('', [
          ['', 'fence'],
          ['k', 'v'],
        ]),
      ]),
    ).toBe('invalid header: empty name');
    expect(
      batchProblem([
        record('', [
          ['k', 'v'],
          ['', ''],
        ]),
      ]),
    ).toBe('invalid header: empty name');
  });

  test('empty values and duplicate names are allowed', () => {
    expect(
      batchProblem([
        record('', [
          ['k', ''],
          ['k', ''],
        ]),
      ]),
    ).toBeNull();
  });
});

describe('command records', () => {
  test('only exactly one header with an empty name makes a command', () => {
    expect(isCommand(command('fence', ''))).toBe(true);
    expect(isCommand(command('', ''))).toBe(true);
    expect(isCommand(record(''))).toBe(false);
    expect(isCommand(record('', [['fence', '']]))).toBe(false);
    expect(
      isCommand(
        record('', [
          ['', 'fence'],
          ['', 'fence'],
        ]),
      ),
    ).toBe(false);
  });

  test.each(['', 'Fence', 'fence ', 'trimm', 'fencefencefencefence'])('`%s` is an unknown command', (op) => {
    expect(batchProblem([command(op, new Uint8Array(8))])).toBe('unknown command');
  });

  test('a fence takes a token of 0 to 36 bytes', () => {
    expect(parseCommand(command('fence', ''))).toEqual({ op: 'fence', token: '' });
    expect(parseCommand(command('fence', 'x'.repeat(36)))).toEqual({ op: 'fence', token: 'x'.repeat(36) });
    expect(batchProblem([command('fence', 'x'.repeat(37))])).toBe(
      'invalid `fence` command: fencing token must not exceed 36 bytes in length',
    );
  });

  test('the length of a fencing token is measured in bytes', () => {
    expect(batchProblem([command('fence', 'é'.repeat(18))])).toBeNull();
    expect(batchProblem([command('fence', 'é'.repeat(18) + 'x')])).toMatch(/must not exceed 36 bytes in length$/);
  });

  test('a fence token must be UTF-8, and a leading byte order mark belongs to it', () => {
    expect(batchProblem([command('fence', Uint8Array.of(0xff))])).toMatch(/^invalid `fence` command/);
    expect(parseCommand(command('fence', Uint8Array.of(0xef, 0xbb, 0xbf)))).toEqual({ op: 'fence', token: '\ufeff' });
  });

  test('a trim takes exactly 8 bytes, big-endian', () => {
    expect(parseCommand(command('trim', Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2)))).toEqual({
      op: 'trim',
      trimPoint: 258,
    });
    expect(parseCommand(command('trim', Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0)))).toEqual({
      op: 'trim',
      trimPoint: 2 ** 32,
    });
    for (const length of [0, 7, 9]) {
      expect(batchProblem([command('trim', new Uint8Array(length))])).toBe(
        `invalid \`trim\` command: earliest sequence number to trim to was ${length} bytes, must be 8`,
      );
    }
  });

  test('a trim payload that is a view into a larger buffer is read from where it starts', () => {
    const view = Uint8Array.of(9, 9, 0, 0, 0, 0, 0, 0, 0, 7, 9).subarray(2, 10);
    expect(parseCommand(command('trim', view))).toEqual({ op: 'trim', trimPoint: 7 });
  });

  test('a bad command anywhere refuses the whole batch', () => {
    expect(batchProblem([record('good'), command('nonsense', '')])).toBe('unknown command');
  });
});

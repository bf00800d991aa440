/** Names at their limits; lengths are bytes of UTF-8 (API contract §2.1). */

import { expect, test } from 'vitest';

import { basinNameProblem, fencingTokenProblem, requestTokenProblem, streamNameProblem } from './names.ts';

test.each(['abcdefgh', 'a'.repeat(48), '0-------9', 'my-basin-01'])('`%s` is a good basin name', (name) => {
  expect(basinNameProblem(name)).toBeNull();
});

test.each([
  ['a'.repeat(7), 'between 8 and 48 bytes'],
  ['a'.repeat(49), 'between 8 and 48 bytes'],
  ['-abcdefg', 'begin and end'],
  ['abcdefg-', 'begin and end'],
  ['abcdEfgh', 'lowercase'],
  ['abc_efgh', 'lowercase'],
  ['abcdéfgh', 'lowercase'],
  ['abcdefg\n', 'lowercase'],
])('%j is no basin name', (name, why) => {
  expect(basinNameProblem(name)).toContain(why);
});

test.each(['x', 'x'.repeat(512), 'é'.repeat(256), '...', 'a/b c', '\u0000', ' '])(
  'a stream may be called %j',
  (name) => {
    expect(streamNameProblem(name)).toBeNull();
  },
);

test('a stream name has 1 to 512 bytes and is not a dot path', () => {
  for (const name of ['', 'x'.repeat(513), 'é'.repeat(256) + 'x']) {
    expect(streamNameProblem(name)).toBe('stream name must be between 1 and 512 bytes in length');
  }
  for (const name of ['.', '..']) expect(streamNameProblem(name)).toBe('stream name must not be `.` or `..`');
});

test('fencing and request tokens have at most 36 bytes', () => {
  for (const problem of [fencingTokenProblem, requestTokenProblem]) {
    expect(problem('')).toBeNull();
    expect(problem('x'.repeat(36))).toBeNull();
    expect(problem('x'.repeat(37))).toMatch(/must not exceed 36 bytes in length$/);
    expect(problem('é'.repeat(19))).toMatch(/must not exceed 36 bytes in length$/);
  }
});

test('half a surrogate pair is in no stream name: it could not be told from U+FFFD once stored', () => {
  expect(streamNameProblem('a\ud800b')).toBe('stream name must be valid Unicode');
  expect(streamNameProblem('\udc00\ud800')).toBe('stream name must be valid Unicode');
  expect(streamNameProblem('\ud83d\ude00')).toBeNull();
});

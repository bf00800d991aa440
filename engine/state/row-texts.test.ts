/** Texts of rows: each row keeps its own, whatever happens to the others and however often the heap is squeezed. */

import { expect, test } from 'vitest';

import { RowTexts } from './row-texts.ts';

const all = (texts: RowTexts, row: number) => [texts.name(row), texts.requestToken(row), texts.fencingToken(row)];

test('a row gives back what it was given, and an empty request token is not none', () => {
  const texts = new RowTexts(4);
  texts.add(0, 'grüße/1', null, '');
  texts.add(1, 'b', '', 'fence');
  texts.add(2, 'c', 'request', '');
  expect([all(texts, 0), all(texts, 1), all(texts, 2)]).toEqual([
    ['grüße/1', null, ''],
    ['b', '', 'fence'],
    ['c', 'request', ''],
  ]);
});

test('a fencing token that changes leaves the name and the request token', () => {
  const texts = new RowTexts(2);
  texts.add(0, 'a', 'request', 'one');
  texts.add(1, 'b', null, '');
  for (const token of ['two', 'a longer one', '', 'two']) {
    texts.putFencingToken(0, token);
    expect([all(texts, 0), all(texts, 1)]).toEqual([
      ['a', 'request', token],
      ['b', null, ''],
    ]);
  }
});

test('names compare by their bytes, with each other and with one that is in no row', () => {
  const texts = new RowTexts(3);
  for (const [row, name] of ['a', 'ab', 'b'].entries()) texts.add(row, name, null, '');
  expect([texts.compareNames(0, 1), texts.compareNames(2, 1), texts.compareNames(1, 1)].map(Math.sign)).toEqual([
    -1, 1, 0,
  ]);
  expect([texts.compareNameTo(1, Buffer.from('ab')), Math.sign(texts.compareNameTo(1, Buffer.from('b')))]).toEqual([
    0, -1,
  ]);
  expect([texts.isNamed(1, 'ab'), texts.isNamed(1, 'a')]).toEqual([true, false]);
});

test('what is dead is squeezed out, and rows that were released take no part in it', () => {
  const rows = 64;
  const texts = new RowTexts(rows);
  const nameOf = (row: number) => `${row}/${'n'.repeat(400)}`;
  for (let row = 0; row < rows; row++) texts.add(row, nameOf(row), null, 'x');
  for (let row = 0; row < rows; row += 2) texts.release(row);
  const before = texts.bytes;
  for (let i = 0; i < 5000; i++) texts.putFencingToken(1, `token ${i}`);
  expect(texts.bytes - before, 'five thousand copies of a row would be 2 MB').toBeLessThan(400_000);
  for (let row = 3; row < rows; row += 2) expect(all(texts, row)).toEqual([nameOf(row), null, 'x']);
  expect(all(texts, 1)).toEqual([nameOf(1), null, 'token 4999']);
  texts.add(0, 'again', 'r', 'f');
  expect(all(texts, 0)).toEqual(['again', 'r', 'f']);
});

test('room for more rows leaves those there are alone', () => {
  const texts = new RowTexts(1);
  texts.add(0, 'a', 'r', 'f');
  texts.grow(2);
  texts.add(1, 'b', null, '');
  expect([all(texts, 0), all(texts, 1)]).toEqual([
    ['a', 'r', 'f'],
    ['b', null, ''],
  ]);
});

/** Tokens in the state: their order, their lookup, their bytes, and that every part of them counts in the hash. */

import { describe, expect, test } from 'vitest';

import { ROOT_SCOPE, type TokenState } from '../core/access.ts';
import { sameHash, StateHasher } from './state-hash.ts';
import { PayloadReader, PayloadWriter } from './payload.ts';
import { compareNames } from './sorted-names.ts';
import { readToken, writeToken } from './token-codec.ts';
import { TokenTable } from './token-table.ts';

function token(id: string, change: Partial<TokenState> = {}): TokenState {
  const secretHash = Uint8Array.from({ length: 32 }, (_, i) => (id.codePointAt(0) ?? 0) + i);
  const rest = { issuedAtMs: 5, expiresAtMs: null, autoPrefixStreams: false, namespace: '', scope: ROOT_SCOPE };
  return { id, secretHash, ...rest, ...change };
}

function written(row: TokenState): Uint8Array {
  const out = new PayloadWriter();
  writeToken(out, row);
  return out.finish();
}

describe('the table', () => {
  test('lists by the bytes of ids, behind a name and with a beginning, what is shown', () => {
    const table = new TokenTable(new StateHasher());
    // In UTF-16 the smiley would sort before the private letter.
    for (const id of ['b', '\u{1f600}', 'a/2', '\ue000', 'a/1', 'a/10']) table.add(token(id));
    const ids = (prefix: string, startAfter = '', limit = 1000, shown: (row: TokenState) => boolean = () => true) => {
      const { rows, hasMore } = table.list({ prefix, startAfter, limit }, shown);
      return [...rows.map(({ id }) => id), ...(hasMore ? ['…'] : [])];
    };
    expect(ids('')).toEqual(['a/1', 'a/10', 'a/2', 'b', '\ue000', '\u{1f600}']);
    expect(ids('a/', '', 2)).toEqual(['a/1', 'a/10', '…']);
    expect(ids('a/', 'a/10')).toEqual(['a/2']);
    expect(ids('a/', 'b')).toEqual([]);
    expect(ids('', '', 1, ({ id }) => !id.startsWith('a'))).toEqual(['b', '…']);
    expect(ids('', '', 1, ({ id }) => id === 'b')).toEqual(['b']);
  });

  test('knows a token by its secret and by nothing else, until it is gone', () => {
    const table = new TokenTable(new StateHasher());
    const row = token('a');
    table.add(row);
    expect(table.ofSecret(row.secretHash.slice())).toBe(row);
    expect(table.ofSecret(row.secretHash.with(31, 0))).toBeUndefined();
    expect(table.ofSecret(row.secretHash.with(0, 0))).toBeUndefined();
    expect(table.ofSecret(new Uint8Array(32))).toBeUndefined();
    table.delete(row);
    expect(table.ofSecret(row.secretHash)).toBeUndefined();
    expect(table.get('a')).toBeUndefined();
    expect(table.size).toBe(0);
  });
});

test('a token that differs in any part has another hash, and one that is gone has none', () => {
  const scope = ROOT_SCOPE;
  const all: TokenState[] = [
    token('a'),
    token('b'),
    ...[{ issuedAtMs: 6 }, { expiresAtMs: 0 }, { autoPrefixStreams: true }, { namespace: 'n' }].map((change) =>
      token('a', change),
    ),
    token('a', { secretHash: new Uint8Array(32) }),
    ...[
      { basins: null },
      { streams: { exact: '' } },
      { accessTokens: { prefix: 'x' } },
      { groups: 1 },
      { operations: 1 },
    ].map((change) => token('a', { scope: { ...scope, ...change } })),
  ];
  const hashes = all.map((row) => {
    const hasher = new StateHasher();
    hasher.token(row, 1);
    return hasher.value();
  });
  for (const [i, x] of hashes.entries()) {
    expect(hashes.findIndex((y) => sameHash(x, y))).toBe(i);
  }
  const hasher = new StateHasher();
  hasher.token(token('a'), 1);
  hasher.token(token('a'), -1);
  expect(hasher.value()).toEqual({ a: 0, b: 0 });
});

describe('the bytes of a token', () => {
  test.each([
    ['everything', token('räder', { expiresAtMs: 2 ** 41, autoPrefixStreams: true, namespace: 'a/' })],
    [
      'nothing',
      token('x', { scope: { basins: null, streams: { exact: '' }, accessTokens: null, groups: 0, operations: 1 } }),
    ],
  ])('read back as they were written: %s', (_, row) => {
    const from = new PayloadReader(written(row));
    expect(readToken(from)).toEqual(row);
    expect(from.atEnd()).toBe(true);
  });

  test.each<[string, (bytes: Uint8Array) => number]>([
    ['flags', () => 2 + 1 + 33 + 1],
    ['operations', (bytes) => bytes.length - 1],
    ['hash', () => 3],
  ])('of another version are refused: %s', (_, placeOf) => {
    const scope = { basins: null, streams: null, accessTokens: null, groups: 0, operations: 1 };
    const bytes = written(token('x', { scope }));
    const at = placeOf(bytes);
    // A number that takes four bytes and is beyond everything known.
    const damaged = Uint8Array.from([...bytes.subarray(0, at), 0xff, 0xff, 0xff, 0x7f, ...bytes.subarray(at + 1)]);
    expect(() => readToken(new PayloadReader(damaged))).toThrow(RangeError);
  });
});

test('names compare as their UTF-8 does', () => {
  const names = [
    '',
    'a',
    'ab',
    'b',
    'é',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
    'a\u{1f600}',
    'a\uffff',
  ];
  for (const x of names) {
    for (const y of names) {
      expect(Math.sign(compareNames(x, y)), `${x} ${y}`).toBe(
        Math.sign(Buffer.compare(Buffer.from(x), Buffer.from(y))),
      );
    }
  }
});

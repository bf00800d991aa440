/** What tokens reach and permit: tables for the edges, properties for the whole of it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  common,
  covers,
  exceeds,
  granted,
  mayEver,
  type NameSet,
  permits,
  reaches,
  ROOT_SCOPE,
  sameSecret,
  seenFrom,
  type TokenState,
  type TokenWish,
  wishProblem,
} from './access.ts';
import { ALL_OPERATIONS, groupBit, type Operation, OPERATION_NAMES, operationSet, operationsIn } from './operations.ts';

const NOTHING = { basins: null, streams: null, accessTokens: null, groups: 0, operations: 0 };

function token(change: Partial<TokenState> = {}): TokenState {
  return {
    ...{ id: 't', issuedAtMs: 1, secretHash: new Uint8Array(32), expiresAtMs: null, autoPrefixStreams: false },
    ...{ namespace: '', scope: ROOT_SCOPE, ...change },
  };
}

function wish(change: Partial<TokenWish> = {}): TokenWish {
  return { id: 't', expiresAtMs: null, autoPrefixStreams: false, scope: ROOT_SCOPE, ...change };
}

describe('a set of names', () => {
  test('has in common with another just what both reach', () => {
    const sets: NameSet[] = [null, ...['', 'a', 'ab', 'b'].flatMap((text) => [{ exact: text }, { prefix: text }])];
    for (const a of sets) {
      for (const b of sets) {
        for (const name of ['', 'a', 'ab', 'abc', 'b', 'c']) {
          expect(reaches(common(a, b), name), JSON.stringify([a, b, name])).toBe(reaches(a, name) && reaches(b, name));
        }
      }
    }
  });

  test.each<[NameSet, string, boolean]>([
    [null, 'a', false],
    [{ exact: 'a' }, 'a', true],
    [{ exact: 'a' }, 'ab', false],
    [{ exact: 'ab' }, 'a', false],
    [{ exact: '' }, '', false],
    [{ prefix: '' }, '', true],
    [{ prefix: '' }, 'a', true],
    [{ prefix: 'a' }, 'ab', true],
    // A name is not reached because it begins like the beginning of the set.
    [{ prefix: 'ab' }, 'a', false],
    [{ prefix: 'ab' }, 'ba', false],
    [{ prefix: 'a/' }, 'a', false],
    [{ prefix: 'é' }, 'e\u0301', false],
  ])('%j reaches %j: %j', (set, name, isReached) => expect(reaches(set, name)).toBe(isReached));

  const names = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 });
  const sets = fc.oneof(
    fc.constant<NameSet>(null),
    names.map((exact): NameSet => ({ exact })),
    names.map((prefix): NameSet => ({ prefix })),
  );

  test('covers another exactly when it reaches every name the other reaches', () => {
    const some = fc.sample(names, { numRuns: 100, seed: 1 });
    fc.assert(
      fc.property(sets, sets, names, (outer, inner, name) => {
        if (covers(outer, inner)) return !reaches(inner, name) || reaches(outer, name);
        // What is not covered has a name to show for it: the inner one itself, or something behind its beginning.
        if (inner === null) return false;
        const own = 'exact' in inner ? inner.exact : inner.prefix;
        return [own, ...some.map((end) => own + end)].some((it) => reaches(inner, it) && !reaches(outer, it));
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });
});

describe('permission', () => {
  test('is the union of groups and operations', () => {
    const scope = {
      ...ROOT_SCOPE,
      groups: groupBit('stream', 'read') | groupBit('account', 'write'),
      operations: operationSet(['list-streams', 'read']),
    };
    const permitted = OPERATION_NAMES.filter((operation) => mayEver({ scope }, operation));
    expect(permitted).toEqual([
      ...['create-basin', 'delete-basin', 'reconfigure-basin', 'issue-access-token', 'revoke-access-token'],
      ...['list-streams', 'check-tail', 'read', 'stream-metrics', 'set-default-location'],
    ]);
  });

  test.each<[Operation, object, boolean]>([
    ['append', { basins: 'b', streams: 's/1' }, true],
    ['append', { basins: 'b', streams: 's' }, false],
    ['append', { basins: 'c', streams: 's/1' }, false],
    ['append', { basins: 'b' }, false],
    ['append', {}, false],
    ['list-streams', { basins: 'b' }, true],
    ['list-streams', { basins: 'c', streams: 's/1' }, false],
    ['list-basins', {}, true],
    ['revoke-access-token', { accessTokens: 'mine' }, true],
    ['revoke-access-token', { accessTokens: 'its' }, false],
  ])('for %s of %j is %j', (operation, names, isPermitted) => {
    const reach = { basins: { exact: 'b' }, streams: { prefix: 's/' }, accessTokens: { prefix: 'm' } };
    const scope = { ...reach, groups: 0, operations: ALL_OPERATIONS };
    expect(permits({ scope }, operation, names)).toBe(isPermitted);
    expect(permits({ scope: { ...scope, operations: 0 } }, operation, names)).toBe(false);
  });

  test('every operation has a bit of its own, in S2’s order', () => {
    expect(OPERATION_NAMES.map((operation) => operationSet([operation]))).toEqual(
      Array.from({ length: 24 }, (_, i) => 2 ** i),
    );
    expect(operationsIn(ALL_OPERATIONS)).toEqual(OPERATION_NAMES);
  });
});

describe('a wish', () => {
  test('for nothing at all, or for prefixing by no prefix, is nobody’s', () => {
    const empty = 'Access token permissions cannot be empty';
    const unprefixed = 'Auto prefixing is only allowed for streams with prefix matching';
    expect(wishProblem(wish({ scope: NOTHING }))).toBe(empty);
    expect(wishProblem(wish({ scope: { ...NOTHING, groups: 1 } }))).toBeNull();
    for (const streams of [null, { exact: 's' }]) {
      expect(wishProblem(wish({ autoPrefixStreams: true, scope: { ...ROOT_SCOPE, streams } }))).toBe(unprefixed);
    }
    expect(wishProblem(wish({ autoPrefixStreams: true }))).toBeNull();
  });

  test('inherits the time and the namespace of its issuer, and names streams as its issuer sees them', () => {
    const issuer = token({ expiresAtMs: 9, namespace: 'a/', scope: { ...ROOT_SCOPE, streams: { prefix: 'a/' } } });
    const scope = { ...ROOT_SCOPE, streams: { prefix: 'b/' } };
    expect(granted(wish({ scope }), issuer)).toMatchObject({
      ...{ expiresAtMs: 9, namespace: 'a/', scope: { streams: { prefix: 'a/b/' } } },
    });
    const deeper = granted(wish({ scope, autoPrefixStreams: true }), issuer);
    expect(deeper).toMatchObject({ namespace: 'a/b/', scope: { streams: { prefix: 'a/b/' } } });
    expect(exceeds(issuer, deeper)).toBe(false);
    expect(seenFrom('a/', deeper.scope.streams)).toEqual({ prefix: 'b/' });
    expect(granted(wish({ scope: { ...scope, streams: { exact: '' } } }), issuer).scope.streams).toEqual({ exact: '' });
  });

  test.each<[NameSet, NameSet]>([
    [null, null],
    [{ prefix: '' }, { prefix: '' }],
    [{ prefix: 'a' }, { prefix: '' }],
    [{ prefix: 'a/' }, { prefix: '' }],
    [{ prefix: 'a/b' }, { prefix: 'b' }],
    [{ prefix: 'b' }, null],
    [{ exact: 'a/b' }, { exact: 'b' }],
    [{ exact: 'a' }, null],
    [{ exact: '' }, null],
  ])('that reaches streams %j reaches %j, seen from the namespace a/', (set, seen) => {
    expect(seenFrom('a/', set)).toEqual(seen);
    expect(seenFrom('', set)).toEqual(set);
  });

  const narrow = token({
    expiresAtMs: 100,
    namespace: 'n/',
    scope: {
      basins: { prefix: 'b' },
      streams: { prefix: 'n/' },
      accessTokens: { exact: 'x' },
      groups: groupBit('stream', 'read'),
      operations: operationSet(['issue-access-token']),
    },
  });

  test.each<[string, Partial<TokenState>]>([
    ['a later end', { expiresAtMs: 101 }],
    ['no end', { expiresAtMs: null }],
    ['an operation', { scope: { ...narrow.scope, operations: operationSet(['append']) } }],
    ['a group', { scope: { ...narrow.scope, groups: groupBit('stream', 'write') } }],
    ['basins', { scope: { ...narrow.scope, basins: { prefix: '' } } }],
    ['streams', { scope: { ...narrow.scope, streams: { exact: 'm' } } }],
    ['tokens', { scope: { ...narrow.scope, accessTokens: { prefix: 'x' } } }],
    ['a namespace around its own', { namespace: '' }],
  ])('that asks for more than its issuer has exceeds it: %s', (_, more) => {
    expect(exceeds(narrow, token({ ...narrow, ...more }))).toBe(true);
    expect(exceeds(token(), token({ ...narrow, ...more }))).toBe(false);
  });

  test('for the same, or for a group as its operations one by one, does not', () => {
    const { operations } = narrow.scope;
    const oneByOne = operations | operationSet(['check-tail', 'read', 'stream-metrics']);
    for (const scope of [narrow.scope, { ...narrow.scope, groups: 0, operations: oneByOne }]) {
      expect(exceeds(narrow, token({ ...narrow, scope }))).toBe(false);
    }
  });
});

test('hashes are equal in all bytes or not at all', () => {
  const hash = Uint8Array.from({ length: 32 }, (_, i) => i);
  expect(sameSecret(hash, hash.slice())).toBe(true);
  for (const at of [0, 15, 16, 31]) expect(sameSecret(hash, hash.with(at, 99))).toBe(false);
  expect(sameSecret(hash, hash.subarray(0, 31))).toBe(false);
});

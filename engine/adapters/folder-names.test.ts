import fc from 'fast-check';
import { expect, test } from 'vitest';

import { pathOfKey, segmentOfDirectory, segmentOfFile } from './folder-names.ts';

const segments = fc
  .stringMatching(/^[A-Za-z0-9._-]{1,20}(\.blob)?$/)
  .filter((segment) => segment !== '.' && segment !== '..');
const keys = fc.array(segments, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

test('a key can be read back from its path', () => {
  fc.assert(
    fc.property(keys, (key) => {
      const { directories, file } = pathOfKey(key);
      expect([...directories.map(segmentOfDirectory), segmentOfFile(file)].join('/')).toBe(key);
    }),
  );
});

test('different keys have different paths, also where case does not count', () => {
  const pathOf = (key: string): string => {
    const { directories, file } = pathOfKey(key);
    return [...directories, file].join('/').toLowerCase();
  };
  fc.assert(
    fc.property(keys, keys, (left, right) => {
      expect(pathOf(left) === pathOf(right)).toBe(left === right);
    }),
  );
  const alike = ['a', 'A', 'a/b', 'A/b', 'a.blob', 'a.blob/b', 'a.BLOB/b', 'a.blob.blob'];
  expect(new Set(alike.map(pathOf)).size).toBe(alike.length);
});

test('no file is also the directory of another key', () => {
  fc.assert(
    fc.property(segments, segments, (left, right) => {
      expect(pathOfKey(left).file).not.toBe(pathOfKey(`${right}/x`).directories[0]);
    }),
  );
});

test('the directory of unnamed objects belongs to no key', () => {
  expect(segmentOfDirectory('+tmp')).toBeNull();
  expect(segmentOfFile('+tmp')).toBeNull();
});

test.each(['', '.blob', '..blob', '...blob/x', '7', '7.BLOB', '7.blob~', 'A.blob', '^.blob', '^1.blob', 'a b.blob'])(
  'the file %j is not an object',
  (name) => {
    expect(segmentOfFile(name)).toBeNull();
  },
);

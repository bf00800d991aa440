/** The bytes of the log: pinned, and so guarded that no damage goes unnoticed. */

import { describe, expect, test } from 'vitest';

import { FORMAT_VERSION, FORMAT_VERSION_OLDEST } from '../core/format-version.ts';
import { dataObject } from '../testing/log-bench.ts';
import { nativeCompute as compute } from '../testing/manual-ports.ts';
import { LogCorruption } from './corruption.ts';
import { type DataHeader, decodeEntries, decodeHeader, encodeFence, sameIdentity, slotKey } from './format.ts';

const identity = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const entries = [
  { type: 1, payload: Uint8Array.of(1, 2, 3) },
  { type: 3, payload: new Uint8Array() },
];

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const data = dataObject({ slot: 7, epoch: 2, identity }, entries);
const fence = joined(encodeFence({ slot: 2 ** 33 + 5, epoch: 3, identity, next: 2 ** 33 + 69 }, compute));

function readAll(slot: number, bytes: Uint8Array) {
  const header = decodeHeader(slot, bytes, compute);
  if (header.kind === 'fence') return [];
  return decodeEntries(header, bytes, compute).map(({ type, payload }) => ({ type, payload }));
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** As a writer of another version would have made it: header checksum and all. */
function resealed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  new DataView(copy.buffer).setUint32(60, compute.crc32(copy.subarray(0, 60)), true);
  return copy;
}

test('a slot is named by 20 digits', () => {
  expect(slotKey(0)).toBe('wal/00000000000000000000');
  expect(slotKey(Number.MAX_SAFE_INTEGER)).toBe('wal/00009007199254740991');
});

describe('what is written is read back', () => {
  test('a data object', () => {
    expect(decodeHeader(7, data, compute)).toMatchObject({ kind: 'data', slot: 7, epoch: 2, identity, entryCount: 2 });
    expect(readAll(7, data)).toEqual(entries);
  });

  test('a fence', () => {
    expect(decodeHeader(2 ** 33 + 5, fence, compute)).toEqual({
      kind: 'fence',
      slot: 2 ** 33 + 5,
      epoch: 3,
      identity,
      next: 2 ** 33 + 69,
    });
  });

  test('an object that is a view into a larger buffer', () => {
    const view = joined([Uint8Array.of(1, 2, 3), data, Uint8Array.of(4)]).subarray(3, 3 + data.length);
    expect(readAll(7, view)).toEqual(entries);
  });

  test('a header alone is enough to know whose object it is', () => {
    expect(decodeHeader(7, data.subarray(0, 64), compute).identity).toEqual(identity);
  });
});

describe('damage', () => {
  test('every flipped bit of a data object is detected, and the object is named', () => {
    for (let bit = 0; bit < data.length * 8; bit++) {
      expect(() => readAll(7, flipped(data, bit)), `bit ${bit}`).toThrow(LogCorruption);
      expect(() => readAll(7, flipped(data, bit)), `bit ${bit}`).toThrow('wal/00000000000000000007');
    }
  });

  test('every flipped bit of a fence is detected', () => {
    for (let bit = 0; bit < fence.length * 8; bit++) {
      expect(() => readAll(2 ** 33 + 5, flipped(fence, bit)), `bit ${bit}`).toThrow(LogCorruption);
    }
  });

  test('an object cut anywhere or with bytes behind it is detected', () => {
    for (let length = 0; length < data.length; length++) {
      expect(() => readAll(7, data.subarray(0, length)), `${length} bytes`).toThrow(LogCorruption);
    }
    expect(() => readAll(7, joined([data, Uint8Array.of(0)]))).toThrow(LogCorruption);
  });

  test('an object under the name of another slot is detected', () => {
    expect(() => decodeHeader(8, data, compute)).toThrow('wal/00000000000000000008, byte 8: it says that it is slot 7');
  });

  test('entries that do not add up to the body are detected', () => {
    const header = decodeHeader(7, data, compute) as DataHeader;
    expect(() => decodeEntries({ ...header, entryCount: 1 }, data, compute)).toThrow(
      'there are bytes behind the last entry',
    );
  });

  test('a future format version says which build is needed', () => {
    const future = resealed(data, (copy) => copy.set([FORMAT_VERSION + 1], 4));
    expect(() => decodeHeader(7, future, compute)).toThrow(
      `wal/00000000000000000007, byte 4: it has format version ${FORMAT_VERSION + 1}; this build reads versions ` +
        `${FORMAT_VERSION_OLDEST} to ${FORMAT_VERSION}. Use a newer build`,
    );
  });

  test('an object that is not of this log at all is refused', () => {
    expect(() => decodeHeader(7, new Uint8Array(64), compute)).toThrow('it is not a log object of Tailrace');
  });

  test('an object of a kind this build does not know is refused', () => {
    const strange = resealed(data, (copy) => copy.set([3], 5));
    expect(() => decodeHeader(7, strange, compute)).toThrow(LogCorruption);
  });
});

test('a body of short, middling and long frames has the checksum of its bytes, wherever the long ones stand', () => {
  for (const lengths of [[20_000], [20_000, 5, 300], [5, 300, 16_384, 16_383, 90_000], [40_000, 40_000, 0]]) {
    const framed = lengths.map((length) => ({ type: 3, payload: new Uint8Array(length).map((_, i) => i * length) }));
    const object = dataObject({ slot: 7, epoch: 2, identity }, framed);
    expect((decodeHeader(7, object, compute) as DataHeader).bodyCrc).toBe(compute.crc32(object.subarray(64)));
    expect(readAll(7, object)).toEqual(framed);
  }
});

test('identities are equal only when all 16 bytes are', () => {
  expect(sameIdentity(identity, identity.slice())).toBe(true);
  for (let i = 0; i < 16; i++) expect(sameIdentity(identity, flipped(identity, i * 8))).toBe(false);
  expect(sameIdentity(identity, identity.subarray(0, 15))).toBe(false);
});

test('numbers that are not exact are never written', () => {
  for (const slot of [2 ** 53, -1, 0.5]) {
    expect(() => encodeFence({ slot, epoch: 1, identity, next: 1 }, compute)).toThrow('exact non-negative integer');
  }
  expect(() => encodeFence({ slot: 1, epoch: 1, identity: new Uint8Array(8), next: 1 }, compute)).toThrow('16 bytes');
});

/** Checkpoints as bytes: exact in both directions, every damaged byte found and the object named. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  basinConfig,
  CIPHERS,
  NO_WISH,
  S2_BASIN_CONFIG,
  S2_STREAM_CONFIG,
  STORAGE_CLASSES,
  type StreamConfig,
  type StreamWish,
  TIMESTAMPING_MODES,
} from '../core/config.ts';
import type { StreamState } from '../core/stream-state.ts';
import { LogCorruption } from '../log/corruption.ts';
import { nativeCompute } from '../testing/manual-ports.ts';
import { NO_USAGE } from '../testing/state-samples.ts';
import { type CheckpointRoot, decodePage, decodeRoot, encodePage, encodeRoot } from './checkpoint-format.ts';

const NAME = { slot: 70, epoch: 1, number: 2 };
const KEY = 'ckpt/00000000000000000070-0000000001-0000000002';
const PAGE = { epoch: 1, number: 3 };
const PAGE_KEY = 'meta/0000000001-0000000003';

const ASKED = basinConfig({ defaultStreamConfig: { ...NO_WISH, retentionAgeS: 60 }, createStreamOnRead: true });

const ROW: StreamState = {
  id: 9,
  basin: 'basin-01',
  name: 'é',
  createdAtMs: 300,
  requestToken: null,
  requested: null,
  cipher: null,
  config: { ...S2_STREAM_CONFIG, retentionAgeS: 60 },
  deletedAtMs: null,
  tail: { seqNum: 5, timestamp: 12 },
  fencingToken: 't',
  trimPoint: 3,
  appendedBytes: 300,
  trimmedBytes: 2,
  idleSinceMs: 301,
  digest: 0xfedcba98,
};

const SEGMENT = {
  ...{ epoch: 1, number: 1, bytes: 2 ** 40, indexOffset: 2 ** 39, indexBytes: 77, indexCrc: 0xffffffff },
  ...{ streamCount: 1, only: { streamId: 9, firstSeqNum: 0, nextSeqNum: 5 }, firstArrivalMs: 1, lastArrivalMs: 2 },
};

const ROOT: CheckpointRoot = {
  name: NAME,
  hashBefore: { a: 1, b: 0xffffffff },
  hashAfter: { a: 2, b: 3 },
  nextStreamId: 10,
  lastArrivalMs: 12,
  collectedTo: 64,
  fences: [0, 65],
  basins: [
    { name: 'basin-01', createdAtMs: 1, requestToken: '', requested: ASKED, config: S2_BASIN_CONFIG, deletedAtMs: 5 },
  ],
  segments: [SEGMENT],
  pageRows: 4,
  pages: [{ page: 1, ...PAGE, bytes: 50, crc: 7, rows: 2 }],
  usage: NO_USAGE,
  tokens: [],
  overlay: [
    { id: 9, row: ROW },
    { id: 300, row: null },
  ],
};

function root(change: Partial<CheckpointRoot> = {}): Uint8Array {
  return encodeRoot({ ...ROOT, ...change }, nativeCompute);
}

function page(rows: readonly StreamState[] = [ROW]) {
  return encodePage(PAGE, 2, rows, nativeCompute);
}

test('a root comes back as it went in', () => {
  expect(decodeRoot(NAME, root(), nativeCompute)).toEqual(ROOT);
});

const u53 = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const config: fc.Arbitrary<StreamConfig> = fc.record({
  storageClass: fc.constantFrom(...STORAGE_CLASSES),
  retentionAgeS: fc.oneof(fc.integer({ min: 1 }), fc.constant('infinite' as const)),
  timestampingMode: fc.constantFrom(...TIMESTAMPING_MODES),
  timestampingUncapped: fc.boolean(),
  deleteOnEmptyMinAgeS: u53,
});
const wish: fc.Arbitrary<StreamWish> = fc.tuple(config, fc.nat(31)).map(([said, mask]) => {
  const parts = Object.entries(said).map(([part, value], at) => [part, (mask >> at) % 2 === 1 ? value : null]);
  return Object.fromEntries(parts) as StreamWish;
});
const row: fc.Arbitrary<StreamState> = fc.record({
  id: u53,
  basin: text,
  name: text,
  createdAtMs: u53,
  requestToken: fc.option(text, { nil: null }),
  requested: fc.option(wish, { nil: null }),
  cipher: fc.constantFrom(null, ...CIPHERS),
  config,
  deletedAtMs: fc.option(u53, { nil: null }),
  idleSinceMs: u53,
  tail: fc.record({ seqNum: u53, timestamp: u53 }),
  fencingToken: text,
  trimPoint: u53,
  appendedBytes: u53,
  trimmedBytes: u53,
  digest: fc.nat(0xffffffff),
});

test('any rows come back as they went in, from a page and from beside one', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
      const { bytes, ref } = page(rows);
      expect(decodePage(ref, bytes, nativeCompute)).toEqual(rows);
      const overlay = rows.map((changed) => ({ id: changed.id, row: changed }));
      expect(decodeRoot(NAME, root({ overlay }), nativeCompute).overlay).toEqual(overlay);
    }),
  );
});

describe('damage is found, and the object named', () => {
  const readers: [string, string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
    ['a root', KEY, root(), (bytes) => decodeRoot(NAME, bytes, nativeCompute)],
    ['a page', PAGE_KEY, page().bytes, (bytes) => decodePage(page().ref, bytes, nativeCompute)],
  ];

  test.each(readers)('in every byte of %s', (_what, key, whole, read) => {
    for (let at = 0; at < whole.length; at++) {
      const damaged = whole.slice();
      damaged[at] = (damaged[at] as number) ^ 0x10;
      expect(() => read(damaged), `byte ${at}`).toThrow(LogCorruption);
      expect(() => read(damaged), `byte ${at}`).toThrow(key);
    }
  });

  test.each(readers)('in every length of %s but its own', (_what, key, whole, read) => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => read(whole.slice(0, length)), `length ${length}`).toThrow(key);
    }
    expect(() => read(new Uint8Array([...whole, 0]))).toThrow('bytes, its header says');
  });

  test.each(readers)('in %s of a later version, with the remedy', (_what, key, whole, read) => {
    const later = whole.slice();
    later[4] = 255;
    expect(() => read(later)).toThrow(`${key}, byte 4: it has format version 255;`);
    expect(() => read(later)).toThrow('Use a newer build');
  });

  test.each(readers)('in an object that is no %s at all', (_what, key, _whole, read) => {
    expect(() => read(new Uint8Array(64))).toThrow(`${key}, byte 0: it is not a`);
  });
});

test('a sound root under another name is refused', () => {
  expect(() => decodeRoot({ ...NAME, number: 3 }, root(), nativeCompute)).toThrow(
    '0000000003, byte 16: it says that it is ckpt/00000000000000000070-0000000001-0000000002',
  );
});

test('a sound page in the place of another is refused', () => {
  const { ref } = page();
  const other = encodePage(PAGE, 2, [{ ...ROW, trimPoint: 4 }], nativeCompute);
  expect(other.bytes.length).toBe(ref.bytes);
  expect(() => decodePage(ref, other.bytes, nativeCompute)).toThrow('not the page its checkpoint refers to');
});

test('a body that is sound by its checksum and still does not read is damage, not a crash', () => {
  const whole = root().slice();
  // The epoch becomes a varint of nine bytes.
  whole.fill(0xff, 17, 26);
  const crc = nativeCompute.crc32(whole.subarray(16), nativeCompute.crc32(whole.subarray(0, 12)));
  new DataView(whole.buffer).setUint32(12, crc, true);
  expect(() => decodeRoot(NAME, whole, nativeCompute)).toThrow(LogCorruption);
  expect(() => decodeRoot(NAME, whole, nativeCompute)).toThrow(
    'byte 16: a number is longer than 8 bytes. Its checksums are sound',
  );
});

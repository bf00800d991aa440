/** The checksum of the state: the same for the same rows in any order, another one as soon as anything differs. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { basinConfig, NO_WISH, S2_BASIN_CONFIG } from '../core/config.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import { chunk, createBasin, createStream, KEPT, segment, streamRow } from '../testing/state-samples.ts';
import { fold, type RowEntry } from './fold.ts';
import type { SegmentRef } from './segment-ref.ts';
import { hashText, type StateHash, StateHasher, sameHash } from './state-hash.ts';
import { DurableTables } from './tables.ts';

const BASIN_ROW: BasinState = {
  ...{ name: 'b', createdAtMs: 1, requestToken: null },
  ...{ requested: null, config: S2_BASIN_CONFIG, deletedAtMs: null },
};

function hashOf(fill: (hasher: StateHasher) => void): StateHash {
  const hasher = new StateHasher();
  fill(hasher);
  return hasher.value();
}

const hashOfStream = (row: StreamState) =>
  hashOf((hasher) => {
    hasher.streamIdentity(row, 1);
    hasher.streamSettings(row, 1);
    hasher.streamPosition(row, 1);
  });

test('the hash of some rows is pinned: checkpoints carry it from build to build', () => {
  const hasher = new StateHasher();
  const durable = new DurableTables(hasher);
  for (const entry of [
    createBasin(),
    createStream(1, 'é', { requestToken: 't' }),
    chunk(1, 0, { fencingToken: 'f' }),
  ]) {
    durable.put(fold(durable, entry, 0x8000_0001));
  }
  hasher.segment(segment(1), 1);
  expect(hashText(hasher.value())).toBe('7c608c9dfad01d36');
});

test('rows hash to the same sum in whatever order they came', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 5 }), (order) => {
      const sum = (ids: readonly number[]) =>
        hashOf((hasher) => {
          for (const id of ids) hasher.streamIdentity(streamRow(id), 1);
          for (const id of ids) hasher.segment(segment(id), 1);
        });
      expect(sum(order)).toEqual(sum([1, 2, 3, 4, 5]));
    }),
  );
});

test('what is added and taken away leaves no trace', () => {
  const row = streamRow(1, { fencingToken: 't', requested: NO_WISH, requestToken: 'r', digest: 0xffff_ffff });
  const left = hashOf((hasher) => {
    for (const sign of [1, -1] as const) {
      hasher.streamIdentity(row, sign);
      hasher.streamSettings(row, sign);
      hasher.streamPosition(row, sign);
      hasher.basin(BASIN_ROW, sign);
      hasher.segment(segment(1), sign);
      hasher.nextStreamId(7, sign);
    }
  });
  expect(left).toEqual({ a: 0, b: 0 });
});

test.each<[string, Partial<StreamState>]>([
  ['id', { id: 2 }],
  ['basin', { basin: 'basin-02' }],
  ['name', { name: 'stream-2' }],
  ['time of creation', { createdAtMs: 3 }],
  ['request token, present but empty', { requestToken: '' }],
  ['request', { requested: NO_WISH }],
  ['cipher', { cipher: 'aegis-256' }],
  ['storage class', { config: { ...KEPT, storageClass: 'standard' } }],
  ['retention', { config: { ...KEPT, retentionAgeS: 1 } }],
  ['timestamping mode', { config: { ...KEPT, timestampingMode: 'arrival' } }],
  ['timestamping cap', { config: { ...KEPT, timestampingUncapped: true } }],
  ['deletion on empty', { config: { ...KEPT, deleteOnEmptyMinAgeS: 1 } }],
  ['time of deletion', { deletedAtMs: 0 }],
  ['time it was last touched', { idleSinceMs: 3 }],
  ['next number', { tail: { seqNum: 1, timestamp: 0 } }],
  ['next number beyond 32 bits', { tail: { seqNum: 2 ** 32, timestamp: 0 } }],
  ['timestamp', { tail: { seqNum: 0, timestamp: 1 } }],
  ['fencing token', { fencingToken: 't' }],
  ['trim point', { trimPoint: 1 }],
  ['appended bytes', { appendedBytes: 1 }],
  ['trimmed bytes', { trimmedBytes: 1 }],
  ['digest', { digest: 1 }],
])("a stream's %s counts", (_, change) => {
  expect(sameHash(hashOfStream(streamRow(1, change)), hashOfStream(streamRow(1)))).toBe(false);
});

test.each<[string, Partial<SegmentRef>]>([
  ['epoch', { epoch: 2 }],
  ['number', { number: 2 }],
  ['length', { bytes: 1 }],
  ['index checksum', { indexCrc: 1 }],
])("a segment's %s counts", (_, change) => {
  const hash = (ref: SegmentRef) => hashOf((hasher) => hasher.segment(ref, 1));
  expect(hash(segment(1, change))).not.toEqual(hash(segment(1)));
});

test('a basin and the next free id count', () => {
  const basin = BASIN_ROW;
  const hashes = [
    hashOf(() => undefined),
    ...[
      basin,
      { ...basin, name: 'c' },
      { ...basin, createdAtMs: 2 },
      { ...basin, requestToken: '' },
      { ...basin, requested: S2_BASIN_CONFIG },
      { ...basin, config: basinConfig({ defaultStreamConfig: { ...NO_WISH, retentionAgeS: 1 } }) },
      { ...basin, config: basinConfig({ streamCipher: 'aegis-256' }) },
      { ...basin, config: basinConfig({ createStreamOnAppend: true }) },
      { ...basin, config: basinConfig({ createStreamOnRead: true }) },
      { ...basin, deletedAtMs: 0 },
    ].map((row) => hashOf((hasher) => hasher.basin(row, 1))),
    ...[2, 3].map((id) => hashOf((hasher) => hasher.nextStreamId(id, 1))),
  ];
  expect(new Set(hashes.map(hashText)).size).toBe(hashes.length);
});

test('two owners that went different ways to the same rows have the same hash', () => {
  const hashAfter = (...entries: readonly RowEntry[]) => {
    const hasher = new StateHasher();
    const tables = new DurableTables(hasher);
    for (const entry of entries) tables.put(fold(tables, entry));
    return hasher.value();
  };
  const created = [createBasin(), createStream(1, 'a'), createStream(2, 'b')];
  const trimmed = { type: 'trim', streamId: 1, trimPoint: 1, atMs: 10, trimmedBytes: null } as const;
  const straight = hashAfter(...created, chunk(1, 0, { count: 2, trimPoint: 1 }));
  expect(hashAfter(...created, chunk(1, 0, { count: 2 }), trimmed)).toEqual(straight);
  expect(hashAfter(...created, chunk(1, 0, { count: 2 }))).not.toEqual(straight);

  // The id of the deleted one is spent: whoever did not know would use it again.
  const gone = hashAfter(...created, { type: 'delete-stream', streamId: 2 });
  expect(gone).not.toEqual(hashAfter(createBasin(), createStream(1, 'a')));
});

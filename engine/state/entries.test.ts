/** The entries of the log as bytes: pinned, exact in both directions, and strict about what they do not know. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { basinConfig, CIPHERS, NO_WISH, S2_BASIN_CONFIG, S2_STREAM_CONFIG, type StreamConfig } from '../core/config.ts';
import { BASIN_FIGURES, ACCOUNT_FIGURES, basinFigure } from '../core/usage.ts';
import { chunk, createStream, ownSegment, segment } from '../testing/state-samples.ts';
import { decodeEntry, encodeEntry, type Entry } from './entries.ts';
import { ENTRY_CODEC } from './entry-codec.ts';

const STREAM_CONFIG: StreamConfig = {
  storageClass: 'standard',
  retentionAgeS: 300,
  timestampingMode: 'arrival',
  timestampingUncapped: true,
  deleteOnEmptyMinAgeS: 60,
};
const BASIN_CONFIG = basinConfig({
  defaultStreamConfig: { ...NO_WISH, storageClass: 'standard', retentionAgeS: 300 },
  streamCipher: 'aes-256-gcm',
  createStreamOnAppend: true,
  createStreamOnRead: true,
});

function hex(entry: Entry): string {
  const { type, payload } = encodeEntry(entry);
  return `${type}:${Buffer.from(payload).toString('hex')}`;
}

test('the bytes of each entry are pinned', () => {
  const named = { type: 'create-basin', name: 'ab', createdAtMs: 300 } as const;
  expect(hex({ ...named, requestToken: null, config: S2_BASIN_CONFIG })).toBe('1:026162ac020001010000');
  expect(hex({ ...named, requestToken: 't', config: BASIN_CONFIG })).toBe('1:026162ac020101740300ac020203');
  expect(hex(createStream(5, 'é', { basin: 'ab', createdAtMs: 1, requestToken: '', requested: NO_WISH }))).toBe(
    '2:0502616202c3a90101000100001f0100000000',
  );
  expect(hex(createStream(5, 'é', { basin: 'ab', createdAtMs: 1, cipher: 'aegis-256', config: STREAM_CONFIG }))).toBe(
    '2:0502616202c3a9010000011f00ac0202013c',
  );
  expect(hex({ type: 'tombstone-stream', streamId: 1, deletedAtMs: 300 })).toBe('8:01ac02');
  expect(hex({ type: 'reconfigure-stream', streamId: 1, config: STREAM_CONFIG, atMs: 5 })).toBe('9:011f00ac0202013c05');
  expect(hex({ type: 'reconfigure-basin', name: 'ab', config: BASIN_CONFIG })).toBe('10:0261620300ac020203');
  expect(hex({ type: 'tombstone-basin', name: 'ab', deletedAtMs: 300 })).toBe('11:026162ac02');
  expect(hex({ type: 'delete-basin', name: 'ab' })).toBe('12:026162');
  expect(
    hex({
      type: 'chunk',
      streamId: 1,
      firstSeqNum: 2,
      count: 3,
      firstTimestamp: 4,
      lastTimestamp: 5,
      arrivalMs: 6,
      appendedBytes: 7,
      fencingToken: 'z',
      trimPoint: 128,
      records: Uint8Array.of(9, 8),
    }),
  ).toBe('3:0102030405060701017a018001020908');
  const trim = { type: 'trim', streamId: 1, trimPoint: 300, atMs: 7 } as const;
  expect(hex({ ...trim, trimmedBytes: null })).toBe('4:01ac020700');
  expect(hex({ ...trim, trimmedBytes: 300 })).toBe('4:01ac020701ac02');
  expect(hex({ type: 'delete-stream', streamId: 300 })).toBe('5:ac02');
  expect(hex({ type: 'edit', removed: [{ epoch: 1, number: 2 }], added: [REF] })).toBe(`6:010102${REF_HEX}`);
  expect(hex({ type: 'edit', removed: [], added: [] })).toBe('6:0000');
  expect(
    hex({
      type: 'install',
      checkpoint: { slot: 300, epoch: 2, number: 3 },
      stateHash: { a: 1, b: 0xffff_ffff },
      segments: [REF],
    }),
  ).toBe(`7:ac02020301ffffffff0f${REF_HEX}`);
  expect(hex({ type: 'edit', removed: [], added: [OWN_REF] })).toBe(`6:00${OWN_REF_HEX}`);
  const [account, basins] = [[[1, 300]] as const, [{ name: 'ab', counts: [[7, 2]] as const }]];
  expect(hex({ type: 'usage', atMs: 8, account, basins })).toBe('13:080101ac0201026162010702');
});

/** How many, then of each: epoch, number, bytes, index offset, index bytes, index CRC, streams, first and last arrival, whether one stream fills it. */
const REF = segment(3);
const REF_HEX = '01 01 03 eb07 8407 64 15 02 0a 14 00'.replaceAll(' ', '');
const OWN_REF = ownSegment(3, 9, 4, 300);
const OWN_REF_HEX = '01 01 03 eb07 8407 64 15 01 0a 14 01 09 04 ac02'.replaceAll(' ', '');

const u53 = fc.maxSafeNat();
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const optionalText = fc.option(text, { nil: null });
const only = fc.option(fc.record({ streamId: u53, firstSeqNum: u53, nextSeqNum: u53 }), { nil: null });
const refs = fc.array(
  fc.record({
    epoch: u53,
    number: u53,
    bytes: u53,
    indexOffset: u53,
    indexBytes: u53,
    indexCrc: u53,
    streamCount: u53,
    only,
    firstArrivalMs: u53,
    lastArrivalMs: u53,
  }),
  { maxLength: 4 },
);
const config = fc.constantFrom(S2_STREAM_CONFIG, STREAM_CONFIG);
const counted = fc.integer({ min: basinFigure('reads-unary'), max: BASIN_FIGURES.length - 1 });
const basin = fc.constantFrom(S2_BASIN_CONFIG, BASIN_CONFIG);
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    type: fc.constant('create-basin' as const),
    name: text,
    createdAtMs: u53,
    requestToken: optionalText,
    config: basin,
  }),
  fc.record({
    type: fc.constant('create-stream' as const),
    id: u53,
    basin: text,
    name: text,
    createdAtMs: u53,
    requestToken: optionalText,
    requested: fc.option(fc.constantFrom(NO_WISH, STREAM_CONFIG, BASIN_CONFIG.defaultStreamConfig), { nil: null }),
    cipher: fc.constantFrom(null, ...CIPHERS),
    config,
  }),
  fc.record({
    type: fc.constant('trim' as const),
    streamId: u53,
    trimPoint: u53,
    atMs: u53,
    trimmedBytes: fc.option(u53, { nil: null }),
  }),
  fc.record({ type: fc.constant('delete-stream' as const), streamId: u53 }),
  fc.record({ type: fc.constant('tombstone-stream' as const), streamId: u53, deletedAtMs: u53 }),
  fc.record({ type: fc.constant('reconfigure-stream' as const), streamId: u53, config, atMs: u53 }),
  fc.record({ type: fc.constant('reconfigure-basin' as const), name: text, config: basin }),
  fc.record({ type: fc.constant('tombstone-basin' as const), name: text, deletedAtMs: u53 }),
  fc.record({ type: fc.constant('delete-basin' as const), name: text }),
  fc.record({
    type: fc.constant('edit' as const),
    removed: fc.array(fc.record({ epoch: u53, number: u53 }), { maxLength: 4 }),
    added: refs,
  }),
  fc.record({
    type: fc.constant('install' as const),
    checkpoint: fc.record({ slot: u53, epoch: u53, number: u53 }),
    stateHash: fc.record({ a: fc.nat(0xffff_ffff), b: fc.nat(0xffff_ffff) }),
    segments: refs,
  }),
  fc.record({
    type: fc.constant('usage' as const),
    atMs: u53,
    account: fc.array(fc.tuple(fc.nat(ACCOUNT_FIGURES.length - 1), u53), { maxLength: 3 }),
    basins: fc.array(fc.record({ name: text, counts: fc.array(fc.tuple(counted, u53), { maxLength: 3 }) }), {
      maxLength: 3,
    }),
  }),
  fc.record({
    type: fc.constant('chunk' as const),
    streamId: u53,
    firstSeqNum: u53,
    count: u53,
    firstTimestamp: u53,
    lastTimestamp: u53,
    arrivalMs: u53,
    appendedBytes: u53,
    fencingToken: optionalText,
    trimPoint: fc.option(u53, { nil: null }),
    records: fc.uint8Array({ maxLength: 50 }),
  }),
);

test('any entry comes back as it went in', () => {
  fc.assert(
    fc.property(entry, (original) => {
      expect(decodeEntry(encodeEntry(original))).toEqual(original);
    }),
    { numRuns: 500 },
  );
});

test('an absent text and an empty text are not the same', () => {
  const basin = (requestToken: string | null): Entry => ({
    type: 'create-basin',
    name: 'x',
    createdAtMs: 0,
    requestToken,
    config: S2_BASIN_CONFIG,
  });
  expect(decodeEntry(encodeEntry(basin('')))).toEqual(basin(''));
  expect(decodeEntry(encodeEntry(basin(null)))).toEqual(basin(null));
});

test('a byte order mark at the start of a text belongs to it', () => {
  const basin: Entry = {
    type: 'create-basin',
    name: '\ufeffx',
    createdAtMs: 0,
    requestToken: '\ufeff',
    config: BASIN_CONFIG,
  };
  expect(decodeEntry(encodeEntry(basin))).toEqual(basin);
});

test('the log writes an entry as it measured it, byte for byte as encoded', () => {
  fc.assert(
    fc.property(entry, fc.nat(5), (original, at) => {
      const { type, payload } = encodeEntry(original);
      expect(ENTRY_CODEC.typeOf(original)).toBe(type);
      const length = ENTRY_CODEC.lengthOf(original);
      expect(length).toBe(payload.length);
      const arena = new Uint8Array(at + length + 3).fill(0xee);
      ENTRY_CODEC.write(original, arena, at);
      expect(arena.subarray(at, at + length)).toEqual(payload);
      expect([...arena.subarray(0, at), ...arena.subarray(at + length)].every((byte) => byte === 0xee)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('an unknown type is refused', () => {
  expect(() => decodeEntry({ type: 99, payload: new Uint8Array() })).toThrow(RangeError);
  expect(() => decodeEntry({ type: 99, payload: new Uint8Array() })).toThrow('there is no log entry of type 99');
});

test('a field this build does not know is never dropped', () => {
  const { type, payload } = encodeEntry(chunk(1, 0));
  const longer = { type, payload: Uint8Array.of(...payload, 0) };
  expect(() => decodeEntry(longer)).toThrow(RangeError);
  expect(() => decodeEntry(longer)).toThrow('bytes behind its last field');
});

test('a text that would not read back as it was written is never stored', () => {
  expect(() => encodeEntry(createStream(1, '\ud800'))).toThrow('reads back as it was written');
});

test('a payload that is cut anywhere, or is no UTF-8, is a RangeError and never a crash', () => {
  const entries = [chunk(1, 0), createStream(1, 'name')];
  for (const entry of entries) {
    const { type, payload } = encodeEntry(entry);
    for (let length = 0; length < payload.length; length++) {
      expect(() => decodeEntry({ type, payload: payload.slice(0, length) }), `${length} bytes`).toThrow(RangeError);
    }
  }
  const { type, payload } = encodeEntry(createStream(1, 'name'));
  const at = Buffer.from(payload).indexOf('name');
  payload[at] = 0xff;
  expect(() => decodeEntry({ type, payload })).toThrow(new RangeError('a text is not UTF-8'));
});

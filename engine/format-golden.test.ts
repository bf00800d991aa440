/**
 * The bytes of every object of a store, as files that were written once: `testing/golden/v<version>/`, described byte by
 * byte in docs/FORMAT.md. Writers make exactly these bytes, readers read them back, and any other version is refused by
 * a message that names the object and says what to do.
 *
 * A change that fails here needs a new version number (docs/FORMAT.md, "How the format is changed"); then
 * `GOLDEN=write npx vitest run engine/format-golden.test.ts` writes the files of that version. Files that exist are never
 * written again: stores with these bytes exist.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { decodeRecords } from './core/chunk.ts';
import { basinConfig, NO_WISH, S2_BASIN_CONFIG, type StreamConfig } from './core/config.ts';
import { FORMAT_VERSION } from './core/format-version.ts';
import { ACCOUNT_FIGURES, BASIN_FIGURES, basinFigure } from './core/usage.ts';
import {
  contentLength,
  decodeContent,
  envelopeHeadLength,
  envelopeOf,
  Place,
  writeContent,
  writeEnvelopeHead,
} from './core/sealed-record.ts';
import { encodeRecords } from './core/stamped-batch.ts';
import { checkpointKey, pageKey, publicationKey, segmentKey } from './core/object-names.ts';
import { LogCorruption } from './log/corruption.ts';
import { decodeEntries, decodeHeader, encodeFence, slotKey } from './log/format.ts';
import { claimFormat, ForeignStore } from './log/format-object.ts';
import type { LogFold } from './log/fold.ts';
import { takeOver } from './log/takeover.ts';
import { type CheckpointRoot, decodePage, decodeRoot, encodePage, encodeRoot } from './segments/checkpoint-format.ts';
import { decodeSegmentHeaderAndFooter, decodeSegmentIndex, SegmentBuilder } from './segments/segment-format.ts';
import { verifiedChunks } from './segments/segment-frames.ts';
import { type ChunkEntry, decodeEntry, encodeEntry, type Entry } from './state/entries.ts';
import { ENTRY_CODEC } from './state/entry-codec.ts';
import type { UsageHistory } from './state/usage.ts';
import { dataObject, PROMPT } from './testing/log-bench.ts';
import { manualPorts, nativeCompute as compute } from './testing/manual-ports.ts';
import { frameOf, joined } from './testing/segment-world.ts';
import { KEPT, segment, streamRow } from './testing/state-samples.ts';

/** Beyond 32 bits, so that a reader that loses the upper half is noticed. */
const SLOT = 2 ** 33 + 5;
const NOW_MS = 1_700_000_000_000;
const NOW_MINUTE = Math.floor(NOW_MS / 60_000);
const IDENTITY = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const pathOf = (file: string, version: number): URL => new URL(`./testing/golden/v${version}/${file}`, import.meta.url);

/** Fresh bytes each time: tests damage them. */
function golden(file: string, version = FORMAT_VERSION): Uint8Array {
  return new Uint8Array(readFileSync(pathOf(file, version)));
}

function writeGolden(file: string, bytes: Uint8Array): void {
  if (process.env['GOLDEN'] !== 'write' || existsSync(pathOf(file, FORMAT_VERSION))) return;
  mkdirSync(pathOf('.', FORMAT_VERSION), { recursive: true });
  writeFileSync(pathOf(file, FORMAT_VERSION), bytes);
}

const TWO_RECORDS = encodeRecords([
  { timestamp: NOW_MS, headers: [], body: bytesOf('hello') },
  { timestamp: NOW_MS + 300, headers: [{ name: bytesOf('k'), value: bytesOf('é') }], body: new Uint8Array(0) },
]);

function chunk(streamId: number, firstSeqNum: number, change: Partial<ChunkEntry> = {}): ChunkEntry {
  return {
    type: 'chunk',
    streamId,
    firstSeqNum,
    count: 2,
    firstTimestamp: NOW_MS,
    lastTimestamp: NOW_MS + 300,
    arrivalMs: NOW_MS + 1,
    appendedBytes: (firstSeqNum + 2) * 12,
    fencingToken: null,
    trimPoint: null,
    records: TWO_RECORDS,
    ...change,
  };
}

/** A command and a record that is sealed, as they stand in the stream created below, behind its first four. */
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const NONCE = Uint8Array.from({ length: 32 }, (_, i) => 0xff - i);
const CONTENT = { headers: [{ name: bytesOf('k'), value: bytesOf('v') }], body: bytesOf('secret') };
const PLACE = { id: 7, basin: 'basin-01', name: 'räder', cipher: 'aegis-256' } as const;
const PLAIN = new Uint8Array(contentLength(CONTENT));
writeContent(CONTENT, PLAIN);
const SEALED = compute.ciphers['aegis-256'].seal(KEY, NONCE, PLAIN, new Place(PLACE).at(5, NOW_MS + 300, 18));
const HEAD = new Uint8Array(envelopeHeadLength(18));
writeEnvelopeHead('aegis-256', 18, HEAD, 0);
const ENVELOPED = encodeRecords([
  { timestamp: NOW_MS, headers: [{ name: bytesOf(''), value: bytesOf('fence') }], body: bytesOf('owner-2') },
  { timestamp: NOW_MS + 300, headers: [], body: joined([HEAD, NONCE, SEALED]) },
]);

const SHARED = segment(2, { epoch: 1, bytes: 2 ** 40, indexOffset: 2 ** 39, indexCrc: 0xffffffff });
const OWN = segment(300, { epoch: 2, streamCount: 1, only: { streamId: 7, firstSeqNum: 1, nextSeqNum: 2 ** 33 } });

const STREAM_CONFIG: StreamConfig = {
  storageClass: 'standard',
  retentionAgeS: 86_400,
  timestampingMode: 'client-require',
  timestampingUncapped: true,
  deleteOnEmptyMinAgeS: 60,
};
const BASIN_CONFIG = basinConfig({
  defaultStreamConfig: { ...NO_WISH, storageClass: 'standard', timestampingMode: 'arrival' },
  streamCipher: 'aes-256-gcm',
  createStreamOnAppend: true,
  createStreamOnRead: true,
});

/** Every type, and every optional field both ways. */
const ENTRIES: readonly Entry[] = [
  { type: 'create-basin', name: 'basin-01', createdAtMs: NOW_MS, requestToken: null, config: S2_BASIN_CONFIG },
  { type: 'create-basin', name: 'basin-02', createdAtMs: NOW_MS, requestToken: '', config: BASIN_CONFIG },
  {
    type: 'create-stream',
    id: 7,
    basin: 'basin-01',
    name: 'räder',
    createdAtMs: NOW_MS,
    requestToken: 'once',
    requested: { ...NO_WISH, retentionAgeS: 86_400, deleteOnEmptyMinAgeS: 0 },
    cipher: 'aegis-256',
    config: STREAM_CONFIG,
  },
  {
    type: 'create-stream',
    id: 8,
    basin: 'basin-01',
    name: 's',
    createdAtMs: NOW_MS,
    requestToken: null,
    requested: null,
    cipher: null,
    config: KEPT,
  },
  chunk(7, 0),
  chunk(7, 2, { fencingToken: 'owner-1', trimPoint: 1 }),
  chunk(7, 4, { fencingToken: 'owner-2', records: ENVELOPED }),
  { type: 'trim', streamId: 7, trimPoint: 3, atMs: NOW_MS + 2, trimmedBytes: null },
  { type: 'trim', streamId: 7, trimPoint: 3, atMs: NOW_MS + 3, trimmedBytes: 2 ** 33 },
  { type: 'delete-stream', streamId: 8 },
  { type: 'reconfigure-stream', streamId: 7, config: KEPT, atMs: NOW_MS + 3 },
  { type: 'tombstone-stream', streamId: 7, deletedAtMs: NOW_MS + 4 },
  { type: 'reconfigure-basin', name: 'basin-01', config: BASIN_CONFIG },
  { type: 'tombstone-basin', name: 'basin-01', deletedAtMs: NOW_MS + 5 },
  { type: 'delete-basin', name: 'basin-01' },
  {
    type: 'edit',
    removed: [{ epoch: 1, number: 1 }, SHARED].map(({ epoch, number }) => ({ epoch, number })),
    added: [OWN],
  },
  {
    type: 'install',
    checkpoint: { slot: SLOT - 1, epoch: 2, number: 301 },
    stateHash: { a: 1, b: 0xfedcba98 },
    segments: [SHARED, OWN],
  },
  {
    type: 'usage',
    atMs: NOW_MS + 6,
    account: [
      [0, 1],
      [13, 2 ** 33],
    ],
    basins: [
      { name: 'basin-01', counts: [[basinFigure('reads-unary'), 3]] },
      { name: 'basin-02', counts: [] },
    ],
  },
];

const DATA_AT = { slot: SLOT, epoch: 2, identity: IDENTITY };
const FENCE = { slot: SLOT + 1, epoch: 3, identity: IDENTITY, next: SLOT + 65 };

const SEGMENT_NAME = { epoch: 2, number: 300 };
const LATER = { firstTimestamp: NOW_MS + 300, lastTimestamp: NOW_MS + 600, arrivalMs: NOW_MS + 400 };
const SEGMENT_CHUNKS: readonly ChunkEntry[] = [chunk(7, 5), chunk(7, 7, LATER), chunk(400, 0)];

/** A point at every frame, so that the run of stream 7 has one beside its start. */
function builtSegment() {
  const builder = new SegmentBuilder(SEGMENT_NAME, compute, 1);
  for (const entry of SEGMENT_CHUNKS) builder.add(entry.streamId, frameOf(entry));
  const { parts, ref } = builder.finish();
  return { bytes: joined(parts), ref };
}

function readSegment(bytes: Uint8Array): ChunkEntry[] {
  const parts = { header: bytes.subarray(0, 32), footer: bytes.subarray(-32), bytes: bytes.length };
  const place = decodeSegmentHeaderAndFooter(SEGMENT_NAME, parts, compute);
  const ref = { ...builtSegment().ref, ...place };
  const index = bytes.slice(ref.indexOffset, ref.indexOffset + ref.indexBytes);
  return [...decodeSegmentIndex(ref, index, compute).runs()].flatMap((run) => {
    const [start] = run.points;
    if (start === undefined) throw new Error('a run begins with a point');
    return [...verifiedChunks(ref, run, start, bytes.subarray(run.offset, run.offset + run.length), compute)];
  });
}

const ROWS = [
  streamRow(8, { fencingToken: 'owner-1', trimPoint: 3, tail: { seqNum: 4, timestamp: NOW_MS }, digest: 0xfedcba98 }),
  streamRow(9, {
    ...{ name: 'räder', requestToken: 'once', requested: NO_WISH, cipher: 'aes-256-gcm', config: STREAM_CONFIG },
    ...{ deletedAtMs: NOW_MS + 4, idleSinceMs: NOW_MS + 3, appendedBytes: 2 ** 40, trimmedBytes: 2 ** 33 },
  }),
];
const PAGE = encodePage({ epoch: 2, number: 302 }, 2, ROWS, compute);

/** Notes that follow each other, a figure that fell, and a minute beyond 32 bits. */
const USAGE: UsageHistory = {
  nowMs: NOW_MS,
  account: {
    totals: ACCOUNT_FIGURES.map((_, figure) => figure),
    minutes: [{ at: NOW_MINUTE, totals: ACCOUNT_FIGURES.map(() => 0) }],
    hours: [],
  },
  basins: [
    {
      name: 'basin-01',
      totals: BASIN_FIGURES.map((_, figure) => figure * 1000),
      minutes: [
        { at: NOW_MINUTE - 1, totals: BASIN_FIGURES.map((_, figure) => figure) },
        { at: NOW_MINUTE, totals: BASIN_FIGURES.map((_, figure) => (figure === 0 ? 0 : figure)) },
      ],
      hours: [{ at: Math.floor(NOW_MINUTE / 60), totals: BASIN_FIGURES.map(() => 2 ** 40) }],
    },
    { name: 'basin-02', totals: BASIN_FIGURES.map(() => 0), minutes: [], hours: [] },
  ],
  streams: {
    goneTo: NOW_MINUTE - 60,
    notes: [
      { minute: NOW_MINUTE - 1, streamId: 7, storedBytes: 2 ** 33 },
      { minute: NOW_MINUTE, streamId: 8, storedBytes: 0 },
    ],
  },
  uncounted: [7, 300],
};

const ROOT: CheckpointRoot = {
  name: { slot: SLOT - 1, epoch: 2, number: 301 },
  hashBefore: { a: 1, b: 0xfedcba98 },
  hashAfter: { a: 2, b: 3 },
  nextStreamId: 301,
  lastArrivalMs: NOW_MS,
  collectedTo: 64,
  fences: [0, 2 ** 33],
  basins: [
    {
      ...{ name: 'basin-01', createdAtMs: NOW_MS, requestToken: null, requested: null },
      ...{ config: S2_BASIN_CONFIG, deletedAtMs: null },
    },
    {
      ...{ name: 'basin-02', createdAtMs: NOW_MS, requestToken: 'once', requested: BASIN_CONFIG },
      ...{ config: BASIN_CONFIG, deletedAtMs: NOW_MS + 5 },
    },
  ],
  // The younger name stands first: the list is in order of age of the records, not of names.
  segments: [OWN, SHARED],
  pageRows: 4,
  pages: [PAGE.ref],
  usage: USAGE,
  overlay: [
    { id: 9, row: ROWS[1] ?? null },
    { id: 300, row: null },
  ],
};

const MARKER_BYTES = bytesOf(`{"store":"tailrace","version":${FORMAT_VERSION},"windowSlots":64}`);

/** One row per binary object: what writes it, what reads it, and its name in the store. */
const OBJECTS: readonly {
  file: string;
  key: string;
  write: () => Uint8Array;
  read: (bytes: Uint8Array) => unknown;
  meaning: unknown;
}[] = [
  {
    file: 'wal-data.bin',
    key: slotKey(SLOT),
    write: () => dataObject(DATA_AT, ENTRIES.map(encodeEntry)),
    read: (bytes) => {
      const header = decodeHeader(SLOT, bytes, compute);
      return header.kind === 'data' ? decodeEntries(header, bytes, compute).map(decodeEntry) : header;
    },
    meaning: ENTRIES,
  },
  {
    file: 'wal-fence.bin',
    key: slotKey(FENCE.slot),
    write: () => joined(encodeFence(FENCE, compute)),
    read: (bytes) => decodeHeader(FENCE.slot, bytes, compute),
    meaning: { kind: 'fence', ...FENCE },
  },
  {
    file: 'segment.bin',
    key: segmentKey(SEGMENT_NAME),
    write: () => builtSegment().bytes,
    read: readSegment,
    meaning: SEGMENT_CHUNKS,
  },
  {
    file: 'checkpoint-root.bin',
    key: checkpointKey(ROOT.name),
    write: () => encodeRoot(ROOT, compute),
    read: (bytes) => decodeRoot(ROOT.name, bytes, compute),
    meaning: ROOT,
  },
  {
    file: 'metadata-page.bin',
    key: pageKey(PAGE.ref),
    write: () => PAGE.bytes,
    read: (bytes) => decodePage(PAGE.ref, bytes, compute),
    meaning: ROWS,
  },
];

for (const { file, write } of OBJECTS) writeGolden(file, write());
writeGolden('format.bin', MARKER_BYTES);

describe.each(OBJECTS)('$file', ({ file, key, write, read, meaning }) => {
  test('is what the writer makes, byte for byte', () => {
    expect(Buffer.from(write()).toString('hex')).toBe(Buffer.from(golden(file)).toString('hex'));
  });

  test('is read back as what was written', () => {
    expect(read(golden(file))).toEqual(meaning);
  });

  test.each([
    [0, 'Use the build that wrote it; this one does not convert older stores'],
    [FORMAT_VERSION + 1, 'Use a newer build'],
    [255, 'Use a newer build'],
  ])('of version %i is refused: the message names object, byte, version and remedy', (version, remedy) => {
    const bytes = golden(file);
    bytes[4] = version;
    const what = `it has format version ${version}; this build reads version ${FORMAT_VERSION}`;
    expect(() => read(bytes)).toThrow(LogCorruption);
    expect(() => read(bytes)).toThrow(`${key}, byte 4: ${what}. ${remedy}`);
  });

  test('of another kind of object is refused by name', () => {
    const bytes = golden(file);
    bytes[0] = 0;
    expect(() => read(bytes)).toThrow(new RegExp(`^${key}, byte 0: it is not a .* of Tailrace`));
  });
});

test('entries written straight into an arena have the bytes of the golden file too', () => {
  for (const entry of ENTRIES) {
    const { payload } = encodeEntry(entry);
    const direct = new Uint8Array(ENTRY_CODEC.lengthOf(entry));
    ENTRY_CODEC.write(entry, direct, 0);
    expect(direct, entry.type).toEqual(payload);
  }
});

describe('an entry of the future', () => {
  const strange = { type: 99, payload: Uint8Array.of(1) };
  const longer = { type: 5, payload: Uint8Array.of(8, 1) };

  test.each([
    ['of a type nobody knows', strange, 'there is no log entry of type 99 in this version of the format'],
    ['with one field more', longer, 'the log entry of type 5 has bytes behind its last field'],
  ])('%s ends the start with a message that names its slot', async (_, entry, message) => {
    const ports = manualPorts();
    ports.blobs.objects.set('format', golden('format.bin'));
    ports.blobs.objects.set(slotKey(0), dataObject({ slot: 0, epoch: 0, identity: IDENTITY }, [entry]));
    const fold: LogFold<Entry> = {
      ...ENTRY_CODEC,
      apply: () => {},
      endOfSlot: () => {},
      fence: () => {},
      reset: () => {},
      restore: () => Promise.resolve(null),
    };
    await expect(takeOver(ports, PROMPT, fold)).rejects.toThrow(`${slotKey(0)}, byte 64: ${message}. `);
  });
});

async function expectRefusal(marker: Uint8Array, named: string): Promise<void> {
  const ports = manualPorts();
  ports.blobs.objects.set('format', marker);
  const refusal = await claimFormat(ports, PROMPT).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ForeignStore);
  expect(String(refusal)).toContain('the object `format` says that the store has ');
  expect(String(refusal)).toContain(named);
  expect([...ports.blobs.objects]).toEqual([['format', marker]]);
}

describe('the marker', () => {
  test('of an empty store is format.bin, and a store with it is accepted', async () => {
    const ports = manualPorts();
    await claimFormat(ports, PROMPT);
    expect(ports.blobs.objects.get('format')).toEqual(golden('format.bin'));
    await claimFormat(ports, PROMPT);
  });

  const OURS = `"version":${FORMAT_VERSION}`;
  const READS = `; this build reads version ${FORMAT_VERSION}.`;

  test.each([
    [
      'newer version',
      OURS,
      `"version":${FORMAT_VERSION + 1}`,
      `version ${FORMAT_VERSION + 1}${READS} Use a newer build`,
    ],
    ['version that is no number', OURS, '"version":null', `version null${READS} Put back a sound copy of this object`],
    [
      'window',
      '"windowSlots":64',
      '"windowSlots":65',
      'window of 65 slots; this build has one of 64. Use a newer build',
    ],
  ])('of another %s is refused with a remedy, and stays as it is', async (_, ours, theirs, named) => {
    const marker = bytesOf(new TextDecoder().decode(golden('format.bin')).replace(ours, theirs));
    await expectRefusal(marker, named);
  });
});

const VERSIONS = readdirSync(new URL('./testing/golden/', import.meta.url)).map((name) => Number(name.slice(1)));

describe('earlier versions', () => {
  test('every version up to ours has golden files, and none beyond it', () => {
    const wanted = Array.from({ length: FORMAT_VERSION }, (_, i) => i + 1);
    expect(VERSIONS.toSorted((a, b) => a - b)).toEqual(wanted);
  });

  test.each(VERSIONS.filter((version) => version < FORMAT_VERSION))(
    'a store of version %i is refused by its marker, with the remedy',
    async (version) => {
      const remedy = 'Use the build that wrote it; this one does not convert older stores';
      const named = `format version ${version}; this build reads version ${FORMAT_VERSION}. ${remedy}`;
      await expectRefusal(golden('format.bin', version), named);
    },
  );

  test.each(VERSIONS.filter((version) => version < FORMAT_VERSION))(
    'an object of version %i is refused by name where it turns up in a store of ours',
    (version) => {
      for (const { file, key, read } of OBJECTS.filter((object) => existsSync(pathOf(object.file, version)))) {
        expect(() => read(golden(file, version)), file).toThrow(`${key}, byte 4: it has format version ${version};`);
      }
    },
  );
});

test('a segment of another version is refused by its footer too: a server never reads the header', () => {
  const bytes = golden('segment.bin');
  const at = bytes.length - 32 + 20;
  bytes[at] = FORMAT_VERSION + 1;
  expect(() => readSegment(bytes)).toThrow(
    `seg/0000000002-0000000300, byte ${at}: it has format version ${FORMAT_VERSION + 1};`,
  );
});

test('names in the store are these', () => {
  expect(OBJECTS.map(({ key }) => key)).toEqual([
    'wal/00000000008589934597',
    'wal/00000000008589934598',
    'seg/0000000002-0000000300',
    'ckpt/00000000008589934596-0000000002-0000000301',
    'meta/0000000002-0000000302',
  ]);
  expect(publicationKey(ROOT.name)).toBe('pub/00000000008589934596-0000000002-0000000301');
});

test('a sealed record of the golden log opens with its key, at its place and nowhere else', () => {
  const bytes = golden('wal-data.bin');
  const header = decodeHeader(SLOT, bytes, compute);
  if (header.kind !== 'data') throw new Error('it is a data object');
  const entries = decodeEntries(header, bytes, compute).map((entry) => decodeEntry(entry));
  const found = entries.find((entry) => entry.type === 'chunk' && entry.firstSeqNum === 4) as ChunkEntry;
  const [command, record] = decodeRecords(found, found.records);
  if (command === undefined || record === undefined) throw new Error('two records were written');
  expect(envelopeOf(command)).toBeNull();
  const envelope = envelopeOf(record);
  expect(envelope).toMatchObject({ cipher: 'aegis-256', meteredBytes: 18 });
  const sealed = envelope?.sealed ?? new Uint8Array(0);
  const opened = (stream: ConstructorParameters<typeof Place>[0], seqNum: number) =>
    compute.ciphers['aegis-256'].open(
      KEY,
      sealed.subarray(0, 32),
      sealed.subarray(32),
      new Place(stream).at(seqNum, record.timestamp, 18),
    );
  expect(decodeContent(opened(PLACE, 5) ?? new Uint8Array(0))).toEqual(CONTENT);
  expect(opened(PLACE, 6)).toBeNull();
  for (const other of [{ id: 8 }, { basin: 'basin-02' }, { name: 'rader' }, { cipher: null }]) {
    expect(opened({ ...PLACE, ...other }, 5)).toBeNull();
  }
});

/**
 * The bytes of every object of a store, as files that were written once: `testing/golden/v<version>/`, described byte by
 * byte in docs/FORMAT.md. Writers make exactly these bytes, readers read them back, and any other version is refused by
 * a message that names the object and says what to do.
 *
 * A change that fails here needs a new version number (docs/FORMAT.md, "How the format is changed"); then
 * `GOLDEN=write npx vitest run engine/format-golden.test.ts` writes the files of that version. Files that exist are never
 * written again: stores with these bytes exist.
 */

import { existsSync, readdirSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { decodeRecords } from './core/chunk.ts';
import { FORMAT_VERSION, FORMAT_VERSION_OF_TOKENS, FORMAT_VERSION_OLDEST } from './core/format-version.ts';
import { publicationKey } from './core/object-names.ts';
import { decodeContent, envelopeOf, Place } from './core/sealed-record.ts';
import { LogCorruption } from './log/corruption.ts';
import { decodeEntries, decodeHeader, slotKey } from './log/format.ts';
import { claimFormat, ForeignStore } from './log/format-object.ts';
import type { LogFold } from './log/fold.ts';
import { takeOver } from './log/takeover.ts';
import { decodePage } from './segments/checkpoint-format.ts';
import { type ChunkEntry, decodeEntry, encodeEntry, type Entry } from './state/entries.ts';
import { ENTRY_CODEC } from './state/entry-codec.ts';
import { golden, OBJECTS, pathOf, readSegment, writeMissing } from './testing/golden-files.ts';
import {
  CONTENT,
  ENTRIES,
  IDENTITY,
  KEY,
  PAGE,
  PLACE,
  ROOT,
  ROWS,
  SLOT,
  USAGE_BEFORE_TURNS,
} from './testing/golden-samples.ts';
import { dataObject, PROMPT } from './testing/log-bench.ts';
import { manualPorts, nativeCompute as compute } from './testing/manual-ports.ts';

writeMissing();

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
    const what = `it has format version ${version}; this build reads versions ${FORMAT_VERSION_OLDEST} to ${FORMAT_VERSION}`;
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
  const READS = `; this build reads versions ${FORMAT_VERSION_OLDEST} to ${FORMAT_VERSION}.`;

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
    const marker = new TextEncoder().encode(new TextDecoder().decode(golden('format.bin')).replace(ours, theirs));
    await expectRefusal(marker, named);
  });
});

const VERSIONS = readdirSync(new URL('./testing/golden/', import.meta.url)).map((name) => Number(name.slice(1)));

describe('earlier versions', () => {
  test('every version up to ours has golden files, and none beyond it', () => {
    const wanted = Array.from({ length: FORMAT_VERSION }, (_, i) => i + 1);
    expect(VERSIONS.toSorted((a, b) => a - b)).toEqual(wanted);
  });

  test.each(VERSIONS.filter((version) => version < FORMAT_VERSION_OLDEST))(
    'a store of version %i is refused by its marker, with the remedy',
    async (version) => {
      const remedy = 'Use the build that wrote it; this one does not convert older stores';
      const named = `format version ${version}; this build reads versions ${FORMAT_VERSION_OLDEST} to ${FORMAT_VERSION}. ${remedy}`;
      await expectRefusal(golden('format.bin', version), named);
    },
  );

  test.each(VERSIONS.filter((version) => version < FORMAT_VERSION_OLDEST))(
    'an object of version %i is refused by name where it turns up in a store of ours',
    (version) => {
      for (const { file, key, read } of OBJECTS.filter((object) => existsSync(pathOf(object.file, version)))) {
        expect(() => read(golden(file, version)), file).toThrow(`${key}, byte 4: it has format version ${version};`);
      }
    },
  );

  const READ = VERSIONS.filter((version) => version >= FORMAT_VERSION_OLDEST && version < FORMAT_VERSION);

  test.each(READ)('a store of version %i is taken as it is, and its marker stays', async (version) => {
    const ports = manualPorts();
    ports.blobs.objects.set('format', golden('format.bin', version));
    await claimFormat(ports, PROMPT);
    expect([...ports.blobs.objects]).toEqual([['format', golden('format.bin', version)]]);
  });

  test.each(READ)('objects of version %i are read as what was written, of which there was less', (version) => {
    const page = golden('metadata-page.bin', version);
    const ref = { ...PAGE.ref, crc: new DataView(page.buffer).getUint32(12, true) };
    const withoutTokens = ENTRIES.filter(({ type }) => type !== 'issue-token' && type !== 'revoke-token');
    const tokens = version < FORMAT_VERSION_OF_TOKENS ? [] : ROOT.tokens;
    const meanings = new Map<unknown, unknown>([
      [ENTRIES, version < FORMAT_VERSION_OF_TOKENS ? withoutTokens : ENTRIES],
      [ROOT, { ...ROOT, tokens, pages: [ref], usage: USAGE_BEFORE_TURNS }],
    ]);
    for (const { file, read, meaning } of OBJECTS.filter((object) => object.file !== 'metadata-page.bin')) {
      expect(read(golden(file, version)), file).toEqual(meanings.get(meaning) ?? meaning);
    }
    expect(decodePage(ref, page, compute)).toEqual(ROWS);
  });
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

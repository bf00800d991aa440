/**
 * Somebody who can write to the store moves sealed records about, checksums included: between numbers, streams, basins, and
 * from a stream to the one that has its name now. None of them opens where it does not belong, and nothing else is disturbed.
 */

import { expect, test } from 'vitest';

import { decodeRecords } from './core/chunk.ts';
import { basinConfig } from './core/config.ts';
import { EncryptionKey } from './core/encryption-key.ts';
import type { SequencedRecord } from './core/record.ts';
import { encodeRecords } from './core/stamped-batch.ts';
import { openEngine } from './engine.ts';
import { decodeEntries, decodeHeader, slotKey } from './log/format.ts';
import { type ChunkEntry, decodeEntry, encodeEntry, type Entry } from './state/entries.ts';
import { batch, engineBench, FROM_START } from './testing/engine-bench.ts';
import { dataObject, PROMPT } from './testing/log-bench.ts';
import { manualPorts, nativeCompute as compute, type StoredObjects } from './testing/manual-ports.ts';
import { ENGINE_DEFAULTS } from './tunables.ts';

const key = () => new EncryptionKey(`${'k'.repeat(42)}A=`);
const ENCRYPTED = basinConfig({ streamCipher: 'aes-256-gcm' });
/** Basin and stream, in the order of their ids. The second life of the last one has the next id. */
const STREAMS = [
  ['basin-one', 'a'],
  ['basin-one', 'b'],
  ['basin-two', 'a'],
  ['basin-two', 'reborn'],
  ['basin-two', 'reborn'],
] as const;

/** A store whose chunks say what `forged` makes of them; two records in each stream, of equal sizes and times. */
async function storeWith(forged: (chunks: readonly ChunkEntry[]) => void): Promise<StoredObjects> {
  const { engine, blobs } = await engineBench({ stream: false });
  for (const basin of ['basin-one', 'basin-two']) await engine.createBasin(basin, null, ENCRYPTED);
  for (const [at, [basin, name]] of STREAMS.entries()) {
    await engine.createStream(basin, name, null);
    for (const body of ['x', 'y']) await engine.append(basin, name, batch(`${body}${at}`), key());
    if (at === 3) await engine.deleteStream(basin, name);
  }
  await engine.stop();

  const slots = [...blobs.objects].filter(([name]) => name.startsWith('wal/'));
  const read = slots.map(([name, bytes]) => {
    const header = decodeHeader(Number(name.slice('wal/'.length)), bytes, compute);
    const entries = header.kind === 'data' ? decodeEntries(header, bytes, compute).map((raw) => decodeEntry(raw)) : [];
    return { header, entries };
  });
  forged(read.flatMap(({ entries }) => entries).filter(isChunk));
  for (const { header, entries } of read) {
    if (header.kind === 'data') blobs.objects.set(slotKey(header.slot), dataObject(header, entries.map(encodeEntry)));
  }
  return blobs.objects;
}

function isChunk(entry: Entry): entry is ChunkEntry {
  return entry.type === 'chunk';
}

/** Bodies as readers get them, by basin and stream. */
async function shown(objects: StoredObjects): Promise<unknown[]> {
  const engine = await openEngine(manualPorts({ objects, seed: 2 }), { ...ENGINE_DEFAULTS, log: PROMPT });
  const reads = STREAMS.slice(0, 4).map(async ([basin, name]) => {
    const outcome = await engine.read(basin, name, { ...FROM_START, count: 2 }, undefined, key());
    if (outcome.kind !== 'batch') return outcome.kind === 'rejected' ? outcome.reason.kind : outcome.kind;
    return outcome.records.map(({ body }) => Buffer.from(body).toString());
  });
  return Promise.all(reads);
}

function firstOf(chunk: ChunkEntry | undefined): SequencedRecord {
  const record = chunk === undefined ? undefined : decodeRecords(chunk, chunk.records)[0];
  if (record === undefined) throw new Error('there is such a record');
  return record;
}

/** Each of the two chunks gets the sealed body of the other. */
function swap(one: ChunkEntry | undefined, other: ChunkEntry | undefined): void {
  const [a, b] = [firstOf(one), firstOf(other)];
  Object.assign(one as ChunkEntry, { records: encodeRecords([{ ...a, body: b.body }]) });
  Object.assign(other as ChunkEntry, { records: encodeRecords([{ ...b, body: a.body }]) });
}

const UNTOUCHED = [
  ['x0', 'y0'],
  ['x1', 'y1'],
  ['x2', 'y2'],
  ['x4', 'y4'],
];

test('a sealed record that was moved does not open', async () => {
  expect(await shown(await storeWith(() => {}))).toEqual(UNTOUCHED);
  const moves: [string, number, number, number[]][] = [
    ['to another number', 0, 1, [0]],
    ['to another stream', 0, 2, [0, 1]],
    ['to another basin', 0, 4, [0, 2]],
    ['from an earlier life of its stream', 6, 8, [3]],
  ];
  for (const [what, one, other, failing] of moves) {
    const found = await shown(await storeWith((chunks) => swap(chunks[one], chunks[other])));
    expect(found, what).toEqual(UNTOUCHED.map((bodies, at) => (failing.includes(at) ? 'decryption-failed' : bodies)));
  }
});

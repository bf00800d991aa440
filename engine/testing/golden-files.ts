/**
 * The golden files `golden/v<version>/`, and for each kind of object what writes it and what reads it. With `GOLDEN=write` in the
 * environment files that are missing are written; one that exists never is.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { FORMAT_VERSION } from '../core/format-version.ts';
import { checkpointKey, pageKey, segmentKey } from '../core/object-names.ts';
import { decodeEntries, decodeHeader, encodeFence, slotKey } from '../log/format.ts';
import { decodePage, decodeRoot, encodeRoot } from '../segments/checkpoint-format.ts';
import { decodeSegmentHeaderAndFooter, decodeSegmentIndex, SegmentBuilder } from '../segments/segment-format.ts';
import { verifiedChunks } from '../segments/segment-frames.ts';
import { type ChunkEntry, decodeEntry, encodeEntry } from '../state/entries.ts';
import { DATA_AT, ENTRIES, FENCE, PAGE, ROOT, ROWS, SEGMENT_CHUNKS, SEGMENT_NAME, SLOT } from './golden-samples.ts';
import { dataObject } from './log-bench.ts';
import { nativeCompute as compute } from './manual-ports.ts';
import { frameOf, joined } from './segment-world.ts';

export const pathOf = (file: string, version: number): URL => new URL(`./golden/v${version}/${file}`, import.meta.url);

/** Fresh bytes each time: tests damage them. */
export function golden(file: string, version = FORMAT_VERSION): Uint8Array {
  return new Uint8Array(readFileSync(pathOf(file, version)));
}

function writeGolden(file: string, bytes: Uint8Array): void {
  if (process.env['GOLDEN'] !== 'write' || existsSync(pathOf(file, FORMAT_VERSION))) return;
  mkdirSync(pathOf('.', FORMAT_VERSION), { recursive: true });
  writeFileSync(pathOf(file, FORMAT_VERSION), bytes);
}

/** A point at every frame, so that the run of stream 7 has one beside its start. */
function builtSegment() {
  const builder = new SegmentBuilder(SEGMENT_NAME, compute, 1);
  for (const entry of SEGMENT_CHUNKS) builder.add(entry.streamId, frameOf(entry));
  const { parts, ref } = builder.finish();
  return { bytes: joined(parts), ref };
}

export function readSegment(bytes: Uint8Array): ChunkEntry[] {
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

const MARKER_BYTES = new TextEncoder().encode(`{"store":"tailrace","version":${FORMAT_VERSION},"windowSlots":64}`);

/** One row per binary object: what writes it, what reads it, and its name in the store. */
export const OBJECTS: readonly {
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

/** Writes what is missing, if that was asked for. */
export function writeMissing(): void {
  for (const { file, write } of OBJECTS) writeGolden(file, write());
  writeGolden('format.bin', MARKER_BYTES);
}

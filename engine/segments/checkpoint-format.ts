/**
 * The bytes of a checkpoint: its root `ckpt/…` and the metadata pages `meta/…` the root refers to. Little-endian.
 *
 * Both begin with 16 bytes: magic (`TRCK` root, `TRMP` page), version u8, 3 zero bytes, body length u32, CRC-32 of these
 * 12 bytes and the body. The body is fields as in `state/payload.ts`. A page holds all rows of stream ids
 * [page * pageRows, (page + 1) * pageRows) as they were when it was written; rows that changed since stand in the root,
 * which overrides the page. Damage is a LogCorruption that names object and offset.
 */

import {
  type CheckpointName,
  checkpointKey,
  compareCheckpoints,
  type OwnedName,
  pageKey,
} from '../core/object-names.ts';
import type { TokenState } from '../core/access.ts';
import { FORMAT_VERSION, FORMAT_VERSION_OF_TOKENS, FORMAT_VERSION_OF_TURNS } from '../core/format-version.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import { checkVersion, LogCorruption, meaningOf, REMEDY, VERSION_OFFSET } from '../log/corruption.ts';
import type { Compute } from '../ports.ts';
import { PayloadReader, PayloadWriter } from '../state/payload.ts';
import { readSegmentRefs, type SegmentRef, writeSegmentRefs } from '../state/segment-ref.ts';
import type { StateHash } from '../state/state-hash.ts';
import { readTokens, writeTokens } from '../state/token-codec.ts';
import type { UsageHistory } from '../state/usage.ts';
import { readUsage, USAGE_WITHOUT_TURNS, writeUsage } from '../state/usage-codec.ts';
import { readBasin, readRow, type RowChange, writeBasin, writeRow } from './checkpoint-rows.ts';

const ROOT_MAGIC = 0x4b435254; // "TRCK" read as a little-endian u32.
const PAGE_MAGIC = 0x504d5254; // "TRMP".
const PREFIX_BYTES = 16;
const LENGTH_OFFSET = 8;
/** Where the checksum stands; it covers everything else. */
const CRC_OFFSET = 12;

/** Where a page stands and what is in it. */
export interface PageRef extends OwnedName {
  /** Which: it holds stream ids [page * pageRows, (page + 1) * pageRows). */
  page: number;
  /** Length of the object, bytes. */
  bytes: number;
  /** The checksum its header carries. */
  crc: number;
  rows: number;
}

/** The whole state as of `name.slot`, records apart. */
export interface CheckpointRoot {
  name: CheckpointName;
  /** Of the state at that slot, as the INSTALL entry carries it: without the segments this checkpoint brings. */
  hashBefore: StateHash;
  /** …and with them: what whoever loads this checkpoint arrives at. */
  hashAfter: StateHash;
  nextStreamId: number;
  lastArrivalMs: number;
  /** Data slots below were collected when this was frozen. */
  collectedTo: number;
  /** Slots of all fences of the log up to the checkpoint's slot, ascending. */
  fences: readonly number[];
  pageRows: number;
  basins: readonly BasinState[];
  segments: readonly SegmentRef[];
  pages: readonly PageRef[];
  usage: UsageHistory;
  /** Rows changed or deleted since their page was written, ids ascending. */
  overlay: readonly RowChange[];
  tokens: readonly TokenState[];
}

/** Rows as the bytes they have in a page or beside the pages. */
export interface WrittenRows {
  rows: number;
  parts: readonly Uint8Array[];
}

/** Some rows of an overlay, ids ascending. */
export function writeOverlay(overlay: readonly RowChange[]): Uint8Array {
  const out = new PayloadWriter();
  for (const { id, row } of overlay) {
    out.number(id).number(row === null ? 0 : 1);
    if (row !== null) writeRow(out, row);
  }
  return out.finish();
}

export function encodeRoot(root: CheckpointRoot, compute: Compute): Uint8Array {
  const overlay = { rows: root.overlay.length, parts: [writeOverlay(root.overlay)] };
  const rest = [...writeUsage(root.usage), ...writeTokens(root.tokens)];
  return encodeRootWith({ overlay, rest }, root, compute);
}

/** As `encodeRoot`, with an overlay, and usage and tokens as the rest, that were written before. */
export function encodeRootWith(
  { overlay, rest }: { overlay: WrittenRows; rest: readonly Uint8Array[] },
  root: Omit<CheckpointRoot, 'overlay' | 'usage' | 'tokens'>,
  compute: Compute,
): Uint8Array {
  const out = new PayloadWriter();
  const { slot, epoch, number } = root.name;
  out.number(slot).number(epoch).number(number);
  for (const hash of [root.hashBefore, root.hashAfter]) out.number(hash.a).number(hash.b);
  out.number(root.nextStreamId).number(root.lastArrivalMs).number(root.collectedTo);
  out.number(root.fences.length);
  for (const fence of root.fences) out.number(fence);
  out.number(root.basins.length);
  for (const basin of root.basins) writeBasin(out, basin);
  writeSegmentRefs(out, root.segments);
  out.number(root.pageRows).number(root.pages.length);
  for (const ref of root.pages) {
    out.number(ref.page).number(ref.epoch).number(ref.number).number(ref.bytes).number(ref.crc).number(ref.rows);
  }
  out.number(overlay.rows);
  for (const part of overlay.parts) out.written(part);
  for (const part of rest) out.written(part);
  return seal(ROOT_MAGIC, out.finish(), compute).bytes;
}

/** Throws LogCorruption when `bytes` are not the checkpoint `name`. */
export function decodeRoot(name: CheckpointName, bytes: Uint8Array, compute: Compute): CheckpointRoot {
  const key = checkpointKey(name);
  const body = open(key, ROOT_MAGIC, 'checkpoint', bytes, compute);
  const version = viewOf(bytes).getUint8(VERSION_OFFSET);
  const root = parse(key, body, (from) => readRoot(from, version));
  if (compareCheckpoints(root.name, name) !== 0) {
    throw new LogCorruption(key, PREFIX_BYTES, `it says that it is ${checkpointKey(root.name)}`);
  }
  return root;
}

function readRoot(from: PayloadReader, version: number): CheckpointRoot {
  const hash = (): StateHash => ({ a: from.number(), b: from.number() });
  return {
    name: { slot: from.number(), epoch: from.number(), number: from.number() },
    hashBefore: hash(),
    hashAfter: hash(),
    nextStreamId: from.number(),
    lastArrivalMs: from.number(),
    collectedTo: from.number(),
    fences: Array.from({ length: from.number() }, () => from.number()),
    basins: Array.from({ length: from.number() }, () => readBasin(from)),
    segments: readSegmentRefs(from),
    pageRows: from.number(),
    pages: Array.from({ length: from.number() }, () => ({
      page: from.number(),
      epoch: from.number(),
      number: from.number(),
      bytes: from.number(),
      crc: from.number(),
      rows: from.number(),
    })),
    overlay: Array.from({ length: from.number() }, () => {
      const id = from.number();
      return { id, row: from.number() === 0 ? null : readRow(from, id) };
    }),
    usage: readUsage(from, version < FORMAT_VERSION_OF_TURNS ? USAGE_WITHOUT_TURNS : undefined),
    tokens: version >= FORMAT_VERSION_OF_TOKENS ? readTokens(from) : [],
  };
}

/** The page `page` with `rows`, ids ascending, and what a root has to know of it. */
export function encodePage(
  name: OwnedName,
  page: number,
  rows: readonly StreamState[],
  compute: Compute,
): { bytes: Uint8Array; ref: PageRef } {
  return encodePageWith({ rows: rows.length, parts: [writePageRows(rows)] }, name, page, compute);
}

/** Some rows of a page, ids ascending. */
export function writePageRows(rows: readonly StreamState[]): Uint8Array {
  const out = new PayloadWriter();
  for (const row of rows) {
    out.number(row.id);
    writeRow(out, row);
  }
  return out.finish();
}

/** As `encodePage`, with rows that were written before. */
export function encodePageWith(
  { rows, parts }: WrittenRows,
  name: OwnedName,
  page: number,
  compute: Compute,
): { bytes: Uint8Array; ref: PageRef } {
  const out = new PayloadWriter();
  out.number(page).number(rows);
  for (const part of parts) out.written(part);
  const { bytes, crc } = seal(PAGE_MAGIC, out.finish(), compute);
  return { bytes, ref: { ...name, page, bytes: bytes.length, crc, rows } };
}

/** Throws LogCorruption when `bytes` are not the page that `ref` refers to. */
export function decodePage(ref: PageRef, bytes: Uint8Array, compute: Compute): StreamState[] {
  const key = pageKey(ref);
  const body = open(key, PAGE_MAGIC, 'metadata page', bytes, compute);
  if (bytes.length !== ref.bytes || viewOf(bytes).getUint32(CRC_OFFSET, true) !== ref.crc) {
    throw new LogCorruption(key, CRC_OFFSET, 'it is sound, but not the page its checkpoint refers to');
  }
  const { page, rows } = parse(key, body, (from) => ({
    page: from.number(),
    rows: Array.from({ length: from.number() }, () => readRow(from, from.number())),
  }));
  if (page !== ref.page || rows.length !== ref.rows) {
    const what = `it says that it is page ${page} of ${rows.length} rows, its checkpoint says page ${ref.page} of ${ref.rows}`;
    throw new LogCorruption(key, PREFIX_BYTES, what, REMEDY.report);
  }
  return rows;
}

function seal(magic: number, body: Uint8Array, compute: Compute): { bytes: Uint8Array; crc: number } {
  const bytes = new Uint8Array(PREFIX_BYTES + body.length);
  const view = viewOf(bytes);
  view.setUint32(0, magic, true);
  view.setUint8(VERSION_OFFSET, FORMAT_VERSION);
  view.setUint32(LENGTH_OFFSET, body.length, true);
  bytes.set(body, PREFIX_BYTES);
  const crc = checksum(bytes, compute);
  view.setUint32(CRC_OFFSET, crc, true);
  return { bytes, crc };
}

/** The body of an object whose every byte was checked. */
function open(key: string, magic: number, what: string, bytes: Uint8Array, compute: Compute): Uint8Array {
  if (bytes.length < PREFIX_BYTES) {
    throw new LogCorruption(
      key,
      bytes.length,
      `the object is cut short: ${bytes.length} bytes, ${PREFIX_BYTES} at least`,
    );
  }
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== magic) throw new LogCorruption(key, 0, `it is not a ${what} of Tailrace`);
  checkVersion(key, view.getUint8(VERSION_OFFSET));
  const length = PREFIX_BYTES + view.getUint32(LENGTH_OFFSET, true);
  if (bytes.length !== length) {
    throw new LogCorruption(key, LENGTH_OFFSET, `the object has ${bytes.length} bytes, its header says ${length}`);
  }
  if (checksum(bytes, compute) !== view.getUint32(CRC_OFFSET, true)) {
    throw new LogCorruption(key, 0, `the checksum of the object (at byte ${CRC_OFFSET}) does not match`);
  }
  return bytes.subarray(PREFIX_BYTES);
}

/** Reads the whole body; what is sound by checksum and still makes no sense was written wrong. */
function parse<Shape>(key: string, body: Uint8Array, read: (from: PayloadReader) => Shape): Shape {
  const from = new PayloadReader(body);
  const shape = meaningOf(key, PREFIX_BYTES, () => read(from));
  if (!from.atEnd()) {
    throw new LogCorruption(
      key,
      PREFIX_BYTES + from.position,
      'there are bytes behind the last field',
      REMEDY.newerBuild,
    );
  }
  return shape;
}

function checksum(bytes: Uint8Array, compute: Compute): number {
  return compute.crc32(bytes.subarray(PREFIX_BYTES), compute.crc32(bytes.subarray(0, CRC_OFFSET)));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

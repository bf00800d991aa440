/**
 * The bytes of a log object: a 64-byte header, then entries. Little-endian throughout (storage reference §4.3).
 *
 * Header: magic `TRLG`, version u8, kind u8, 2 zero bytes, slot u64, epoch u64, writer identity 16 bytes,
 * next u64 (fences: the slot where the log goes on; data: 0), body length u32, entry count u32, CRC-32 of the
 * body, CRC-32 of the 60 bytes before it. Entry: type u32, payload length u32, CRC-32 of the payload, payload.
 *
 * The identity says who wrote the object: *my identity in the object found in my slot* means it is my write,
 * because a writer builds the bytes of a slot once and never changes them.
 */

import { assert } from '../core/assert.ts';
import { crc32Joined, crc32Of } from '../core/crc32.ts';
import { FORMAT_VERSION } from '../core/format-version.ts';
import type { Compute } from '../ports.ts';
import { checkVersion, LogCorruption, REMEDY, VERSION_OFFSET } from './corruption.ts';

export const HEADER_BYTES = 64;
export const IDENTITY_BYTES = 16;
const ENTRY_HEADER_BYTES = 12;
const MAGIC = 0x474c5254; // "TRLG" read as a little-endian u32.
const KIND_DATA = 1;
const KIND_FENCE = 2;

export interface DataHeader {
  kind: 'data';
  slot: number;
  epoch: number;
  identity: Uint8Array;
  bodyLength: number;
  entryCount: number;
  bodyCrc: number;
}

export interface FenceHeader {
  kind: 'fence';
  slot: number;
  epoch: number;
  identity: Uint8Array;
  /** The slot where the log goes on. */
  next: number;
}

export type LogHeader = DataHeader | FenceHeader;

/** One entry as the log sees it: a type the fold understands, and bytes. */
export interface RawEntry {
  type: number;
  payload: Uint8Array;
}

/** An entry of an object: its frame is `object[start, end)`. */
export interface PlacedEntry extends RawEntry {
  start: number;
  end: number;
}

/** Below, the checksum of a payload costs less here than the call into native code. */
const SHORT_BYTES_MAX = 256;
/** From here on, joining the checksum of a payload to another costs less than computing it again. */
const LONG_BYTES_MIN = 16 * 1024;

/** An object that came damaged so often is damaged in the store, not on the way here. */
export const READINGS_MAX = 4;

export function slotKey(slot: number): string {
  return `wal/${String(slot).padStart(20, '0')}`;
}

/** Length of the frame of an entry with a payload of that length. */
export function frameLength(payloadLength: number): number {
  return ENTRY_HEADER_BYTES + payloadLength;
}

/** Where the payload begins in a frame that begins at `start`. */
export function payloadStart(start: number): number {
  return start + ENTRY_HEADER_BYTES;
}

/** Fills in the header of the frame `out[start, end)`, whose payload is in place. Returns the payload's checksum. */
export function sealFrame(out: Uint8Array, start: number, end: number, type: number, compute: Compute): number {
  const from = payloadStart(start);
  writeU32(out, start, type);
  writeU32(out, start + 4, end - from);
  const isShort = end - from < SHORT_BYTES_MAX;
  const crc = isShort ? crc32Of(out, from, end) : compute.crc32(out.subarray(from, end));
  writeU32(out, start + 8, crc);
  return crc;
}

/** The checksum a frame's header holds. */
export function frameCrc(bytes: Uint8Array, start: number): number {
  return readU32(bytes, start + 8);
}

/** Byte by byte: there are two of these for every append, and a DataView for each would cost more than the rest. */
function writeU32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

function readU32(bytes: Uint8Array, at: number): number {
  const byte = (i: number) => bytes[at + i] as number;
  return (byte(0) | (byte(1) << 8) | (byte(2) << 16) | (byte(3) << 24)) >>> 0;
}

/** Fills in the header of a whole data object, whose frames are in place behind it. */
export function sealData(
  object: Uint8Array,
  at: { slot: number; epoch: number; identity: Uint8Array },
  entryCount: number,
  compute: Compute,
): void {
  const bodyLength = object.length - HEADER_BYTES;
  const bodyCrc = checksumOfFrames(object, entryCount, compute);
  writeHeader(object, { kind: 'data', ...at, bodyLength, entryCount, bodyCrc }, compute);
}

/** The checksum of the body, from those of its frames where they are long: no byte of a large batch is walked twice. */
function checksumOfFrames(object: Uint8Array, entryCount: number, compute: Compute): number {
  let crc = 0;
  let covered = HEADER_BYTES;
  let at = HEADER_BYTES;
  for (let i = 0; i < entryCount; i++) {
    const from = payloadStart(at);
    const length = readU32(object, at + 4);
    if (length >= LONG_BYTES_MIN) {
      crc = crc32Joined(compute.crc32(object.subarray(covered, from), crc), frameCrc(object, at), length);
      covered = from + length;
    }
    at = from + length;
  }
  return compute.crc32(object.subarray(covered), crc);
}

export function encodeFence(fence: Omit<FenceHeader, 'kind'>, compute: Compute): Uint8Array[] {
  const bytes = new Uint8Array(HEADER_BYTES);
  writeHeader(bytes, { kind: 'fence', ...fence }, compute);
  return [bytes];
}

/** Every byte of the header's place is written, whatever stood there. */
function writeHeader(bytes: Uint8Array, header: LogHeader, compute: Compute): void {
  assert(header.identity.length === IDENTITY_BYTES, 'a writer identity has 16 bytes');
  bytes.fill(0, 0, HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  view.setUint32(0, MAGIC, true);
  view.setUint8(VERSION_OFFSET, FORMAT_VERSION);
  view.setUint8(5, header.kind === 'data' ? KIND_DATA : KIND_FENCE);
  setU64(view, 8, header.slot);
  setU64(view, 16, header.epoch);
  bytes.set(header.identity, 24);
  if (header.kind === 'fence') {
    setU64(view, 40, header.next);
  } else {
    view.setUint32(48, header.bodyLength, true);
    view.setUint32(52, header.entryCount, true);
    view.setUint32(56, header.bodyCrc, true);
  }
  view.setUint32(60, compute.crc32(bytes.subarray(0, 60)), true);
}

/** Reads and verifies the header of the object found in `slot`. Throws LogCorruption. */
export function decodeHeader(slot: number, bytes: Uint8Array, compute: Compute): LogHeader {
  const key = slotKey(slot);
  if (bytes.length < HEADER_BYTES) {
    throw new LogCorruption(
      key,
      bytes.length,
      `the object is cut short: ${bytes.length} bytes, a header has ${HEADER_BYTES}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) throw new LogCorruption(key, 0, 'it is not a log object of Tailrace');
  checkVersion(key, view.getUint8(VERSION_OFFSET));
  if (view.getUint32(60, true) !== compute.crc32(bytes.subarray(0, 60))) {
    throw new LogCorruption(key, 0, 'the checksum of the header (bytes 0-60) does not match');
  }
  const common = { slot: getU64(view, 8), epoch: getU64(view, 16), identity: bytes.slice(24, 24 + IDENTITY_BYTES) };
  if (common.slot !== slot) throw new LogCorruption(key, 8, `it says that it is slot ${common.slot}`);
  const kind = view.getUint8(5);
  if (kind === KIND_FENCE) {
    if (bytes.length === HEADER_BYTES) return { kind: 'fence', ...common, next: getU64(view, 40) };
    throw new LogCorruption(key, HEADER_BYTES, `a fence has ${HEADER_BYTES} bytes, this one ${bytes.length}`);
  }
  if (kind !== KIND_DATA) throw new LogCorruption(key, 5, `it is of the unknown kind ${kind}`, REMEDY.newerBuild);
  return {
    kind: 'data',
    ...common,
    bodyLength: view.getUint32(48, true),
    entryCount: view.getUint32(52, true),
    bodyCrc: view.getUint32(56, true),
  };
}

/** The entries of a data object whose header was read before; payloads are views of `bytes`. Throws LogCorruption. */
export function decodeEntries(header: DataHeader, bytes: Uint8Array, compute: Compute): PlacedEntry[] {
  const key = slotKey(header.slot);
  const wanted = HEADER_BYTES + header.bodyLength;
  if (bytes.length !== wanted) {
    const shorter = Math.min(bytes.length, wanted);
    throw new LogCorruption(key, shorter, `the object has ${bytes.length} bytes, its header says ${wanted}`);
  }
  if (compute.crc32(bytes.subarray(HEADER_BYTES)) !== header.bodyCrc) {
    const at = firstBadFrame(bytes, compute);
    throw new LogCorruption(key, at, `the checksum of the body (from byte ${HEADER_BYTES}) does not match`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: PlacedEntry[] = [];
  let at = HEADER_BYTES;
  for (let i = 0; i < header.entryCount; i++) {
    const start = payloadStart(at);
    const end = frameEnd(view, at);
    if (end > bytes.length) {
      throw new LogCorruption(key, at, `entry ${i} of ${header.entryCount} goes beyond the object`, REMEDY.report);
    }
    const payload = bytes.subarray(start, end);
    if (compute.crc32(payload) !== frameCrc(bytes, at)) {
      throw new LogCorruption(key, at, `the checksum of entry ${i} does not match`);
    }
    entries.push({ type: view.getUint32(at, true), payload, start: at, end });
    at = end;
  }
  if (at !== bytes.length) throw new LogCorruption(key, at, 'there are bytes behind the last entry', REMEDY.report);
  return entries;
}

/** Where the frame that begins at `at` ends, which may be beyond the object. */
function frameEnd(view: DataView, at: number): number {
  const start = payloadStart(at);
  return start > view.byteLength ? Infinity : start + view.getUint32(at + 4, true);
}

/**
 * Where the first frame begins that is cut short or does not match its checksum. The type of a frame is under the
 * checksum of the body only: when all frames match, the damage is somewhere in the body.
 */
function firstBadFrame(bytes: Uint8Array, compute: Compute): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const end = frameEnd(view, at);
    if (end > bytes.length || compute.crc32(bytes.subarray(payloadStart(at), end)) !== frameCrc(bytes, at)) return at;
    at = end;
  }
  return HEADER_BYTES;
}

export function sameIdentity(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function setU64(view: DataView, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a stored u64 is an exact non-negative integer');
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function getU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

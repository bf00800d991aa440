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
import type { Compute } from '../ports.ts';

export const HEADER_BYTES = 64;
export const IDENTITY_BYTES = 16;
const ENTRY_HEADER_BYTES = 12;
const MAGIC = 0x474c5254; // "TRLG" read as a little-endian u32.
const VERSION = 1;
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

/** An object that came damaged so often is damaged in the store, not on the way here. */
export const READINGS_MAX = 4;

/** The object's bytes are not what a writer of this format put there. `message` names the object. */
export class LogCorruption extends Error {
  override name = 'LogCorruption';
}

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

/** Fills in the header of the frame `out[start, end)`, whose payload is in place. */
export function sealFrame(out: Uint8Array, start: number, end: number, type: number, compute: Compute): void {
  const view = new DataView(out.buffer, out.byteOffset + start, ENTRY_HEADER_BYTES);
  view.setUint32(0, type, true);
  view.setUint32(4, end - start - ENTRY_HEADER_BYTES, true);
  view.setUint32(8, compute.crc32(out.subarray(start + ENTRY_HEADER_BYTES, end)), true);
}

/** The checksum a frame's header holds. */
export function frameCrc(bytes: Uint8Array, start: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + start, ENTRY_HEADER_BYTES).getUint32(8, true);
}

/** Fills in the header of a whole data object, whose frames are in place behind it. */
export function sealData(
  object: Uint8Array,
  at: { slot: number; epoch: number; identity: Uint8Array },
  entryCount: number,
  compute: Compute,
): void {
  const body = object.subarray(HEADER_BYTES);
  const bodyCrc = compute.crc32(body);
  writeHeader(object, { kind: 'data', ...at, bodyLength: body.length, entryCount, bodyCrc }, compute);
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
  view.setUint8(4, VERSION);
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
  if (bytes.length < HEADER_BYTES) throw new LogCorruption(`${key} is cut short: ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) throw new LogCorruption(`${key} is not a log object of Tailrace`);
  const version = view.getUint8(4);
  if (version !== VERSION) {
    throw new LogCorruption(
      `${key} has format version ${version}; this build reads version ${VERSION}. Use a newer build`,
    );
  }
  if (view.getUint32(60, true) !== compute.crc32(bytes.subarray(0, 60))) {
    throw new LogCorruption(`${key}: checksum of the header (bytes 0-60) does not match`);
  }
  const common = { slot: getU64(view, 8), epoch: getU64(view, 16), identity: bytes.slice(24, 24 + IDENTITY_BYTES) };
  if (common.slot !== slot) throw new LogCorruption(`${key} says it is slot ${common.slot}`);
  const kind = view.getUint8(5);
  if (kind === KIND_FENCE) return { kind: 'fence', ...common, next: getU64(view, 40) };
  if (kind !== KIND_DATA) throw new LogCorruption(`${key} is of unknown kind ${kind}. Use a newer build`);
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
  if (bytes.length !== HEADER_BYTES + header.bodyLength) {
    throw new LogCorruption(`${key} has ${bytes.length} bytes, its header says ${HEADER_BYTES + header.bodyLength}`);
  }
  if (compute.crc32(bytes.subarray(HEADER_BYTES)) !== header.bodyCrc) {
    throw new LogCorruption(`${key}: checksum of the body (from byte ${HEADER_BYTES}) does not match`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: PlacedEntry[] = [];
  let at = HEADER_BYTES;
  for (let i = 0; i < header.entryCount; i++) {
    const start = at + ENTRY_HEADER_BYTES;
    const payload = bytes.subarray(start, start + view.getUint32(at + 4, true));
    if (compute.crc32(payload) !== view.getUint32(at + 8, true)) {
      throw new LogCorruption(`${key}: checksum of entry ${i} at byte ${start} does not match`);
    }
    const end = start + payload.length;
    entries.push({ type: view.getUint32(at, true), payload, start: at, end });
    at = end;
  }
  if (at !== bytes.length) throw new LogCorruption(`${key} has bytes behind its last entry, from byte ${at}`);
  return entries;
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

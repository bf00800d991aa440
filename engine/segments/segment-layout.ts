/**
 * The fixed parts of a segment: a 32-byte header, a 32-byte footer, and how a damaged one is reported. Little-endian.
 *
 * Header: magic `TRSG`, version u8, 3 zero bytes, epoch u64, number u64, 4 zero bytes, CRC-32 of the 28 bytes before.
 * Footer: index offset u64, index length u32, CRC-32 of the index u32, stream count u32, version u8, 3 zero bytes, magic
 * `TRSG`, CRC-32 of the 28 bytes before. The version stands in both, because a server reads the footer with the index and
 * never the header. Between them: frames, then the index (`segment-format.ts`).
 */

import { assert } from '../core/assert.ts';
import { FORMAT_VERSION } from '../core/format-version.ts';
import { type OwnedName, segmentKey } from '../core/object-names.ts';
import { checkVersion, LogCorruption, VERSION_OFFSET } from '../log/corruption.ts';
import type { Compute } from '../ports.ts';

export const SEGMENT_HEADER_BYTES = 32;
export const SEGMENT_FOOTER_BYTES = 32;
const CRC_AT = 28;
const FOOTER_VERSION_AT = 20;
const FOOTER_MAGIC_AT = 24;
const MAGIC = 0x47535254; // "TRSG" read as a little-endian u32.

/** What the footer says: where the index stands and how to tell a damaged one. */
export interface SegmentFooter {
  indexOffset: number;
  indexBytes: number;
  indexCrc: number;
  streamCount: number;
}

export function encodeSegmentHeader({ epoch, number }: OwnedName, compute: Compute): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(VERSION_OFFSET, FORMAT_VERSION);
  writeU64(view, 8, epoch);
  writeU64(view, 16, number);
  view.setUint32(CRC_AT, compute.crc32(bytes.subarray(0, CRC_AT)), true);
  return bytes;
}

export function encodeSegmentFooter(footer: SegmentFooter, compute: Compute): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_FOOTER_BYTES);
  const view = new DataView(bytes.buffer);
  writeU64(view, 0, footer.indexOffset);
  view.setUint32(8, footer.indexBytes, true);
  view.setUint32(12, footer.indexCrc, true);
  view.setUint32(16, footer.streamCount, true);
  view.setUint8(FOOTER_VERSION_AT, FORMAT_VERSION);
  view.setUint32(FOOTER_MAGIC_AT, MAGIC, true);
  view.setUint32(CRC_AT, compute.crc32(bytes.subarray(0, CRC_AT)), true);
  return bytes;
}

/**
 * For tools that have the object and nothing else. `header` are its first 32 bytes, `footer` its last 32, `bytes` its
 * length. Throws LogCorruption, also when the object is another one than `name` says.
 */
export function decodeSegmentHeaderAndFooter(
  name: OwnedName,
  object: { header: Uint8Array; footer: Uint8Array; bytes: number },
  compute: Compute,
): SegmentFooter {
  const key = segmentKey(name);
  const fixed = SEGMENT_HEADER_BYTES + SEGMENT_FOOTER_BYTES;
  if (object.bytes < fixed || object.header.length < SEGMENT_HEADER_BYTES) {
    throw new LogCorruption(
      key,
      object.bytes,
      `the object is cut short: ${object.bytes} bytes, a segment has ${fixed} at least`,
    );
  }
  decodeHeader(name, object.header, compute);
  return decodeFooter(key, object.footer, object.bytes - SEGMENT_FOOTER_BYTES, compute);
}

/** The footer of the segment `key`, which stands at `at` in it. Throws LogCorruption. */
export function decodeFooter(key: string, footer: Uint8Array, at: number, compute: Compute): SegmentFooter {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.length);
  const end = at + SEGMENT_FOOTER_BYTES;
  if (footer.length !== SEGMENT_FOOTER_BYTES || view.getUint32(FOOTER_MAGIC_AT, true) !== MAGIC) {
    throw new LogCorruption(key, at, `there is no footer of a segment (bytes ${at}-${end})`);
  }
  checkVersion(key, view.getUint8(FOOTER_VERSION_AT), at + FOOTER_VERSION_AT);
  if (view.getUint32(CRC_AT, true) !== compute.crc32(footer.subarray(0, CRC_AT))) {
    throw new LogCorruption(key, at, `the checksum of the footer (bytes ${at}-${end}) does not match`);
  }
  const decoded: SegmentFooter = {
    indexOffset: readU64(view, 0),
    indexBytes: view.getUint32(8, true),
    indexCrc: view.getUint32(12, true),
    streamCount: view.getUint32(16, true),
  };
  if (decoded.indexOffset + decoded.indexBytes !== at) {
    throw new LogCorruption(key, at, 'its footer says that the index ends elsewhere');
  }
  return decoded;
}

function decodeHeader(name: OwnedName, bytes: Uint8Array, compute: Compute): void {
  const key = segmentKey(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (view.getUint32(0, true) !== MAGIC) throw new LogCorruption(key, 0, 'it is not a segment of Tailrace');
  checkVersion(key, view.getUint8(VERSION_OFFSET));
  if (view.getUint32(CRC_AT, true) !== compute.crc32(bytes.subarray(0, CRC_AT))) {
    throw new LogCorruption(key, 0, `the checksum of the header (bytes 0-${SEGMENT_HEADER_BYTES}) does not match`);
  }
  const found = { epoch: readU64(view, 8), number: readU64(view, 16) };
  if (found.epoch !== name.epoch || found.number !== name.number) {
    throw new LogCorruption(key, 8, `it says that it is ${segmentKey(found)}`);
  }
}

export function writeU64(view: DataView, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a stored u64 is an exact non-negative integer');
  view.setUint32(at, value % 2 ** 32, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

export function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

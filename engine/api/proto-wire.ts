/**
 * Reading protobuf strictly: a field has the wire type its number has, stays within its message, and no number or length has
 * more than 64 bits. Libraries let most of that pass, so that bytes would mean one thing here and another elsewhere.
 *
 * Everything throws an Error that says what is wrong. Source: the protobuf encoding specification, and what strict
 * decoders refuse.
 */

/** Wire types of the encoding. */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED_32 = 5;

/** Groups of unknown fields may be nested this deep. */
const GROUP_DEPTH_MAX = 100;
const VARINT_BYTES_MAX = 10;
const TAG_MAX = 2 ** 32 - 1;

/** Where reading stands; the end of the message is told with it. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Passes over the content of a field that is not known. Of one that is, the tag said a wrong wire type. */
export function skipUnknown(tag: number, cursor: Cursor, end: number, numberMax: number): void {
  if (numberOf(tag) <= numberMax) throw new Error(`field ${numberOf(tag)} can not have wire type ${wireTypeOf(tag)}`);
  skip(tag, cursor, end, GROUP_DEPTH_MAX);
}

function skip(tag: number, cursor: Cursor, end: number, groupDepthMax: number): void {
  switch (wireTypeOf(tag)) {
    case VARINT:
      readVarint(cursor, end);
      return;
    case FIXED_64:
      return advance(cursor, 8, end);
    case BYTES:
      cursor.at = readLength(cursor, end);
      return;
    case GROUP_START:
      return skipGroup(numberOf(tag), cursor, end, groupDepthMax);
    case FIXED_32:
      return advance(cursor, 4, end);
    default:
      throw new Error('the end of a group that was not begun');
  }
}

function skipGroup(groupNumber: number, cursor: Cursor, end: number, groupDepthMax: number): void {
  if (groupDepthMax === 0) throw new Error(`groups more than ${GROUP_DEPTH_MAX} deep`);
  for (;;) {
    const tag = readTag(cursor, end);
    if (wireTypeOf(tag) !== GROUP_END) skip(tag, cursor, end, groupDepthMax - 1);
    else if (numberOf(tag) === groupNumber) return;
    else throw new Error('the end of another group');
  }
}

export function readTag(cursor: Cursor, end: number): number {
  const tag = readVarint(cursor, end);
  if (tag > TAG_MAX || numberOf(tag) === 0 || wireTypeOf(tag) > FIXED_32)
    throw new Error(`${tag} is no tag of a field`);
  return tag;
}

/** Bytes with their length before them; a view. */
export function readBytes(cursor: Cursor, end: number): Uint8Array {
  const contentEnd = readLength(cursor, end);
  const content = cursor.bytes.subarray(cursor.at, contentEnd);
  cursor.at = contentEnd;
  return content;
}

/** A number of 64 bits; above 2^53 - 1 the nearest one there is. */
export function readU64(cursor: Cursor, end: number): number {
  const start = cursor.at;
  const value = readVarint(cursor, end);
  if (value <= Number.MAX_SAFE_INTEGER) return value;
  let exact = 0n;
  for (let at = cursor.at - 1; at >= start; at--) exact = (exact << 7n) | BigInt((cursor.bytes[at] as number) & 0x7f);
  return Number(exact);
}

/** Returns where the content ends that begins at the cursor. */
export function readLength(cursor: Cursor, end: number): number {
  const contentEnd = readVarint(cursor, end) + cursor.at;
  if (contentEnd > end) throw new Error('a field runs past its message');
  return contentEnd;
}

/** At most 64 bits; inexact above 2^53, which is above every length. */
function readVarint(cursor: Cursor, end: number): number {
  const first = cursor.bytes[cursor.at] as number;
  // Tags and most lengths.
  if (first < 0x80 && cursor.at < end) {
    cursor.at++;
    return first;
  }
  let value = 0;
  let scale = 1;
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    if (cursor.at >= end) throw new Error('a number runs past its message');
    const byte = cursor.bytes[cursor.at++] as number;
    // Nine bytes hold 63 bits, so the tenth holds one.
    if (i === VARINT_BYTES_MAX - 1 && byte > 1) break;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 0x80;
  }
  throw new Error('a number of more than 64 bits');
}

function advance(cursor: Cursor, length: number, end: number): void {
  cursor.at += length;
  if (cursor.at > end) throw new Error('a field runs past its message');
}

function numberOf(tag: number): number {
  return tag >>> 3;
}

function wireTypeOf(tag: number): number {
  return tag & 7;
}

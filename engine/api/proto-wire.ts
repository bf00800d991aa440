/**
 * Is this a well-formed message? The protobuf library is lenient where the format is not: it lets a nested message run past
 * its own length, reads a field whatever its wire type says, and drops bits that a number or a length has too many. Bytes
 * that pass here mean one thing only, so the library reads them as any other would.
 *
 * Source: the protobuf encoding specification, and what strict decoders refuse.
 */

import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

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
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Throws an Error that says what is wrong. Fields that `schema` does not have are passed over. */
export function checkWire(schema: DescMessage, bytes: Uint8Array): void {
  checkMessage(schema, { bytes, at: 0 }, bytes.length);
}

/** How often a field comes at the top of a message. Stops counting at the first one above `countMax`. */
export function fieldCount(bytes: Uint8Array, fieldNumber: number, countMax: number): number {
  const cursor: Cursor = { bytes, at: 0 };
  let count = 0;
  while (cursor.at < bytes.length && count <= countMax) {
    const tag = readTag(cursor, bytes.length);
    skip(tag, cursor, bytes.length, GROUP_DEPTH_MAX);
    if (numberOf(tag) === fieldNumber) count++;
  }
  return count;
}

function checkMessage(schema: DescMessage, cursor: Cursor, end: number): void {
  while (cursor.at < end) {
    const tag = readTag(cursor, end);
    const field = fieldOf(schema, numberOf(tag));
    if (field === undefined) skip(tag, cursor, end, GROUP_DEPTH_MAX);
    else checkField(field, wireTypeOf(tag), cursor, end);
  }
}

/** S2's messages have numbers of one kind, no packed lists and no groups. */
function checkField(field: DescField, wireType: number, cursor: Cursor, end: number): void {
  const expected = field.fieldKind === 'scalar' && field.scalar === ScalarType.UINT64 ? VARINT : BYTES;
  if (wireType !== expected) throw new Error(`field \`${field.name}\` has wire type ${wireType}, must be ${expected}`);
  if (expected === VARINT) {
    readVarint(cursor, end);
    return;
  }
  const contentEnd = readLength(cursor, end);
  if (field.message !== undefined) checkMessage(field.message, cursor, contentEnd);
  cursor.at = contentEnd;
}

/** Passes over the content of a field. */
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

function readTag(cursor: Cursor, end: number): number {
  const tag = readVarint(cursor, end);
  if (tag > TAG_MAX || numberOf(tag) === 0 || wireTypeOf(tag) > FIXED_32)
    throw new Error(`${tag} is no tag of a field`);
  return tag;
}

/** Returns where the content ends that begins at the cursor. */
function readLength(cursor: Cursor, end: number): number {
  const contentEnd = readVarint(cursor, end) + cursor.at;
  if (contentEnd > end) throw new Error('a field runs past its message');
  return contentEnd;
}

/** At most 64 bits; inexact above 2^53, which is above every length. */
function readVarint(cursor: Cursor, end: number): number {
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

/** By number; the list is short, and a search in it faster than a map. */
function fieldOf(schema: DescMessage, fieldNumber: number): DescField | undefined {
  return schema.fields.find((field) => field.number === fieldNumber);
}

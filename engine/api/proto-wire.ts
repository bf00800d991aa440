/**
 * Is this a well-formed message? The protobuf library is lenient where the format is not: it lets a nested message run
 * past its own length, reads a field whatever its wire type says, and drops bits above the 64th. Bytes that pass here
 * mean one thing only, so the library reads them as any other would.
 *
 * Source: the protobuf encoding specification, and what strict decoders refuse.
 */

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

/** Groups of unknown fields may be nested this deep. */
const GROUP_DEPTH_MAX = 100;

/** A varint of ten bytes has one bit in its last byte. */
const VARINT_BYTES_MAX = 10;

/** Throws an Error that says what is wrong. Fields that `schema` does not have are passed over. */
export function checkWire(schema: DescMessage, bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [fieldNumber, wireType] = reader.tag();
    const field = fieldOf(schema, fieldNumber);
    if (field === undefined) reader.skip(wireType, fieldNumber, GROUP_DEPTH_MAX);
    else checkField(field, wireType, reader, bytes);
  }
}

/** How often a field comes at the top of a message. Stops counting at the first one above `countMax`. */
export function fieldCount(bytes: Uint8Array, fieldNumber: number, countMax: number): number {
  const reader = new BinaryReader(bytes);
  let count = 0;
  while (reader.pos < reader.len && count <= countMax) {
    const [number, wireType] = reader.tag();
    reader.skip(wireType, number, GROUP_DEPTH_MAX);
    if (number === fieldNumber) count++;
  }
  return count;
}

function checkField(field: DescField, wireType: WireType, reader: BinaryReader, bytes: Uint8Array): void {
  const expected = isVarint(field) ? WireType.Varint : WireType.LengthDelimited;
  if (wireType !== expected) throw new Error(`field \`${field.name}\` has wire type ${wireType}, must be ${expected}`);
  if (expected === WireType.Varint) return checkVarint(field, reader, bytes);
  const content = reader.bytes();
  if (field.message !== undefined) checkWire(field.message, content);
}

function checkVarint(field: DescField, reader: BinaryReader, bytes: Uint8Array): void {
  const start = reader.pos;
  reader.uint64();
  const isTooLong = reader.pos - start === VARINT_BYTES_MAX && (bytes[reader.pos - 1] ?? 0) > 1;
  if (isTooLong) throw new Error(`field \`${field.name}\` has more than 64 bits`);
}

/** S2's messages have numbers of one kind, no packed lists and no groups. */
function isVarint(field: DescField): boolean {
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.UINT64;
}

/** By number; the list is short, and a search in it faster than a map. */
function fieldOf(schema: DescMessage, fieldNumber: number): DescField | undefined {
  return schema.fields.find((field) => field.number === fieldNumber);
}

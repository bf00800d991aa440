/**
 * ReadBatch as protobuf bytes, written by hand: reading is where most bytes go, and a message object for each record
 * costs several times what its bytes do. The official client's own encoder is the judge in the tests.
 *
 * The length is computed first, so everything is written once, into memory that may have room for a frame's head.
 */

import { assert } from '../core/assert.ts';
import { varintLength, writeVarint } from '../core/chunk.ts';
import type { StreamPosition } from '../core/position.ts';
import type { Header, SequencedRecord } from '../core/record.ts';

/** Field number and wire type, as one byte (protobuf encoding, "Message structure"). */
const TAG = {
  batchRecord: 0x0a,
  batchTail: 0x12,
  /** Of a record and of a position alike. */
  seqNum: 0x08,
  timestamp: 0x10,
  recordHeader: 0x1a,
  recordBody: 0x22,
  headerName: 0x0a,
  headerValue: 0x12,
} as const;

/** Without records and with a tail it is a heartbeat. `tail` is left out when it is not known. The first bytes are free. */
export function encodeReadBatch(
  records: readonly SequencedRecord[],
  tail: StreamPosition | null,
  freeBytes = 0,
): Uint8Array {
  const lengths = records.map(recordLength);
  let length = freeBytes;
  for (const each of lengths) length += delimitedLength(each);
  if (tail !== null) length += delimitedLength(positionLength(tail));
  const out = new Uint8Array(length);
  let at = freeBytes;
  for (let i = 0; i < records.length; i += 1) {
    at = writeDelimiter(out, at, TAG.batchRecord, lengths[i] as number);
    at = writeRecord(out, at, records[i] as SequencedRecord);
  }
  if (tail !== null) {
    at = writeDelimiter(out, at, TAG.batchTail, positionLength(tail));
    at = writePosition(out, at, tail);
  }
  assert(at === length, 'a batch is as long as was computed');
  return out;
}

function recordLength(record: SequencedRecord): number {
  let length = positionLength(record) + bytesLength(record.body);
  for (const header of record.headers) length += delimitedLength(headerLength(header));
  return length;
}

function headerLength({ name, value }: Header): number {
  return bytesLength(name) + bytesLength(value);
}

function positionLength({ seqNum, timestamp }: StreamPosition): number {
  return numberLength(seqNum) + numberLength(timestamp);
}

/** 0 and what is empty are left out (proto3). */
function numberLength(value: number): number {
  return value === 0 ? 0 : 1 + varintLength(value);
}

function bytesLength(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : delimitedLength(bytes.length);
}

/** With tag and length before it. */
function delimitedLength(length: number): number {
  return 1 + varintLength(length) + length;
}

function writeRecord(out: Uint8Array, start: number, record: SequencedRecord): number {
  let at = writePosition(out, start, record);
  for (const header of record.headers) {
    at = writeDelimiter(out, at, TAG.recordHeader, headerLength(header));
    at = writeBytes(out, at, TAG.headerName, header.name);
    at = writeBytes(out, at, TAG.headerValue, header.value);
  }
  return writeBytes(out, at, TAG.recordBody, record.body);
}

function writePosition(out: Uint8Array, at: number, { seqNum, timestamp }: StreamPosition): number {
  return writeNumber(out, writeNumber(out, at, TAG.seqNum, seqNum), TAG.timestamp, timestamp);
}

function writeNumber(out: Uint8Array, at: number, tag: number, value: number): number {
  assert(Number.isSafeInteger(value) && value >= 0, 'numbers of the engine are exact');
  return value === 0 ? at : writeDelimiter(out, at, tag, value);
}

function writeBytes(out: Uint8Array, at: number, tag: number, bytes: Uint8Array): number {
  if (bytes.length === 0) return at;
  const start = writeDelimiter(out, at, tag, bytes.length);
  out.set(bytes, start);
  return start + bytes.length;
}

/** A tag and a varint behind it. */
function writeDelimiter(out: Uint8Array, at: number, tag: number, value: number): number {
  out[at] = tag;
  return writeVarint(out, at + 1, value);
}

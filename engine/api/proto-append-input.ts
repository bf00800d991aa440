/**
 * AppendInput from protobuf bytes, in one pass by hand: appending is the hot path, and a message object for each record,
 * made only to be taken apart, costs several times what reading it does.
 *
 * Bodies and headers are views of the input. Of a field that comes twice the last one counts, fields that are not known are
 * passed over (protobuf encoding specification).
 */

import type { AppendInput } from '../core/admission.ts';
import { BATCH_RECORDS_MAX } from '../core/limits.ts';
import type { AppendRecord, Header } from '../core/record.ts';
import { BadRequest } from './errors.ts';
import { type Cursor, readBytes, readLength, readTag, readU64, skipUnknown } from './proto-wire.ts';

/** Field number and wire type of `s2.proto`, together as they are on the wire. */
const INPUT = { record: 0x0a, matchSeqNum: 0x10, fencingToken: 0x1a, numberMax: 3 } as const;
const RECORD = { timestamp: 0x08, header: 0x12, body: 0x1a, numberMax: 3 } as const;
const HEADER = { name: 0x0a, value: 0x12, numberMax: 2 } as const;

const NO_BYTES = new Uint8Array();
const NO_HEADERS: readonly Header[] = [];
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws BadRequest `invalid` at the first record too many, and an Error for bytes that are no such message. */
export function readAppendInput(bytes: Uint8Array): AppendInput {
  const cursor: Cursor = { bytes, at: 0 };
  const records: AppendRecord[] = [];
  let matchSeqNum: number | null = null;
  let fencingToken: string | null = null;
  while (cursor.at < bytes.length) {
    const tag = readTag(cursor, bytes.length);
    switch (tag) {
      case INPUT.record:
        if (records.length === BATCH_RECORDS_MAX) throw tooManyRecords();
        records.push(readRecord(cursor, readLength(cursor, bytes.length)));
        break;
      case INPUT.matchSeqNum:
        matchSeqNum = readU64(cursor, bytes.length);
        break;
      case INPUT.fencingToken:
        fencingToken = utf8.decode(readBytes(cursor, bytes.length));
        break;
      default:
        skipUnknown(tag, cursor, bytes.length, INPUT.numberMax);
    }
  }
  return { records, matchSeqNum, fencingToken };
}

function readRecord(cursor: Cursor, end: number): AppendRecord {
  let timestamp: number | null = null;
  let headers = NO_HEADERS;
  let body: Uint8Array = NO_BYTES;
  while (cursor.at < end) {
    const tag = readTag(cursor, end);
    switch (tag) {
      case RECORD.timestamp:
        timestamp = readU64(cursor, end);
        break;
      case RECORD.header:
        headers = withHeader(headers, readHeader(cursor, readLength(cursor, end)));
        break;
      case RECORD.body:
        body = readBytes(cursor, end);
        break;
      default:
        skipUnknown(tag, cursor, end, RECORD.numberMax);
    }
  }
  return { timestamp, headers, body };
}

/** The empty list is shared by all records that have none. */
function withHeader(headers: readonly Header[], header: Header): readonly Header[] {
  if (headers === NO_HEADERS) return [header];
  (headers as Header[]).push(header);
  return headers;
}

function readHeader(cursor: Cursor, end: number): Header {
  let name: Uint8Array = NO_BYTES;
  let value: Uint8Array = NO_BYTES;
  while (cursor.at < end) {
    const tag = readTag(cursor, end);
    if (tag === HEADER.name) name = readBytes(cursor, end);
    else if (tag === HEADER.value) value = readBytes(cursor, end);
    else skipUnknown(tag, cursor, end, HEADER.numberMax);
  }
  return { name, value };
}

function tooManyRecords(): BadRequest {
  return new BadRequest('invalid', `record batch must not exceed ${BATCH_RECORDS_MAX} records`);
}

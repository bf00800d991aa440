/**
 * An admitted batch on its way into the log: the client's records with the timestamps they were given. It is measured,
 * then written straight into its place; nothing is copied twice and nothing is made per record. `chunk.ts` reads what
 * is written here.
 *
 * Per record: varint timestamp delta (to the record before, first to the chunk's first timestamp), varint header
 * count, varint body length, per header varint name and value lengths and their bytes, then the body.
 */

import { assert } from './assert.ts';
import { varintLength, writeVarint } from './chunk.ts';
import type { Header } from './record.ts';

/** A record as it is to be stored. A body that was sealed is in pieces, which are written one behind the other. */
export interface StoredRecord {
  readonly headers: readonly Header[];
  readonly body: Uint8Array | readonly Uint8Array[];
}

export interface StampedBatch {
  readonly records: readonly StoredRecord[];
  /** Milliseconds of each record after the one before it, 0 for the first; null when all are 0, as nearly always. */
  readonly deltas: readonly number[] | null;
}

/** Bytes of the records of a chunk. */
export function encodedLength({ records, deltas }: StampedBatch): number {
  let length = deltas === null ? records.length : 0;
  for (let i = 0; deltas !== null && i < deltas.length; i++) {
    const delta = deltas[i] as number;
    assert(delta >= 0, 'timestamps of a chunk never decrease');
    length += varintLength(delta);
  }
  for (let i = 0; i < records.length; i++) {
    const { headers, body } = records[i] as StoredRecord;
    const bodyLength = lengthOf(body);
    length += varintLength(headers.length) + varintLength(bodyLength) + bodyLength;
    for (const { name, value } of headers) {
      length += varintLength(name.length) + varintLength(value.length) + name.length + value.length;
    }
  }
  return length;
}

/** Writes `encodedLength` bytes at `start`. Returns where they end. */
export function writeRecords({ records, deltas }: StampedBatch, out: Uint8Array, start: number): number {
  let at = start;
  for (let i = 0; i < records.length; i++) {
    const { headers, body } = records[i] as StoredRecord;
    at = writeVarint(out, at, deltas === null ? 0 : (deltas[i] as number));
    at = writeVarint(out, at, headers.length);
    at = writeVarint(out, at, lengthOf(body));
    for (const { name, value } of headers) {
      at = writeVarint(out, at, name.length);
      at = writeVarint(out, at, value.length);
      out.set(name, at);
      out.set(value, at + name.length);
      at += name.length + value.length;
    }
    at = writeBody(body, out, at);
  }
  return at;
}

function lengthOf(body: StoredRecord['body']): number {
  if (body instanceof Uint8Array) return body.length;
  let length = 0;
  for (const piece of body) length += piece.length;
  return length;
}

function writeBody(body: StoredRecord['body'], out: Uint8Array, start: number): number {
  if (body instanceof Uint8Array) {
    out.set(body, start);
    return start + body.length;
  }
  let at = start;
  for (const piece of body) {
    out.set(piece, at);
    at += piece.length;
  }
  return at;
}

/** The records of a chunk as bytes of their own: for who has no place for them yet. */
export function encodeRecords(
  records: readonly { timestamp: number; headers: readonly Header[]; body: Uint8Array }[],
): Uint8Array {
  let previous = records[0]?.timestamp ?? 0;
  const deltas = records.map(({ timestamp }) => {
    const delta = timestamp - previous;
    previous = timestamp;
    return delta;
  });
  const batch = { records, deltas };
  const out = new Uint8Array(encodedLength(batch));
  writeRecords(batch, out, 0);
  return out;
}

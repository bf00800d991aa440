/**
 * One admitted batch as bytes, read. The unit of storage is the batch, not the record: it is encoded once, into its
 * place in the log (`stamped-batch.ts` has the layout), and copied verbatim from then on.
 */

import type { Header, SequencedRecord } from './record.ts';

/** Facts about a chunk that are known without decoding it. */
export interface ChunkSpan {
  firstSeqNum: number;
  count: number;
  firstTimestamp: number;
  lastTimestamp: number;
}

/** All of a chunk but its records, as its entry in the log says it. */
export interface ChunkFacts extends ChunkSpan {
  type: 'chunk';
  streamId: number;
  /** Wall clock of the owner when it admitted the batch; retention by age counts from here. */
  arrivalMs: number;
  /** Metered bytes of the stream from its first record to the end of this chunk: what `StreamState.appendedBytes` becomes. */
  appendedBytes: number;
  /** The token in force from here on, if the batch changed it. */
  fencingToken: string | null;
  /** The trim point from here on, if the batch moved it. */
  trimPoint: number | null;
}

/** Decodes the whole chunk; bodies and headers are views of `bytes`. */
export function decodeRecords(span: ChunkSpan, bytes: Uint8Array): SequencedRecord[] {
  const records: SequencedRecord[] = [];
  decodeRecordsFrom(span, bytes, span.firstSeqNum, (record) => records.push(record) > 0);
  return records;
}

/**
 * Hands the records from `fromSeqNum` on to `take`, until it answers false. Those before are passed over without being
 * built, those behind are not looked at. Bodies and headers are views of `bytes`.
 */
export function decodeRecordsFrom(
  span: ChunkSpan,
  bytes: Uint8Array,
  fromSeqNum: number,
  take: (record: SequencedRecord) => boolean,
): void {
  const reader = new VarintReader(bytes);
  const end = span.firstSeqNum + span.count;
  let timestamp = span.firstTimestamp;
  let seqNum = span.firstSeqNum;
  for (; seqNum < Math.min(fromSeqNum, end); seqNum++) timestamp += skipRecord(reader);
  for (; seqNum < end; seqNum++) {
    timestamp += reader.varint();
    const headerCount = reader.varint();
    const bodyLength = reader.varint();
    const headers: Header[] = [];
    for (let h = 0; h < headerCount; h++) {
      const nameLength = reader.varint();
      const valueLength = reader.varint();
      headers.push({ name: reader.take(nameLength), value: reader.take(valueLength) });
    }
    if (!take({ seqNum, timestamp, headers, body: reader.take(bodyLength) })) return;
  }
  if (!reader.atEnd()) throw new RangeError('a chunk has bytes behind its last record');
  if (timestamp !== span.lastTimestamp) throw new RangeError('the last timestamp of a chunk is not the one it says');
}

/** The first number of the chunk with this timestamp or a later one; the number behind the chunk when there is none. */
export function seqNumAtTimestamp(span: ChunkSpan, bytes: Uint8Array, timestamp: number): number {
  const reader = new VarintReader(bytes);
  let reached = span.firstTimestamp;
  for (let i = 0; i < span.count; i++) {
    reached += skipRecord(reader);
    if (reached >= timestamp) return span.firstSeqNum + i;
  }
  return span.firstSeqNum + span.count;
}

/** Passes over one record. Returns its timestamp's distance to the one before. */
function skipRecord(reader: VarintReader): number {
  const delta = reader.varint();
  const headerCount = reader.varint();
  const bodyLength = reader.varint();
  for (let h = 0; h < headerCount; h++) reader.skip(reader.varint() + reader.varint());
  reader.skip(bodyLength);
  return delta;
}

/** LEB128 of an integer below 2^53. The four lowest groups are split off first: bit operators stop at 32 bits. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  if (value >= 2 ** 28) {
    rest = Math.floor(value / 2 ** 28);
    const low = value - rest * 2 ** 28;
    out[at++] = low | 0x80;
    out[at++] = (low >>> 7) | 0x80;
    out[at++] = (low >>> 14) | 0x80;
    out[at++] = (low >>> 21) | 0x80;
  }
  for (; rest >= 0x80; rest >>>= 7) out[at++] = rest | 0x80;
  out[at++] = rest;
  return at;
}

/** How many bytes `writeVarint` takes. */
export function varintLength(value: number): number {
  return value < 2 ** 28 ? groupsOf7(value) : 4 + groupsOf7(Math.floor(value / 2 ** 28));
}

/** Of an integer below 2^28. */
function groupsOf7(value: number): number {
  if (value < 2 ** 14) return value < 2 ** 7 ? 1 : 2;
  return value < 2 ** 21 ? 3 : 4;
}

/** Reads what came from a store: throws a RangeError where the bytes do not go on as they must. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('a number ends behind its place');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new RangeError('a number is longer than 8 bytes');
  }

  take(length: number): Uint8Array {
    const start = this.#at;
    this.skip(length);
    return this.#bytes.subarray(start, this.#at);
  }

  skip(length: number): void {
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('a field ends behind its place');
  }

  /** How far it has read. */
  get position(): number {
    return this.#at;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }
}

/**
 * How a record of a stream with a cipher is stored: as a record without headers whose body is the envelope of what the client
 * sent. Commands are stored as they are, because the server has to read them (API contract §8).
 *
 * Envelope: algorithm (one byte, 1 aegis-256, 2 aes-256-gcm), metered size of what the client sent (varint), nonce, then
 * ciphertext and tag. What is enciphered: header count (varint), name length and value length of each (varint), their bytes,
 * the body. What the tag vouches for besides (`associatedData`) nails the record to its place, so that nobody with the store
 * alone moves one to another stream or number.
 */

import { VarintReader, varintLength, writeVarint } from './chunk.ts';
import { type Cipher, CIPHERS } from './config.ts';
import { type Header, isCommand, meteredBytes } from './record.ts';
import type { StreamState } from './stream-state.ts';

export interface RecordContent {
  headers: readonly Header[];
  body: Uint8Array;
}

export interface Envelope {
  /** Null: of no algorithm there is. */
  cipher: Cipher | null;
  meteredBytes: number;
  /** Nonce, ciphertext and tag. */
  sealed: Uint8Array;
}

/** What a stored record counts for, by what the client sent. */
export type Meter = (record: RecordContent) => number;

export function meterOf(cipher: Cipher | null): Meter {
  return cipher === null ? meteredBytes : (record) => envelopeOf(record)?.meteredBytes ?? meteredBytes(record);
}

/** Null for a command, and for what is no envelope. */
export function envelopeOf(record: RecordContent): Envelope | null {
  const { body } = record;
  if (isCommand(record) || record.headers.length > 0 || body.length < 2) return null;
  try {
    const from = new VarintReader(body.subarray(1));
    const size = from.varint();
    const cipher = CIPHERS[(body[0] as number) - 1] ?? null;
    return { cipher, meteredBytes: size, sealed: body.subarray(1 + from.position) };
  } catch {
    return null;
  }
}

/** Bytes of an envelope in front of its nonce. */
export function envelopeHeadLength(size: number): number {
  return 1 + varintLength(size);
}

/** Writes them at `at`. Returns where the nonce begins; ciphertext and tag follow it. */
export function writeEnvelopeHead(cipher: Cipher, size: number, out: Uint8Array, at: number): number {
  out[at] = CIPHERS.indexOf(cipher) + 1;
  return writeVarint(out, at + 1, size);
}

/** Bytes of what is enciphered of a record. */
export function contentLength({ headers, body }: RecordContent): number {
  let length = varintLength(headers.length) + body.length;
  for (const { name, value } of headers) {
    length += varintLength(name.length) + varintLength(value.length) + name.length + value.length;
  }
  return length;
}

/** Writes them to the beginning of `out`. Returns where they end. */
export function writeContent({ headers, body }: RecordContent, out: Uint8Array): number {
  let at = writeVarint(out, 0, headers.length);
  for (const { name, value } of headers) {
    at = writeVarint(out, at, name.length);
    at = writeVarint(out, at, value.length);
    out.set(name, at);
    out.set(value, at + name.length);
    at += name.length + value.length;
  }
  out.set(body, at);
  return at + body.length;
}

/** Headers and body are views of `bytes`. Null when the bytes are no content. */
export function decodeContent(bytes: Uint8Array): RecordContent | null {
  try {
    const from = new VarintReader(bytes);
    const headers: Header[] = [];
    for (let count = from.varint(); count > 0; count--) {
      const nameLength = from.varint();
      const valueLength = from.varint();
      headers.push({ name: from.take(nameLength), value: from.take(valueLength) });
    }
    return { headers, body: from.take(bytes.length - from.position) };
  } catch {
    return null;
  }
}

/** What the tags of one stream vouch for: made once for a batch, then put at a record by `at`. */
export class Place {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor({ id, basin, name, cipher }: Pick<StreamState, 'id' | 'basin' | 'name' | 'cipher'>) {
    const names = new TextEncoder().encode(`${basin}\0${name}`);
    this.#bytes = new Uint8Array(33 + names.length);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes[0] = cipher === null ? 0 : CIPHERS.indexOf(cipher) + 1;
    this.#u64(1, id);
    this.#bytes.set(names, 33);
  }

  /** Overwritten by the next call. */
  at(seqNum: number, timestamp: number, size: number): Uint8Array {
    this.#u64(9, seqNum);
    this.#u64(17, timestamp);
    this.#u64(25, size);
    return this.#bytes;
  }

  #u64(at: number, value: number): void {
    this.#view.setUint32(at, value % 2 ** 32, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }
}

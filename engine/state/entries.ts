/**
 * The entries of the log as meaning: what each says, and its bytes inside a log object.
 *
 * Everything is decided before an entry is queued: it carries numbers, timestamps and effects, so that the
 * fold needs no clock and two processes that replay it agree. Payloads: varints (LEB128) and length-prefixed
 * UTF-8; an optional field is a varint 0 (absent) or 1 followed by the value.
 */

import { assert } from '../core/assert.ts';
import { VarintReader, varintLength, writeVarint } from '../core/chunk.ts';
import { isWellFormed } from '../core/names.ts';
import type { RawEntry } from '../log/format.ts';

export type Entry =
  | { type: 'create-basin'; name: string; createdAtMs: number; requestToken: string | null }
  | {
      type: 'create-stream';
      id: number;
      basin: string;
      name: string;
      createdAtMs: number;
      requestToken: string | null;
    }
  | ChunkEntry;

export interface ChunkEntry {
  type: 'chunk';
  streamId: number;
  firstSeqNum: number;
  count: number;
  firstTimestamp: number;
  lastTimestamp: number;
  /** Wall clock of the owner when it admitted the batch; retention by age will count from here. */
  arrivalMs: number;
  /** The token in force from here on, if the batch changed it. */
  fencingToken: string | null;
  /** The trim point from here on, if the batch moved it. */
  trimPoint: number | null;
  /** As `core/chunk.ts` encodes them. */
  records: Uint8Array;
}

const TYPES = { 'create-basin': 1, 'create-stream': 2, chunk: 3 } as const;

export function encodeEntry(entry: Entry): RawEntry {
  const out = new PayloadWriter();
  switch (entry.type) {
    case 'create-basin':
      out.text(entry.name).number(entry.createdAtMs).optionalText(entry.requestToken);
      break;
    case 'create-stream':
      out
        .number(entry.id)
        .text(entry.basin)
        .text(entry.name)
        .number(entry.createdAtMs)
        .optionalText(entry.requestToken);
      break;
    case 'chunk':
      out.number(entry.streamId).number(entry.firstSeqNum).number(entry.count);
      out.number(entry.firstTimestamp).number(entry.lastTimestamp).number(entry.arrivalMs);
      out.optionalText(entry.fencingToken).optionalNumber(entry.trimPoint).bytes(entry.records);
  }
  return { type: TYPES[entry.type], payload: out.finish() };
}

/** Throws a RangeError for a type this build does not know. */
export function decodeEntry({ type, payload }: RawEntry): Entry {
  const from = new PayloadReader(payload);
  switch (type) {
    case TYPES['create-basin']:
      return { type: 'create-basin', name: from.text(), createdAtMs: from.number(), requestToken: from.optionalText() };
    case TYPES['create-stream']:
      return {
        type: 'create-stream',
        id: from.number(),
        basin: from.text(),
        name: from.text(),
        createdAtMs: from.number(),
        requestToken: from.optionalText(),
      };
    case TYPES.chunk:
      return {
        type: 'chunk',
        streamId: from.number(),
        firstSeqNum: from.number(),
        count: from.number(),
        firstTimestamp: from.number(),
        lastTimestamp: from.number(),
        arrivalMs: from.number(),
        fencingToken: from.optionalText(),
        trimPoint: from.optionalNumber(),
        records: from.bytes(),
      };
    default:
      throw new RangeError(`log entry of type ${type}: written by a newer build. Use that build`);
  }
}

/** Collects fields, then writes them in one exactly sized buffer. */
class PayloadWriter {
  readonly #fields: (number | Uint8Array)[] = [];
  #length = 0;

  number(value: number): this {
    this.#fields.push(value);
    this.#length += varintLength(value);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.number(value.length);
    this.#fields.push(value);
    this.#length += value.length;
    return this;
  }

  text(value: string): this {
    assert(isWellFormed(value), 'a stored text reads back as it was written');
    return this.bytes(new TextEncoder().encode(value));
  }

  optionalNumber(value: number | null): this {
    return value === null ? this.number(0) : this.number(1).number(value);
  }

  optionalText(value: string | null): this {
    return value === null ? this.number(0) : this.number(1).text(value);
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let at = 0;
    for (const field of this.#fields) {
      if (typeof field === 'number') {
        at = writeVarint(out, at, field);
      } else {
        out.set(field, at);
        at += field.length;
      }
    }
    return out;
  }
}

class PayloadReader {
  readonly #reader: VarintReader;

  constructor(payload: Uint8Array) {
    this.#reader = new VarintReader(payload);
  }

  number(): number {
    return this.#reader.varint();
  }

  bytes(): Uint8Array {
    return this.#reader.take(this.#reader.varint());
  }

  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes());
  }

  optionalNumber(): number | null {
    return this.number() === 0 ? null : this.number();
  }

  optionalText(): string | null {
    return this.number() === 0 ? null : this.text();
  }
}

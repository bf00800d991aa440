/**
 * Fields as bytes: varints (LEB128) and length-prefixed UTF-8, for log entries and checkpoints alike. An optional field
 * is a varint 0 (absent) or 1 followed by the value.
 */

import { assert } from '../core/assert.ts';
import { VarintReader, varintLength, writeVarint } from '../core/chunk.ts';
import { isWellFormed } from '../core/names.ts';

const utf8 = new TextEncoder();

/** Collects fields, then writes them in one exactly sized buffer. */
export class PayloadWriter {
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

  /** Fields that were written before. */
  written(fields: Uint8Array): this {
    this.#fields.push(fields);
    this.#length += fields.length;
    return this;
  }

  text(value: string): this {
    assert(isWellFormed(value), 'a stored text reads back as it was written');
    if (value === '') return this.number(0);
    return this.bytes(utf8.encode(value));
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

/** Reads what came from a store: throws a RangeError where the bytes make no sense. */
export class PayloadReader {
  readonly #reader: VarintReader;

  constructor(payload: Uint8Array) {
    this.#reader = new VarintReader(payload);
  }

  atEnd(): boolean {
    return this.#reader.atEnd();
  }

  /** How far it has read, in bytes. */
  get position(): number {
    return this.#reader.position;
  }

  number(): number {
    return this.#reader.varint();
  }

  bytes(): Uint8Array {
    return this.#reader.take(this.#reader.varint());
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new RangeError('a text is not UTF-8');
    }
  }

  optionalNumber(): number | null {
    return this.number() === 0 ? null : this.number();
  }

  optionalText(): string | null {
    return this.number() === 0 ? null : this.text();
  }
}

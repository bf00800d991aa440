/**
 * Many short texts as UTF-8 in one growing buffer. A text is where it was appended and how long it is, both kept by the
 * caller; nothing is ever moved but by `compacted`, which the caller drives because only it knows what is alive.
 */

import { assert } from '../core/assert.ts';

const BYTES_MIN = 4096;
/** Below this much waste nothing is compacted. */
const DEAD_BYTES_MIN = 65_536;
const GROWTH = 1.25;
/** UTF-8 needs at most this many bytes for one UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class TextHeap {
  #bytes = new Uint8Array(BYTES_MIN);
  #end = 0;
  #dead = 0;

  /** Where the next text will stand. */
  get end(): number {
    return this.#end;
  }

  /** Bytes of the buffer, unused ones included. */
  get bytes(): number {
    return this.#bytes.byteLength;
  }

  /** More than half of what was appended is dead: time for `compacted`. */
  get wasteful(): boolean {
    return this.#dead > DEAD_BYTES_MIN && this.#dead * 2 > this.#end;
  }

  /** Appends and returns the length in bytes. */
  append(text: string): number {
    this.#reserve(text.length * BYTES_PER_UNIT_MAX);
    const length = this.#write(text, this.#end);
    this.#end += length;
    return length;
  }

  /** Copies a text of another heap to the end of this one. */
  copyFrom(other: TextHeap, offset: number, length: number): void {
    this.#reserve(length);
    // Names are short: a loop is faster than making a view of each.
    for (let i = 0; i < length; i++) this.#bytes[this.#end + i] = other.#bytes[offset + i] as number;
    this.#end += length;
  }

  read(offset: number, length: number): string {
    // Most rows have no token, and a view of nothing costs as much as one of a name.
    if (length === 0) return '';
    const bytes = this.#bytes.subarray(offset, offset + length);
    for (const byte of bytes) if (byte >= 0x80) return decoder.decode(bytes);
    return String.fromCharCode(...bytes);
  }

  /** True when the text there is this one. Allocates nothing as long as `text` is ASCII. */
  equals(offset: number, length: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return this.read(offset, length) === text;
      if (this.#bytes[offset + i] !== unit) return false;
    }
    return length === text.length;
  }

  /** Negative, zero or positive, as the bytes there sort before, like or behind those at the other place. */
  compare(offset: number, length: number, other: number, otherLength: number): number {
    const bytes = this.#bytes;
    const shorter = Math.min(length, otherLength);
    for (let i = 0; i < shorter; i++) {
      const difference = (bytes[offset + i] as number) - (bytes[other + i] as number);
      if (difference !== 0) return difference;
    }
    return length - otherLength;
  }

  /** The same with bytes that stand elsewhere. */
  compareTo(offset: number, length: number, other: Uint8Array): number {
    const shorter = Math.min(length, other.length);
    for (let i = 0; i < shorter; i++) {
      const difference = (this.#bytes[offset + i] as number) - (other[i] as number);
      if (difference !== 0) return difference;
    }
    return length - other.length;
  }

  release(length: number): void {
    this.#dead += length;
  }

  #write(text: string, at: number): number {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return encoder.encodeInto(text, this.#bytes.subarray(at)).written;
      this.#bytes[at + i] = unit;
    }
    return text.length;
  }

  #reserve(length: number): void {
    const needed = this.#end + length;
    if (needed <= this.#bytes.length) return;
    assert(needed < 2 ** 32, 'names and tokens of all streams together take less than 4 GiB');
    const grown = new Uint8Array(Math.max(needed, Math.ceil(this.#bytes.length * GROWTH)));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

/**
 * The texts of the rows of the stream table: name, request token and fencing token of a row stand behind each other in one
 * heap, and 8 bytes of columns say where and how long they are.
 *
 * Invariant: a row that was released has no texts, so nothing here has to know which rows are in use. What is dead in
 * the heap is squeezed out when it is more than half.
 */

import { assert } from '../core/assert.ts';
import { bytesOf, copied } from './columns.ts';
import { TextHeap } from './text-heap.ts';

const NAME_BYTES_MAX = 0xffff;
/** A token column holds the length + 1; 0 is no token. */
const TOKEN_BYTES_MAX = 254;

export class RowTexts {
  #heap = new TextHeap();
  /** Where the name begins. */
  #offsets: Uint32Array;
  #nameBytes: Uint16Array;
  #requestTokens: Uint8Array;
  #fencingTokens: Uint8Array;

  constructor(rows: number) {
    this.#offsets = new Uint32Array(rows);
    this.#nameBytes = new Uint16Array(rows);
    this.#requestTokens = new Uint8Array(rows);
    this.#fencingTokens = new Uint8Array(rows);
  }

  /** Bytes of columns and heap, unused room included. */
  get bytes(): number {
    return bytesOf([this.#offsets, this.#nameBytes, this.#requestTokens, this.#fencingTokens]) + this.#heap.bytes;
  }

  grow(rows: number): void {
    this.#offsets = copied(this.#offsets, new Uint32Array(rows));
    this.#nameBytes = copied(this.#nameBytes, new Uint16Array(rows));
    this.#requestTokens = copied(this.#requestTokens, new Uint8Array(rows));
    this.#fencingTokens = copied(this.#fencingTokens, new Uint8Array(rows));
  }

  /** The texts of a row that has none. */
  add(row: number, name: string, requestToken: string | null, fencingToken: string): void {
    this.#offsets[row] = this.#heap.end;
    this.#nameBytes[row] = bounded(this.#heap.append(name), NAME_BYTES_MAX);
    this.#requestTokens[row] = requestToken === null ? 0 : this.#appendToken(requestToken);
    this.#fencingTokens[row] = fencingToken === '' ? 0 : this.#appendToken(fencingToken);
  }

  release(row: number): void {
    this.#heap.release(this.#bytesOf(row));
    this.#nameBytes[row] = 0;
    this.#requestTokens[row] = 0;
    this.#fencingTokens[row] = 0;
    this.#compactIfWasteful();
  }

  name(row: number): string {
    return this.#heap.read(this.#offsets[row] as number, this.#nameBytes[row] as number);
  }

  requestToken(row: number): string | null {
    if (this.#requestTokens[row] === 0) return null;
    const at = (this.#offsets[row] as number) + (this.#nameBytes[row] as number);
    return this.#heap.read(at, lengthIn(this.#requestTokens, row));
  }

  fencingToken(row: number): string {
    return this.#heap.read(this.#fencingTokenAt(row), lengthIn(this.#fencingTokens, row));
  }

  /** A token that changed takes the texts of its row to the end of the heap. That is rare. */
  putFencingToken(row: number, token: string): void {
    if (this.#heap.equals(this.#fencingTokenAt(row), lengthIn(this.#fencingTokens, row), token)) return;
    const [name, requestToken] = [this.name(row), this.requestToken(row)];
    this.#heap.release(this.#bytesOf(row));
    this.add(row, name, requestToken, token);
    this.#compactIfWasteful();
  }

  isNamed(row: number, name: string): boolean {
    return this.#heap.equals(this.#offsets[row] as number, this.#nameBytes[row] as number, name);
  }

  /** Negative, zero or positive, as the bytes of the name sort before, like or behind those of the other row. */
  compareNames(row: number, other: number): number {
    const [at, length] = [this.#offsets[row] as number, this.#nameBytes[row] as number];
    return this.#heap.compare(at, length, this.#offsets[other] as number, this.#nameBytes[other] as number);
  }

  /** The same with a name that is in no row. */
  compareNameTo(row: number, name: Uint8Array): number {
    return this.#heap.compareTo(this.#offsets[row] as number, this.#nameBytes[row] as number, name);
  }

  #appendToken(token: string): number {
    return 1 + bounded(this.#heap.append(token), TOKEN_BYTES_MAX);
  }

  #fencingTokenAt(row: number): number {
    return (this.#offsets[row] as number) + (this.#nameBytes[row] as number) + lengthIn(this.#requestTokens, row);
  }

  #bytesOf(row: number): number {
    return (this.#nameBytes[row] as number) + lengthIn(this.#requestTokens, row) + lengthIn(this.#fencingTokens, row);
  }

  #compactIfWasteful(): void {
    if (!this.#heap.wasteful) return;
    const old = this.#heap;
    this.#heap = new TextHeap();
    for (let row = 0; row < this.#offsets.length; row++) {
      const from = this.#offsets[row] as number;
      this.#offsets[row] = this.#heap.end;
      this.#heap.copyFrom(old, from, this.#bytesOf(row));
    }
  }
}

function lengthIn(tokens: Uint8Array, row: number): number {
  return Math.max((tokens[row] as number) - 1, 0);
}

function bounded(length: number, max: number): number {
  assert(length <= max, 'a name or token fits its column');
  return length;
}

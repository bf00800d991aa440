/**
 * Columns of whole numbers as text: variable-length integers in base64, a byte for what is small.
 *
 * Seven bits a byte, least first, the top bit says that more follow; negative numbers fold onto the odd ones. Pure,
 * and the same in Node.js and in the page. Values may reach 2^53; reading gives back exactly what was written.
 */

export class ColumnWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** A whole number of 0 or more. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = value;
  }

  /** Four bytes, for halves of hashes, which no variable length makes shorter. */
  word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 255);
  }

  text(): string {
    let binary = '';
    // In pieces: the arguments of one call are limited.
    for (let i = 0; i < this.#length; i += 8192) {
      binary += String.fromCharCode(...this.#bytes.subarray(i, Math.min(i + 8192, this.#length)));
    }
    return btoa(binary);
  }
}

/** Reads what a `ColumnWriter` wrote, in the same order. Behind its end there are zeros. */
export class ColumnReader {
  readonly #binary: string;
  #at = 0;

  constructor(text: string) {
    this.#binary = atob(text);
  }

  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  }

  signed(): number {
    const folded = this.unsigned();
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
  }

  byte(): number {
    return this.#at < this.#binary.length ? this.#binary.charCodeAt(this.#at++) : 0;
  }

  word(): number {
    return this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24);
  }
}

/** Differences from one to the next, so that what grows slowly stays small. */
export function packDeltas(values: readonly number[]): string {
  const writer = new ColumnWriter();
  let last = 0;
  for (const value of values) {
    writer.signed(value - last);
    last = value;
  }
  return writer.text();
}

export function unpackDeltas(text: string, count: number): number[] {
  const reader = new ColumnReader(text);
  let last = 0;
  return Array.from({ length: count }, () => (last += reader.signed()));
}

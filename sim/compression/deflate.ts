/**
 * Deflate (RFC 1951) in its plainest form: one block with the fixed codes, each match the latest that a small hash table
 * remembers. `inflate` reads such blocks, and is as careful as if strangers wrote them.
 */

const LENGTH_MIN = 3;
const LENGTH_MAX = 258;
const DISTANCE_MAX = 32_768;
const HASH_BITS = 13;
const END = 256;

/** Base and extra bits of the length symbols from 257 on, and of the distance symbols (RFC 1951 §3.2.5). */
const LENGTHS: readonly Step[] = [...steps(28, LENGTH_MIN, 4), { base: LENGTH_MAX, bits: 0 }];
const DISTANCES = steps(30, 1, 2);

interface Step {
  base: number;
  bits: number;
}

/** `perBit` symbols share each number of extra bits, twice as many have none. */
function steps(count: number, first: number, perBit: number): readonly Step[] {
  let base = first;
  return Array.from({ length: count }, (_, symbol) => {
    const bits = Math.max(0, Math.floor(symbol / perBit) - 1);
    const step = { base, bits };
    base += 2 ** bits;
    return step;
  });
}

export function deflate(bytes: Uint8Array): Uint8Array {
  const out = new BitWriter(bytes.length);
  // The last block, with fixed codes.
  out.bits(1, 1);
  out.bits(1, 2);
  const latest = new Int32Array(2 ** HASH_BITS).fill(-DISTANCE_MAX - 1);
  for (let at = 0; at < bytes.length;) {
    const slot = hashAt(bytes, at);
    const from = latest[slot] as number;
    latest[slot] = at;
    const length = at - from <= DISTANCE_MAX ? matchLength(bytes, from, at) : 0;
    if (length < LENGTH_MIN) {
      out.literal(bytes[at++] as number);
      continue;
    }
    const lengthAt = LENGTHS.findLastIndex(({ base }) => base <= length);
    const lengthStep = LENGTHS[lengthAt] as Step;
    out.literal(END + 1 + lengthAt);
    out.bits(length - lengthStep.base, lengthStep.bits);
    const distanceAt = DISTANCES.findLastIndex(({ base }) => base <= at - from);
    const distanceStep = DISTANCES[distanceAt] as Step;
    out.code(distanceAt, 5);
    out.bits(at - from - distanceStep.base, distanceStep.bits);
    at += length;
  }
  out.literal(END);
  return out.finish();
}

/** Null for what `deflate` does not make, and for more than `bytesMax`. */
export function inflate(bytes: Uint8Array, bytesMax: number): Uint8Array | null {
  const from = new BitReader(bytes);
  if (from.bits(3) !== 0b011) return null;
  let out = new Uint8Array(Math.min(bytesMax, 4 * bytes.length + 64));
  let filled = 0;
  const grow = (wanted: number) => {
    if (wanted <= out.length) return;
    const larger = new Uint8Array(Math.min(bytesMax, Math.max(wanted, 2 * out.length)));
    larger.set(out.subarray(0, filled));
    out = larger;
  };
  for (;;) {
    const symbol = from.literal();
    if (symbol === null) return null;
    if (symbol === END) return from.isAtEnd ? out.slice(0, filled) : null;
    if (symbol < END) {
      if (filled === bytesMax) return null;
      grow(filled + 1);
      out[filled++] = symbol;
      continue;
    }
    const length = valueOf(from, LENGTHS[symbol - END - 1]);
    const distance = valueOf(from, DISTANCES[from.code(5) ?? -1]);
    if (length === null || distance === null || distance > filled || filled + length > bytesMax) return null;
    grow(filled + length);
    for (let i = 0; i < length; i++, filled++) out[filled] = out[filled - distance] as number;
  }
}

function valueOf(from: BitReader, step: Step | undefined): number | null {
  const extra = step === undefined ? null : from.bits(step.bits);
  return step === undefined || extra === null ? null : step.base + extra;
}

function hashAt(bytes: Uint8Array, at: number): number {
  const three = ((bytes[at] as number) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
}

function matchLength(bytes: Uint8Array, from: number, at: number): number {
  const max = Math.min(LENGTH_MAX, bytes.length - at);
  let length = 0;
  while (length < max && bytes[from + length] === bytes[at + length]) length++;
  return length;
}

/** Bits from the lowest of a byte up; Huffman codes from their highest bit down. */
class BitWriter {
  #bytes: Uint8Array;
  #filled = 0;
  #held = 0;
  #heldBits = 0;

  constructor(guess: number) {
    this.#bytes = new Uint8Array(guess + 16);
  }

  bits(value: number, count: number): void {
    this.#held |= value << this.#heldBits;
    this.#heldBits += count;
    for (; this.#heldBits >= 8; this.#heldBits -= 8) {
      this.#push(this.#held & 255);
      this.#held >>>= 8;
    }
  }

  code(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) this.bits((value >> bit) & 1, 1);
  }

  /** A symbol of the fixed literal and length code (§3.2.6). */
  literal(symbol: number): void {
    if (symbol < 144) this.code(0x30 + symbol, 8);
    else if (symbol < 256) this.code(0x190 + symbol - 144, 9);
    else if (symbol < 280) this.code(symbol - 256, 7);
    else this.code(0xc0 + symbol - 280, 8);
  }

  finish(): Uint8Array {
    if (this.#heldBits > 0) this.#push(this.#held & 255);
    return this.#bytes.slice(0, this.#filled);
  }

  #push(byte: number): void {
    if (this.#filled === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#filled++] = byte;
  }
}

/** Null, again and again, once the bytes are over. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** All bytes were looked at. */
  get isAtEnd(): boolean {
    return Math.ceil(this.#at / 8) === this.#bytes.length;
  }

  bits(count: number): number | null {
    let value = 0;
    for (let bit = 0; bit < count; bit++) {
      const next = this.#bit();
      if (next === null) return null;
      value |= next << bit;
    }
    return value;
  }

  code(count: number, prefix = 0): number | null {
    let value = prefix;
    for (let bit = 0; bit < count; bit++) {
      const next = this.#bit();
      if (next === null) return null;
      value = (value << 1) | next;
    }
    return value;
  }

  literal(): number | null {
    const seven = this.code(7);
    if (seven === null) return null;
    if (seven < 24) return 256 + seven;
    const eight = this.code(1, seven);
    if (eight === null) return null;
    if (eight < 0xc0) return eight - 0x30;
    if (eight < 0xc8) return 280 + eight - 0xc0;
    const nine = this.code(1, eight);
    return nine === null ? null : 144 + nine - 0x190;
  }

  #bit(): number | null {
    const byte = this.#bytes[this.#at >> 3];
    return byte === undefined ? null : (byte >> (this.#at++ & 7)) & 1;
  }
}

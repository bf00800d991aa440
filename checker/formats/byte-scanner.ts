/**
 * Reads the pieces of plain JSON lines out of bytes: literal texts, numbers up to 2^53-1, words of 64 bits in halves,
 * strings without escapes. Whatever is not there, or not that plain, is answered with a refusal; the place is lost then.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;
/** Numbers of so many digits are exact. */
const EXACT_DIGITS = 15;
const WORD_DIGITS_MAX = 20;
const TWO_TO_32 = 0x1_0000_0000;

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export class ByteScanner {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Signed halves of the latest word. */
  hi = 0;
  lo = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Goes behind `text` if it stands here; otherwise stays. */
  takes(text: Uint8Array): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
    this.#at = start + text.length;
    return true;
  }

  /** A whole number, or -1. */
  readNumber(): number {
    const start = this.#at;
    const value = this.#digits(EXACT_DIGITS);
    return this.#isWellWritten(start, EXACT_DIGITS) ? value : -1;
  }

  /** A whole number up to 2^64-1, into `hi` and `lo`. */
  readWord(): boolean {
    const start = this.#at;
    const first = this.#digits(WORD_DIGITS_MAX - 9);
    const middle = this.#at;
    const second = this.#digits(9);
    if (!this.#isWellWritten(start, WORD_DIGITS_MAX)) return false;
    // first * factor + second, in 64 bits: each product below is exact.
    const factor = TENS[this.#at - middle]!;
    const high = Math.floor(first / 0x10000) * factor;
    const low = (first % 0x10000) * factor + second + (high % 0x10000) * 0x10000;
    const hi = Math.floor(high / 0x10000) + Math.floor(low / TWO_TO_32);
    if (hi >= TWO_TO_32) return false;
    this.hi = hi | 0;
    this.lo = (low % TWO_TO_32) | 0;
    return true;
  }

  /** A string of plain ASCII without escapes; null otherwise. */
  readString(): string | null {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) return null;
    let text = '';
    for (let at = this.#at + 1; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.#at = at + 1;
        return text;
      }
      if (byte === BACKSLASH || byte < 0x20 || byte > 0x7e) return null;
      text += String.fromCharCode(byte);
    }
    return null;
  }

  #digits(countMax: number): number {
    const bytes = this.#bytes;
    let value = 0;
    for (const end = this.#at + countMax; this.#at < end; this.#at++) {
      const digit = bytes[this.#at]! - ZERO;
      // Also false behind the end, where the difference is no number.
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    return value;
  }

  /** At least one digit, no leading zero, and no further digit, fraction or exponent. */
  #isWellWritten(start: number, countMax: number): boolean {
    const count = this.#at - start;
    if (count === 0 || (count > 1 && this.#bytes[start] === ZERO)) return false;
    if (count < countMax) return true;
    const next = this.#bytes[this.#at]! - ZERO;
    return !(next >= 0 && next <= 9);
  }
}

const TENS = Array.from({ length: 10 }, (_, exponent) => 10 ** exponent);

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
const DIGITS_MAX = 9;
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
    const first = this.#digits(DIGITS_MAX);
    const middle = this.#at;
    const second = this.#digits(EXACT_DIGITS - DIGITS_MAX);
    if (!this.#isWellWritten(start, EXACT_DIGITS)) return -1;
    // A small integer stays one: a million operations hold it without a box.
    return this.#at === middle ? first : first * TENS[this.#at - middle]! + second;
  }

  /** A whole number up to 2^64-1, into `hi` and `lo`. */
  readWord(): boolean {
    const start = this.#at;
    let first = this.#digits(DIGITS_MAX);
    const further = this.#digits(WORD_DIGITS_MAX - 2 * DIGITS_MAX);
    first = first * TENS[Math.max(0, this.#at - start - DIGITS_MAX)]! + further;
    const middle = this.#at;
    const second = this.#digits(DIGITS_MAX);
    if (!this.#isWellWritten(start, WORD_DIGITS_MAX)) return false;
    // first * factor + second, in 64 bits: each product below is exact.
    const factor = TENS[this.#at - middle]!;
    const top = Math.floor(first / 0x10000);
    const high = top * factor;
    const highTop = Math.floor(high / 0x10000);
    const low = (first - top * 0x10000) * factor + second + (high - highTop * 0x10000) * 0x10000;
    const lowTop = Math.floor(low / TWO_TO_32);
    const hi = highTop + lowTop;
    if (hi >= TWO_TO_32) return false;
    this.hi = hi | 0;
    this.lo = (low - lowTop * TWO_TO_32) | 0;
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

  /** At most nine, so that all of it is integer arithmetic. */
  #digits(countMax: number): number {
    const bytes = this.#bytes;
    const end = this.#at + countMax;
    let at = this.#at;
    let value = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      // Also false behind the end, where the difference is no number.
      if (!(digit >= 0 && digit <= 9)) break;
      value = (Math.imul(value, 10) + digit) | 0;
    }
    this.#at = at;
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

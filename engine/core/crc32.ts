/**
 * CRC-32 (IEEE 802.3, as in zlib) where native code does not help: of pieces so short that the call would cost more than
 * the work, and of two pieces whose checksums are known already, without looking at their bytes again.
 *
 * The checksum is the remainder of the bytes, as a polynomial over GF(2), divided by POLYNOMIAL; bit 31 is the
 * coefficient of x^0 (reflected). What stands before n more bytes is multiplied by x^(8n).
 */

const POLYNOMIAL = 0xedb88320;
/** Eight bytes are taken at a time: table k holds what a byte becomes k bytes further on. */
const LANES = 8;
const TABLES = tables();
/** x^(2^k) for every k. */
const POWERS = powers();

/** The checksum of `bytes[start, end)`. Unsigned. */
export function crc32Of(bytes: Uint8Array, start: number, end: number): number {
  const table = TABLES;
  let crc = -1;
  let at = start;
  for (; at + LANES <= end; at += LANES) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    const mixed = crc ^ word;
    crc =
      (table[1792 + (mixed & 0xff)] as number) ^
      (table[1536 + ((mixed >>> 8) & 0xff)] as number) ^
      (table[1280 + ((mixed >>> 16) & 0xff)] as number) ^
      (table[1024 + (mixed >>> 24)] as number) ^
      (table[768 + (bytes[at + 4] as number)] as number) ^
      (table[512 + (bytes[at + 5] as number)] as number) ^
      (table[256 + (bytes[at + 6] as number)] as number) ^
      (table[bytes[at + 7] as number] as number);
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 0xff] as number);
  return ~crc >>> 0;
}

/** The checksum of two pieces in a row, from those of each and the length of the second in bytes. Unsigned. */
export function crc32Joined(first: number, second: number, secondLength: number): number {
  // 8 bits a byte: the powers begin at x^(2^3).
  let shift = 1 << 31;
  for (let rest = secondLength, k = 3; rest > 0; rest = Math.floor(rest / 2), k++) {
    if (rest % 2 === 1) shift = product(POWERS[k] as number, shift);
  }
  return (product(shift, first) ^ second) >>> 0;
}

/** `a` times `b`, modulo the polynomial. */
function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let bit = 1 << 31; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) sum ^= shifted;
    shifted = timesX(shifted);
  }
  return sum;
}

function timesX(value: number): number {
  return (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
}

function tables(): Int32Array {
  const table = new Int32Array(LANES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = timesX(value);
    table[byte] = value;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] as number;
    table[i] = (before >>> 8) ^ (table[before & 0xff] as number);
  }
  return table;
}

function powers(): number[] {
  const squares = [1 << 30];
  for (let k = 1; k < 56; k++) squares.push(product(squares[k - 1] as number, squares[k - 1] as number));
  return squares;
}

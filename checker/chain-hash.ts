/**
 * The chain hash of S2's verification tool: one 64-bit word that stands for a whole stream.
 *
 * chain(empty) = 0; chain(stream + record) = XXH3-64, seeded with chain(stream), over the 8 little-endian bytes of
 * XXH3-64(record body). Only XXH3's path for 4 to 8 bytes is needed (xxHash specification, "XXH3 - medium inputs
 * 4-8 bytes"). Every line of that path is a bijection on 64-bit words, so the chain also runs backwards: `remove`
 * takes the last record off again and `solve` finds the one record hash between two chain values. It is therefore
 * no commitment against an adversary, only a fingerprint against bugs.
 *
 * Words are pairs of signed 32-bit halves: about ten times faster than BigInt, and no garbage.
 */

// The secret's bytes 8..15 xor 16..23: what XXH3 mixes into an input of 4 to 8 bytes.
const SECRET_HI = (0x1cad21f7 ^ 0xdb979083) | 0;
const SECRET_LO = (0x2c81017c ^ 0xe96dd4de) | 0;
const PRIME_HI = 0x9fb21c65;
const PRIME_LO = 0x1e98df25;
// PRIME times this is 1 modulo 2^64.
const INVERSE = inverseModulo64(0x9fb21c651e98df25n);
const INVERSE_HI = Number(INVERSE >> 32n);
const INVERSE_LO = Number(INVERSE & 0xffffffffn);
const INPUT_LENGTH = 8;

/**
 * A chain value that moves over records, in place. `hi` and `lo` are signed 32-bit halves; copy them to remember a
 * value. All methods are total: any pair of halves is a chain value.
 */
export class ChainHash {
  hi: number;
  lo: number;

  constructor(hi = 0, lo = 0) {
    this.hi = hi | 0;
    this.lo = lo | 0;
  }

  set(hi: number, lo: number): void {
    this.hi = hi;
    this.lo = lo;
  }

  /** Appends one record, given the halves of its body's hash. */
  append(recordHi: number, recordLo: number): void {
    // S = seed ^ (byteswap32(low half of seed) << 32), then K - S, then xor with the exchanged halves of the input.
    const seedLo = this.lo;
    const seedHi = this.hi ^ byteSwap(seedLo);
    const flipLo = (SECRET_LO - seedLo) | 0;
    const borrow = SECRET_LO >>> 0 < seedLo >>> 0 ? 1 : 0;
    const flipHi = (SECRET_HI - seedHi - borrow) | 0;
    this.hi = recordLo ^ flipHi;
    this.lo = recordHi ^ flipLo;
    this.#mix();
  }

  /** Takes the last record off again: the inverse of `append` with the same record. */
  remove(recordHi: number, recordLo: number): void {
    this.#unmix();
    const flipHi = this.hi ^ recordLo;
    const flipLo = this.lo ^ recordHi;
    const seedLo = (SECRET_LO - flipLo) | 0;
    const borrow = SECRET_LO >>> 0 < flipLo >>> 0 ? 1 : 0;
    const seedHi = (SECRET_HI - flipHi - borrow) | 0;
    this.hi = seedHi ^ byteSwap(seedLo);
    this.lo = seedLo;
  }

  /** Appends records [start, end) of two parallel arrays of halves, in order. */
  appendRange(hi: Int32Array, lo: Int32Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.append(hi[i]!, lo[i]!);
  }

  /** Takes records [start, end) off the end of the stream, last one first: the inverse of `appendRange`. */
  removeRange(hi: Int32Array, lo: Int32Array, start: number, end: number): void {
    for (let i = end - 1; i >= start; i--) this.remove(hi[i]!, lo[i]!);
  }

  /** Turns this value, taken as the chain behind one record, into that record's hash, given the chain before it. */
  solveFrom(beforeHi: number, beforeLo: number): void {
    this.#unmix();
    const seedLo = beforeLo;
    const seedHi = beforeHi ^ byteSwap(seedLo);
    const borrow = SECRET_LO >>> 0 < seedLo >>> 0 ? 1 : 0;
    const recordHi = this.lo ^ (SECRET_LO - seedLo);
    const recordLo = this.hi ^ (SECRET_HI - seedHi - borrow);
    this.hi = recordHi | 0;
    this.lo = recordLo | 0;
  }

  /** XXH3's rrmxmx: rotate-xor-multiply-shift-multiply-shift. */
  #mix(): void {
    this.#rotateXor(49, 24);
    this.#multiply(PRIME_HI, PRIME_LO);
    this.lo ^= (this.hi >>> 3) + INPUT_LENGTH;
    this.#multiply(PRIME_HI, PRIME_LO);
    this.lo ^= (this.hi << 4) | (this.lo >>> 28);
    this.hi ^= this.hi >>> 28;
  }

  #unmix(): void {
    this.hi ^= this.hi >>> 28;
    this.lo ^= this.hi << 4;
    this.lo ^= this.lo >>> 28;
    this.#multiply(INVERSE_HI, INVERSE_LO);
    this.lo ^= (this.hi >>> 3) + INPUT_LENGTH;
    this.#multiply(INVERSE_HI, INVERSE_LO);
    // The map f = 1 + x^24 + x^49 over GF(2)[x]/(x^64 - 1) has f^64 = 1, so f^63 undoes it; squaring doubles the
    // exponents, f^8 has collapsed to x^8, and 63 = 1 + 2 + 4 + (8 + 16 + 32) leaves three sums and one rotation.
    this.#rotateXor(49, 24);
    this.#rotateXor(34, 48);
    this.#rotateXor(4, 32);
    const { hi, lo } = this;
    this.hi = rotatedHigh(hi, lo, 56);
    this.lo = rotatedHigh(lo, hi, 56);
  }

  /** h ^= rotl(h, a) ^ rotl(h, b). */
  #rotateXor(a: number, b: number): void {
    const { hi, lo } = this;
    this.hi = hi ^ rotatedHigh(hi, lo, a) ^ rotatedHigh(hi, lo, b);
    this.lo = lo ^ rotatedHigh(lo, hi, a) ^ rotatedHigh(lo, hi, b);
  }

  /** Multiplies modulo 2^64, by 16-bit limbs: no sum leaves 32 unsigned bits, so that all of it is integer arithmetic. */
  #multiply(factorHi: number, factorLo: number): void {
    const { hi, lo } = this;
    const a0 = lo & 0xffff;
    const a1 = lo >>> 16;
    const b0 = factorLo & 0xffff;
    const b1 = factorLo >>> 16;
    const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
    const middle2 = (Math.imul(a0, b1) + (middle & 0xffff)) | 0;
    const carry = Math.imul(a1, b1) + (middle >>> 16) + (middle2 >>> 16);
    this.lo = Math.imul(lo, factorLo);
    this.hi = (carry + Math.imul(hi, factorLo) + Math.imul(lo, factorHi)) | 0;
  }
}

/** The chain value behind one more record: `chain(0n, h)` is the chain of a stream of one record. */
export function chain(before: bigint, recordHash: bigint): bigint {
  const state = fromBigint(before);
  state.append(highHalf(recordHash), lowHalf(recordHash));
  return toBigint(state.hi, state.lo);
}

/** The chain value of a stream of these records behind `before`, 0 for the head of a stream. */
export function chainAll(recordHashes: readonly bigint[], before = 0n): bigint {
  const state = fromBigint(before);
  for (const hash of recordHashes) state.append(highHalf(hash), lowHalf(hash));
  return toBigint(state.hi, state.lo);
}

/** The chain value before the last record, given the value behind it and the record's hash. */
export function unchain(after: bigint, recordHash: bigint): bigint {
  const state = fromBigint(after);
  state.remove(highHalf(recordHash), lowHalf(recordHash));
  return toBigint(state.hi, state.lo);
}

/** The hash of the one record that leads from chain value `before` to chain value `after`. */
export function solve(before: bigint, after: bigint): bigint {
  const state = fromBigint(after);
  state.solveFrom(highHalf(before), lowHalf(before));
  return toBigint(state.hi, state.lo);
}

/** The upper half of a 64-bit word as a signed 32-bit number. */
export function highHalf(word: bigint): number {
  return Number(BigInt.asIntN(32, word >> 32n));
}

/** The lower half of a 64-bit word as a signed 32-bit number. */
export function lowHalf(word: bigint): number {
  return Number(BigInt.asIntN(32, word));
}

/** The unsigned 64-bit word with these halves. */
export function toBigint(hi: number, lo: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

function fromBigint(word: bigint): ChainHash {
  return new ChainHash(highHalf(word), lowHalf(word));
}

/** The upper half of the 64-bit word (hi, lo) rotated left by `bits`, which is not a multiple of 32. */
function rotatedHigh(hi: number, lo: number, bits: number): number {
  if (bits === 32) return lo;
  return bits < 32 ? (hi << bits) | (lo >>> (32 - bits)) : (lo << (bits - 32)) | (hi >>> (64 - bits));
}

function byteSwap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Newton's iteration: each round doubles the number of correct low bits. */
function inverseModulo64(odd: bigint): bigint {
  let inverse = odd;
  for (let round = 0; round < 6; round++) inverse = BigInt.asUintN(64, inverse * (2n - odd * inverse));
  return inverse;
}

/**
 * Unsigned 64-bit numbers of the wire and the engine's numbers (API contract, conventions).
 *
 * Numbers are exact up to 2^53 - 1, which no stream's number and no clock reaches. What a client sends above that becomes
 * the nearest number, still above 2^53 - 1: it compares as it should with everything there is, and is never stored as a
 * sequence number.
 */

import { assert } from '../core/assert.ts';

const U64_MAX = 2n ** 64n - 1n;

/** Of a number the engine made. */
export function toU64(value: number): bigint {
  assert(Number.isSafeInteger(value) && value >= 0, 'numbers of the engine are exact');
  return BigInt(value);
}

/** Decimal digits and nothing else; null when it is no such number or has more than 64 bits. */
export function parseU64(text: string): number | null {
  if (!/^\d{1,20}$/.test(text)) return null;
  const value = BigInt(text);
  return value > U64_MAX ? null : Number(value);
}

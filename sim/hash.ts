/**
 * The two integer hashes everything in the simulator is built on.
 *
 * Pure 32-bit arithmetic: the same on every machine and Node version, no BigInt, no floats.
 */

/** Mixes all bits of a 32-bit integer (the finalizer of MurmurHash3, a bijection). Unsigned. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hashes a short text by its UTF-16 code units (FNV-1a, then mixed). Unsigned. */
export function hashText(text: string, seed = 0): number {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/** Eight lower-case hex digits of an unsigned 32-bit integer. */
export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

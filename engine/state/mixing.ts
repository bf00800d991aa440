/**
 * Integer mixing for hash tables and checksums: the round and the finalizer of MurmurHash3 (A. Appleby, public domain).
 * Fast and even, not secret: whoever chooses the inputs can make them collide.
 */

/** One round: folds `value` (32 bits of it) into `lane`. */
export function mix(lane: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const h = lane ^ Math.imul(k, 0x1b873593);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** All 64 bits of an integer below 2^63 (or a small negative one). */
export function mixNumber(lane: number, value: number): number {
  return mix(mix(lane, value | 0), Math.floor(value / 2 ** 32) | 0);
}

export function mixText(lane: number, text: string): number {
  let mixed = mix(lane, text.length);
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
  return mix(mixed, text.length);
}

/** Every input bit reaches every output bit. */
export function finish(lane: number): number {
  let h = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

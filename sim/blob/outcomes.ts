/** Small values the store's answers are made of. */

import type { ByteRange, StoreFault } from '../../engine/ports.ts';

export type Fault = StoreFault;

/** Every fault the simulated store reports may pass: repeating the call can help. */
export function fault(code: string, message: string): Fault {
  return { code, message, retryable: true };
}

/** The part of `bytes` in `range` that exists, as a view. */
export function rangeOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (range === undefined) return bytes.subarray();
  const { start, end } = range;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start) {
    throw new Error(`assertion: a range from ${start} to ${end} was asked for`);
  }
  return bytes.subarray(Math.min(start, bytes.length), Math.min(end, bytes.length));
}

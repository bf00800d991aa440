/** Small values the store's answers are made of. */

import type { ByteRange, StoreFault } from '../../engine/ports.ts';

/** Every fault the simulated store reports may pass: repeating the call can help. */
export function fault(code: string, message: string): StoreFault {
  return { code, message, retryable: true };
}

/** What a store that has too much to do asks for. */
const RETRY_AFTER_MS = 1_000;

/** As the one above, of a store that does not want to be asked again at once. */
export function throttled(message: string): StoreFault {
  return { ...fault('slow-down', message), retryAfterMs: RETRY_AFTER_MS };
}

/** The part of `bytes` in `range` that exists, as a view. */
export function rangeOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  return range === undefined ? bytes : bytes.subarray(range.start, range.end);
}

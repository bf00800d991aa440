/**
 * Bytes made once for all followers that get the same batch, which is the same array for each of them. Remembered for as
 * long as somebody holds the batch, and only for batches that come with a tail: what a reader catches up with is its own.
 */

import type { StreamPosition } from '../core/position.ts';
import type { SequencedRecord } from '../core/record.ts';

export class LiveEncoding<Encoded> {
  readonly #made = new WeakMap<readonly SequencedRecord[], { tail: StreamPosition; encoded: Encoded }>();

  /** What `make` makes of these records and this tail, now or before. Nobody may change it. */
  of(records: readonly SequencedRecord[], tail: StreamPosition | null, make: () => Encoded): Encoded {
    if (tail === null) return make();
    const made = this.#made.get(records);
    if (made !== undefined && made.tail.seqNum === tail.seqNum && made.tail.timestamp === tail.timestamp) {
      return made.encoded;
    }
    const encoded = make();
    this.#made.set(records, { tail, encoded });
    return encoded;
  }
}

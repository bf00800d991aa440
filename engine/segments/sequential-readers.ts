/**
 * Tells readers that go through a stream from those that jump: a read that begins where an earlier one of the same
 * stream ended goes on. Remembers a bounded number of ends; forgetting one costs a fetch ahead, nothing else.
 */

const ENDS_MAX = 1024;

export class SequentialReaders {
  /** Stream and number where some read ended, oldest first. */
  readonly #ends = new Set<string>();

  /** True when an earlier read ended here; that end is used up. */
  goesOn(streamId: number, seqNum: number): boolean {
    return this.#ends.delete(`${streamId}:${seqNum}`);
  }

  ended(streamId: number, nextSeqNum: number): void {
    this.#ends.add(`${streamId}:${nextSeqNum}`);
    if (this.#ends.size <= ENDS_MAX) return;
    for (const oldest of this.#ends) {
      this.#ends.delete(oldest);
      break;
    }
  }
}

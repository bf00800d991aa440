/**
 * Tells readers that go through a stream from those that jump: a read that begins where an earlier one of the same
 * stream ended goes on, and how often it did so in a row says how far ahead of it fetching is worth while. Remembers a
 * bounded number of ends; forgetting one costs a fetch ahead, nothing else.
 */

const ENDS_MAX = 1024;

export class SequentialReaders {
  /** Stream and number where some read ended, and how many reads in a row led there; oldest first. */
  readonly #ends = new Map<string, number>();

  /** A read went from one number to another. How many reads of the same row came before it. */
  went(streamId: number, from: number, next: number): number {
    const start = `${streamId}:${from}`;
    const before = this.#ends.get(start) ?? 0;
    this.#ends.delete(start);
    this.#ends.set(`${streamId}:${next}`, before + 1);
    if (this.#ends.size > ENDS_MAX) {
      for (const oldest of this.#ends.keys()) {
        this.#ends.delete(oldest);
        break;
      }
    }
    return before;
  }
}

/**
 * How long somebody rests before asking again who did not answer: each time twice as long, up to a limit, so that a long
 * outage is not spent on asking. Real clients do so, and a simulated one that did not would fill its run with nothing.
 */

export class Rests {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  /** A first rest above the longest stays as it is. */
  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  /** Milliseconds of the rest that is due now. */
  nextMs(): number {
    const restMs = this.#nextMs;
    this.#nextMs = Math.max(restMs, Math.min(2 * restMs, this.#longestMs));
    return restMs;
  }

  /** Somebody answered: the next rest is a short one. */
  answered(): void {
    this.#nextMs = this.#firstMs;
  }
}

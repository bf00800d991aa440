/** Latencies of any number in fixed memory: counted in steps of 2 %, which is as exact as a percentile is read. */

const STEP = Math.log(1.02);
const SMALLEST_MS = 0.001;

export interface LatencySummary {
  count: number;
  minMs: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
}

export class Latencies {
  readonly #counts: (number | undefined)[] = [];
  #count = 0;
  #minMs = Infinity;
  #maxMs = 0;

  add(ms: number): void {
    const step = Math.max(0, Math.round(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / STEP));
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#count++;
    this.#minMs = Math.min(this.#minMs, ms);
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** Null before the first. */
  summary(): LatencySummary | null {
    if (this.#count === 0) return null;
    const at = (share: number) => this.#percentileMs(share);
    return {
      count: this.#count,
      minMs: this.#minMs,
      p50Ms: at(0.5),
      p90Ms: at(0.9),
      p99Ms: at(0.99),
      maxMs: this.#maxMs,
    };
  }

  #percentileMs(share: number): number {
    const rank = Math.ceil(this.#count * share);
    let seen = 0;
    const step = this.#counts.findIndex((count = 0) => (seen += count) >= rank);
    return Math.min(this.#maxMs, Math.max(this.#minMs, SMALLEST_MS * Math.exp(step * STEP)));
  }
}

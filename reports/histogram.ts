/**
 * How often values of which size occur, in bins of round width. Pure.
 */

export interface Histogram {
  /** Width of every bin, one of 1, 2, 5, 10, 20, 50, …, in the unit of the values. */
  binWidth: number;
  /** Lower end of the first bin, a multiple of the width. */
  start: number;
  counts: readonly number[];
  median: number;
  /** The value that 99 of 100 do not exceed. */
  p99: number;
  max: number;
}

const BINS_TARGET = 24;

export function histogramOf(values: readonly number[]): Histogram {
  const sorted = values.toSorted((a, b) => a - b);
  const min = sorted[0] ?? 0;
  const max = sorted.at(-1) ?? 0;
  const binWidth = roundWidth((max - min) / BINS_TARGET);
  const start = Math.floor(min / binWidth) * binWidth;
  const counts = sorted.length === 0 ? [] : Array<number>(Math.floor((max - start) / binWidth) + 1).fill(0);
  for (const value of sorted) {
    const bin = Math.floor((value - start) / binWidth);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { binWidth, start, counts, median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max };
}

/** The least of 1, 2 and 5 times a power of ten, from 1 on, that is not below `width`. */
function roundWidth(width: number): number {
  for (let power = 1; ; power *= 10) {
    const fit = [1, 2, 5].map((digit) => digit * power).find((candidate) => candidate >= width);
    if (fit !== undefined) return fit;
  }
}

function quantile(sorted: readonly number[], share: number): number {
  const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return sorted[index] ?? 0;
}

/**
 * Where a label of an axis begins: its tick in the middle, but never cut off at an end of the plot. Pure.
 */

/** All in pixels; a label wider than the plot begins where the plot does. */
export function labelLeft(tickPx: number, widthPx: number, { left, right }: { left: number; right: number }): number {
  return Math.max(left, Math.min(tickPx - widthPx / 2, right - widthPx));
}

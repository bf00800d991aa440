/** How many values fall into each of so many equal columns of a range: the bars of the minimap. Pure. */

export function densityOf(
  values: ArrayLike<number>,
  [start, end]: readonly [number, number],
  columns: number,
): number[] {
  const counts = Array.from({ length: columns }, () => 0);
  for (let i = 0; i < values.length; i++) {
    const column = Math.floor((((values[i] ?? 0) - start) / (end - start)) * columns);
    const inside = Math.max(0, Math.min(columns - 1, column));
    counts[inside] = (counts[inside] ?? 0) + 1;
  }
  return counts;
}

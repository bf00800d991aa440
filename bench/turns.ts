/**
 * Kinds of work that cost nearly the same are compared in turns, many and short: what the machine does beside falls on
 * neighbours alike, and what falls on one turn alone (a collection, a flush, another process) is not in the middle of many.
 */

/** `measured` rounds of a turn of each kind, behind `warm` ones that count for nothing. The order changes from round to round. */
export async function inRounds<Kind extends string, Cost>(
  turns: Readonly<Record<Kind, () => Promise<Cost>>>,
  { warm, measured }: { warm: number; measured: number },
): Promise<Record<Kind, Cost>[]> {
  const kinds = Object.keys(turns) as Kind[];
  const rounds: Record<Kind, Cost>[] = [];
  for (let i = 0; i < warm + measured; i += 1) {
    const first = i % kinds.length;
    const order = [...kinds.slice(first), ...kinds.slice(0, first)];
    const round: Partial<Record<Kind, Cost>> = {};
    for (const kind of i % 2 === 0 ? order : order.toReversed()) round[kind] = await turns[kind]();
    if (i >= warm) rounds.push(round as Record<Kind, Cost>);
  }
  return rounds;
}

/** The median, and the bounds between which that of endlessly many lies in 95 of 100 cases, by their order alone. */
export interface Middle {
  value: number;
  low: number;
  high: number;
}

export function middleOf(values: readonly number[]): Middle {
  const sorted = values.toSorted((a, b) => a - b);
  const last = sorted.length - 1;
  const at = (index: number) => sorted[Math.max(0, Math.min(last, Math.round(index)))]!;
  const reach = 0.98 * Math.sqrt(sorted.length);
  return { value: at(last / 2), low: at(last / 2 - reach), high: at(last / 2 + reach) };
}

/** How sure it is, behind what a row is about. */
export function bounds({ low, high }: Middle, digits: number): string {
  return `(${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

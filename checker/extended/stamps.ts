/**
 * What is known of the timestamps of one stream, as a value: bounds by position, and reads from a timestamp that leave open
 * why they did not begin earlier.
 *
 * Timestamps never fall along a stream, so bounds can be met together if no least one exceeds a greatest one at its place or
 * behind. A read from t that began at s says that record s - 1 is older than t, or that it was gone by then. That stays open
 * until something decides it: record s - 1 turns out not to be older, or something below s is shown later, or something behind the
 * read was told before the record can have been gone.
 */

/** The timestamp at `position` is from `low` to `high`; at -1 that of a stream to which nothing was written. */
export interface Bound {
  position: number;
  low: number;
  high: number;
}

/** A read from timestamp `from` began at `start`. */
export interface Claim {
  start: number;
  from: number;
  /** The earliest moment at which everything below `start` can be gone. */
  sinceMs: number;
}

export interface Stamps {
  /** One for each position at most, ascending. */
  readonly bounds: readonly Bound[];
  readonly claims: readonly Claim[];
}

export const NO_STAMPS: Stamps = { bounds: [], claims: [] };

/** With `added`; null when they contradict each other. */
export function withBounds({ bounds, claims }: Stamps, added: readonly Bound[]): Stamps | null {
  const merged = new Map(bounds.map((bound) => [bound.position, bound]));
  for (const { position, low, high } of added) {
    const known = merged.get(position) ?? { low: 0, high: Number.POSITIVE_INFINITY };
    merged.set(position, { position, low: Math.max(low, known.low), high: Math.min(high, known.high) });
  }
  const sorted = [...merged.values()].sort((a, b) => a.position - b.position);
  let least = 0;
  for (const { low, high } of sorted) if ((least = Math.max(least, low)) > high) return null;
  return { bounds: sorted, claims };
}

export function withClaim({ bounds, claims }: Stamps, claim: Claim): Stamps {
  const isKnown = claims.some(({ start, from }) => start === claim.start && from === claim.from);
  return isKnown ? { bounds, claims } : { bounds, claims: [...claims, claim].sort(byStart) };
}

/** What a claim says if nothing was gone. */
export function olderThan({ start, from }: Pick<Claim, 'start' | 'from'>): Bound {
  return { position: start - 1, low: 0, high: from - 1 };
}

/** Claims that can only mean that everything below their start is gone: up to where, since when at the earliest, and the others. */
export function decided({ bounds, claims }: Stamps): { stamps: Stamps; goneBelow: number; sinceMs: number } {
  const isOpen = ({ start, from }: Claim): boolean =>
    from > 0 && !bounds.some(({ position, low }) => position < start && low >= from);
  const open = claims.filter(isOpen);
  if (open.length === claims.length)
    return { stamps: { bounds, claims }, goneBelow: 0, sinceMs: Number.NEGATIVE_INFINITY };
  const shown = claims.filter((claim) => !isOpen(claim));
  const goneBelow = Math.max(...shown.map(({ start }) => start));
  return { stamps: { bounds, claims: open }, goneBelow, sinceMs: Math.max(...shown.map(({ sinceMs }) => sinceMs)) };
}

export function areEqual(a: Stamps, b: Stamps): boolean {
  if (a === b) return true;
  return (
    a.bounds.length === b.bounds.length &&
    a.claims.length === b.claims.length &&
    a.bounds.every(({ position, low, high }, i) => {
      const other = b.bounds[i]!;
      return position === other.position && low === other.low && high === other.high;
    }) &&
    a.claims.every(({ start, from, sinceMs }, i) => {
      const other = b.claims[i]!;
      return start === other.start && from === other.from && sinceMs === other.sinceMs;
    })
  );
}

function byStart(a: Claim, b: Claim): number {
  return a.start - b.start || a.from - b.from;
}

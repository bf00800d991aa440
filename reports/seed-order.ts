/**
 * The order in which seeds and names are listed: numbers by value, words by code unit, never by locale.
 *
 * A sweep's workers finish in any order; sorted, the same seeds give the same page.
 */

const WHOLE_NUMBER = /^\d{1,15}$/;

export function bySeed(a: { seed: string; profile: string }, b: { seed: string; profile: string }): number {
  return compareSeeds(a.seed, b.seed) || compareText(a.profile, b.profile);
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function distinctSorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(compareText);
}

/** Numbered seeds stand before named ones. */
function compareSeeds(a: string, b: string): number {
  const [aIsNumber, bIsNumber] = [WHOLE_NUMBER.test(a), WHOLE_NUMBER.test(b)];
  if (aIsNumber && bIsNumber) return Number(a) - Number(b) || compareText(a, b);
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return compareText(a, b);
}

/** Failing runs merged by signature: how often, the smallest case and the fastest seed of each. */

import type { RunFailure, SeedResult, SweepRecord } from '../run.ts';

type Failing = SeedResult & { failure: RunFailure };

export interface SignatureGroup {
  kind: RunFailure['kind'];
  signature: string;
  count: number;
  /** Fewest operations, then fewest events. */
  smallest: Failing;
  /** Least wall time. */
  fastest: Failing;
}

/** The most frequent first. */
export function signatureGroups({ results }: Pick<SweepRecord, 'results'>): SignatureGroup[] {
  const groups = new Map<string, SignatureGroup>();
  for (const result of results) {
    if (result.failure === null) continue;
    const failing = result as Failing;
    const { kind, signature } = failing.failure;
    const group = groups.get(`${kind} ${signature}`);
    if (group === undefined) {
      groups.set(`${kind} ${signature}`, { kind, signature, count: 1, smallest: failing, fastest: failing });
      continue;
    }
    group.count++;
    if (isSmaller(failing, group.smallest)) group.smallest = failing;
    if (failing.wallMs < group.fastest.wallMs) group.fastest = failing;
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count || (a.signature < b.signature ? -1 : 1));
}

function isSmaller(a: Failing, b: Failing): boolean {
  return (
    a.counts.operations < b.counts.operations || (a.counts.operations === b.counts.operations && a.events < b.events)
  );
}

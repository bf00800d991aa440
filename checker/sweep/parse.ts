/**
 * Reads known content as a sequence of batches: which appends of unknown outcome may stand at which position of a hole.
 *
 * Looks at each position alone (records, floors, ceilings, match_seq_num) and keeps an append there only if others lead
 * from its end to the end of the hole. One pass from right to left, no search and no budget. A hole that no sequence of
 * appends spells convicts the history: fencing tokens and using each append once could only forbid more.
 */

import { type Candidate, mayStandAt } from './candidates.ts';
import { agreementAt, type Content } from './content.ts';
import type { Operations } from './operations.ts';
import type { Hole, Segment } from './tiling.ts';

export type Parse =
  /** By position: never empty, in the order of `byPreference`. Positions that lead nowhere have no entry. */
  | { kind: 'parsed'; optionsAt: ReadonlyMap<number, readonly Candidate[]> }
  /** Batches explain the hole up to `position` at most. */
  | { kind: 'stuck'; hole: Hole; position: number };

export function parseHoles(
  operations: Operations,
  content: Content,
  segment: Segment,
  candidates: readonly Candidate[],
): Parse {
  const index = indexCandidates(operations, candidates);
  const mayBeAt = (candidate: Candidate, position: number, hole: Hole): boolean =>
    position + candidate.recordCount <= hole.end &&
    mayStandAt(candidate, position) &&
    agreementAt(content, operations, candidate, position) === candidate.recordCount;
  const optionsAt = new Map<number, readonly Candidate[]>();
  for (const hole of segment.holes) {
    for (let position = hole.end - 1; position >= hole.start; position--) {
      const options = index
        .at(position, content.hi[position]!, content.lo[position]!)
        .filter((candidate) => leadsOn(candidate, position, hole) && mayBeAt(candidate, position, hole));
      if (options.length > 0) optionsAt.set(position, options.sort(byPreference));
    }
    if (!optionsAt.has(hole.start)) return { kind: 'stuck', hole, position: furthest(hole) };
  }
  return { kind: 'parsed', optionsAt };

  function leadsOn({ recordCount }: Candidate, position: number, hole: Hole): boolean {
    const end = position + recordCount;
    return end === hole.end || optionsAt.has(end);
  }

  /** How far batches lead from the start of the hole. */
  function furthest(hole: Hole): number {
    const isReached = new Set([hole.start]);
    let last = hole.start;
    for (let position = hole.start; position < hole.end; position++) {
      if (!isReached.has(position)) continue;
      last = position;
      for (const candidate of index.at(position, content.hi[position]!, content.lo[position]!))
        if (mayBeAt(candidate, position, hole)) isReached.add(position + candidate.recordCount);
    }
    return last;
  }
}

/**
 * Longest first, then grouped by what they leave behind; in a group those with the most conditions first, for they fit
 * in the fewest other places.
 */
function byPreference(a: Candidate, b: Candidate): number {
  return (
    b.recordCount - a.recordCount ||
    compareTokens(a.setFencingToken, b.setFencingToken) ||
    Number(a.matchSeqNum === null) - Number(b.matchSeqNum === null) ||
    Number(a.fencingToken === null) - Number(b.fencingToken === null) ||
    a.index - b.index
  );
}

/** Whoever stands where the other could leaves the same log behind: same records, same token. */
export function leaveTheSame(a: Candidate, b: Candidate): boolean {
  return a.recordCount === b.recordCount && a.setFencingToken === b.setFencingToken;
}

function compareTokens(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? -1 : 1;
  return a < b ? -1 : 1;
}

interface CandidateIndex {
  /** Those that may begin at a position with this record: all that do are among them. */
  at(position: number, hi: number, lo: number): Candidate[];
}

/** By match_seq_num where there is one, otherwise by the first record. */
function indexCandidates({ hi, lo }: Operations, candidates: readonly Candidate[]): CandidateIndex {
  const guarded = new Map<number, Candidate[]>();
  const free = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    const { matchSeqNum, recordStart } = candidate;
    const [index, key] =
      matchSeqNum === null ? [free, recordKey(hi[recordStart]!, lo[recordStart]!)] : [guarded, matchSeqNum];
    const known = index.get(key);
    if (known === undefined) index.set(key, [candidate]);
    else known.push(candidate);
  }
  return {
    at: (position, recordHi, recordLo) => [
      ...(guarded.get(position) ?? []),
      ...(free.get(recordKey(recordHi, recordLo)) ?? []),
    ],
  };
}

/** 53 bits of a record hash; equality is checked behind it. */
function recordKey(hi: number, lo: number): number {
  return (hi & 0x1fffff) * 0x1_0000_0000 + (lo >>> 0);
}

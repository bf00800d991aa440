/**
 * The appends of unknown outcome: what may fill the holes.
 *
 * Appends that differ in nothing but when they were called are one candidate with several members: at any position
 * the earliest called one is as good as the others, because whoever may stand at a position may stand further right
 * too. A member that returned while the history went on is a candidate of its own, for it has a ceiling: all that
 * was called after its return must stand above it.
 */

import { ChainHash } from '../chain-hash.ts';
import { lowOf, type Operation, type Operations } from './operations.ts';
import { firstAbove } from './order.ts';

export interface Candidate {
  readonly index: number;
  readonly recordStart: number;
  readonly recordCount: number;
  readonly matchSeqNum: number | null;
  readonly fencingToken: string | null;
  readonly setFencingToken: string | null;
  /** In order of call, hence by ascending floor. */
  readonly members: readonly Operation[];
  /** Greatest position at which it may end. */
  readonly ceiling: number;
  /** True when something was called after it returned: then it may not follow an append called after its return. */
  readonly hasReturned: boolean;
}

export function listCandidates(operations: Operations): readonly Candidate[] {
  const ceilingAt = ceilings(operations);
  const byKey = new Map<string, { first: Operation; members: Operation[]; ceiling: number; hasReturned: boolean }>();
  for (let i = 0; i < operations.all.length; i++) {
    const op = operations.all[i]!;
    if (op.outcome !== 'unknown') continue;
    const ceiling = ceilingAt(op.returnedAt);
    const hasReturned = op.returnedAt < (operations.all.at(-1)?.calledAt ?? -1);
    for (let salt = 0; ; salt++) {
      const key = hasReturned ? `op ${op.opId}` : `${contentKey(operations, op)} ${salt}`;
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, { first: op, members: [op], ceiling, hasReturned });
      else if (!sameRecords(operations, known.first, op)) continue;
      else known.members.push(op);
      break;
    }
  }
  return [...byKey.values()].map(({ first, members, ceiling, hasReturned }, index) => ({
    index,
    recordStart: first.recordStart,
    recordCount: first.recordCount,
    matchSeqNum: first.matchSeqNum,
    fencingToken: first.fencingToken,
    setFencingToken: first.setFencingToken,
    members,
    ceiling,
    hasReturned,
  }));
}

/** May some member stand at `position`, as far as floors, ceiling and match_seq_num go? */
export function mayStandAt(candidate: Candidate, position: number): boolean {
  if (candidate.matchSeqNum !== null && candidate.matchSeqNum !== position) return false;
  return candidate.members[0]!.floor <= position && position + candidate.recordCount <= candidate.ceiling;
}

/** For an event index: the least position of a success called after it. */
function ceilings({ all }: Operations): (event: number) => number {
  const successes = all.filter((op) => op.outcome === 'success');
  const leastFrom = successes.map(lowOf);
  for (let i = leastFrom.length - 2; i >= 0; i--) leastFrom[i] = Math.min(leastFrom[i]!, leastFrom[i + 1]!);
  return (event) => leastFrom[firstAbove(successes, (op) => op.calledAt, event)] ?? Number.POSITIVE_INFINITY;
}

function contentKey({ hi, lo }: Operations, op: Operation): string {
  const content = new ChainHash();
  content.appendRange(hi, lo, op.recordStart, op.recordStart + op.recordCount);
  return JSON.stringify([op.recordCount, content.hi, content.lo, op.matchSeqNum, op.fencingToken, op.setFencingToken]);
}

function sameRecords({ hi, lo }: Operations, a: Operation, b: Operation): boolean {
  for (let i = 0; i < a.recordCount; i++) {
    const [x, y] = [a.recordStart + i, b.recordStart + i];
    if (hi[x] !== hi[y] || lo[x] !== lo[y]) return false;
  }
  return true;
}

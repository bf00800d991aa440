/**
 * Fills the holes behind the last read, where no hash says what they hold.
 *
 * Only sizes, positions and conditions count there, so candidates that differ in content alone are merged. Depth
 * first from left to right, remembering states that led nowhere. This is where deciding is hard in principle (it
 * contains 3-PARTITION), so it ends with the budget if need be.
 */

import type { Budget } from './budget.ts';
import { type Candidate, mayStandAt } from './candidates.ts';
import { offersFor, offersTooLittle } from './fillings.ts';
import type { LogState, Mark } from './log-state.ts';
import type { Hole, Segment } from './tiling.ts';
import type { Violation } from './violation.ts';

interface Choice {
  readonly item: number;
  readonly position: number;
  readonly options: readonly Candidate[];
  next: number;
  readonly mark: Mark;
  readonly key: string;
}

/** Places candidates until the segment is full. `none` and `unknown` leave the state as it was. */
export function fillUnread(
  log: LogState,
  segment: Segment,
  candidates: readonly Candidate[],
  budget: Budget,
  explainHole: (hole: Hole) => Violation,
): 'filled' | 'none' | 'unknown' {
  const merged = mergeUnused(log, candidates);
  const origin = log.mark();
  const choices: Choice[] = [];
  const deadEnds = new Set<string>();
  const give = (answer: 'none' | 'unknown'): typeof answer => {
    log.returnTo(origin);
    return answer;
  };
  let item = 0;
  let position = segment.start;
  for (;;) {
    if (!budget.spend(1)) return give('unknown');
    const at = segment.items[item];
    if (at === undefined) return 'filled';
    if (at.kind === 'batch' || position === at.end) {
      if (at.kind === 'hole' || log.passBatch(at.op)) {
        item++;
        position = at.kind === 'hole' ? at.end : at.op.tail;
        continue;
      }
    } else {
      const key = `${item} ${position} ${log.key(merged)}`;
      const options = deadEnds.has(key) ? [] : optionsAt(log, merged, at, position);
      if (options.length === 0) log.refuse(position, () => explainHole(at));
      choices.push({ item, position, options, next: 0, mark: log.mark(), key });
    }
    const chosen = chooseNext(log, choices, deadEnds, budget);
    if (chosen === null) return give(budget.left > 0 ? 'none' : 'unknown');
    ({ item, position } = chosen);
  }
}

/** Goes back to the latest choice with an option left and takes it. Null when there is none. */
function chooseNext(
  log: LogState,
  choices: Choice[],
  deadEnds: Set<string>,
  budget: Budget,
): { item: number; position: number } | null {
  for (let choice = choices.at(-1); choice !== undefined; choice = choices.at(-1)) {
    log.returnTo(choice.mark);
    while (choice.next < choice.options.length) {
      const option = choice.options[choice.next++]!;
      if (!budget.spend(1)) return null;
      if (log.place(option, choice.position))
        return { item: choice.item, position: choice.position + option.recordCount };
    }
    deadEnds.add(choice.key);
    choices.pop();
  }
  return null;
}

/** Guarded to this very position first, since they fit nowhere else; then those that fill the rest; then the longest. */
function optionsAt(log: LogState, merged: readonly Candidate[], hole: Hole, position: number): Candidate[] {
  const rest = { ...hole, start: position };
  const offers = offersFor(
    rest,
    merged.filter((candidate) => log.usedOf(candidate) < candidate.members.length),
  );
  if (offersTooLittle({ ...rest, offers })) return [];
  const rank = (candidate: Candidate): number =>
    candidate.matchSeqNum !== null ? 0 : position + candidate.recordCount === hole.end ? 1 : 2;
  return offers
    .filter((candidate) => mayStandAt(candidate, position))
    .sort((a, b) => rank(a) - rank(b) || b.recordCount - a.recordCount);
}

/** What is left of the candidates, merged where only the content differs. Indices go on behind the candidates'. */
function mergeUnused(log: LogState, candidates: readonly Candidate[]): Candidate[] {
  const byKey = new Map<string, { first: Candidate; members: Candidate['members'][number][] }>();
  for (const candidate of candidates) {
    const left = candidate.members.slice(log.usedOf(candidate));
    const { recordCount, matchSeqNum, fencingToken, setFencingToken, hasReturned, index } = candidate;
    const key = JSON.stringify([recordCount, matchSeqNum, fencingToken, setFencingToken, hasReturned ? index : -1]);
    const known = byKey.get(key);
    if (known !== undefined) known.members.push(...left);
    else if (left.length > 0) byKey.set(key, { first: candidate, members: left });
  }
  return [...byKey.values()].map(({ first, members }, index) => ({
    ...first,
    index: candidates.length + index,
    members: members.sort((a, b) => a.calledAt - b.calledAt),
  }));
}

/**
 * All legal ways to fill the holes of one segment, one after the other, cheapest first.
 *
 * Looks at the segment alone: positions, floors, ceilings, match_seq_num and content. What couples segments (each
 * append used once, fencing tokens) is for the composition. A segment without a filling convicts the history by
 * itself, whatever the other segments hold. `none` is only ever said after every combination has been tried, or after
 * the content of the holes has become known: what does not spell the same records would be a 64-bit collision.
 */

import { Budget } from './budget.ts';
import { type Candidate, mayStandAt } from './candidates.ts';
import { ChainHash } from '../chain-hash.ts';
import { type Identification, identify, spell } from './identify.ts';
import type { Operations } from './operations.ts';
import { firstAbove } from './order.ts';
import type { Hole, Segment } from './tiling.ts';
import { type Laid, type Piece, type Stretch, type StretchHole, TwoEndedSearch } from './two-ended.ts';

export type Filling = readonly Laid<Candidate>[];

// Real effects happen near their calls: so many of the latest candidates of each hole are tried before all of them.
const WINDOWS = [24, 72, 216];
// Late effects are rare: one candidate from anywhere in each half, the others of so many latest ones.
const NEAR = 24;
// What may be spent on one number of pieces before the content is compared with all batches.
const CHEAP_STEPS = 50_000;
// The same when one filling is known: any other would have to spell the same records or be a 64-bit collision.
const CHEAP_STEPS_MORE = 1_000;
const IDENTIFY_STEPS = 4_000_000;

export class SegmentFillings {
  readonly segment: Segment;
  /** Segments are looked at by ascending difficulty, so that an easy conviction need not wait for a hard segment. */
  readonly difficulty: number;
  readonly #operations: Operations;
  readonly #candidates: readonly Candidate[];
  readonly #found: Filling[] = [];
  readonly #known = new Set<string>();
  /** Found in other segments already: most likely not here as well. */
  readonly #taken: ReadonlySet<Candidate>;
  #hasTriedOne = false;
  #stretch: Stretch<Candidate> | undefined;
  #searches: Searches | undefined;
  #isComplete = false;
  #identification: Identification | null | undefined;

  constructor(
    operations: Operations,
    segment: Segment,
    candidates: readonly Candidate[],
    taken: ReadonlySet<Candidate>,
  ) {
    this.segment = segment;
    this.#operations = operations;
    this.#candidates = candidates;
    this.#taken = taken;
    const { holes } = segment;
    this.difficulty = holes.length * 1_000_000 + holes.reduce((sum, hole) => sum + this.#calledBefore(hole), 0);
  }

  /** Filling number `k`, counted from 0, if there are so many. `unknown`: the budget ran out before that was known. */
  get(k: number, budget: Budget): Filling | 'none' | 'unknown' {
    while (this.#found.length <= k) {
      if (this.#isComplete) return 'none';
      if (!this.#searchOn(budget)) return 'unknown';
    }
    return this.#found[k]!;
  }

  /** What the holes offer, and the chain values around them. */
  get stretch(): Stretch<Candidate> {
    return (this.#stretch ??= stretchOf(this.#operations, this.segment, (hole) =>
      offersFor(hole, this.#candidates.slice(0, this.#calledBefore(hole))),
    ));
  }

  /** Most pieces that have been tried in all combinations. */
  get piecesTried(): number {
    const one = this.#hasTriedOne && this.segment.holes.length === 1 ? 1 : 0;
    return Math.max(one, (this.#searches?.wide.pieceCount ?? 1) - 1);
  }

  /** What lies in the holes, legal or not, when it can be recognised. */
  identification(budget: Budget): Identification | null {
    if (this.#identification === undefined) {
      const allowance = new Budget(Math.min(IDENTIFY_STEPS, budget.left));
      this.#identification = identify(this.#operations, this.stretch, allowance);
      budget.spend(allowance.spent);
    }
    return this.#identification;
  }

  /** How many candidates may stand somewhere in the hole as far as floors go: they ascend. */
  #calledBefore(hole: Hole): number {
    return firstAbove(this.#candidates, ({ members }) => members[0]!.floor, hole.end);
  }

  /** One step of searching. False when the budget or the memory does not allow it. */
  #searchOn(budget: Budget): boolean {
    if (!this.#hasTriedOne) return this.#tryOne(budget);
    const first = this.#found[0];
    if (first !== undefined && this.#isDear(CHEAP_STEPS_MORE) && this.#spell(first)) return true;
    const searches = (this.#searches ??= this.#begin());
    this.#isComplete = searches.wide.isComplete;
    if (this.#isComplete) return true;
    if (first === undefined && this.#identification === undefined && this.#isDear(CHEAP_STEPS)) {
      const identification = this.identification(budget);
      if (identification !== null && this.#spell(identification)) return true;
    }
    const next = searches.cheapest;
    const fillings = next?.advance(budget) ?? null;
    if (fillings === null) return false;
    this.#keep(fillings);
    return true;
  }

  /** Would the next search cost more? Before there are any, two pieces of everything are what is reckoned with. */
  #isDear(steps: number): boolean {
    if (this.#searches === undefined) return this.stretch.holes.some(({ offers }) => offers.length ** 2 > steps);
    const next = this.#searches.cheapest;
    return next === null || next.costAhead > steps;
  }

  /** Most segments have one hole that one append fills, called lately; it is found without any table. */
  #tryOne(budget: Budget): boolean {
    const [hole, another] = this.segment.holes;
    const chain = new ChainHash();
    const { hi, lo } = this.#operations;
    const ends = another === undefined ? endsOf(this.#operations, this.segment) : null;
    for (let index = this.#calledBefore(hole!) - 1; ends !== null && index >= 0; index--) {
      const piece = this.#candidates[index]!;
      const { recordStart, recordCount } = piece;
      if (recordCount !== hole!.end - hole!.start || !mayStandAt(piece, hole!.start)) continue;
      if (!budget.spend(recordCount)) return false;
      chain.set(ends.start.hi, ends.start.lo);
      chain.appendRange(hi, lo, recordStart, recordStart + recordCount);
      if (chain.hi !== ends.end.hi || chain.lo !== ends.end.lo) continue;
      this.#keep([[{ piece, position: hole!.start }]]);
      break;
    }
    this.#hasTriedOne = true;
    this.#isComplete = this.#found.length === 0 && this.stretch.holes.some(offersTooLittle);
    return true;
  }

  /** The likeliest offers come first: those that were not found elsewhere, latest call first. */
  #begin(): Searches {
    const { holes } = this.stretch;
    const isTaken = (candidate: Candidate): boolean => this.#taken.has(candidate);
    const likeliest = holes.map((hole) => ({
      ...hole,
      offers: [...hole.offers.filter((offer) => !isTaken(offer)), ...hole.offers.filter(isTaken)],
    }));
    return new Searches(this.#operations, { ...this.stretch, holes: likeliest });
  }

  /** Takes the records of one way to fill the holes for their content, and so finds every other way at once. */
  #spell(content: readonly Laid<Piece>[]): boolean {
    const spellings = spell(this.#operations, this.stretch, content);
    if (spellings === null) return false;
    this.#keep(spellings);
    this.#isComplete = true;
    return true;
  }

  #keep(fillings: readonly Filling[]): void {
    for (const filling of fillings) {
      const key = filling.map(({ piece, position }) => `${piece.index}@${position}`).join(' ');
      if (this.#known.has(key) || !membersSuffice(filling)) continue;
      this.#known.add(key);
      this.#found.push(filling);
    }
  }
}

/** Over the latest candidates, over one late one in each half, over everything: whatever costs least goes on. */
class Searches {
  readonly wide: TwoEndedSearch<Candidate>;
  readonly #all: readonly TwoEndedSearch<Candidate>[];

  constructor(operations: Operations, stretch: Stretch<Candidate>) {
    const widest = Math.max(0, ...stretch.holes.map((hole) => hole.offers.length));
    this.wide = new TwoEndedSearch(operations, stretch);
    this.#all = [
      ...WINDOWS.filter((size) => size < widest).map((size) => new TwoEndedSearch(operations, narrowed(stretch, size))),
      ...(NEAR < widest ? [new TwoEndedSearch(operations, { ...stretch, near: NEAR })] : []),
      this.wide,
    ];
  }

  /** Null when none can go on. */
  get cheapest(): TwoEndedSearch<Candidate> | null {
    // The more pieces, the less likely: among equal costs the fewest are tried first.
    let best: TwoEndedSearch<Candidate> | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const search of this.#all) {
      const weight =
        search.isComplete || search.isFull ? Number.POSITIVE_INFINITY : search.costAhead * search.pieceCount;
      if (weight >= least) continue;
      best = search;
      least = weight;
    }
    return best;
  }
}

/** Are there enough members of each candidate, called early enough, if no other segment uses any? */
function membersSuffice(filling: Filling): boolean {
  const used = new Map<Candidate, number>();
  for (const { piece, position } of filling) {
    const count = used.get(piece) ?? 0;
    const member = piece.members[count];
    if (member === undefined || member.floor > position) return false;
    used.set(piece, count + 1);
  }
  return true;
}

function stretchOf(
  operations: Operations,
  segment: Segment,
  offersOf: (hole: Hole) => readonly Candidate[],
): Stretch<Candidate> {
  return {
    ...endsOf(operations, segment),
    holes: stretchHoles(segment, offersOf),
    mayLie: mayStandAt,
    copiesOf: (candidate) => candidate.members.length,
  };
}

/** The chain values where the first hole starts and where the last one ends. */
function endsOf(
  operations: Operations,
  { items, startRead, endRead, holes }: Segment,
): Record<'start' | 'end', ChainHash> {
  const first = items.indexOf(holes[0]!);
  const last = items.indexOf(holes.at(-1)!);
  const start = new ChainHash(startRead?.hashHi, startRead?.hashLo);
  for (const item of items.slice(0, first))
    if (item.kind === 'batch') advanceChain(start, operations, item.op, 'append');
  const end = new ChainHash(endRead?.hashHi, endRead?.hashLo);
  for (const item of items.slice(last + 1).reverse())
    if (item.kind === 'batch') advanceChain(end, operations, item.op, 'remove');
  return { start, end };
}

function advanceChain(
  chain: ChainHash,
  { hi, lo }: Operations,
  { recordStart, recordCount }: { recordStart: number; recordCount: number },
  direction: 'append' | 'remove',
): void {
  if (direction === 'append') chain.appendRange(hi, lo, recordStart, recordStart + recordCount);
  else chain.removeRange(hi, lo, recordStart, recordStart + recordCount);
}

function stretchHoles({ items }: Segment, offersOf: (hole: Hole) => readonly Candidate[]): StretchHole<Candidate>[] {
  const holes: (StretchHole<Candidate> & { behind: Candidate['members'][number][] })[] = [];
  for (const item of items)
    if (item.kind === 'hole') holes.push({ ...item, offers: offersOf(item), behind: [] });
    else holes.at(-1)?.behind.push(item.op);
  holes.at(-1)!.behind.length = 0; // What lies behind the last hole is in the stretch's end value already.
  return holes;
}

/** The candidates that may stand somewhere in the hole, latest call first. */
export function offersFor(hole: Hole, candidates: readonly Candidate[]): Candidate[] {
  const offers: Candidate[] = [];
  const latestCalls: number[] = [];
  let descends = true;
  // Those of one member are in order of call already.
  for (let index = candidates.length - 1; index >= 0; index--) {
    const candidate = candidates[index]!;
    const lastStart = Math.min(hole.end, candidate.ceiling) - candidate.recordCount;
    const { members, matchSeqNum: match } = candidate;
    if (lastStart < hole.start || members[0]!.floor > lastStart) continue;
    if (match !== null && (match < hole.start || match > lastStart)) continue;
    const { calledAt } = members.length === 1 ? members[0]! : members.findLast((member) => member.floor <= lastStart)!;
    descends &&= calledAt < (latestCalls.at(-1) ?? Number.POSITIVE_INFINITY);
    offers.push(candidate);
    latestCalls.push(calledAt);
  }
  if (descends) return offers;
  const order = offers.map((_, at) => at).sort((a, b) => latestCalls[b]! - latestCalls[a]! || b - a);
  return order.map((at) => offers[at]!);
}

/** Tested before any table is made: a tail of 2^53 is a hole too. */
export function offersTooLittle(hole: { start: number; end: number; offers: readonly Candidate[] }): boolean {
  let records = 0;
  for (const offer of hole.offers) records += offer.recordCount * offer.members.length;
  return records < hole.end - hole.start;
}

function narrowed(stretch: Stretch<Candidate>, offersMax: number): Stretch<Candidate> {
  return { ...stretch, holes: stretch.holes.map((hole) => ({ ...hole, offers: hole.offers.slice(0, offersMax) })) };
}

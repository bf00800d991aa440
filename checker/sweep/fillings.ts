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
import type { Hole, Segment } from './tiling.ts';
import { type Laid, type Piece, type Stretch, type StretchHole, TwoEndedSearch } from './two-ended.ts';

export type Filling = readonly Laid<Candidate>[];

// Real effects happen near their calls: beyond two pieces, so many of the latest candidates per hole come first.
const WINDOWS = [24, 72, 216];
// What may be spent on trying everything before the content is compared with all batches.
const CHEAP_STEPS = 200_000;
// The same when one filling is known: any other would have to spell the same records or be a 64-bit collision.
const CHEAP_STEPS_MORE = 1_000;
const IDENTIFY_STEPS = 4_000_000;

export class SegmentFillings {
  readonly segment: Segment;
  readonly stretch: Stretch<Candidate>;
  readonly #operations: Operations;
  readonly #found: Filling[] = [];
  readonly #known = new Set<string>();
  /** The search over everything first, then those over the latest candidates. */
  readonly #searches: TwoEndedSearch<Candidate>[];
  #isComplete: boolean;
  #identification: Identification | null | undefined;

  constructor(operations: Operations, segment: Segment, candidates: readonly Candidate[]) {
    this.segment = segment;
    this.#operations = operations;
    this.stretch = stretchOf(operations, segment, candidates);
    const { holes } = this.stretch;
    this.#isComplete = holes.some(offersTooLittle);
    const widest = Math.max(0, ...holes.map((hole) => hole.offers.length));
    const windows = [widest, ...WINDOWS.filter((size) => size < widest)];
    this.#searches = this.#isComplete
      ? []
      : windows.map((size) => new TwoEndedSearch(operations, narrowed(this.stretch, size)));
  }

  /** Filling number `k`, counted from 0, if there are so many. `unknown`: the budget ran out before that was known. */
  get(k: number, budget: Budget): Filling | 'none' | 'unknown' {
    while (this.#found.length <= k) {
      if (this.#isComplete) return 'none';
      if (!this.#searchOn(budget)) return 'unknown';
    }
    return this.#found[k]!;
  }

  /** Segments are looked at by ascending difficulty, so that an easy conviction need not wait for a hard segment. */
  get difficulty(): number {
    const { holes } = this.stretch;
    return holes.length * 1_000_000 + holes.reduce((sum, hole) => sum + hole.offers.length, 0);
  }

  /** Most pieces that have been tried in all combinations. */
  get piecesTried(): number {
    return (this.#searches[0]?.pieceCount ?? 1) - 1;
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

  /** One step of searching. False when the budget or the memory does not allow it. */
  #searchOn(budget: Budget): boolean {
    const wide = this.#searches[0]!;
    this.#isComplete = wide.isComplete;
    if (this.#isComplete) return true;
    const first = this.#found[0];
    const isDear = wide.isFull || wide.costAhead > CHEAP_STEPS_MORE;
    if (first !== undefined && isDear && this.#spell(first)) return true;
    if (wide.pieceCount <= Math.max(2, this.stretch.holes.length) || wide.costAhead < CHEAP_STEPS)
      return this.#advance(wide, budget);
    if (first === undefined && this.#identification === undefined) {
      const identification = this.identification(budget);
      if (identification !== null && this.#spell(identification)) return true;
    }
    const open = this.#searches.filter((search) => !search.isComplete && !search.isFull);
    const cheapest = open.reduce<TwoEndedSearch<Candidate> | null>(
      (best, search) => (best === null || search.costAhead < best.costAhead ? search : best),
      null,
    );
    return cheapest !== null && this.#advance(cheapest, budget);
  }

  #advance(search: TwoEndedSearch<Candidate>, budget: Budget): boolean {
    const fillings = search.advance(budget);
    if (fillings === null) return false;
    this.#keep(fillings);
    return true;
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

function stretchOf(operations: Operations, segment: Segment, candidates: readonly Candidate[]): Stretch<Candidate> {
  const { items, startRead, endRead, holes } = segment;
  const first = items.indexOf(holes[0]!);
  const last = items.indexOf(holes.at(-1)!);
  const start = new ChainHash(startRead?.hashHi, startRead?.hashLo);
  for (const item of items.slice(0, first))
    if (item.kind === 'batch') advanceChain(start, operations, item.op, 'append');
  const end = new ChainHash(endRead?.hashHi, endRead?.hashLo);
  for (const item of items.slice(last + 1).reverse())
    if (item.kind === 'batch') advanceChain(end, operations, item.op, 'remove');
  return {
    holes: stretchHoles(segment, candidates),
    start,
    end,
    mayLie: mayStandAt,
    copiesOf: (candidate) => candidate.members.length,
  };
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

function stretchHoles({ items }: Segment, candidates: readonly Candidate[]): StretchHole<Candidate>[] {
  const holes: (StretchHole<Candidate> & { behind: Candidate['members'][number][] })[] = [];
  for (const item of items)
    if (item.kind === 'hole') holes.push({ ...item, offers: offersFor(item, candidates), behind: [] });
    else holes.at(-1)?.behind.push(item.op);
  holes.at(-1)!.behind.length = 0; // What lies behind the last hole is in the stretch's end value already.
  return holes;
}

/** The candidates that may stand somewhere in the hole, latest call first. */
export function offersFor(hole: Hole, candidates: readonly Candidate[]): Candidate[] {
  const offers: { candidate: Candidate; calledAt: number }[] = [];
  for (const candidate of candidates) {
    const lastStart = Math.min(hole.end, candidate.ceiling) - candidate.recordCount;
    if (lastStart < hole.start || candidate.members[0]!.floor > lastStart) continue;
    const match = candidate.matchSeqNum;
    if (match !== null && (match < hole.start || match > lastStart)) continue;
    const latest = candidate.members.findLast((member) => member.floor <= lastStart)!;
    offers.push({ candidate, calledAt: latest.calledAt });
  }
  return offers.sort((a, b) => b.calledAt - a.calledAt).map((offer) => offer.candidate);
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

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

// Real effects happen near their calls: so many of the latest candidates of each hole are tried before all of them.
const WINDOWS = [24, 72, 96, 216];
// What may be spent on a number of pieces of such a window before all candidates are looked at.
const NEAR_STEPS = 30_000;
// Late effects are rare: one candidate from anywhere in each half, the others of so many latest ones.
const NEAR = 24;
const LATE_STEPS = 1_000_000;
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
  /** Found in other segments already: most likely not here as well. */
  readonly #taken: ReadonlySet<Candidate>;
  /** Widths of the searches: those over the latest candidates, then that over everything. */
  readonly #widths: readonly number[];
  readonly #searches: TwoEndedSearch<Candidate>[] = [];
  /** One late piece in each half; undefined until it is needed. */
  #late: TwoEndedSearch<Candidate> | undefined;
  #likeliest: Stretch<Candidate> | null = null;
  #isComplete: boolean;
  #identification: Identification | null | undefined;

  constructor(
    operations: Operations,
    segment: Segment,
    candidates: readonly Candidate[],
    taken: ReadonlySet<Candidate>,
  ) {
    this.segment = segment;
    this.#operations = operations;
    this.#taken = taken;
    this.stretch = stretchOf(operations, segment, candidates);
    const { holes } = this.stretch;
    this.#isComplete = holes.some(offersTooLittle);
    const widest = Math.max(0, ...holes.map((hole) => hole.offers.length));
    this.#widths = [...WINDOWS.filter((size) => size < widest), widest];
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
    return (this.#searches[this.#widths.length - 1]?.pieceCount ?? 1) - 1;
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
    const first = this.#found[0];
    const tried = this.#searches[this.#widths.length - 1]?.pieceCount ?? this.stretch.holes.length;
    const near = first === undefined ? this.#nearest(tried) : null;
    if (near !== null) return this.#advance(near, budget);
    const wide = this.#search(this.#widths.length - 1);
    this.#isComplete = wide.isComplete;
    if (this.#isComplete) return true;
    const isDear = wide.isFull || wide.costAhead > CHEAP_STEPS_MORE;
    if (first !== undefined && isDear && this.#spell(first)) return true;
    if (wide.pieceCount <= 2 || wide.costAhead < CHEAP_STEPS) return this.#advance(wide, budget);
    const late = first === undefined ? this.#lateSearch() : null;
    if (late !== null) return this.#advance(late, budget);
    if (first === undefined && this.#identification === undefined) {
      const identification = this.identification(budget);
      if (identification !== null && this.#spell(identification)) return true;
    }
    const open = this.#widths.map((_, index) => this.#search(index)).filter(canGoOn);
    const cheapest = open.reduce<TwoEndedSearch<Candidate> | null>(
      (best, search) => (best === null || search.costAhead < best.costAhead ? search : best),
      null,
    );
    return cheapest !== null && this.#advance(cheapest, budget);
  }

  /** The narrowest window that has not yet tried so many pieces, if that costs next to nothing. */
  #nearest(pieceCount: number): TwoEndedSearch<Candidate> | null {
    for (let index = 0; index < this.#widths.length - 1; index++) {
      const search = this.#search(index);
      if (search.pieceCount <= pieceCount && canGoOn(search) && search.costAhead <= NEAR_STEPS) return search;
    }
    return null;
  }

  #lateSearch(): TwoEndedSearch<Candidate> | null {
    if (this.#widths.at(-1)! <= NEAR) return null;
    this.#late ??= new TwoEndedSearch(this.#operations, { ...this.#offered(), near: NEAR });
    return canGoOn(this.#late) && this.#late.costAhead <= LATE_STEPS ? this.#late : null;
  }

  #search(index: number): TwoEndedSearch<Candidate> {
    return (this.#searches[index] ??= new TwoEndedSearch(
      this.#operations,
      narrowed(this.#offered(), this.#widths[index]!),
    ));
  }

  /** The stretch with the likeliest offers first: those that were not found elsewhere, latest call first. */
  #offered(): Stretch<Candidate> {
    this.#likeliest ??= {
      ...this.stretch,
      holes: this.stretch.holes.map((hole) => ({
        ...hole,
        offers: [
          ...hole.offers.filter((candidate) => !this.#taken.has(candidate)),
          ...hole.offers.filter((candidate) => this.#taken.has(candidate)),
        ],
      })),
    };
    return this.#likeliest;
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

function canGoOn(search: TwoEndedSearch<Candidate>): boolean {
  return !search.isComplete && !search.isFull;
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

/**
 * Whose records are these? Names the content of holes that no legal filling of few pieces explains.
 *
 * Compares the holes against every batch of the history, whole and as a prefix, whether or not it may stand there:
 * acknowledged ones (applied twice), definite failures (phantoms), ineligible ones of unknown outcome, and cut ones.
 * A match fixes the record hashes of the holes, and with them every legal filling: it would have to spell the same
 * records, or be a collision of a 64-bit hash.
 */

import type { Budget } from './budget.ts';
import type { Candidate } from './candidates.ts';
import type { Operation, Operations } from './operations.ts';
import { type Laid, type Piece, type Stretch, TwoEndedSearch } from './two-ended.ts';

/** All of a batch, or its first records. */
export interface Fragment extends Piece {
  readonly op: Operation;
}

export type Identification = readonly Laid<Fragment>[];

// Holes further apart than this many are left to the search.
const HOLES_MAX = 2;
// A hole of known content is spelled in at most this many ways before the reading is given up.
const SPELLINGS_MAX = 2_000;

/** What lies in the holes, or null when no one or two batches or prefixes explain it within the budget. */
export function identify(operations: Operations, stretch: Stretch<Candidate>, budget: Budget): Identification | null {
  const { holes } = stretch;
  if (holes.length > HOLES_MAX) return null;
  const appends = operations.all.filter((op) => op.kind === 'append');
  const exact = holes.map((hole) => firstRecordsOf(appends, hole.end - hole.start));
  const single = searchOnce(operations, stretch, exact, budget);
  if (single !== null || holes.length > 1) return single;
  const length = holes[0]!.end - holes[0]!.start;
  // Whole batches are far likelier than prefixes, of which there are far more.
  const whole = appends
    .filter((op) => op.recordCount < length)
    .map((op) => ({ op, recordStart: op.recordStart, recordCount: op.recordCount }));
  const pair = searchOnce(operations, stretch, [whole], budget, 2);
  return pair ?? searchOnce(operations, stretch, [prefixesOf(appends, length)], budget, 2);
}

function searchOnce(
  operations: Operations,
  stretch: Stretch<Candidate>,
  offers: readonly (readonly Fragment[])[],
  budget: Budget,
  pieces = stretch.holes.length,
): Identification | null {
  const search = new TwoEndedSearch<Fragment>(operations, {
    holes: stretch.holes.map((hole, index) => ({ ...hole, offers: offers[index]! })),
    start: stretch.start,
    end: stretch.end,
    mayLie: () => true,
    copiesOf: () => Number.POSITIVE_INFINITY,
  });
  while (!search.isComplete && search.pieceCount <= pieces) {
    const solutions = search.advance(budget);
    if (solutions === null) return null;
    const best = [...solutions].sort((a, b) => strangeness(a) - strangeness(b))[0];
    if (best !== undefined) return best;
  }
  return null;
}

/** Whole batches first, then prefixes. Failures and acknowledged ones before those whose outcome is unknown. */
export function strangeness(laid: Identification): number {
  const rank = { success: 0, void: 1, unknown: 2 };
  return laid.reduce((sum, { piece }) => sum + rank[piece.op.outcome] + (isCut(piece) ? 10 : 0), 0);
}

export function isCut(fragment: Fragment): boolean {
  return fragment.recordCount < fragment.op.recordCount;
}

/** So many records from the first on, of each batch that has so many. */
function firstRecordsOf(appends: readonly Operation[], recordCount: number): Fragment[] {
  return appends
    .filter((op) => op.recordCount >= recordCount)
    .map((op) => ({ op, recordStart: op.recordStart, recordCount }));
}

/** All prefixes shorter than `length`, whole batches among them. */
function prefixesOf(appends: readonly Operation[], length: number): Fragment[] {
  const fragments: Fragment[] = [];
  for (let recordCount = 1; recordCount < length; recordCount++) {
    const found = firstRecordsOf(appends, recordCount);
    if (found.length === 0) break;
    for (const fragment of found) fragments.push(fragment);
  }
  return fragments;
}

/** Every legal way to spell the records that are known to lie in the holes, or null when there are too many to list. */
export function spell(
  operations: Operations,
  stretch: Stretch<Candidate>,
  known: readonly Laid<Piece>[],
): readonly (readonly Laid<Candidate>[])[] | null {
  let spellings: (readonly Laid<Candidate>[])[] = [[]];
  for (const hole of stretch.holes) {
    const content = known
      .filter(({ position }) => position >= hole.start && position < hole.end)
      .flatMap(({ piece }) => Array.from({ length: piece.recordCount }, (_, i) => piece.recordStart + i));
    const here: (readonly Laid<Candidate>[])[] = [];
    const open: (readonly Laid<Candidate>[])[] = [[]];
    while (open.length > 0) {
      const laid = open.pop()!;
      const last = laid.at(-1);
      const position = last === undefined ? hole.start : last.position + last.piece.recordCount;
      if (position === hole.end) here.push(laid);
      else
        for (const piece of hole.offers)
          if (
            position + piece.recordCount <= hole.end &&
            stretch.mayLie(piece, position) &&
            matches(operations, piece, content, position - hole.start)
          )
            open.push([...laid, { piece, position }]);
      if (open.length + here.length > SPELLINGS_MAX) return null;
    }
    if (spellings.length * here.length > SPELLINGS_MAX) return null;
    spellings = spellings.flatMap((before) => here.map((laid) => [...before, ...laid]));
  }
  return spellings;
}

function matches({ hi, lo }: Operations, piece: Piece, content: readonly number[], offset: number): boolean {
  for (let i = 0; i < piece.recordCount; i++) {
    const [expected, found] = [content[offset + i]!, piece.recordStart + i];
    if (hi[expected] !== hi[found] || lo[expected] !== lo[found]) return false;
  }
  return true;
}

/**
 * Positions that somebody proved to be written and no acknowledged append has claimed, while the history is being made.
 *
 * An append stands at or above its floor, in one piece, between the tails that were reported. So of a hole it is known what
 * could fill it: appends that are open, and those of unknown outcome. Where they have not enough records it is illegal, now
 * and whatever follows: what is called later stands above it.
 */

import type { Operation } from './operations.ts';
import type { Hole } from './tiling.ts';
import { claimOf, range, type Violation, violation } from './violation.ts';

interface OpenHole extends Hole {
  /** Whose answer proved that something is there. */
  readonly provedBy: Operation;
  /** What `#losses` was when it was found that it can be filled; -1 before. */
  judgedAt: number;
}

export class OpenHoles {
  /** By position. */
  #holes: OpenHole[] = [];
  /** Appends of unknown outcome, which may have taken effect or still do. */
  readonly #unknown: Operation[] = [];
  /** So many open appends have come to something else than an unknown outcome: without one of those a hole may be unexplained. */
  #losses = 0;

  get size(): number {
    return this.#holes.length + this.#unknown.length;
  }

  /** Nothing is known of [start, end) but that it is written; it lies behind all other holes. */
  add(start: number, end: number, provedBy: Operation): void {
    if (start < end) this.#holes.push({ kind: 'hole', start, end, provedBy, judgedAt: -1 });
  }

  /** An acknowledged batch takes [start, end); a tail that was reported, of no length, cuts a hole in two. */
  take(start: number, end: number): void {
    const at = this.#holes.findIndex((hole) => hole.start <= start && end <= hole.end);
    const hole = this.#holes[at];
    if (hole === undefined) return;
    const rest = [
      { ...hole, end: start, judgedAt: -1 },
      { ...hole, start: end, judgedAt: -1 },
    ].filter((part) => part.start < part.end);
    this.#holes.splice(at, 1, ...rest);
  }

  /** An open append has ended. */
  end(append: Operation, isUnknown: boolean): void {
    if (isUnknown) this.#unknown.push(append);
    else this.#losses++;
  }

  get isEmpty(): boolean {
    return this.#holes.length === 0;
  }

  /**
   * The first hole that neither these open appends nor those of unknown outcome can fill. Those that wait for no open append
   * are settled then: they had enough of unknown outcome, and there will be no less. `floor`: of whoever is called next.
   */
  judge(open: readonly Operation[], floor: number): Violation | null {
    for (const hole of this.#holes) {
      if (hole.judgedAt === this.#losses) continue;
      hole.judgedAt = this.#losses;
      const records = recordsFor(hole, open, 0);
      if (records < lengthOf(hole) && recordsFor(hole, this.#unknown, records) < lengthOf(hole))
        return unexplained(hole);
    }
    const lowest = open.reduce((least, append) => Math.min(least, append.floor), floor);
    if (this.#holes[0]!.end <= lowest) this.#holes = this.#holes.filter((hole) => hole.end > lowest);
    return null;
  }
}

/** How many records these could put into the hole besides `records`; not counted on where it has enough. */
function recordsFor(hole: Hole, appends: readonly Operation[], records: number): number {
  let sum = records;
  for (let i = 0; i < appends.length && sum < lengthOf(hole); i++)
    if (fits(appends[i]!, hole)) sum += appends[i]!.recordCount;
  return sum;
}

function fits({ floor, recordCount, matchSeqNum }: Operation, { start, end }: Hole): boolean {
  const last = end - recordCount;
  if (matchSeqNum !== null && (matchSeqNum < start || matchSeqNum > last)) return false;
  return Math.max(start, floor) <= last;
}

function lengthOf({ start, end }: Hole): number {
  return end - start;
}

function unexplained(hole: OpenHole): Violation {
  const message =
    `${claimOf(hole.provedBy)}, so there are records at ${range(hole.start, hole.end)}; but no acknowledged append is there, ` +
    'and the appends that have no answer or one of unknown outcome could not have written them.';
  return violation('unexplained-records', message, [hole.provedBy]);
}

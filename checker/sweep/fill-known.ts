/**
 * Lays the log as far as its content is known, so that tokens hold and every append is used once.
 *
 * Depth first over what the parse allows at each position, remembering states that lead nowhere; can be resumed for
 * the next way when what lies behind the known content does not fit. Of appends that would leave the same log behind
 * only the one with the most conditions is tried: whatever it could be needed for further right, the others do as
 * well. With an append that returned early this no longer holds (order of call matters then), and all are tried.
 */

import type { Budget } from './budget.ts';
import type { Candidate } from './candidates.ts';
import type { LogState, Mark } from './log-state.ts';
import { leaveTheSame, type Parse } from './parse.ts';
import type { Segment } from './tiling.ts';

interface Choice {
  readonly item: number;
  readonly position: number;
  readonly options: readonly Candidate[];
  next: number;
  readonly mark: Mark;
  /** Null where there is nothing to choose. */
  readonly key: string | null;
}

interface Place {
  item: number;
  position: number;
}

export class KnownFiller {
  readonly segment: Segment;
  readonly #optionsAt: ReadonlyMap<number, readonly Candidate[]>;
  readonly #candidates: readonly Candidate[];
  /** By candidate index: the last position at which it may be used. */
  readonly #lastUse: readonly number[];
  readonly #callsMatter: boolean;
  readonly #choices: Choice[] = [];
  readonly #deadEnds = new Set<string>();
  #isBegun = false;

  /** `isWhole`: nothing lies behind the segment, where a candidate could be used instead. */
  constructor(
    segment: Segment,
    { optionsAt }: Parse & { kind: 'parsed' },
    candidates: readonly Candidate[],
    isWhole: boolean,
  ) {
    this.segment = segment;
    this.#optionsAt = optionsAt;
    this.#candidates = candidates;
    this.#callsMatter = candidates.some(({ hasReturned }) => hasReturned);
    const lastUse = candidates.map(({ matchSeqNum }) =>
      isWhole || (matchSeqNum !== null && matchSeqNum < segment.end) ? -1 : Number.POSITIVE_INFINITY,
    );
    for (const [position, options] of optionsAt)
      for (const { index } of options) lastUse[index] = Math.max(lastUse[index]!, position);
    this.#lastUse = lastUse;
  }

  /**
   * Lays the first way through the segment, and with each further call the next one: until then the log must be left,
   * or put back, as it was. After `none` (there is no other) and `unknown` the caller puts the log back.
   */
  layNext(log: LogState, budget: Budget): 'placed' | 'none' | 'unknown' {
    let place: Place | null = this.#isBegun ? this.#choose(log, budget) : { item: 0, position: this.segment.start };
    this.#isBegun = true;
    while (place !== null) {
      if (!budget.spend(1)) return 'unknown';
      const { item, position }: Place = place;
      const at = this.segment.items[item];
      if (at === undefined) return 'placed';
      if (at.kind === 'hole' && position < at.end) {
        this.#openChoice(log, item, position);
        place = this.#choose(log, budget);
      } else if (at.kind === 'hole' || log.passBatch(at.op)) {
        place = { item: item + 1, position: at.kind === 'hole' ? at.end : at.op.tail };
      } else place = this.#choose(log, budget);
    }
    return budget.left > 0 ? 'none' : 'unknown';
  }

  #openChoice(log: LogState, item: number, position: number): void {
    const options = this.#optionsAt.get(position)!;
    const key = options.length > 1 ? this.#keyOf(log, position) : null;
    if (key !== null && this.#deadEnds.has(key)) return;
    this.#choices.push({ item, position, options, next: 0, mark: log.mark(), key });
  }

  /** Goes back to the latest choice with an option left and takes it. Null when there is none, or no budget. */
  #choose(log: LogState, budget: Budget): Place | null {
    for (let choice = this.#choices.at(-1); choice !== undefined; choice = this.#choices.at(-1)) {
      log.returnTo(choice.mark);
      while (choice.next < choice.options.length) {
        const option = choice.options[choice.next++]!;
        if (!budget.spend(1)) return null;
        if (!log.place(option, choice.position)) continue;
        if (!this.#callsMatter) choice.next = nextGroup(choice.options, choice.next);
        return { item: choice.item, position: choice.position + option.recordCount };
      }
      if (choice.key !== null) this.#deadEnds.add(choice.key);
      this.#choices.pop();
    }
    return null;
  }

  /** Everything about the log that makes a difference from here on. */
  #keyOf(log: LogState, position: number): string {
    const usable = this.#candidates.filter(({ index }) => this.#lastUse[index]! >= position);
    const call = this.#callsMatter ? (log.mark().latestCall?.opId ?? -1) : '';
    return `${position} ${call} ${log.key(usable)}`;
  }
}

/** The first option from `next` on that leaves something else behind than the one before `next`. */
function nextGroup(options: readonly Candidate[], next: number): number {
  const taken = options[next - 1]!;
  let at = next;
  while (at < options.length && leaveTheSame(taken, options[at]!)) at++;
  return at;
}

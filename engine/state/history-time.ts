/**
 * The time of the history of usage, as clocks of owners told it along the log: the newest thing told counts, also when it is
 * earlier than what was told before. So an owner whose clock is wrong misplaces what it logs itself, and nothing else.
 *
 * Time is cut into turns: a turn begins when another minute (hour, day) is told than before. Turns are numbered along the log
 * and never come again, whatever clocks do; so they, and not times, say which note is older.
 */

import { INTERVAL_S, INTERVALS, type UsageInterval } from '../core/usage.ts';

export interface Turn {
  readonly number: number;
  /** The minute, hour or day that was told, counted from 1970. */
  readonly at: number;
}

export type Turns = Readonly<Record<UsageInterval, Turn>>;

const BEGINNING: Turn = { number: 0, at: 0 };

export class HistoryTime {
  #nowMs = 0;
  #turns: Turns = { minute: BEGINNING, hour: BEGINNING, day: BEGINNING };

  /** What was told last, wall milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Another object when a turn has begun since. */
  get turns(): Turns {
    return this.#turns;
  }

  tell(ms: number): void {
    this.#nowMs = ms;
    if (atOf('minute', ms) === this.#turns.minute.at) return;
    const turns = { ...this.#turns };
    for (const interval of INTERVALS) {
      const [at, turn] = [atOf(interval, ms), turns[interval]];
      if (at !== turn.at) turns[interval] = { number: turn.number + 1, at };
    }
    this.#turns = turns;
  }

  /** What a checkpoint says. */
  restore(nowMs: number, numbers: Readonly<Record<UsageInterval, number>>): void {
    this.#nowMs = nowMs;
    const turn = (interval: UsageInterval): Turn => ({ number: numbers[interval], at: atOf(interval, nowMs) });
    this.#turns = { minute: turn('minute'), hour: turn('hour'), day: turn('day') };
  }
}

function atOf(interval: UsageInterval, ms: number): number {
  return Math.floor(ms / (INTERVAL_S[interval] * 1000));
}

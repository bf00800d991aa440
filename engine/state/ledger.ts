/**
 * Running totals and how they came about: before the first change in a minute, and in an hour, all totals are noted as they
 * were. What happened between two moments is a difference, what was there at a moment is the next note's total.
 *
 * A note never changes once it is made, so it is hashed once; the newest of them are kept, by number and not by age, because
 * no clock is sure enough to throw history away by it.
 */

import { HOURS_KEPT, MINUTES_KEPT } from '../core/usage.ts';

/** All totals as they were when minute or hour `at` (counted from 1970) began. */
export interface Note {
  readonly at: number;
  readonly totals: readonly number[];
}

const MINUTES_AN_HOUR = 60;

/** Adds (1) or takes away (-1) what a part of a ledger counts for in the hash of the state. */
export type CountInHash = (part: 'totals' | 'minute' | 'hour', note: Note, sign: 1 | -1) => void;

export interface LedgerHistory {
  readonly totals: readonly number[];
  /** Ascending by `at`. */
  readonly minutes: readonly Note[];
  readonly hours: readonly Note[];
}

export class Ledger implements LedgerHistory {
  readonly totals: number[];
  readonly minutes: Note[] = [];
  readonly hours: Note[] = [];
  readonly #countInHash: CountInHash;
  /** Totals as they are in the hash; null when they are not in it because all are zero. */
  #hashed: readonly number[] | null = null;
  /** The last minute that was opened. */
  #minute = -1;
  /** Totals changed since `settle`. */
  isTouched = false;

  constructor(figures: number, countInHash: CountInHash) {
    this.totals = Array.from<number>({ length: figures }).fill(0);
    this.#countInHash = countInHash;
  }

  /** To be called before every change; minutes never fall. */
  open(minute: number): void {
    if (minute <= this.#minute) return;
    this.#minute = minute;
    const totals = [...this.totals];
    this.#note(this.minutes, 'minute', { at: minute, totals }, MINUTES_KEPT);
    const hour = Math.floor(minute / MINUTES_AN_HOUR);
    if (this.hours.at(-1)?.at !== hour) this.#note(this.hours, 'hour', { at: hour, totals }, HOURS_KEPT);
  }

  /** Brings the hash up to date with the totals. */
  settle(): void {
    this.isTouched = false;
    this.#hash(-1);
    this.#hashed = this.totals.some((total) => total !== 0) ? [...this.totals] : null;
    this.#hash(1);
  }

  /** What a checkpoint says, into an empty ledger. */
  restore({ totals, minutes, hours }: LedgerHistory): void {
    for (let i = 0; i < totals.length; i++) this.totals[i] = totals[i] as number;
    for (const note of minutes) this.#note(this.minutes, 'minute', note, MINUTES_KEPT);
    for (const note of hours) this.#note(this.hours, 'hour', note, HOURS_KEPT);
    this.#minute = minutes.at(-1)?.at ?? -1;
    this.settle();
  }

  /** Takes all of it out of the hash, for good. */
  forget(): void {
    this.isTouched = false;
    this.#hash(-1);
    this.#hashed = null;
    for (const note of this.minutes) this.#countInHash('minute', note, -1);
    for (const note of this.hours) this.#countInHash('hour', note, -1);
  }

  #note(notes: Note[], part: 'minute' | 'hour', note: Note, max: number): void {
    notes.push(note);
    this.#countInHash(part, note, 1);
    const oldest = notes.length > max ? notes.shift() : undefined;
    if (oldest !== undefined) this.#countInHash(part, oldest, -1);
  }

  #hash(sign: 1 | -1): void {
    if (this.#hashed !== null) this.#countInHash('totals', { at: 0, totals: this.#hashed }, sign);
  }
}

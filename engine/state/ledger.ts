/**
 * Running totals and how they came about: before the first change in a minute, in an hour and in a day, all totals are noted
 * as they were. What happened between two notes is their difference, what was there at a moment is the next note's total.
 *
 * A note never changes once it is made, so it is hashed once; the newest are kept, by number and not by age, because no clock
 * is sure enough to throw history away by it. A frozen copy shares all with the ledger until the next change.
 */

import { assert } from '../core/assert.ts';
import { INTERVALS, KEPT_OF_EACH, type UsageInterval } from '../core/usage.ts';
import type { HistoryTime, Turn } from './history-time.ts';
import type { NoteHolder, NoteSpace } from './note-space.ts';

/** All totals as they were when the first change of that minute, hour or day came. */
export interface Note {
  /** Number of the turn of the history it was made in: ascends along a ledger. */
  readonly turn: number;
  /** The minute, hour or day, counted from 1970, as the clock of the owner told it. */
  readonly at: number;
  readonly totals: readonly number[];
}

export type Notes = Readonly<Record<UsageInterval, readonly Note[]>>;

export interface LedgerHistory {
  readonly totals: readonly number[];
  /** In the order of the log. */
  readonly notes: Notes;
}

/** Adds (1) or takes away (-1) what a part of a ledger counts for in the hash of the state. */
export type CountInHash = (part: 'totals' | UsageInterval, what: Omit<Note, 'turn'>, sign: 1 | -1) => void;

export interface LedgerParts {
  figures: number;
  time: HistoryTime;
  /** Null when its notes need no room: there is one such ledger. */
  spaces: Readonly<Record<UsageInterval, NoteSpace>> | null;
  countInHash: CountInHash;
}

export class Ledger implements LedgerHistory {
  readonly #parts: LedgerParts;
  #totals: number[];
  readonly #notes: Record<UsageInterval, readonly Note[]> = { minute: [], hour: [], day: [] };
  /** What the spaces know this ledger by. */
  readonly #holders: Readonly<Record<UsageInterval, NoteHolder>>;
  /** Totals as they are in the hash; null when they are not in it because all are zero. */
  #hashed: readonly number[] | null = null;
  /** The minute in which it was opened last. */
  #opened: Turn | null = null;
  /** The copy that shares all with this, since nothing changed; null when there is none. */
  #frozen: LedgerHistory | null = null;
  /** Totals changed since `settle`. */
  isTouched = false;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    this.#totals = Array.from<number>({ length: parts.figures }).fill(0);
    const holder = (interval: UsageInterval): NoteHolder => ({ dropOldest: () => this.#dropOldest(interval) });
    this.#holders = { minute: holder('minute'), hour: holder('hour'), day: holder('day') };
  }

  get totals(): readonly number[] {
    return this.#totals;
  }

  get notes(): Notes {
    return this.#notes;
  }

  /** The totals, to be changed in this turn of the history. */
  open(): number[] {
    this.#unshare();
    const { turns } = this.#parts.time;
    if (turns.minute === this.#opened) return this.#totals;
    this.#opened = turns.minute;
    const totals = [...this.#totals];
    for (const interval of INTERVALS) this.#noteIfFirst(interval, turns[interval], totals);
    return this.#totals;
  }

  /** Stays as it is. Costs nothing: the next change makes a copy. */
  frozen(): LedgerHistory {
    this.#frozen ??= { totals: this.#totals, notes: { ...this.#notes } };
    return this.#frozen;
  }

  /** Brings the hash up to date with the totals. */
  settle(): void {
    this.isTouched = false;
    this.#hash(-1);
    this.#hashed = this.#totals.some((total) => total !== 0) ? [...this.#totals] : null;
    this.#hash(1);
  }

  /** What a checkpoint says, into an empty ledger. Its notes are for `held` to tell their rooms. */
  restore({ totals, notes }: LedgerHistory): void {
    this.#totals = [...totals];
    for (const interval of INTERVALS) {
      this.#notes[interval] = notes[interval];
      for (const note of notes[interval]) this.#parts.countInHash(interval, note, 1);
    }
    this.settle();
  }

  /** Its notes, for the room they take. */
  *held(interval: UsageInterval): Generator<readonly [Turn, NoteHolder]> {
    for (const { turn, at } of this.#notes[interval]) yield [{ number: turn, at }, this.#holders[interval]];
  }

  /** Takes all of it out of the hash, and its notes out of their room, for good. */
  forget(): void {
    this.isTouched = false;
    this.#hash(-1);
    this.#hashed = null;
    for (const interval of INTERVALS) {
      for (const note of this.#notes[interval]) {
        this.#parts.countInHash(interval, note, -1);
        this.#parts.spaces?.[interval].gave(note.turn, this.#holders[interval]);
      }
    }
  }

  #noteIfFirst(interval: UsageInterval, turn: Turn, totals: readonly number[]): void {
    const space = this.#parts.spaces?.[interval];
    const notes = this.#notes[interval];
    if (notes.at(-1)?.turn === turn.number || space?.takes(turn) === false) return;
    const note = { turn: turn.number, at: turn.at, totals };
    this.#notes[interval] = [...notes, note];
    this.#parts.countInHash(interval, note, 1);
    const oldest = notes.length === KEPT_OF_EACH[interval] ? notes[0] : undefined;
    if (oldest !== undefined) {
      this.#dropOldest(interval);
      space?.gave(oldest.turn, this.#holders[interval]);
    }
    space?.took(turn, this.#holders[interval]);
  }

  #dropOldest(interval: UsageInterval): void {
    this.#unshare();
    const [oldest] = this.#notes[interval];
    assert(oldest !== undefined, 'whoever drops a note has one');
    this.#notes[interval] = this.#notes[interval].slice(1);
    this.#parts.countInHash(interval, oldest, -1);
  }

  #unshare(): void {
    if (this.#frozen === null) return;
    this.#frozen = null;
    this.#totals = [...this.#totals];
  }

  #hash(sign: 1 | -1): void {
    if (this.#hashed !== null) this.#parts.countInHash('totals', { at: 0, totals: this.#hashed }, sign);
  }
}

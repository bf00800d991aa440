/**
 * The room that all basins together have for notes of minutes, of hours, or of days. When it is full, all notes of the oldest
 * turn go, whosever they are: so every basin is remembered equally far back, however many there are.
 */

import { assert } from '../core/assert.ts';
import type { Turn } from './history-time.ts';

/** Has at most one note of a turn. */
export interface NoteHolder {
  /** Its oldest note goes. */
  dropOldest(): void;
}

export class NoteSpace {
  readonly #notesMax: number;
  #notes = 0;
  #gone: Turn | null = null;
  /** Who has a note of a turn, oldest turn first. */
  #holders = new Map<number, { at: number; who: Set<NoteHolder> }>();

  constructor(notesMax: number) {
    this.#notesMax = notesMax;
  }

  /** The newest turn whose notes went for want of room; null when none did. What happened in it is known no more. */
  get gone(): Turn | null {
    return this.#gone;
  }

  get notes(): number {
    return this.#notes;
  }

  /** Whether notes of the turn are made still: not once the room was too small for all notes of the one turn. */
  takes(turn: Turn): boolean {
    return this.#gone === null || turn.number > this.#gone.number;
  }

  /** The holder has made a note; turns never fall. */
  took(turn: Turn, holder: NoteHolder): void {
    this.#add(turn, holder);
    while (this.#notes > this.#notesMax) this.#dropOldest();
  }

  /** The holder has dropped its note by itself. */
  gave(turn: number, holder: NoteHolder): void {
    const holders = this.#holders.get(turn);
    if (holders?.who.delete(holder) !== true) return;
    this.#notes--;
    if (holders.who.size === 0) this.#holders.delete(turn);
  }

  /** What a checkpoint says: notes in any order, and what is gone. One of an older version may say more than there is room for. */
  restore(notes: Iterable<readonly [Turn, NoteHolder]>, gone: Turn | null): void {
    for (const [turn, holder] of notes) this.#add(turn, holder);
    this.#holders = new Map([...this.#holders].toSorted(([a], [b]) => a - b));
    this.#gone = gone;
  }

  #add({ number, at }: Turn, holder: NoteHolder): void {
    let holders = this.#holders.get(number);
    if (holders === undefined) this.#holders.set(number, (holders = { at, who: new Set() }));
    holders.who.add(holder);
    this.#notes++;
  }

  #dropOldest(): void {
    const [oldest] = this.#holders;
    assert(oldest !== undefined, 'what is counted is there');
    const [number, { at, who }] = oldest;
    this.#holders.delete(number);
    this.#notes -= who.size;
    this.#gone = { number, at };
    for (const holder of who) holder.dropOldest();
  }
}

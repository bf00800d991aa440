/**
 * What streams stored: before the first change of it in a minute, a stream's metered bytes are noted as they were. One list
 * for all streams, bounded, so that only streams in use cost anything; the oldest notes go first. Minutes are what owners'
 * clocks told (`history-time.ts`), so they may fall along the list.
 */

import { STREAM_MINUTES_KEPT } from '../core/usage.ts';

/** What a stream stored when the minute began. */
export interface StreamNote {
  readonly minute: number;
  readonly streamId: number;
  readonly storedBytes: number;
}

export interface StreamNoteHistory {
  /** The minute of the newest note that is gone; -1 when none is. */
  readonly goneTo: number;
  /** In the order they were made. */
  readonly notes: readonly StreamNote[];
}

export class StreamNotes implements StreamNoteHistory {
  goneTo = -1;
  #notes: StreamNote[] = [];
  /** Notes before this place are gone. */
  #first = 0;
  /** The last minute noted of a stream, for streams that have notes. */
  readonly #last = new Map<number, number>();
  readonly #countInHash: (note: StreamNote, sign: 1 | -1) => void;

  constructor(countInHash: (note: StreamNote, sign: 1 | -1) => void) {
    this.#countInHash = countInHash;
  }

  get notes(): readonly StreamNote[] {
    return this.#notes.slice(this.#first);
  }

  /** To be called before every change. */
  open(minute: number, streamId: number, storedBytes: number): void {
    if (this.#last.get(streamId) === minute) return;
    this.#push({ minute, streamId, storedBytes });
  }

  /** What a checkpoint says, into an empty list. */
  restore({ goneTo, notes }: StreamNoteHistory): void {
    this.goneTo = goneTo;
    for (const note of notes) this.#push(note);
  }

  #push(note: StreamNote): void {
    this.#last.set(note.streamId, note.minute);
    this.#notes.push(note);
    this.#countInHash(note, 1);
    if (this.#notes.length - this.#first > STREAM_MINUTES_KEPT) this.#dropOldest();
  }

  #dropOldest(): void {
    const oldest = this.#notes[this.#first++] as StreamNote;
    this.goneTo = oldest.minute;
    this.#countInHash(oldest, -1);
    if (this.#last.get(oldest.streamId) === oldest.minute) this.#last.delete(oldest.streamId);
    if (this.#first < STREAM_MINUTES_KEPT) return;
    this.#notes = this.#notes.slice(this.#first);
    this.#first = 0;
  }
}

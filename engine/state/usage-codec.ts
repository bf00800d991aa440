/**
 * Usage as fields of entries and checkpoints. Of a note only the totals that differ from the note before it are stored, and
 * of its minute or hour the distance; of the first note, the distance to zero.
 */

import { ACCOUNT_FIGURES, BASIN_FIGURES, type Count } from '../core/usage.ts';
import type { LedgerHistory, Note } from './ledger.ts';
import { type PayloadReader, PayloadWriter } from './payload.ts';
import type { StreamNote } from './stream-notes.ts';
import type { UsageHistory } from './usage.ts';

/** Notes of ledgers, and of streams, that are written in one turn: about 5 ms. */
const NOTES_PER_PART = 2_048;
const STREAM_NOTES_PER_PART = 16_384;

export function writeCounts(out: PayloadWriter, counts: readonly Count[]): void {
  out.number(counts.length);
  for (const [figure, count] of counts) out.number(figure).number(count);
}

/** Throws a RangeError for a figure of which `isKnown` says that nobody may count it. */
export function readCounts(from: PayloadReader, isKnown: (figure: number) => boolean): Count[] {
  return Array.from({ length: from.number() }, () => {
    const figure = from.number();
    if (!isKnown(figure)) throw new RangeError(`there is no figure ${figure} to count`);
    return [figure, from.number()] as const;
  });
}

/** All of it, in parts that take a few milliseconds each. */
export function* writeUsage(usage: UsageHistory): Generator<Uint8Array> {
  const head = new PayloadWriter().number(usage.nowMs);
  writeLedger(head, usage.account);
  yield head.number(usage.basins.length).finish();
  let out = new PayloadWriter();
  let notes = 0;
  for (const basin of usage.basins) {
    out.text(basin.name);
    writeLedger(out, basin);
    notes += 1 + basin.minutes.length + basin.hours.length;
    if (notes < NOTES_PER_PART) continue;
    yield out.finish();
    [out, notes] = [new PayloadWriter(), 0];
  }
  out.number(usage.streams.goneTo + 1).number(usage.streams.notes.length);
  yield out.finish();
  yield* writeStreamNotes(usage.streams.notes);
  const tail = new PayloadWriter().number(usage.uncounted.length);
  for (const id of usage.uncounted) tail.number(id);
  yield tail.finish();
}

function* writeStreamNotes(notes: readonly StreamNote[]): Generator<Uint8Array> {
  let minute = 0;
  for (let at = 0; at < notes.length; at += STREAM_NOTES_PER_PART) {
    const out = new PayloadWriter();
    for (const note of notes.slice(at, at + STREAM_NOTES_PER_PART)) {
      out.number(note.minute - minute);
      out.number(note.streamId).number(note.storedBytes);
      minute = note.minute;
    }
    yield out.finish();
  }
}

export function readUsage(from: PayloadReader): UsageHistory {
  return {
    nowMs: from.number(),
    account: readLedger(from, ACCOUNT_FIGURES.length),
    basins: Array.from({ length: from.number() }, () => ({
      name: from.text(),
      ...readLedger(from, BASIN_FIGURES.length),
    })),
    streams: readStreamNotes(from),
    uncounted: Array.from({ length: from.number() }, () => from.number()),
  };
}

function readStreamNotes(from: PayloadReader): UsageHistory['streams'] {
  const goneTo = from.number() - 1;
  let minute = 0;
  const notes = Array.from({ length: from.number() }, () => {
    minute += from.number();
    return { minute, streamId: from.number(), storedBytes: from.number() };
  });
  return { goneTo, notes };
}

function writeLedger(out: PayloadWriter, { totals, minutes, hours }: LedgerHistory): void {
  const nothing = totals.map(() => 0);
  writeChanges(out, nothing, totals);
  for (const notes of [minutes, hours]) {
    out.number(notes.length);
    let before: Note = { at: 0, totals: nothing };
    for (const note of notes) {
      out.number(note.at - before.at);
      writeChanges(out, before.totals, note.totals);
      before = note;
    }
  }
}

function readLedger(from: PayloadReader, figures: number): LedgerHistory {
  const nothing = Array.from<number>({ length: figures }).fill(0);
  const totals = readChanges(from, nothing);
  const notes = () => {
    let before: Note = { at: 0, totals: nothing };
    return Array.from({ length: from.number() }, () => {
      before = { at: before.at + from.number(), totals: readChanges(from, before.totals) };
      return before;
    });
  };
  return { totals, minutes: notes(), hours: notes() };
}

function writeChanges(out: PayloadWriter, before: readonly number[], after: readonly number[]): void {
  // Counted first and written then: a store in use has a hundred thousand of these.
  let changes = 0;
  for (let figure = 0; figure < after.length; figure++) if (after[figure] !== before[figure]) changes++;
  out.number(changes);
  for (let figure = 0; figure < after.length; figure++) {
    if (after[figure] !== before[figure]) out.number(figure).number(after[figure] as number);
  }
}

function readChanges(from: PayloadReader, before: readonly number[]): number[] {
  const totals = [...before];
  for (let changes = from.number(); changes > 0; changes--) {
    const figure = from.number();
    if (figure >= totals.length) throw new RangeError(`there is no figure ${figure}`);
    totals[figure] = from.number();
  }
  return totals;
}

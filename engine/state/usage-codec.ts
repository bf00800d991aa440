/**
 * Usage as fields of entries and checkpoints. Of a note only the totals that differ from the note before it are stored, and
 * of its minute or hour the distance; of the first note, the distance to zero.
 */

import { ACCOUNT_FIGURES, BASIN_FIGURES, type Count } from '../core/usage.ts';
import type { LedgerHistory, Note } from './ledger.ts';
import type { PayloadReader, PayloadWriter } from './payload.ts';
import type { UsageHistory } from './usage.ts';

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

export function writeUsage(out: PayloadWriter, usage: UsageHistory): void {
  out.number(usage.nowMs);
  writeLedger(out, usage.account);
  out.number(usage.basins.length);
  for (const basin of usage.basins) {
    out.text(basin.name);
    writeLedger(out, basin);
  }
  out.number(usage.streams.goneTo + 1).number(usage.streams.notes.length);
  let minute = 0;
  for (const note of usage.streams.notes) {
    out
      .number(note.minute - minute)
      .number(note.streamId)
      .number(note.storedBytes);
    minute = note.minute;
  }
  out.number(usage.uncounted.length);
  for (const id of usage.uncounted) out.number(id);
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
  const changed = after.flatMap((total, figure) => (total === before[figure] ? [] : [figure]));
  out.number(changed.length);
  for (const figure of changed) out.number(figure).number(after[figure] as number);
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

/**
 * Usage as fields of entries and checkpoints. Of a note only the totals that differ from the note before it are stored, and
 * of its turn and time the distance; of the first note, the distance to zero.
 */

import {
  ACCOUNT_FIGURES,
  BASIN_FIGURES,
  type Count,
  INTERVAL_S,
  INTERVALS,
  type UsageInterval,
} from '../core/usage.ts';
import type { Turn } from './history-time.ts';
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
  for (const interval of INTERVALS) {
    const gone = usage.gone[interval];
    head.number(usage.turns[interval]).optionalNumber(gone?.number ?? null);
    if (gone !== null) head.number(gone.at);
  }
  writeLedger(head, usage.account);
  yield head.number(usage.basins.length).finish();
  let out = new PayloadWriter();
  let notes = 0;
  for (const { name, ledger } of usage.basins) {
    out.text(name);
    writeLedger(out, ledger);
    for (const interval of INTERVALS) notes += ledger.notes[interval].length;
    if (++notes < NOTES_PER_PART) continue;
    yield out.finish();
    [out, notes] = [new PayloadWriter(), 0];
  }
  out.number(usage.streams.goneTo + 1).number(usage.streams.notes.length);
  yield out.finish();
  yield* writeStreamNotes(usage.streams.notes);
  const tail = new PayloadWriter().number(usage.uncounted.length);
  for (const id of Float64Array.from(usage.uncounted).sort()) tail.number(id);
  yield tail.finish();
}

function* writeStreamNotes(notes: readonly StreamNote[]): Generator<Uint8Array> {
  let minute = 0;
  for (let at = 0; at < notes.length; at += STREAM_NOTES_PER_PART) {
    const out = new PayloadWriter();
    for (const note of notes.slice(at, at + STREAM_NOTES_PER_PART)) {
      out.number(zigzag(note.minute - minute));
      out.number(note.streamId).number(note.storedBytes);
      minute = note.minute;
    }
    yield out.finish();
  }
}

export function readUsage(from: PayloadReader, layout: UsageLayout = LAYOUT): UsageHistory {
  const nowMs = from.number();
  const [turns, gone] = layout.readTurns(from, nowMs);
  return {
    ...{ nowMs, turns, gone },
    account: readLedger(from, ACCOUNT_FIGURES.length, layout),
    basins: Array.from({ length: from.number() }, () => ({
      name: from.text(),
      ledger: readLedger(from, BASIN_FIGURES.length, layout),
    })),
    streams: readStreamNotes(from, layout),
    uncounted: Array.from({ length: from.number() }, () => from.number()),
  };
}

function readStreamNotes(from: PayloadReader, layout: UsageLayout): UsageHistory['streams'] {
  const goneTo = from.number() - 1;
  let minute = 0;
  const notes = Array.from({ length: from.number() }, () => {
    minute += layout.readDistance(from);
    return { minute, streamId: from.number(), storedBytes: from.number() };
  });
  return { goneTo, notes };
}

function writeLedger(out: PayloadWriter, { totals, notes }: LedgerHistory): void {
  const nothing = totals.map(() => 0);
  writeChanges(out, nothing, totals);
  for (const interval of INTERVALS) {
    out.number(notes[interval].length);
    let before: Note = { turn: 0, at: 0, totals: nothing };
    for (const note of notes[interval]) {
      out.number(note.turn - before.turn).number(zigzag(note.at - before.at));
      writeChanges(out, before.totals, note.totals);
      before = note;
    }
  }
}

function readLedger(from: PayloadReader, figures: number, layout: UsageLayout): LedgerHistory {
  const nothing = Array.from<number>({ length: figures }).fill(0);
  const totals = readChanges(from, nothing);
  const notes: Record<UsageInterval, Note[]> = { minute: [], hour: [], day: [] };
  for (const interval of layout.intervals) {
    let before: Note = { turn: 0, at: 0, totals: nothing };
    notes[interval] = Array.from({ length: from.number() }, () => {
      const { turn, at } = layout.readPlace(from, before);
      return (before = { turn, at, totals: readChanges(from, before.totals) });
    });
  }
  return { totals, notes };
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

// --- how places in time are stored ------------------------------------------------------------------------------

type Turns = Pick<UsageHistory, 'turns' | 'gone'>;

/** What differs between versions of the format. */
interface UsageLayout {
  intervals: readonly UsageInterval[];
  readTurns(from: PayloadReader, nowMs: number): readonly [Turns['turns'], Turns['gone']];
  readPlace(from: PayloadReader, before: Note): Pick<Note, 'turn' | 'at'>;
  readDistance(from: PayloadReader): number;
}

const LAYOUT: UsageLayout = {
  intervals: INTERVALS,
  readTurns: (from) => {
    const turns: Record<UsageInterval, number> = { minute: 0, hour: 0, day: 0 };
    const gone: Record<UsageInterval, Turn | null> = { minute: null, hour: null, day: null };
    for (const interval of INTERVALS) {
      turns[interval] = from.number();
      const number = from.optionalNumber();
      if (number !== null) gone[interval] = { number, at: from.number() };
    }
    return [turns, gone];
  },
  readPlace: (from, before) => ({ turn: before.turn + from.number(), at: before.at + unzigzag(from.number()) }),
  readDistance: (from) => unzigzag(from.number()),
};

/** Of versions before the sixth, where time never fell and nothing was told of days: minutes and hours number their turns. */
export const USAGE_WITHOUT_TURNS: UsageLayout = {
  intervals: ['minute', 'hour'],
  readTurns: (_, nowMs) => {
    const turn = (interval: UsageInterval) => Math.floor(nowMs / (INTERVAL_S[interval] * 1000));
    return [
      { minute: turn('minute'), hour: turn('hour'), day: turn('day') },
      { minute: null, hour: null, day: null },
    ];
  },
  readPlace: (from, before) => {
    const at = before.at + from.number();
    return { turn: at, at };
  },
  readDistance: (from) => from.number(),
};

/** Small numbers of either sign as small ones without. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/**
 * What a history page carries for its charts, packed: one JSON value of a few dozen bytes per operation.
 *
 * Columns of small integers instead of objects, differences instead of large numbers, repeated strings once. Everything
 * that can be computed from it (envelope, linearization points, states) is computed in the page. `unpackOperations`
 * gives back exactly what was packed.
 */

import { ColumnReader, ColumnWriter, packDeltas, unpackDeltas } from './columns.ts';
import type { PackedMessages } from './messages.ts';
import { joinNote, splitNote } from './note-templates.ts';
import type { Operation, OperationKind, OperationOutcome } from './operations.ts';
import type { TrackRows } from './track-rows.ts';
import type { Baseline, Overview } from './window.ts';

export interface ChartData {
  /** Times of the events as differences, in units of `1 / unitsPerMs` ms; null when the history has no times. */
  eventTimes: string | null;
  unitsPerMs: 1 | 1000;
  eventCount: number;
  operations: PackedOperations;
  /** Indexes into the operations, in the order the checker placed them, as differences. */
  linearization: { count: number; indexes: string } | null;
  /** How far a history without a whole order can be ordered, longest first. */
  partialOrders: readonly { count: number; indexes: string }[];
  /** Indexes of the operations a failure names, most telling first. */
  guilty: readonly number[];
  tracks: readonly TrackRows[];
  /** What travelled between hosts; null when nobody recorded it. */
  messages: PackedMessages | null;
  /** Hashes of all records appended, or null where they would be too many. */
  recordHashes: string | null;
  /** Of a history too long to be carried whole: what came before, and the whole in figures. */
  window: { baseline: Baseline; overview: Overview; events: string } | null;
}

export interface PackedOperations {
  count: number;
  /** Tokens as they are, and templates of notes. */
  strings: readonly string[];
  opIds: string;
  clientIds: string;
  /** Index into KINDS × OUTCOMES. */
  kindOutcomes: string;
  callEvents: string;
  /** Return minus call; 0 for no return. */
  durations: string;
  recordCounts: string;
  /** Only of what has a place, as differences from the one before. */
  tails: string;
  /** 0 for none, else 1 + the signed distance from the tail before. */
  matchSeqNums: string;
  /** Pairs of the fencing token and the token set, each 0 for none or 1 + an index into the strings. */
  tokens: string;
  /** Eight bytes for each that has one. */
  streamHashes: string;
  /** At the call and at the return: 0 for none or 1 + an index into the strings, then the numbers of the template. */
  notes: string;
  /** Index and milliseconds, of the few that have it. */
  gaveUp: readonly (readonly [number, number])[];
  /** Index and point, of those that tell of trims. */
  trims: readonly (readonly [number, number])[];
}

export const KINDS: readonly OperationKind[] = ['append', 'read', 'check-tail'];
export const OUTCOMES: readonly OperationOutcome[] = ['durable', 'rejected', 'unknown', 'answered', 'failed', 'open'];

export function packOperations(operations: readonly Operation[]): PackedOperations {
  const strings = new StringTable();
  const column = (write: (writer: ColumnWriter, operation: Operation) => void): string => {
    const writer = new ColumnWriter();
    for (const operation of operations) write(writer, operation);
    return writer.text();
  };
  return {
    count: operations.length,
    opIds: packDeltas(operations.map((o) => o.opId)),
    clientIds: packDeltas(operations.map((o) => o.clientId)),
    kindOutcomes: column((w, o) => w.byte(KINDS.indexOf(o.kind) * OUTCOMES.length + OUTCOMES.indexOf(o.outcome))),
    callEvents: packDeltas(operations.map((o) => o.callEvent)),
    durations: column((w, o) => w.unsigned(o.returnEvent === null ? 0 : o.returnEvent - o.callEvent)),
    recordCounts: column((w, o) => w.unsigned(o.recordCount)),
    ...packPositions(operations),
    tokens: orNothing(
      operations.some((o) => o.fencingToken !== null || o.setFencingToken !== null),
      () =>
        column((w, o) => {
          w.unsigned(strings.indexAfterNone(o.fencingToken));
          w.unsigned(strings.indexAfterNone(o.setFencingToken));
        }),
    ),
    streamHashes: column((w, o) => writeHash(w, o)),
    notes: orNothing(
      operations.some((o) => o.callNote !== null || o.returnNote !== null),
      () =>
        column((w, o) => {
          writeNote(w, strings, o.callNote);
          writeNote(w, strings, o.returnNote);
        }),
    ),
    gaveUp: operations.flatMap((o, index) => (o.gaveUpAtMs === null ? [] : [[index, o.gaveUpAtMs] as const])),
    trims: operations.flatMap((o, index) => (o.trim === null ? [] : [[index, o.trim] as const])),
    // Last: the columns above fill the table.
    strings: strings.all(),
  };
}

export function unpackOperations(packed: PackedOperations): Operation[] {
  const { count, strings } = packed;
  const opIds = unpackDeltas(packed.opIds, count);
  const clientIds = unpackDeltas(packed.clientIds, count);
  const callEvents = unpackDeltas(packed.callEvents, count);
  const gaveUp = new Map(packed.gaveUp);
  const trims = new Map(packed.trims);
  const reader = (text: string): ColumnReader => new ColumnReader(text);
  const [kindOutcomes, durations, recordCounts] = [packed.kindOutcomes, packed.durations, packed.recordCounts].map(
    reader,
  ) as [ColumnReader, ColumnReader, ColumnReader];
  const positions = new PositionReader(packed);
  const [tokens, hashes, notes] = [packed.tokens, packed.streamHashes, packed.notes].map(reader) as [
    ColumnReader,
    ColumnReader,
    ColumnReader,
  ];
  const token = (): string | null => stringAfterNone(strings, tokens.unsigned());
  return Array.from({ length: count }, (_, i): Operation => {
    const kindOutcome = kindOutcomes.byte();
    const kind = KINDS[Math.floor(kindOutcome / OUTCOMES.length)] ?? 'append';
    const outcome = OUTCOMES[kindOutcome % OUTCOMES.length] ?? 'unknown';
    const duration = durations.unsigned();
    const recordCount = recordCounts.unsigned();
    const callEvent = callEvents[i] ?? 0;
    const { tail, matchSeqNum } = positions.next(hasPlace(outcome));
    return {
      opId: opIds[i] ?? 0,
      clientId: clientIds[i] ?? 0,
      kind,
      outcome,
      callEvent,
      returnEvent: duration === 0 ? null : callEvent + duration,
      startSeqNum: tail === null ? null : tail - recordCount,
      endSeqNum: tail,
      recordCount,
      matchSeqNum,
      fencingToken: token(),
      setFencingToken: token(),
      streamHash: hasHash(kind, outcome) ? readHash(hashes) : null,
      callNote: readNote(notes, strings),
      returnNote: readNote(notes, strings),
      trim: trims.get(i) ?? null,
      gaveUpAtMs: gaveUp.get(i) ?? null,
    };
  });
}

/** Whole milliseconds if all times are, else microseconds: integers either way, so that sums stay exact. */
export function packTimes(timesMs: readonly number[] | null): Pick<ChartData, 'eventTimes' | 'unitsPerMs'> {
  if (timesMs === null) return { eventTimes: null, unitsPerMs: 1 };
  const unitsPerMs = timesMs.every(Number.isInteger) ? 1 : 1000;
  return { eventTimes: packDeltas(timesMs.map((ms) => Math.round(ms * unitsPerMs))), unitsPerMs };
}

export function unpackTimes({
  eventTimes,
  unitsPerMs,
  eventCount,
}: Pick<ChartData, 'eventTimes' | 'unitsPerMs' | 'eventCount'>): number[] | null {
  if (eventTimes === null) return null;
  return unpackDeltas(eventTimes, eventCount).map((units) => units / unitsPerMs);
}

export function packOrder(indexes: readonly number[]): { count: number; indexes: string } {
  return { count: indexes.length, indexes: packDeltas(indexes) };
}

export function unpackOrder({ count, indexes }: { count: number; indexes: string }): number[] {
  return unpackDeltas(indexes, count);
}

// --- positions: a tail is near the one before it, and a guard near the tail --------------------------------------

function packPositions(operations: readonly Operation[]): Pick<PackedOperations, 'tails' | 'matchSeqNums'> {
  const tails = new ColumnWriter();
  const guards = new ColumnWriter();
  let last = 0;
  for (const { outcome, matchSeqNum, endSeqNum } of operations) {
    if (matchSeqNum === null) guards.unsigned(0);
    else {
      const distance = matchSeqNum - last;
      guards.unsigned(1 + (distance < 0 ? -2 * distance - 1 : 2 * distance));
    }
    if (!hasPlace(outcome)) continue;
    tails.signed((endSeqNum ?? 0) - last);
    last = endSeqNum ?? 0;
  }
  const isGuarded = operations.some(({ matchSeqNum }) => matchSeqNum !== null);
  return { tails: tails.text(), matchSeqNums: isGuarded ? guards.text() : '' };
}

class PositionReader {
  readonly #tails: ColumnReader;
  readonly #guards: ColumnReader;
  #last = 0;

  constructor({ tails, matchSeqNums }: PackedOperations) {
    this.#tails = new ColumnReader(tails);
    this.#guards = new ColumnReader(matchSeqNums);
  }

  next(isPlaced: boolean): { tail: number | null; matchSeqNum: number | null } {
    const guard = this.#guards.unsigned();
    const folded = guard - 1;
    const matchSeqNum = guard === 0 ? null : this.#last + (folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2);
    if (!isPlaced) return { tail: null, matchSeqNum };
    this.#last += this.#tails.signed();
    return { tail: this.#last, matchSeqNum };
  }
}

function hasPlace(outcome: OperationOutcome): boolean {
  return outcome === 'durable' || outcome === 'answered';
}

// --- hashes, tokens and notes ------------------------------------------------------------------------------------

function hasHash(kind: OperationKind, outcome: OperationOutcome): boolean {
  return kind === 'read' && outcome === 'answered';
}

function writeHash(writer: ColumnWriter, { kind, outcome, streamHash }: Operation): void {
  if (!hasHash(kind, outcome)) return;
  const hex = streamHash ?? '';
  writer.word(Number.parseInt(hex.slice(0, 8), 16));
  writer.word(Number.parseInt(hex.slice(8), 16));
}

function readHash(reader: ColumnReader): string {
  const half = (): string => (reader.word() >>> 0).toString(16).padStart(8, '0');
  return half() + half();
}

function writeNote(writer: ColumnWriter, strings: StringTable, text: string | null): void {
  if (text === null) return writer.unsigned(0);
  const { template, numbers } = splitNote(text);
  writer.unsigned(strings.indexAfterNone(template));
  writer.unsigned(numbers.length);
  for (const number of numbers) writer.unsigned(number);
}

function readNote(reader: ColumnReader, strings: readonly string[]): string | null {
  const template = stringAfterNone(strings, reader.unsigned());
  if (template === null) return null;
  const numbers = Array.from({ length: reader.unsigned() }, () => reader.unsigned());
  return joinNote({ template, numbers });
}

function stringAfterNone(strings: readonly string[], index: number): string | null {
  return index === 0 ? null : (strings[index - 1] ?? null);
}

function orNothing(holds: boolean, column: () => string): string {
  return holds ? column() : '';
}

class StringTable {
  readonly #indexes = new Map<string, number>();

  /** 0 for none, else 1 + the index. */
  indexAfterNone(text: string | null): number {
    if (text === null) return 0;
    const known = this.#indexes.get(text);
    if (known !== undefined) return known + 1;
    this.#indexes.set(text, this.#indexes.size);
    return this.#indexes.size;
  }

  all(): string[] {
    return [...this.#indexes.keys()];
  }
}

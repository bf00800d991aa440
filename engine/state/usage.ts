/**
 * Usage: what the log says was stored, appended and asked for, and when. A pure fold beside the rows, part of every
 * checkpoint and of the hash, so its history survives whoever kept it.
 *
 * Appended and stored bytes follow from the entries themselves and are exact. Operations are counted where they come in and
 * arrive as USAGE entries; what an owner counted and did not log before it died is lost. Both stand at the time the clock of
 * the owner told that logged them (`history-time.ts`), and what is kept of it is bounded for all basins together.
 */

import type { ChunkFacts } from '../core/chunk.ts';
import type { StreamState } from '../core/stream-state.ts';
import {
  ACCOUNT_FIGURES,
  BASIN_FIGURES,
  basinFigure,
  type Count,
  INTERVALS,
  KEPT_OF_ALL,
  type UsageInterval,
} from '../core/usage.ts';
import type { TrimEntry, UsageEntry } from './entries.ts';
import type { Change, RareRowEntry } from './fold.ts';
import { HistoryTime, type Turn } from './history-time.ts';
import { type CountInHash, Ledger, type LedgerHistory } from './ledger.ts';
import { NoteSpace } from './note-space.ts';
import type { StateHasher } from './state-hash.ts';
import { type StreamNoteHistory, StreamNotes } from './stream-notes.ts';

const STORED = basinFigure('stored-bytes');
const STREAMS = basinFigure('streams');
const CREATED = basinFigure('streams-created');
const APPENDS = { standard: basinFigure('appends-standard'), express: basinFigure('appends-express') };
const APPENDED_BYTES = basinFigure('appended-bytes');
const APPENDED_RECORDS = basinFigure('appended-records');

/** All of it in one turn, as a checkpoint keeps it. */
export interface UsageHistory {
  /** The time that was told last, and the numbers of the turns it is in. */
  nowMs: number;
  turns: Readonly<Record<UsageInterval, number>>;
  /** The newest turns of which notes of basins went for want of room. */
  gone: Readonly<Record<UsageInterval, Turn | null>>;
  account: LedgerHistory;
  basins: readonly { name: string; ledger: LedgerHistory }[];
  streams: StreamNoteHistory;
  /** Streams of which nobody counted what lies below their trim point, in no order. */
  uncounted: readonly number[];
}

/** What a change was made of. */
export interface RowChange {
  entry: RareRowEntry;
  change: Change;
  /** The stream's row before; undefined when it is new, or when the change is a basin's. */
  before: StreamState | undefined;
  /** The newest arrival of any chunk before it. */
  lastArrivalMs: number;
}

export class Usage {
  readonly #hasher: StateHasher;
  readonly #time = new HistoryTime();
  /** For the notes of all basins together. */
  readonly #spaces: Readonly<Record<UsageInterval, NoteSpace>>;
  readonly account: Ledger;
  readonly #basins = new Map<string, Ledger>();
  readonly streams: StreamNotes;
  /** Streams that were trimmed, not to their tail, and of which nobody counted what that took away. */
  readonly uncounted = new Set<number>();
  /** Ledgers whose totals are not in the hash as they are. */
  #touched: Ledger[] = [];

  /** `notesMax` of each resolution, for the basins together. */
  constructor(hasher: StateHasher, notesMax = KEPT_OF_ALL) {
    this.#hasher = hasher;
    this.#spaces = { minute: new NoteSpace(notesMax), hour: new NoteSpace(notesMax), day: new NoteSpace(notesMax) };
    this.account = this.#ledger('', ACCOUNT_FIGURES.length, null);
    this.streams = new StreamNotes((note, sign) => hasher.streamNote(note, sign));
  }

  /** The time some entry told last, wall milliseconds. */
  get nowMs(): number {
    return this.#time.nowMs;
  }

  /** The newest turns of which notes of basins are gone; null when all are there. */
  get gone(): Readonly<Record<UsageInterval, Turn | null>> {
    return byInterval((interval) => this.#spaces[interval].gone);
  }

  basin(name: string): LedgerHistory | undefined {
    return this.#basins.get(name);
  }

  basins(): IterableIterator<[string, LedgerHistory]> {
    return this.#basins.entries();
  }

  /** The clock of an owner said so: of the entry that is folded next. */
  told(ms: number): void {
    if (ms !== this.#time.nowMs) this.#time.tell(ms);
  }

  /** A chunk was folded: the way of every append. */
  appended(chunk: ChunkFacts, before: StreamState, row: StreamState): void {
    const totals = this.#opened(this.#ledgerOf(row.basin));
    const appends = APPENDS[row.config.storageClass];
    totals[appends] = (totals[appends] as number) + 1;
    totals[APPENDED_BYTES] = (totals[APPENDED_BYTES] as number) + row.appendedBytes - before.appendedBytes;
    totals[APPENDED_RECORDS] = (totals[APPENDED_RECORDS] as number) + chunk.count;
    if (storedBytesOf(row) !== storedBytesOf(before)) this.#stored(totals, before, row);
    if (row.trimPoint !== before.trimPoint) this.#setUncounted(row.id, row.trimPoint !== row.tail.seqNum);
  }

  /** Another row entry was folded. */
  changed({ entry, change, before, lastArrivalMs }: RowChange): void {
    const told = timeOf(entry, lastArrivalMs);
    if (told !== null) this.told(told);
    switch (change.table) {
      case 'basin':
        if (!this.#basins.has(change.row.name)) this.#addBasin(change.row.name);
        return;
      case 'deleted-basin':
        this.#basins.get(change.row.name)?.forget();
        this.#basins.delete(change.row.name);
        return;
      case 'stream':
        this.#streamChanged(entry, before, change.row);
        return;
      case 'deleted-stream': {
        const totals = this.#opened(this.#ledgerOf(change.row.basin));
        this.#stored(totals, change.row, null);
        totals[STREAMS] = (totals[STREAMS] as number) - 1;
        this.#setUncounted(change.row.id, false);
        return;
      }
      case 'token':
      case 'revoked-token':
    }
  }

  /** Counts of operations; those of a basin that is gone count for nobody. */
  reported({ atMs, account, basins }: UsageEntry): void {
    this.told(atMs);
    this.#report(this.account, account);
    for (const { name, counts } of basins) {
      const ledger = this.#basins.get(name);
      if (ledger !== undefined) this.#report(ledger, counts);
    }
  }

  /** Brings the hash up to date: totals change too often to be hashed each time. */
  settle(): void {
    if (this.#touched.length === 0) return;
    for (const ledger of this.#touched) if (ledger.isTouched) ledger.settle();
    this.#touched = [];
  }

  /** A copy that stays as it is. Ledgers are shared with it until they change, so it is made at once. */
  frozen(): UsageHistory {
    return {
      nowMs: this.#time.nowMs,
      turns: byInterval((interval) => this.#time.turns[interval].number),
      gone: this.gone,
      account: this.account.frozen(),
      basins: Array.from(this.#basins, ([name, ledger]) => ({ name, ledger: ledger.frozen() })),
      streams: { goneTo: this.streams.goneTo, notes: this.streams.notes },
      uncounted: [...this.uncounted],
    };
  }

  /** What a checkpoint says. Basins that are in its rows are here already. */
  restore(history: UsageHistory): void {
    this.#time.restore(history.nowMs, history.turns);
    this.account.restore(history.account);
    for (const { name, ledger } of history.basins) this.#addBasin(name).restore(ledger);
    const ledgers = [...this.#basins.values()];
    for (const interval of INTERVALS) {
      const held = ledgers.flatMap((ledger) => [...ledger.held(interval)]);
      this.#spaces[interval].restore(held, history.gone[interval]);
    }
    this.streams.restore(history.streams);
    for (const id of history.uncounted) this.#setUncounted(id, true);
  }

  #streamChanged(entry: RareRowEntry, before: StreamState | undefined, row: StreamState): void {
    const ledger = this.#ledgerOf(row.basin);
    if (before === undefined) {
      const totals = this.#opened(ledger);
      totals[STREAMS] = (totals[STREAMS] as number) + 1;
      totals[CREATED] = (totals[CREATED] as number) + 1;
      return;
    }
    if (storedBytesOf(row) !== storedBytesOf(before)) this.#stored(this.#opened(ledger), before, row);
    if (entry.type === 'trim') this.#trimmed(entry, row);
  }

  /** Exact when nothing is left, or when the entry says so of the trim point there is now. */
  #trimmed(entry: TrimEntry, row: StreamState): void {
    const isEmpty = row.trimPoint === row.tail.seqNum;
    const isCounted = entry.trimmedBytes !== null && entry.trimPoint === row.trimPoint;
    this.#setUncounted(row.id, !isEmpty && !isCounted);
  }

  #stored(totals: number[], before: StreamState, after: StreamState | null): void {
    const stored = storedBytesOf(before);
    this.streams.open(this.#time.turns.minute.at, before.id, stored);
    totals[STORED] = (totals[STORED] as number) + (after === null ? 0 : storedBytesOf(after)) - stored;
  }

  #report(ledger: Ledger, counts: readonly Count[]): void {
    if (counts.length === 0) return;
    const totals = this.#opened(ledger);
    for (const [figure, count] of counts) totals[figure] = (totals[figure] as number) + count;
  }

  /** The totals, to be changed now. */
  #opened(ledger: Ledger): number[] {
    if (!ledger.isTouched) {
      ledger.isTouched = true;
      this.#touched.push(ledger);
    }
    return ledger.open();
  }

  #ledgerOf(basin: string): Ledger {
    return this.#basins.get(basin) ?? this.#addBasin(basin);
  }

  #addBasin(name: string): Ledger {
    const ledger = this.#ledger(name, BASIN_FIGURES.length, this.#spaces);
    this.#basins.set(name, ledger);
    return ledger;
  }

  #ledger(name: string, figures: number, spaces: Readonly<Record<UsageInterval, NoteSpace>> | null): Ledger {
    const countInHash: CountInHash = (part, note, sign) => this.#hasher.ledger(name, part, note, sign);
    return new Ledger({ figures, time: this.#time, spaces, countInHash });
  }

  #setUncounted(id: number, isUncounted: boolean): void {
    if (this.uncounted.has(id) === isUncounted) return;
    if (isUncounted) this.uncounted.add(id);
    else this.uncounted.delete(id);
    this.#hasher.uncounted(id, isUncounted ? 1 : -1);
  }
}

/** Metered bytes of the records that are there, those below the trim point that nobody counted included. */
export function storedBytesOf(row: StreamState): number {
  return row.appendedBytes - row.trimmedBytes;
}

function byInterval<Value>(of: (interval: UsageInterval) => Value): Record<UsageInterval, Value> {
  return { minute: of('minute'), hour: of('hour'), day: of('day') };
}

/** When the entry was decided, as it says itself; null when it does not. */
function timeOf(entry: RareRowEntry, lastArrivalMs: number): number | null {
  switch (entry.type) {
    case 'create-basin':
    case 'create-stream':
      return entry.createdAtMs;
    case 'reconfigure-stream':
      return entry.atMs;
    case 'tombstone-stream':
    case 'tombstone-basin':
      return entry.deletedAtMs;
    case 'issue-token':
      return entry.token.issuedAtMs;
    case 'revoke-token':
      return entry.atMs;
    case 'trim':
      // Never decided before the newest arrival, whatever the clock says.
      return entry.atMs > lastArrivalMs ? entry.atMs : null;
    case 'reconfigure-basin':
    case 'delete-basin':
    case 'delete-stream':
      return null;
  }
}

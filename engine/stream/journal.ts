/**
 * The one way into the log: an entry is queued and, in the same turn, folded into the speculative tables that later
 * decisions see; when it commits, its effect is durable and the speculation over it goes.
 */

import type { Queued, Settlement } from '../log/queued.ts';
import type { SlotLog } from '../log/slot-log.ts';
import type { Entry } from '../state/entries.ts';
import { fold, foldChunk, isRowEntry } from '../state/fold.ts';
import type { DurableTables } from '../state/tables.ts';
import { SpeculativeTables } from '../state/tables.ts';

export class Journal {
  readonly #log: SlotLog<Entry>;
  /** What will be, if nothing happens to the queued entries. */
  readonly ahead: SpeculativeTables;

  constructor(log: SlotLog<Entry>, durable: DurableTables) {
    this.#log = log;
    this.ahead = new SpeculativeTables(durable);
  }

  /** False when nothing may be queued any more. */
  get writable(): boolean {
    return this.#log.writable;
  }

  /** Resolves true once everything queued so far is committed, false when it will not be. */
  flushed(): Promise<boolean> {
    return this.#log.flushed();
  }

  /** Queues an entry behind everything queued before; `settle` is called exactly once, when its fate is known. */
  enqueue(queued: Queued<Entry>): void {
    const crc = this.#log.enqueue(queued);
    const { entry } = queued;
    if (entry.type === 'chunk') this.ahead.putStream(foldChunk(this.ahead.stream(entry.streamId), entry, crc));
    else this.ahead.put(isRowEntry(entry) ? fold(this.ahead, entry) : null);
  }

  /** The oldest queued entry is durable and in the tables. Called for each, in order, before it is settled. */
  committed(): void {
    this.ahead.settleOldest();
  }

  /** `enqueue`, as a promise of what `conclude` makes of the settlement. */
  queue<Outcome>(entry: Entry, conclude: (settlement: Settlement) => Outcome): Promise<Outcome> {
    return new Promise((resolve) => this.enqueue({ entry, settle: (settlement) => resolve(conclude(settlement)) }));
  }

  /** For entries nobody asked for; `void` when the log takes nothing any more. */
  submit(entry: Entry): Promise<Settlement> {
    return this.writable ? this.queue(entry, (settlement) => settlement) : Promise.resolve('void');
  }
}

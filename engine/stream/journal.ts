/**
 * The one way into the log: an entry is queued and, in the same turn, folded into the speculative tables that later
 * decisions see; when it commits, its effect is durable and the speculation over it goes.
 */

import type { Settlement, SlotLog } from '../log/slot-log.ts';
import type { Entry } from '../state/entries.ts';
import { fold, isRowEntry } from '../state/fold.ts';
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

  /** Queues an entry behind everything queued before; `conclude` is called exactly once, when it has settled. */
  queue<Outcome>(entry: Entry, conclude: (settlement: Settlement) => Outcome): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#log.enqueue(entry, (settlement) => {
        if (settlement === 'committed') this.ahead.settleOldest();
        resolve(conclude(settlement));
      });
      this.ahead.put(isRowEntry(entry) ? fold(this.ahead, entry) : null);
    });
  }

  /** For entries nobody asked for; `void` when the log takes nothing any more. */
  submit(entry: Entry): Promise<Settlement> {
    return this.writable ? this.queue(entry, (settlement) => settlement) : Promise.resolve('void');
  }
}

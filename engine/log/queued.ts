/**
 * An entry on its way into the log, and what becomes of it: the words in which whoever appends and the log agree
 * about one entry, from the queue to its end. Every queued entry is settled exactly once.
 */

/**
 * How an entry ended. `committed`: durable, and applied to the fold in the same turn. `void`: certainly never
 * part of the log. `unknown`: it may be, the next owner will find out.
 */
export type Settlement = 'committed' | 'void' | 'unknown';

/** An entry and who waits for it. */
export interface Queued<Entry> {
  readonly entry: Entry;
  /** Called exactly once, never before `enqueue` returned, in queue order among committed entries. */
  settle(settlement: Settlement): void;
}

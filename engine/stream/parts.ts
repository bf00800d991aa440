/** What all operations on the streams of one owner share. */

import type { Ports } from '../ports.ts';
import type { DurableTables } from '../state/tables.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeadlineQueue } from './deadline-queue.ts';
import type { Journal } from './journal.ts';
import type { Standing } from './standing.ts';

export interface StreamParts {
  ports: Pick<Ports, 'clock' | 'random' | 'entropy' | 'compute' | 'telemetry'>;
  /** May this process answer? */
  standing: Standing;
  /** The way into the log; `journal.ahead` is what queued entries will make of the tables. */
  journal: Journal;
  /** What is committed: only this is ever shown. */
  tables: DurableTables;
  /** Bytes that are admitted and not durable. */
  budget: ByteBudget;
  deadlines: DeadlineQueue;
}

/** What an operation that ran out of patience must know of itself. */
export interface Attempt {
  /** It may take effect. */
  queued: boolean;
  /** The caller was told that it has no effect: it must not be queued any more. */
  abandoned: boolean;
}

/**
 * The streams of one owner: decisions against the speculative tables, entries through the log, answers from the
 * durable ones. Here the parts are put together; what each promises stands in its own file.
 *
 * Invariants: nothing is shown before it is committed (4, no preview); a reply that reveals state waits for a
 * proof of ownership that started after the question (5); a rejection reports state that is itself durable (6);
 * what was queued ends durable, unknown, or rejected only when the log says it is void (12, honesty).
 */

import type { SlotLog } from '../log/slot-log.ts';
import type { Ports } from '../ports.ts';
import type { CommittedLog } from '../segments/committed-log.ts';
import type { StreamReader } from '../segments/stream-reader.ts';
import type { Entry } from '../state/entries.ts';
import type { EngineTunables } from '../tunables.ts';
import { Appends } from './appends.ts';
import { ByteBudget } from './byte-budget.ts';
import { Control } from './control.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { Gate } from './gate.ts';
import type { Journal } from './journal.ts';
import type { StreamParts } from './parts.ts';
import { Reads } from './reads.ts';
import { Standing } from './standing.ts';

export class StreamStore {
  readonly appends: Appends;
  readonly control: Control;
  readonly reads: Reads;
  readonly #standing: Standing;
  readonly #budget: ByteBudget;
  readonly #unflushed: Gate;

  constructor(
    ports: Pick<Ports, 'clock' | 'telemetry'>,
    tunables: EngineTunables,
    {
      log,
      journal,
      committed,
      reader,
    }: {
      log: SlotLog<Entry>;
      journal: Journal;
      committed: CommittedLog;
      reader: StreamReader;
    },
  ) {
    this.#standing = new Standing(log);
    this.#budget = new ByteBudget(tunables.undurableBytesMax);
    this.#unflushed = new Gate(() => committed.chunks.bytes >= tunables.segments.unflushedBytesMax);
    const parts: StreamParts = {
      ports,
      standing: this.#standing,
      journal,
      tables: committed.state.tables,
      budget: this.#budget,
      deadlines: new DeadlineQueue(ports.clock, tunables.patienceMs),
    };
    this.appends = new Appends(parts, this.#unflushed, committed.state.lastArrivalMs);
    this.control = new Control(parts);
    this.reads = new Reads(parts, reader);
    void log.ended.then(() => {
      this.#budget.close();
      this.#unflushed.close();
      parts.deadlines.close();
    });
  }

  /** `entry` is durable and in the tables. Called for every entry, in the order of the log, in the turn it committed. */
  committed(entry: Entry): void {
    // Chunks left memory: appends that waited for that may go on.
    if (entry.type === 'install' || entry.type === 'delete-stream') this.#unflushed.look();
  }

  /** Bytes admitted and not settled; zero at quiescence. */
  get undurableBytes(): number {
    return this.#budget.used;
  }

  /** Takes nothing more and lets the log settle what it has. */
  stop(): void {
    this.#standing.stop();
  }
}

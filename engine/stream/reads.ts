/**
 * Reads and check-tails: answered from the durable state as it is once ownership is proved.
 *
 * Invariants: nothing is shown before it is committed (4, no preview); every answer waits for a proof of ownership that
 * started after the question (5).
 */

import type { CheckTailOutcome, ReadOutcome, Rejection } from '../core/outcome.ts';
import { type NumberedStart, planRead, type ReadInput, type ReadStart } from '../core/read-plan.ts';
import { meteredBytesOf, type SequencedRecord } from '../core/record.ts';
import type { StreamState } from '../core/stream-state.ts';
import { LogCorruption } from '../log/format.ts';
import { StoreAbandoned, StoreRefused } from '../log/persistent-store.ts';
import type { Telemetry } from '../ports.ts';
import type { ReadLimits } from '../segments/record-batch.ts';
import { SegmentGone } from '../segments/segment-gone.ts';
import type { StreamReader } from '../segments/stream-reader.ts';
import type { DurableTables } from '../state/tables.ts';
import { notFound, type Rejected, rejected, UNAVAILABLE } from './answers.ts';
import type { DeadlineQueue } from './deadline-queue.ts';
import type { Journal } from './journal.ts';
import type { StreamParts } from './parts.ts';
import type { Standing } from './standing.ts';

export class Reads {
  readonly #telemetry: Telemetry;
  readonly #journal: Journal;
  readonly #tables: DurableTables;
  readonly #standing: Standing;
  readonly #deadlines: DeadlineQueue;
  readonly #reader: StreamReader;

  constructor(parts: StreamParts, reader: StreamReader) {
    this.#telemetry = parts.ports.telemetry;
    this.#journal = parts.journal;
    this.#tables = parts.tables;
    this.#standing = parts.standing;
    this.#deadlines = parts.deadlines;
    this.#reader = reader;
  }

  read(basin: string, name: string, input: ReadInput): Promise<ReadOutcome> {
    return this.#observe<ReadOutcome>(basin, name, (stream) => this.#readFrom(stream, input));
  }

  checkTail(basin: string, name: string): Promise<CheckTailOutcome> {
    return this.#observe<CheckTailOutcome>(basin, name, (stream) => ({ kind: 'tail', tail: stream.tail }));
  }

  /** Records in memory are there in this turn; older ones are fetched, and by then the stream may have moved on. */
  async #readFrom(found: StreamState, input: ReadInput): Promise<ReadOutcome> {
    const start = await this.#numbered(found, input.start);
    for (;;) {
      const stream = this.#tables.stream(found.id);
      if (stream === undefined) return rejected(notFound(this.#tables, found.basin, found.name));
      const plan = planRead(stream, { ...input, start });
      if (plan.kind === 'unwritten') {
        this.#telemetry.event('read.at-tail');
        return { kind: 'unwritten', tail: stream.tail };
      }
      const records = await this.#filled(stream, plan);
      // A trim overtook the fetch: look again from where the stream begins now.
      if (records.length === 0 && (this.#tables.stream(found.id)?.trimPoint ?? Infinity) > plan.fromSeqNum) continue;
      if (plan.belowTrim) this.#telemetry.event('read.below-trim');
      this.#telemetry.event('read.batch');
      return { kind: 'batch', records };
    }
  }

  /** As many records as the limits allow and the stream had when it was asked, from however many places. */
  async #filled(stream: StreamState, plan: ReadLimits & { fromSeqNum: number }): Promise<SequencedRecord[]> {
    const records = [...(await this.#reader.read(stream.id, plan.fromSeqNum, plan))];
    let meteredBytesMax = plan.meteredBytesMax - meteredBytesOf(records);
    for (let last = records.at(-1); last !== undefined && last.seqNum + 1 < stream.tail.seqNum; last = records.at(-1)) {
      const recordsMax = plan.recordsMax - records.length;
      if (recordsMax <= 0 || meteredBytesMax <= 0) break;
      const more = await this.#reader.read(stream.id, last.seqNum + 1, { recordsMax, meteredBytesMax });
      // Nothing when the next one does not fit, or was trimmed meanwhile; what follows a trim is another read's.
      if (more[0]?.seqNum !== last.seqNum + 1) break;
      records.push(...more);
      meteredBytesMax -= meteredBytesOf(more);
    }
    return records;
  }

  async #numbered(stream: StreamState, start: ReadStart): Promise<NumberedStart> {
    if (start.kind !== 'timestamp') return start;
    return { kind: 'seq-num', seqNum: await this.#reader.seqNumAtTimestamp(stream.id, start.timestamp) };
  }

  /** Looks at the durable state as it is once ownership is proved. */
  #observe<Outcome>(
    basin: string,
    name: string,
    look: (stream: StreamState) => Outcome | Promise<Outcome>,
  ): Promise<Outcome | Rejected> {
    const answer = async () => {
      if (!(await this.#standing.proved())) return rejected(this.#standing.refusal());
      const stream = this.#tables.streamByName(basin, name);
      if (stream === undefined) return rejected(notFound(this.#tables, basin, name));
      if (this.#journal.ahead.isAhead(stream.id)) this.#telemetry.event('read.while-undurable');
      try {
        return await look(stream);
      } catch (error) {
        return rejected(this.#unreadable(error));
      }
    };
    return this.#patiently(answer());
  }

  /** The store keeps records from us; the stream, and every other one, goes on. */
  #unreadable(error: unknown): Rejection {
    if (error instanceof StoreAbandoned) return this.#standing.refusal();
    if (error instanceof SegmentGone || error instanceof StoreRefused || error instanceof LogCorruption) {
      this.#telemetry.event('read.unreadable', error.message);
      return { kind: 'unavailable', message: error.message };
    }
    throw error;
  }

  #patiently<Outcome>(outcome: Promise<Outcome | Rejected>) {
    return this.#deadlines.limit(outcome, () => {
      this.#telemetry.event('read.deadline');
      return rejected(UNAVAILABLE);
    });
  }
}

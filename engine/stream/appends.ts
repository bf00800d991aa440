/**
 * Appends: decided in one turn against the speculative tables, queued in the log, acknowledged when durable.
 *
 * Invariants: a rejection reports state that is itself durable (6); an append that was queued ends durable, unknown, or
 * rejected only when the log says it is void (12, honesty); at most the budget's bytes wait to become durable.
 */

import { admit, type AppendInput, type ConditionFailure, type TimestampFailure } from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import type { AppendAck, AppendOutcome, Rejection } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { meteredBytesOf } from '../core/record.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { Clock, Telemetry } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { DurableTables } from '../state/tables.ts';
import { NOT_OWNER, notFound, rejected, UNAVAILABLE } from './answers.ts';
import { type Births, PENDING } from './births.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeadlineQueue } from './deadline-queue.ts';
import type { Gate } from './gate.ts';
import type { Journal } from './journal.ts';
import type { Attempt, StreamParts } from './parts.ts';
import type { Standing } from './standing.ts';

/** An append that is part of a session (API contract §4.5). */
export interface InSession {
  /** The stream the session was opened on: one created later under the same name is another. */
  streamId: number;
  /** Called at most once, in the turn of the decision: queued in the log, or certainly not. */
  decided: (queued: boolean) => void;
}

const REFUSED = {
  'seq-num-mismatch': 'append.rejected.seq-num',
  'fencing-token-mismatch': 'append.rejected.token',
  'timestamp-missing': 'append.rejected.timestamp',
  'timestamp-too-large': 'append.rejected.timestamp',
} as const;

export class Appends {
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #journal: Journal;
  readonly #tables: DurableTables;
  readonly #standing: Standing;
  readonly #budget: ByteBudget;
  readonly #deadlines: DeadlineQueue;
  readonly #births: Births;
  readonly #unflushed: Gate;
  /** Arrivals never decrease along the log, whatever the wall clock does. */
  #lastArrivalMs: number;

  /** `unflushed` is open while there is room for chunks that are in no segment. */
  constructor(parts: StreamParts, births: Births, unflushed: Gate, lastArrivalMs: number) {
    this.#clock = parts.ports.clock;
    this.#telemetry = parts.ports.telemetry;
    this.#journal = parts.journal;
    this.#tables = parts.tables;
    this.#standing = parts.standing;
    this.#budget = parts.budget;
    this.#deadlines = parts.deadlines;
    this.#births = births;
    this.#unflushed = unflushed;
    this.#lastArrivalMs = lastArrivalMs;
  }

  /** The batch was validated before; everything else is decided here, in one turn, once there is room. */
  append(basin: string, stream: string, input: AppendInput, session?: InSession): Promise<AppendOutcome> {
    const attempt: Attempt = { queued: false, abandoned: false };
    return this.#deadlines.limit(this.#appendWhenRoom(basin, stream, input, attempt, session), () => {
      attempt.abandoned = true;
      this.#telemetry.event(attempt.queued ? 'append.unknown' : 'append.deadline');
      if (!attempt.queued) return rejected(UNAVAILABLE);
      return { kind: 'unknown', message: 'the store did not confirm the append in time; it may still take effect' };
    });
  }

  async #appendWhenRoom(
    basin: string,
    stream: string,
    input: AppendInput,
    attempt: Attempt,
    session: InSession | undefined,
  ): Promise<AppendOutcome> {
    if (!this.#unflushed.isOpen) {
      this.#telemetry.event('append.waits-for-flush');
      if (!(await this.#unflushed.enter())) return rejected(this.#standing.refusal());
    }
    const bytes = meteredBytesOf(input.records);
    if (!this.#budget.tryTake(bytes)) {
      this.#telemetry.event('append.backpressure', bytes);
      if (!(await this.#budget.take(bytes))) return rejected(this.#standing.refusal());
    }
    const release = () => this.#budget.release(bytes);
    if (attempt.abandoned) {
      release();
      return rejected(UNAVAILABLE);
    }
    const decided = this.#decideAppend(basin, stream, input, release, session?.streamId);
    attempt.queued = decided.queued;
    session?.decided(decided.queued);
    return decided.outcome;
  }

  #decideAppend(basin: string, name: string, input: AppendInput, release: () => void, onlyId: number | undefined) {
    const refuse = (outcome: Promise<AppendOutcome>) => {
      release();
      return { queued: false, outcome };
    };
    if (!this.#standing.writable) return refuse(Promise.resolve(rejected(this.#standing.refusal())));
    const stream = onlyId === undefined ? this.#births.forAppend(basin, name) : this.#sameStream(basin, name, onlyId);
    if ('kind' in stream) return refuse(this.#standing.reveal(rejected(stream)));
    const nowMs = this.#clock.wallMs();
    const admission = admit(stream, input, nowMs);
    if (admission.kind === 'refused') return refuse(this.#refuseCondition(stream, admission.failure));
    return { queued: true, outcome: this.#queueChunk(stream, admission.chunk, this.#arrivalMs(nowMs), release) };
  }

  /** The stream a session was opened on, not a later one of its name. */
  #sameStream(basin: string, name: string, id: number): StreamState | Rejection {
    const stream = this.#journal.ahead.stream(id);
    if (stream === undefined) return notFound(this.#journal.ahead, basin, name);
    return stream.deletedAtMs === null ? stream : PENDING;
  }

  #arrivalMs(nowMs: number): number {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs);
    return this.#lastArrivalMs;
  }

  #queueChunk(
    stream: StreamState,
    { timestampRaised, ...chunk }: Extract<ReturnType<typeof admit>, { kind: 'admitted' }>['chunk'],
    arrivalMs: number,
    release: () => void,
  ): Promise<AppendOutcome> {
    const telemetry = this.#telemetry;
    telemetry.event('append.admitted', chunk.count);
    if (timestampRaised) telemetry.event('append.timestamp-raised');
    if (this.#journal.ahead.isAhead(stream.id)) telemetry.event('append.pipelined');
    const entry: Entry = { type: 'chunk', streamId: stream.id, arrivalMs, ...chunk };
    return this.#journal.queue(entry, (settlement) => {
      release();
      if (settlement !== 'committed' && chunk.trimPoint !== null) telemetry.event('append.trim-lost');
      if (settlement === 'void') return rejected(NOT_OWNER);
      if (settlement === 'unknown') {
        telemetry.event('append.unknown');
        return { kind: 'unknown', message: 'the store failed; the append may still take effect' };
      }
      telemetry.event('append.durable', chunk.count);
      if (chunk.fencingToken !== null) telemetry.event('append.fence');
      if (chunk.trimPoint !== null) telemetry.event('append.trim');
      return { kind: 'durable', ack: this.#acknowledge(stream.id, chunk) };
    });
  }

  #acknowledge(
    streamId: number,
    chunk: { firstSeqNum: number; count: number; firstTimestamp: number; lastTimestamp: number },
  ): AppendAck {
    const tail = this.#tables.stream(streamId)?.tail;
    const end: StreamPosition = { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp };
    assert(tail !== undefined && tail.seqNum >= end.seqNum, 'an acknowledged append lies below the durable tail');
    return { start: { seqNum: chunk.firstSeqNum, timestamp: chunk.firstTimestamp }, end, tail };
  }

  #refuseCondition(stream: StreamState, failure: ConditionFailure | TimestampFailure): Promise<AppendOutcome> {
    const telemetry = this.#telemetry;
    telemetry.event(REFUSED[failure.kind]);
    if (this.#journal.ahead.isAhead(stream.id)) telemetry.event('append.rejected.undurable');
    return this.#standing.reveal(rejected(failure));
  }
}

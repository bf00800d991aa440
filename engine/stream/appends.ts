/**
 * Appends: decided in one turn against the speculative tables, queued in the log, acknowledged when durable.
 *
 * Invariants: a rejection reports state that is itself durable (6); an append that was queued ends durable, unknown, or
 * rejected only when the log says it is void (12, honesty); at most the budget's bytes wait to become durable.
 *
 * An append is one object from its call to its end (`Append`): it waits for room, for its deadline, and as an entry in the
 * log. Thousands of them wait at once, so whatever is kept for each is copied again and again by the collector.
 */

import {
  type AdmittedChunk,
  admit,
  type AppendInput,
  type ConditionFailure,
  type TimestampFailure,
} from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import type { AppendAck, AppendOutcome, Rejection } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { meteredBytesOf } from '../core/record.ts';
import { encodedLength, type StampedBatch } from '../core/stamped-batch.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { Queued, Settlement } from '../log/queued.ts';
import type { Clock, Telemetry } from '../ports.ts';
import type { ChunkDraft, Entry } from '../state/entries.ts';
import type { DurableTables } from '../state/tables.ts';
import { NOT_OWNER, notFound, rejected, UNAVAILABLE } from './answers.ts';
import { type Births, PENDING } from './births.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeadlineQueue, Waiting } from './deadline-queue.ts';
import type { Gate } from './gate.ts';
import type { Journal } from './journal.ts';
import type { StreamParts } from './parts.ts';
import type { Standing } from './standing.ts';

/** An append that is part of a session (API contract §4.5). */
export interface InSession {
  /** The stream the session was opened on: one created later under the same name is another. */
  streamId: number;
  /** The client left: what was not decided has no effect any more. */
  isAbandoned: () => boolean;
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
    return new Promise((tell, fail) => {
      const append = new Append(this, meteredBytesOf(input.records), tell);
      const asked: Asked = { basin, stream, input, session: session ?? null, fail };
      this.#deadlines.add(append);
      if (this.#unflushed.isOpen && this.#budget.tryTake(append.bytes)) this.#decide(append, asked);
      else this.#decideWhenRoom(append, asked).catch(fail);
    });
  }

  async #decideWhenRoom(append: Append, asked: Asked): Promise<void> {
    if (!this.#unflushed.isOpen) {
      this.#telemetry.event('append.waits-for-flush');
      if (!(await this.#unflushed.enter())) return this.#end(append, rejected(this.#standing.refusal()));
    }
    if (!this.#budget.tryTake(append.bytes)) {
      this.#telemetry.event('append.backpressure', append.bytes);
      if (!(await this.#budget.take(append.bytes))) return this.#end(append, rejected(this.#standing.refusal()));
    }
    // Who ran out of patience was told that it has no effect: it must not be queued any more.
    if (append.isOver) this.#budget.release(append.bytes);
    else this.#decide(append, asked);
  }

  #decide(append: Append, asked: Asked): void {
    const { basin, stream: name, input, session } = asked;
    const refuse = (answer: Promise<AppendOutcome>) => this.#refuse(append, asked, answer);
    if (!this.#standing.writable) return refuse(Promise.resolve(rejected(this.#standing.refusal())));
    if (session?.isAbandoned() === true) return refuse(Promise.resolve(rejected(UNAVAILABLE)));
    const stream = session === null ? this.#births.forAppend(basin, name) : this.#sameStream(asked, session);
    if ('kind' in stream) return refuse(this.#standing.reveal(rejected(stream)));
    const nowMs = this.#clock.wallMs();
    const admission = admit(stream, input, nowMs);
    if (admission.kind === 'refused') return refuse(this.#refuseCondition(stream, admission.failure));
    this.#queue(append, stream, admission.chunk, nowMs);
    session?.decided(true);
  }

  /** The stream a session was opened on, not a later one of its name. */
  #sameStream(asked: Asked, { streamId }: InSession): StreamState | Rejection {
    const stream = this.#journal.ahead.stream(streamId);
    if (stream === undefined) return notFound(this.#journal.ahead, asked.basin, asked.stream);
    return stream.deletedAtMs === null ? stream : PENDING;
  }

  /** Nothing was queued; the answer may take a proof of ownership. */
  #refuse(append: Append, asked: Asked, answer: Promise<AppendOutcome>): void {
    this.#budget.release(append.bytes);
    asked.session?.decided(false);
    answer.then((outcome) => this.#end(append, outcome), asked.fail);
  }

  #refuseCondition(stream: StreamState, failure: ConditionFailure | TimestampFailure): Promise<AppendOutcome> {
    this.#telemetry.event(REFUSED[failure.kind]);
    if (this.#journal.ahead.isAhead(stream.id)) this.#telemetry.event('append.rejected.undurable');
    return this.#standing.reveal(rejected(failure));
  }

  #queue(append: Append, stream: StreamState, chunk: AdmittedChunk, nowMs: number): void {
    this.#telemetry.event('append.admitted', chunk.count);
    if (chunk.timestampRaised) this.#telemetry.event('append.timestamp-raised');
    if (this.#journal.ahead.isAhead(stream.id)) this.#telemetry.event('append.pipelined');
    if (nowMs > this.#lastArrivalMs) this.#lastArrivalMs = nowMs;
    append.admitted(stream, chunk, this.#lastArrivalMs);
    this.#journal.enqueue(append);
  }

  /** The log knows what became of a queued append. */
  settled(append: Append, settlement: Settlement): void {
    this.#budget.release(append.bytes);
    if (settlement === 'committed') return this.#end(append, this.#durable(append));
    if (append.trimPoint !== null) this.#telemetry.event('append.trim-lost');
    if (settlement === 'void') return this.#end(append, rejected(NOT_OWNER));
    this.#telemetry.event('append.unknown');
    this.#end(append, { kind: 'unknown', message: 'the store failed; the append may still take effect' });
  }

  #durable(chunk: ChunkDraft): AppendOutcome {
    this.#telemetry.event('append.durable', chunk.count);
    if (chunk.fencingToken !== null) this.#telemetry.event('append.fence');
    if (chunk.trimPoint !== null) this.#telemetry.event('append.trim');
    return { kind: 'durable', ack: this.#acknowledge(chunk) };
  }

  #acknowledge(chunk: ChunkDraft): AppendAck {
    const tail = this.#tables.stream(chunk.streamId)?.tail;
    const end: StreamPosition = { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp };
    assert(tail !== undefined && tail.seqNum >= end.seqNum, 'an acknowledged append lies below the durable tail');
    return { start: { seqNum: chunk.firstSeqNum, timestamp: chunk.firstTimestamp }, end, tail };
  }

  /** Patience ended before the append did. */
  expired(append: Append): void {
    this.#telemetry.event(append.isQueued ? 'append.unknown' : 'append.deadline');
    this.#end(append, late(append));
  }

  #end(append: Append, outcome: AppendOutcome): void {
    if (append.isOver) return;
    append.isOver = true;
    this.#deadlines.forget();
    append.tell(outcome);
  }
}

/** What the caller wants; nothing of it is needed once it is decided. */
interface Asked {
  basin: string;
  stream: string;
  input: AppendInput;
  session: InSession | null;
  fail: (error: unknown) => void;
}

const NOTHING: StampedBatch = { records: [], deltas: null };

/** One append from its call to its end, and its own entry in the log. */
class Append implements Waiting, Queued<Entry>, ChunkDraft {
  readonly #appends: Appends;
  /** What it counts for in the budget. */
  readonly bytes: number;
  readonly tell: (outcome: AppendOutcome) => void;
  deadlineMs = 0;
  isOver = false;
  /** Numbers were given: it may take effect. What follows is known from then on. */
  isQueued = false;
  readonly type = 'chunk';
  streamId = 0;
  firstSeqNum = 0;
  count = 0;
  firstTimestamp = 0;
  lastTimestamp = 0;
  arrivalMs = 0;
  appendedBytes = 0;
  fencingToken: string | null = null;
  trimPoint: number | null = null;
  batch = NOTHING;
  batchBytes = 0;

  constructor(appends: Appends, bytes: number, tell: (outcome: AppendOutcome) => void) {
    this.#appends = appends;
    this.bytes = bytes;
    this.tell = tell;
  }

  get entry(): Entry {
    return this;
  }

  admitted({ id, appendedBytes }: StreamState, chunk: AdmittedChunk, arrivalMs: number): void {
    this.isQueued = true;
    this.streamId = id;
    this.firstSeqNum = chunk.firstSeqNum;
    this.count = chunk.count;
    this.firstTimestamp = chunk.firstTimestamp;
    this.lastTimestamp = chunk.lastTimestamp;
    this.arrivalMs = arrivalMs;
    this.appendedBytes = appendedBytes + this.bytes;
    this.fencingToken = chunk.fencingToken;
    this.trimPoint = chunk.trimPoint;
    this.batch = chunk.batch;
    this.batchBytes = encodedLength(chunk.batch);
  }

  settle(settlement: Settlement): void {
    this.#appends.settled(this, settlement);
  }

  expire(): void {
    this.#appends.expired(this);
  }
}

function late({ isQueued }: Append): AppendOutcome {
  if (!isQueued) return rejected(UNAVAILABLE);
  return { kind: 'unknown', message: 'the store did not confirm the append in time; it may still take effect' };
}

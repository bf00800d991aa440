/**
 * Appends: decided in one turn against the speculative tables, queued in the log, acknowledged when durable.
 *
 * Invariants: a rejection reports state that is itself durable (6); an append that was queued ends durable, unknown, or
 * rejected only when the log says it is void (12, honesty); at most the budget's bytes wait to become durable.
 *
 * An append is one object from its call to its end (`Append`): it waits for room, for its deadline, and in the log, with what
 * was admitted as its entry. Hundreds of thousands come in a second: what is made for each is what the collector has to do.
 */

import { type AdmittedChunk, admit, type AppendFailure, type AppendInput } from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import type { EncryptionKey } from '../core/encryption-key.ts';
import type { AppendAck, AppendOutcome, Rejection } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { meteredBytesOf } from '../core/record.ts';
import type { StreamState } from '../core/stream-state.ts';
import { INTERVAL_S } from '../core/usage.ts';
import type { Queued, Settlement } from '../log/queued.ts';
import type { Entry } from '../state/entries.ts';
import type { DurableTables } from '../state/tables.ts';
import { NOT_OWNER, notFound, rejected, UNAVAILABLE } from './answers.ts';
import { type Births, PENDING } from './births.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { DeadlineQueue, Waiting } from './deadline-queue.ts';
import type { Gate } from './gate.ts';
import type { Journal } from './journal.ts';
import type { StreamParts } from './parts.ts';
import { appendKeyRejection, sealChunk } from './record-seals.ts';
import type { Standing } from './standing.ts';
import type { UsageMeter } from './usage-meter.ts';

/** An append that is part of a session (API contract §4.5). */
export interface InSession {
  /** The stream the session was opened on: one created later under the same name is another. */
  streamId: number;
  /** The client left: what was not decided has no effect any more. */
  isAbandoned: () => boolean;
  /** Called at most once, in the turn of the decision: queued in the log, or certainly not. */
  decided: (queued: boolean) => void;
}

const LATE: AppendOutcome = {
  kind: 'unknown',
  message: 'the store did not confirm the append in time; it may still take effect',
};

/** Arrivals further ahead of the clock than this tell usage no time that is good enough: its resolution. */
const AHEAD_MS_MAX = INTERVAL_S.minute * 1000;

const REFUSED = {
  'seq-num-mismatch': 'append.rejected.seq-num',
  'fencing-token-mismatch': 'append.rejected.token',
  'timestamp-missing': 'append.rejected.timestamp',
  'timestamp-too-large': 'append.rejected.timestamp',
  'nonces-spent': 'append.rejected.nonces',
} as const;

export class Appends {
  readonly #ports: StreamParts['ports'];
  readonly #telemetry: StreamParts['ports']['telemetry'];
  readonly #journal: Journal;
  readonly #tables: DurableTables;
  readonly #standing: Standing;
  readonly #budget: ByteBudget;
  readonly #deadlines: DeadlineQueue;
  readonly #births: Births;
  readonly #unflushed: Gate;
  readonly #meter: UsageMeter;
  /** Arrivals never decrease along the log, whatever the wall clock does. */
  #lastArrivalMs: number;

  /** `unflushed` is open while there is room for chunks that are in no segment. */
  constructor(parts: StreamParts, births: Births, unflushed: Gate, meter: UsageMeter, lastArrivalMs: number) {
    this.#ports = parts.ports;
    this.#telemetry = parts.ports.telemetry;
    this.#journal = parts.journal;
    this.#tables = parts.tables;
    this.#standing = parts.standing;
    this.#budget = parts.budget;
    this.#deadlines = parts.deadlines;
    this.#births = births;
    this.#unflushed = unflushed;
    this.#meter = meter;
    this.#lastArrivalMs = lastArrivalMs;
  }

  /**
   * The batch was validated before; everything else is decided here, in one turn, once there is room. `key` is what came with
   * it, for streams with a cipher; it is not used any more once the promise is settled.
   */
  append(
    basin: string,
    stream: string,
    input: AppendInput,
    key: EncryptionKey | null,
    session: InSession | null = null,
  ): Promise<AppendOutcome> {
    return new Promise((tell, fail) => {
      const append = new Append(this, basin, stream, input, key, session, tell, fail);
      this.#deadlines.add(append);
      if (this.#unflushed.isOpen && this.#budget.tryTake(append.bytes)) this.#decide(append);
      else this.#decideWhenRoom(append).catch(fail);
    });
  }

  async #decideWhenRoom(append: Append): Promise<void> {
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
    else this.#decide(append);
  }

  #decide(append: Append): void {
    const { basin, stream: name, input, session } = append;
    if (!this.#standing.writable) return this.#refuse(append, rejected(this.#standing.refusal()));
    if (session?.isAbandoned() === true) return this.#refuse(append, rejected(UNAVAILABLE));
    const stream = session === null ? this.#births.forAppend(basin, name) : this.#sameStream(append, session);
    if ('kind' in stream) return this.#refuse(append, this.#standing.reveal(rejected(stream)));
    const { cipher } = stream;
    const lack = cipher === null ? null : appendKeyRejection(cipher, append.key, input.records);
    if (lack !== null) return this.#refuse(append, this.#standing.reveal(rejected(lack)));
    const nowMs = this.#ports.clock.wallMs();
    const arrivalMs = Math.max(nowMs, this.#lastArrivalMs);
    const admission = admit(stream, input, nowMs, arrivalMs);
    if (admission.type === 'refused') {
      return this.#refuse(append, this.#refuseCondition(stream, admission.failure));
    }
    if (cipher !== null) sealChunk(this.#ports, { ...stream, cipher }, admission, append.key);
    if (arrivalMs > nowMs + AHEAD_MS_MAX) this.#meter.timelessAppend();
    this.#queue(append, admission);
    session?.decided(true);
  }

  /** The stream a session was opened on, not a later one of its name. */
  #sameStream({ basin, stream: name }: Append, { streamId }: InSession): StreamState | Rejection {
    const stream = this.#journal.ahead.stream(streamId);
    if (stream === undefined) return notFound(this.#journal.ahead, basin, name);
    return stream.deletedAtMs === null ? stream : PENDING;
  }

  /** Nothing was queued; the answer may take a proof of ownership. */
  #refuse(append: Append, answer: AppendOutcome | Promise<AppendOutcome>): void {
    this.#budget.release(append.bytes);
    append.session?.decided(false);
    Promise.resolve(answer).then((outcome) => this.#end(append, outcome), append.fail);
  }

  #refuseCondition(stream: StreamState, failure: AppendFailure): Promise<AppendOutcome> {
    this.#telemetry.event(REFUSED[failure.kind]);
    if (this.#journal.ahead.isAhead(stream.id)) this.#telemetry.event('append.rejected.undurable');
    return this.#standing.reveal(rejected(failure));
  }

  #queue(append: Append, chunk: AdmittedChunk): void {
    this.#telemetry.event('append.admitted', chunk.count);
    if (chunk.timestampRaised) this.#telemetry.event('append.timestamp-raised');
    if (this.#journal.ahead.isAhead(chunk.streamId)) this.#telemetry.event('append.pipelined');
    this.#lastArrivalMs = chunk.arrivalMs;
    append.chunk = chunk;
    this.#journal.enqueue(append);
  }

  /** The log knows what became of a queued append. */
  settled(append: Append, settlement: Settlement): void {
    this.#budget.release(append.bytes);
    const chunk = append.entry;
    if (settlement === 'committed') return this.#end(append, this.#durable(chunk));
    if (chunk.trimPoint !== null) this.#telemetry.event('append.trim-lost');
    if (settlement === 'void') return this.#end(append, rejected(NOT_OWNER));
    this.#telemetry.event('append.unknown');
    this.#end(append, { kind: 'unknown', message: 'the store failed; the append may still take effect' });
  }

  #durable(chunk: AdmittedChunk): AppendOutcome {
    this.#telemetry.event('append.durable', chunk.count);
    if (chunk.fencingToken !== null) this.#telemetry.event('append.fence');
    if (chunk.trimPoint !== null) this.#telemetry.event('append.trim');
    return { kind: 'durable', ack: this.#acknowledge(chunk) };
  }

  #acknowledge(chunk: AdmittedChunk): AppendAck {
    const tail = this.#tables.stream(chunk.streamId)?.tail;
    const end: StreamPosition = { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp };
    assert(tail !== undefined && tail.seqNum >= end.seqNum, 'an acknowledged append lies below the durable tail');
    return { start: { seqNum: chunk.firstSeqNum, timestamp: chunk.firstTimestamp }, end, tail };
  }

  /** Patience ended before the append did. */
  expired(append: Append): void {
    this.#telemetry.event(append.chunk !== null ? 'append.unknown' : 'append.deadline');
    this.#end(append, append.chunk !== null ? LATE : rejected(this.#births.givenUp(append.basin, append.stream)));
  }

  #end(append: Append, outcome: AppendOutcome): void {
    if (append.isOver) return;
    append.isOver = true;
    this.#deadlines.forget();
    append.tell(outcome);
  }
}

/** One append from its call to its end. */
class Append implements Waiting, Queued<Entry> {
  readonly #appends: Appends;
  readonly basin: string;
  readonly stream: string;
  readonly input: AppendInput;
  readonly key: EncryptionKey | null;
  readonly session: InSession | null;
  readonly tell: (outcome: AppendOutcome) => void;
  readonly fail: (error: unknown) => void;
  /** What it counts for in the budget. */
  readonly bytes: number;
  deadlineMs = 0;
  isOver = false;
  /** Set when it is queued: numbers were given, and it may take effect. */
  chunk: AdmittedChunk | null = null;

  constructor(
    appends: Appends,
    basin: string,
    stream: string,
    input: AppendInput,
    key: EncryptionKey | null,
    session: InSession | null,
    tell: (outcome: AppendOutcome) => void,
    fail: (error: unknown) => void,
  ) {
    this.#appends = appends;
    this.basin = basin;
    this.stream = stream;
    this.input = input;
    this.key = key;
    this.session = session;
    this.tell = tell;
    this.fail = fail;
    this.bytes = meteredBytesOf(input.records);
  }

  get entry(): AdmittedChunk {
    assert(this.chunk !== null, 'an append has an entry once it is queued');
    return this.chunk;
  }

  settle(settlement: Settlement): void {
    this.#appends.settled(this, settlement);
  }

  expire(): void {
    this.#appends.expired(this);
  }
}

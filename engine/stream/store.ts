/**
 * The streams of one owner: decisions against the speculative tables, entries through the log, answers from the
 * durable ones.
 *
 * Invariants: nothing is shown before it is committed (4, no preview); a reply that reveals state waits for a
 * proof of ownership that started after the question (5); a rejection reports state that is itself durable (6);
 * an append that was queued ends durable, unknown, or rejected only when the log says it is void (12, honesty).
 */

import { admit, type AppendInput, type ConditionFailure } from '../core/admission.ts';
import { assert } from '../core/assert.ts';
import type {
  AppendAck,
  AppendOutcome,
  CheckTailOutcome,
  CreateOutcome,
  ReadOutcome,
  Rejection,
} from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { type ReadInput, planRead } from '../core/read-plan.ts';
import { meteredBytes } from '../core/record.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import type { Settlement, SlotLog } from '../log/slot-log.ts';
import type { Ports } from '../ports.ts';
import { ChunkIndex } from '../segments/chunk-index.ts';
import type { Entry } from '../state/entries.ts';
import { fold, type Tables } from '../state/fold.ts';
import { DurableTables, SpeculativeTables } from '../state/tables.ts';
import type { EngineTunables } from '../tunables.ts';
import { ByteBudget } from './byte-budget.ts';
import { DeadlineQueue } from './deadline-queue.ts';

/** The committed side: what replay and commits feed. */
export class CommittedStreams {
  readonly tables = new DurableTables();
  readonly chunks = new ChunkIndex();

  apply(entry: Entry): void {
    this.tables.put(fold(this.tables, entry));
    if (entry.type === 'chunk') this.chunks.add(entry.streamId, entry);
  }
}

/** What an append that ran out of patience must know of itself. */
interface AppendAttempt {
  /** Numbers were given: it may take effect. */
  queued: boolean;
  /** The caller was told that it has no effect: it must not be queued any more. */
  abandoned: boolean;
}

const NOT_OWNER: Rejection = { kind: 'not-owner' };
const DRAINING: Rejection = { kind: 'draining' };
const UNAVAILABLE: Rejection = {
  kind: 'unavailable',
  message: 'the store did not answer in time, so nothing can be said about the stream now',
};

export class StreamStore {
  readonly #ports: Pick<Ports, 'clock' | 'telemetry'>;
  readonly #log: SlotLog<Entry>;
  readonly #durable: CommittedStreams;
  readonly #ahead: SpeculativeTables;
  readonly #budget: ByteBudget;
  readonly #deadlines: DeadlineQueue;
  #stopping = false;

  constructor(
    ports: Pick<Ports, 'clock' | 'telemetry'>,
    tunables: EngineTunables,
    log: SlotLog<Entry>,
    durable: CommittedStreams,
  ) {
    this.#ports = ports;
    this.#log = log;
    this.#durable = durable;
    this.#ahead = new SpeculativeTables(durable.tables);
    this.#budget = new ByteBudget(tunables.undurableBytesMax);
    this.#deadlines = new DeadlineQueue(ports.clock, tunables.patienceMs);
    void log.ended.then(() => this.#close());
  }

  // --- append --------------------------------------------------------------------------------------------

  /** The batch was validated before; everything else is decided here, in one turn, once there is room. */
  append(basin: string, stream: string, input: AppendInput): Promise<AppendOutcome> {
    const attempt: AppendAttempt = { queued: false, abandoned: false };
    return this.#deadlines.limit(this.#appendWhenRoom(basin, stream, input, attempt), () => {
      attempt.abandoned = true;
      this.#ports.telemetry.event(attempt.queued ? 'append.unknown' : 'append.deadline');
      if (!attempt.queued) return rejected(UNAVAILABLE);
      return { kind: 'unknown', message: 'the store did not confirm the append in time; it may still take effect' };
    });
  }

  async #appendWhenRoom(
    basin: string,
    stream: string,
    input: AppendInput,
    attempt: AppendAttempt,
  ): Promise<AppendOutcome> {
    const bytes = input.records.reduce((sum, record) => sum + meteredBytes(record), 0);
    if (!this.#budget.tryTake(bytes)) {
      this.#ports.telemetry.event('append.backpressure', bytes);
      if (!(await this.#budget.take(bytes))) return rejected(this.#refusal());
    }
    const release = () => this.#budget.release(bytes);
    if (attempt.abandoned) {
      release();
      return rejected(UNAVAILABLE);
    }
    const decided = this.#decideAppend(basin, stream, input, release);
    attempt.queued = decided.queued;
    return decided.outcome;
  }

  #decideAppend(basin: string, name: string, input: AppendInput, release: () => void) {
    const refuse = (outcome: Promise<AppendOutcome>) => {
      release();
      return { queued: false, outcome };
    };
    if (!this.#log.writable) return refuse(Promise.resolve(rejected(this.#refusal())));
    const stream = this.#ahead.streamByName(basin, name);
    if (stream === undefined) return refuse(this.#reveal(rejected(notFound(this.#ahead, basin, name))));
    const nowMs = this.#ports.clock.wallMs();
    const admission = admit(stream, input, nowMs);
    if (admission.kind === 'refused') return refuse(this.#refuseCondition(stream, admission.failure));
    return { queued: true, outcome: this.#queueChunk(stream, admission.chunk, nowMs, release) };
  }

  #queueChunk(
    stream: StreamState,
    { timestampRaised, ...chunk }: Extract<ReturnType<typeof admit>, { kind: 'admitted' }>['chunk'],
    arrivalMs: number,
    release: () => void,
  ): Promise<AppendOutcome> {
    const { telemetry } = this.#ports;
    telemetry.event('append.admitted', chunk.count);
    if (timestampRaised) telemetry.event('append.timestamp-raised');
    if (this.#ahead.isAhead(stream.id)) telemetry.event('append.pipelined');
    const entry: Entry = { type: 'chunk', streamId: stream.id, arrivalMs, ...chunk };
    return this.#queue(entry, (settlement) => {
      release();
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
    const tail = this.#durable.tables.stream(streamId)?.tail;
    const end: StreamPosition = { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp };
    assert(tail !== undefined && tail.seqNum >= end.seqNum, 'an acknowledged append lies below the durable tail');
    return { start: { seqNum: chunk.firstSeqNum, timestamp: chunk.firstTimestamp }, end, tail };
  }

  #refuseCondition(stream: StreamState, failure: ConditionFailure): Promise<AppendOutcome> {
    const { telemetry } = this.#ports;
    telemetry.event(failure.kind === 'seq-num-mismatch' ? 'append.rejected.seq-num' : 'append.rejected.token');
    if (this.#ahead.isAhead(stream.id)) telemetry.event('append.rejected.undurable');
    return this.#reveal(rejected(failure));
  }

  // --- create --------------------------------------------------------------------------------------------

  createBasin(name: string, requestToken: string | null): Promise<CreateOutcome<BasinState>> {
    const existing = this.#ahead.basin(name);
    if (existing !== undefined) return this.#alreadyThere(existing, requestToken, this.#durable.tables.basin(name));
    const createdAtMs = this.#ports.clock.wallMs();
    return this.#create({ type: 'create-basin', name, createdAtMs, requestToken }, () => {
      this.#ports.telemetry.event('basin.created');
      return this.#durable.tables.basin(name);
    });
  }

  createStream(basin: string, name: string, requestToken: string | null): Promise<CreateOutcome<StreamState>> {
    const existing = this.#ahead.streamByName(basin, name);
    if (existing !== undefined) {
      return this.#alreadyThere(existing, requestToken, this.#durable.tables.stream(existing.id));
    }
    if (this.#ahead.basin(basin) === undefined) {
      return this.#patiently(this.#reveal(rejected<Rejection>({ kind: 'basin-not-found', basin })));
    }
    const id = this.#ahead.takeStreamId();
    const createdAtMs = this.#ports.clock.wallMs();
    return this.#create({ type: 'create-stream', id, basin, name, createdAtMs, requestToken }, () => {
      this.#ports.telemetry.event('stream.created');
      return this.#durable.tables.stream(id);
    });
  }

  #create<Row extends BasinState | StreamState>(
    entry: Entry,
    created: () => Row | undefined,
  ): Promise<CreateOutcome<Row>> {
    if (!this.#log.writable) return Promise.resolve(rejected(this.#refusal()));
    const outcome = this.#queue<CreateOutcome<Row>>(entry, (settlement) => {
      if (settlement === 'void') return rejected(NOT_OWNER);
      if (settlement === 'unknown')
        return { kind: 'unknown', message: 'the store failed; the creation may still happen' };
      const row = created();
      assert(row !== undefined, 'a committed creation is in the durable tables');
      return { kind: 'created', row };
    });
    return this.#deadlines.limit(outcome, () => ({
      kind: 'unknown',
      message: 'the store did not confirm the creation in time; it may still happen',
    }));
  }

  /** The name is taken. Said only once that is durable; a retry of the creating request succeeds again. */
  #alreadyThere<Row extends BasinState | StreamState>(
    row: Row,
    requestToken: string | null,
    durable: Row | undefined,
  ): Promise<CreateOutcome<Row>> {
    if (durable === undefined) this.#ports.telemetry.event('stream.create-raced');
    const same = requestToken !== null && requestToken === row.requestToken;
    return this.#patiently(this.#reveal<CreateOutcome<Row>>({ kind: same ? 'noop' : 'exists', row }));
  }

  // --- read ----------------------------------------------------------------------------------------------

  read(basin: string, name: string, input: ReadInput): Promise<ReadOutcome> {
    return this.#observe<ReadOutcome>(basin, name, (stream) => {
      const plan = planRead(stream, input);
      if (plan.kind === 'unwritten') {
        this.#ports.telemetry.event('read.at-tail');
        return { kind: 'unwritten', tail: stream.tail };
      }
      if (plan.belowTrim) this.#ports.telemetry.event('read.below-trim');
      this.#ports.telemetry.event('read.batch');
      return { kind: 'batch', records: this.#durable.chunks.read(stream.id, plan.fromSeqNum, plan) };
    });
  }

  checkTail(basin: string, name: string): Promise<CheckTailOutcome> {
    return this.#observe<CheckTailOutcome>(basin, name, (stream) => ({ kind: 'tail', tail: stream.tail }));
  }

  /** Looks at the durable state as it is once ownership is proved. */
  #observe<Outcome>(
    basin: string,
    name: string,
    look: (stream: StreamState) => Outcome,
  ): Promise<Outcome | { kind: 'rejected'; reason: Rejection }> {
    const answer = async () => {
      if (!(await this.#log.proveOwnership())) return rejected(this.#refusal());
      const stream = this.#durable.tables.streamByName(basin, name);
      if (stream === undefined) return rejected(notFound(this.#durable.tables, basin, name));
      if (this.#ahead.isAhead(stream.id)) this.#ports.telemetry.event('read.while-undurable');
      return look(stream);
    };
    return this.#patiently(answer());
  }

  // --- life ----------------------------------------------------------------------------------------------

  /** Bytes admitted and not settled; zero at quiescence. */
  get undurableBytes(): number {
    return this.#budget.used;
  }

  /** Takes nothing more and lets the log settle what it has. */
  stop(): void {
    this.#stopping = true;
    this.#log.stop();
  }

  #close(): void {
    this.#budget.close();
    this.#deadlines.close();
  }

  // --- shared --------------------------------------------------------------------------------------------

  /** Queues an entry, lets later decisions see its effect, and turns its settlement into an outcome. */
  #queue<Outcome>(entry: Entry, conclude: (settlement: Settlement) => Outcome): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#log.enqueue(entry, (settlement) => {
        if (settlement === 'committed') this.#ahead.settleOldest();
        resolve(conclude(settlement));
      });
      this.#ahead.put(fold(this.#ahead, entry));
    });
  }

  /**
   * `answer`, once everything it may rest on is durable and ownership is proved; the usual refusal otherwise.
   * Either way the operation had no effect.
   */
  async #reveal<Answer>(answer: Answer): Promise<Answer | { kind: 'rejected'; reason: Rejection }> {
    const [flushed, proved] = await Promise.all([this.#log.flushed(), this.#log.proveOwnership()]);
    return flushed && proved ? answer : rejected(this.#refusal());
  }

  #patiently<Outcome>(outcome: Promise<Outcome | { kind: 'rejected'; reason: Rejection }>) {
    return this.#deadlines.limit(outcome, () => {
      this.#ports.telemetry.event('read.deadline');
      return rejected(UNAVAILABLE);
    });
  }

  #refusal(): Rejection {
    return this.#stopping ? DRAINING : NOT_OWNER;
  }
}

/** `tables` are the ones that were looked at: what is said of the basin must be as durable as the rest. */
function notFound(tables: Tables, basin: string, stream: string): Rejection {
  return tables.basin(basin) === undefined
    ? { kind: 'basin-not-found', basin }
    : { kind: 'stream-not-found', basin, stream };
}

function rejected<Reason>(reason: Reason): { kind: 'rejected'; reason: Reason } {
  return { kind: 'rejected', reason };
}

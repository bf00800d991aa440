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
  RemoveOutcome,
} from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { type NumberedStart, planRead, type ReadInput, type ReadStart } from '../core/read-plan.ts';
import { meteredBytes, type SequencedRecord } from '../core/record.ts';
import type { BasinState, StreamState } from '../core/stream-state.ts';
import { LogCorruption } from '../log/format.ts';
import { StoreAbandoned, StoreRefused } from '../log/persistent-store.ts';
import type { SlotLog } from '../log/slot-log.ts';
import type { Ports } from '../ports.ts';
import type { CommittedLog } from '../segments/committed-log.ts';
import { SegmentGone } from '../segments/segment-gone.ts';
import type { ReadLimits } from '../segments/record-batch.ts';
import type { StreamReader } from '../segments/stream-reader.ts';
import type { Entry } from '../state/entries.ts';
import type { Tables } from '../state/fold.ts';
import type { DurableTables } from '../state/tables.ts';
import type { EngineTunables } from '../tunables.ts';
import { ByteBudget } from './byte-budget.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { Gate } from './gate.ts';
import type { Journal } from './journal.ts';

/** What a creation or deletion counts for in the budget of bytes that are not durable. */
const CONTROL_ENTRY_BYTES = 1024;

/** What an operation that ran out of patience must know of itself. */
interface Attempt {
  /** Numbers were given: it may take effect. */
  queued: boolean;
  /** The caller was told that it has no effect: it must not be queued any more. */
  abandoned: boolean;
}

/** How an operation ends that was not served to its end. */
type Unserved = { kind: 'rejected'; reason: Rejection } | { kind: 'unknown'; message: string };

const NOT_OWNER: Rejection = { kind: 'not-owner' };
const DRAINING: Rejection = { kind: 'draining' };
const UNAVAILABLE: Rejection = {
  kind: 'unavailable',
  message: 'the store did not answer in time, so nothing can be said about the stream now',
};

export class StreamStore {
  readonly #ports: Pick<Ports, 'clock' | 'telemetry'>;
  readonly #log: SlotLog<Entry>;
  readonly #journal: Journal;
  readonly #tables: DurableTables;
  readonly #reader: StreamReader;
  readonly #budget: ByteBudget;
  readonly #unflushed: Gate;
  readonly #deadlines: DeadlineQueue;
  /** Arrivals never decrease along the log, whatever the wall clock does. */
  #lastArrivalMs: number;
  #stopping = false;

  constructor(
    ports: Pick<Ports, 'clock' | 'telemetry'>,
    tunables: EngineTunables,
    parts: { log: SlotLog<Entry>; journal: Journal; committed: CommittedLog; reader: StreamReader },
  ) {
    const { log, journal, committed, reader } = parts;
    this.#ports = ports;
    this.#log = log;
    this.#journal = journal;
    this.#tables = committed.state.tables;
    this.#reader = reader;
    this.#lastArrivalMs = committed.state.lastArrivalMs;
    this.#budget = new ByteBudget(tunables.undurableBytesMax);
    this.#unflushed = new Gate(() => committed.chunks.bytes >= tunables.segments.unflushedBytesMax);
    this.#deadlines = new DeadlineQueue(ports.clock, tunables.patienceMs);
    void log.ended.then(() => this.#close());
  }

  /** Chunks left memory: appends that waited for that may go on. */
  chunksReleased(): void {
    this.#unflushed.look();
  }

  // --- append --------------------------------------------------------------------------------------------

  /** The batch was validated before; everything else is decided here, in one turn, once there is room. */
  append(basin: string, stream: string, input: AppendInput): Promise<AppendOutcome> {
    const attempt: Attempt = { queued: false, abandoned: false };
    return this.#deadlines.limit(this.#appendWhenRoom(basin, stream, input, attempt), () => {
      attempt.abandoned = true;
      this.#ports.telemetry.event(attempt.queued ? 'append.unknown' : 'append.deadline');
      if (!attempt.queued) return rejected(UNAVAILABLE);
      return { kind: 'unknown', message: 'the store did not confirm the append in time; it may still take effect' };
    });
  }

  async #appendWhenRoom(basin: string, stream: string, input: AppendInput, attempt: Attempt): Promise<AppendOutcome> {
    if (!this.#unflushed.isOpen) {
      this.#ports.telemetry.event('append.waits-for-flush');
      if (!(await this.#unflushed.enter())) return rejected(this.#refusal());
    }
    const bytes = sumOf(input.records);
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
    const stream = this.#journal.ahead.streamByName(basin, name);
    if (stream === undefined) return refuse(this.#reveal(rejected(notFound(this.#journal.ahead, basin, name))));
    const nowMs = this.#ports.clock.wallMs();
    const admission = admit(stream, input, nowMs);
    if (admission.kind === 'refused') return refuse(this.#refuseCondition(stream, admission.failure));
    return { queued: true, outcome: this.#queueChunk(stream, admission.chunk, this.#arrivalMs(nowMs), release) };
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
    const { telemetry } = this.#ports;
    telemetry.event('append.admitted', chunk.count);
    if (timestampRaised) telemetry.event('append.timestamp-raised');
    if (this.#journal.ahead.isAhead(stream.id)) telemetry.event('append.pipelined');
    const entry: Entry = { type: 'chunk', streamId: stream.id, arrivalMs, ...chunk };
    return this.#journal.queue(entry, (settlement) => {
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
    const tail = this.#tables.stream(streamId)?.tail;
    const end: StreamPosition = { seqNum: chunk.firstSeqNum + chunk.count, timestamp: chunk.lastTimestamp };
    assert(tail !== undefined && tail.seqNum >= end.seqNum, 'an acknowledged append lies below the durable tail');
    return { start: { seqNum: chunk.firstSeqNum, timestamp: chunk.firstTimestamp }, end, tail };
  }

  #refuseCondition(stream: StreamState, failure: ConditionFailure): Promise<AppendOutcome> {
    const { telemetry } = this.#ports;
    telemetry.event(failure.kind === 'seq-num-mismatch' ? 'append.rejected.seq-num' : 'append.rejected.token');
    if (this.#journal.ahead.isAhead(stream.id)) telemetry.event('append.rejected.undurable');
    return this.#reveal(rejected(failure));
  }

  // --- create and delete -----------------------------------------------------------------------------------

  createBasin(name: string, requestToken: string | null): Promise<CreateOutcome<BasinState>> {
    return this.#control<CreateOutcome<BasinState>>('creation', (attempt) => {
      const existing = this.#journal.ahead.basin(name);
      if (existing !== undefined) return this.#alreadyThere(existing, requestToken, this.#tables.basin(name));
      const createdAtMs = this.#ports.clock.wallMs();
      return this.#create(attempt, { type: 'create-basin', name, createdAtMs, requestToken }, () => {
        this.#ports.telemetry.event('basin.created');
        return this.#tables.basin(name);
      });
    });
  }

  createStream(
    basin: string,
    name: string,
    requestToken: string | null,
    retentionAgeMs: number | null,
  ): Promise<CreateOutcome<StreamState>> {
    return this.#control<CreateOutcome<StreamState>>('creation', (attempt) => {
      const existing = this.#journal.ahead.streamByName(basin, name);
      if (existing !== undefined) return this.#alreadyThere(existing, requestToken, this.#tables.stream(existing.id));
      if (this.#journal.ahead.basin(basin) === undefined) {
        return this.#reveal(rejected<Rejection>({ kind: 'basin-not-found', basin }));
      }
      const id = this.#journal.ahead.takeStreamId();
      const createdAtMs = this.#ports.clock.wallMs();
      const identity = { id, basin, name, createdAtMs, requestToken, retentionAgeMs };
      return this.#create(attempt, { type: 'create-stream', ...identity }, () => {
        this.#ports.telemetry.event('stream.created');
        return this.#tables.stream(id);
      });
    });
  }

  /** Its records are gone and its name is free as soon as the deletion is durable; their bytes follow. */
  deleteStream(basin: string, name: string): Promise<RemoveOutcome> {
    return this.#control<RemoveOutcome>('deletion', (attempt) => {
      const stream = this.#journal.ahead.streamByName(basin, name);
      if (stream === undefined) return this.#reveal(rejected(notFound(this.#journal.ahead, basin, name)));
      attempt.queued = true;
      return this.#journal.queue<RemoveOutcome>({ type: 'delete-stream', streamId: stream.id }, (settlement) => {
        if (settlement === 'void') return rejected(NOT_OWNER);
        if (settlement === 'unknown')
          return { kind: 'unknown', message: 'the store failed; the deletion may still happen' };
        this.#ports.telemetry.event('stream.deleted');
        return { kind: 'deleted' };
      });
    });
  }

  #create<Row extends BasinState | StreamState>(
    attempt: Attempt,
    entry: Entry,
    created: () => Row | undefined,
  ): Promise<CreateOutcome<Row>> {
    attempt.queued = true;
    return this.#journal.queue<CreateOutcome<Row>>(entry, (settlement) => {
      if (settlement === 'void') return rejected(NOT_OWNER);
      if (settlement === 'unknown')
        return { kind: 'unknown', message: 'the store failed; the creation may still happen' };
      const row = created();
      assert(row !== undefined, 'a committed creation is in the durable tables');
      return { kind: 'created', row };
    });
  }

  /** Decides in one turn once there is room. Out of patience it ends unknown if an entry was queued, else rejected. */
  #control<Outcome>(
    what: 'creation' | 'deletion',
    decide: (attempt: Attempt) => Promise<Outcome>,
  ): Promise<Outcome | Unserved> {
    const attempt: Attempt = { queued: false, abandoned: false };
    const decided = async (): Promise<Outcome | Unserved> => {
      if (!this.#budget.tryTake(CONTROL_ENTRY_BYTES) && !(await this.#budget.take(CONTROL_ENTRY_BYTES))) {
        return rejected(this.#refusal());
      }
      try {
        if (attempt.abandoned) return rejected(UNAVAILABLE);
        return this.#log.writable ? await decide(attempt) : rejected(this.#refusal());
      } finally {
        this.#budget.release(CONTROL_ENTRY_BYTES);
      }
    };
    return this.#deadlines.limit(decided(), () => {
      attempt.abandoned = true;
      if (!attempt.queued) return rejected(UNAVAILABLE);
      return { kind: 'unknown', message: `the store did not confirm the ${what} in time; it may still happen` };
    });
  }

  /** The name is taken. Said only once that is durable; a retry of the creating request succeeds again. */
  #alreadyThere<Row extends BasinState | StreamState>(
    row: Row,
    requestToken: string | null,
    durable: Row | undefined,
  ): Promise<CreateOutcome<Row>> {
    if (durable === undefined) this.#ports.telemetry.event('stream.create-raced');
    const same = requestToken !== null && requestToken === row.requestToken;
    return this.#reveal<CreateOutcome<Row>>({ kind: same ? 'noop' : 'exists', row });
  }

  // --- read ----------------------------------------------------------------------------------------------

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
        this.#ports.telemetry.event('read.at-tail');
        return { kind: 'unwritten', tail: stream.tail };
      }
      const records = await this.#filled(stream, plan);
      // A trim overtook the fetch: look again from where the stream begins now.
      if (records.length === 0 && (this.#tables.stream(found.id)?.trimPoint ?? Infinity) > plan.fromSeqNum) continue;
      if (plan.belowTrim) this.#ports.telemetry.event('read.below-trim');
      this.#ports.telemetry.event('read.batch');
      return { kind: 'batch', records };
    }
  }

  /** As many records as the limits allow and the stream had when it was asked, from however many places. */
  async #filled(stream: StreamState, plan: ReadLimits & { fromSeqNum: number }): Promise<SequencedRecord[]> {
    const records = [...(await this.#reader.read(stream.id, plan.fromSeqNum, plan))];
    let meteredBytesMax = plan.meteredBytesMax - sumOf(records);
    for (let last = records.at(-1); last !== undefined && last.seqNum + 1 < stream.tail.seqNum; last = records.at(-1)) {
      const recordsMax = plan.recordsMax - records.length;
      if (recordsMax <= 0 || meteredBytesMax <= 0) break;
      const more = await this.#reader.read(stream.id, last.seqNum + 1, { recordsMax, meteredBytesMax });
      // Nothing when the next one does not fit, or was trimmed meanwhile; what follows a trim is another read's.
      if (more[0]?.seqNum !== last.seqNum + 1) break;
      records.push(...more);
      meteredBytesMax -= sumOf(more);
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
  ): Promise<Outcome | { kind: 'rejected'; reason: Rejection }> {
    const answer = async () => {
      if (!(await this.#log.proveOwnership())) return rejected(this.#refusal());
      const stream = this.#tables.streamByName(basin, name);
      if (stream === undefined) return rejected(notFound(this.#tables, basin, name));
      if (this.#journal.ahead.isAhead(stream.id)) this.#ports.telemetry.event('read.while-undurable');
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
    if (error instanceof StoreAbandoned) return this.#refusal();
    if (error instanceof SegmentGone || error instanceof StoreRefused || error instanceof LogCorruption) {
      this.#ports.telemetry.event('read.unreadable', error.message);
      return { kind: 'unavailable', message: error.message };
    }
    throw error;
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
    this.#unflushed.close();
    this.#deadlines.close();
  }

  // --- shared --------------------------------------------------------------------------------------------

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

/** Metered bytes of all of them. */
function sumOf(records: readonly Parameters<typeof meteredBytes>[0][]): number {
  return records.reduce((sum, record) => sum + meteredBytes(record), 0);
}

function rejected<Reason>(reason: Reason): { kind: 'rejected'; reason: Reason } {
  return { kind: 'rejected', reason };
}

/**
 * Reads, read sessions and check-tails: answered from the durable state as it is once ownership is proved.
 *
 * Invariants: nothing is shown before it is committed (4, no preview); every answer waits for a proof of ownership that
 * started after the question (5).
 */

import { type EncryptionKey, keyRejection } from '../core/encryption-key.ts';
import type { CheckTailOutcome, ReadEvent, ReadOutcome, ReadSessionOutcome, Rejection } from '../core/outcome.ts';
import { boundedRead, mayFollow, planStart, ReadAllowance, type ReadInput } from '../core/read-plan.ts';
import type { SequencedRecord } from '../core/record.ts';
import { meterOf } from '../core/sealed-record.ts';
import type { StreamState } from '../core/stream-state.ts';
import { LogCorruption } from '../log/corruption.ts';
import { StoreAbandoned, StoreRefused } from '../log/persistent-store.ts';
import type { ReadLimits } from '../segments/record-batch.ts';
import { SegmentGone } from '../segments/segment-gone.ts';
import type { StreamReader } from '../segments/stream-reader.ts';
import { notFound, type Rejected, rejected, UNAVAILABLE } from './answers.ts';
import { type Births, type Demand, PENDING } from './births.ts';
import type { StreamParts } from './parts.ts';
import { LiveBatch } from './live-batch.ts';
import { openerOf } from './record-seals.ts';
import { ReadSession, type ReadSource } from './read-session.ts';
import type { TailWatch } from './tail-watch.ts';
import type { UsageMeter } from './usage-meter.ts';

/** How a reader wants its events. */
interface Manner {
  /** It may go on for long, so a server that drains does not begin it, and ends it. */
  lasts: boolean;
  /** One answer: no part of it is given when another can not be. */
  isWhole: boolean;
}

type Unwritten = Extract<ReadOutcome, { kind: 'unwritten' }>;

export class Reads {
  readonly #parts: StreamParts;
  readonly #births: Births;
  readonly #reader: StreamReader;
  readonly #watch: TailWatch;
  readonly #meter: UsageMeter;
  readonly #live = new LiveBatch();

  constructor(parts: StreamParts, births: Births, reader: StreamReader, watch: TailWatch, meter: UsageMeter) {
    this.#parts = parts;
    this.#births = births;
    this.#reader = reader;
    this.#watch = watch;
    this.#meter = meter;
  }

  checkTail(basin: string, name: string): Promise<CheckTailOutcome> {
    return this.#observe<CheckTailOutcome>(basin, name, 'read', (stream) => ({ kind: 'tail', tail: stream.tail }));
  }

  /** Which stream has the name now; made if the basin makes streams that are appended to. The key fits if it needs one. */
  identify(
    basin: string,
    name: string,
    key: EncryptionKey | null,
  ): Promise<{ kind: 'found'; streamId: number } | Rejected> {
    return this.#observe<{ kind: 'found'; streamId: number } | Rejected>(basin, name, 'append', ({ id, cipher }) => {
      const lack = cipher === null ? null : keyRejection(cipher, key);
      return lack === null ? { kind: 'found', streamId: id } : rejected(lack);
    });
  }

  /** One batch: what is there, else, if the caller waits, the first that comes; empty when the time is over. */
  async read(
    basin: string,
    name: string,
    input: ReadInput,
    key: EncryptionKey | null,
    signal?: AbortSignal,
  ): Promise<ReadOutcome> {
    const bounded = boundedRead(input);
    const waits = mayFollow(bounded);
    for (;;) {
      const opened = await this.#open(basin, name, bounded, key, { lasts: waits, isWhole: true });
      if (!(opened instanceof ReadSession)) return opened;
      const outcome = await firstBatch(opened.events(this.#watch, signal));
      // Gone while it was read: what a read is told that begins now, which may make the stream anew, is true of this one.
      const isGone = outcome.kind === 'rejected' && outcome.reason.kind === 'stream-not-found';
      if (!isGone || waits) return outcome;
    }
  }

  /** `signal` aborts when nobody listens any more. */
  async session(
    basin: string,
    name: string,
    input: ReadInput,
    key: EncryptionKey | null,
    signal?: AbortSignal,
  ): Promise<ReadSessionOutcome> {
    const opened = await this.#open(basin, name, input, key, { lasts: true, isWhole: false });
    if (!(opened instanceof ReadSession)) return opened;
    this.#parts.ports.telemetry.event('read.session-opened');
    return { kind: 'open', events: opened.events(this.#watch, signal) };
  }

  #open(
    basin: string,
    name: string,
    input: ReadInput,
    key: EncryptionKey | null,
    manner: Manner,
  ): Promise<ReadSession | Unwritten | Rejected> {
    this.#announce(basin, name, input);
    return this.#observe<ReadSession | Unwritten | Rejected>(basin, name, 'read', async (stream) => {
      const { standing } = this.#parts;
      if (manner.lasts && !standing.mayLast) return rejected(standing.refusal());
      const lack = stream.cipher === null ? null : keyRejection(stream.cipher, key);
      if (lack !== null) return rejected(lack);
      const plan = planStart(stream, input);
      if (plan.kind === 'unwritten') {
        this.#parts.ports.telemetry.event('read.at-tail');
        return { kind: 'unwritten', tail: stream.tail };
      }
      const from = plan.kind === 'from' ? plan.seqNum : await this.#reader.seqNumAtTimestamp(stream.id, plan.timestamp);
      if (from < stream.trimPoint) this.#parts.ports.telemetry.event('read.below-trim');
      return new ReadSession(this.#parts.ports, this.#source(stream, key, manner), input, from);
    });
  }

  /** What will be read, as far as can be told now, is fetched while ownership is proved. */
  #announce(basin: string, name: string, input: ReadInput): void {
    const stream = this.#parts.tables.streamByName(basin, name);
    const plan = stream === undefined ? null : planStart(stream, input);
    if (stream === undefined || plan?.kind !== 'from') return;
    this.#reader.readSoon(stream.id, plan.seqNum, new ReadAllowance(input).batch);
  }

  #source(opened: StreamState, key: EncryptionKey | null, { lasts, isWhole }: Manner): ReadSource {
    const { id, basin, name } = opened;
    const { tables, standing } = this.#parts;
    return {
      streamId: id,
      opener: openerOf(this.#parts.ports, opened, key, isWhole),
      look: () => {
        if (!(lasts ? standing.mayLast : standing.mayTell)) return standing.refusal();
        const stream = tables.stream(id);
        if (stream === undefined) return notFound(tables, basin, name);
        return stream.deletedAtMs === null ? stream : PENDING;
      },
      fetch: (stream, fromSeqNum, limits) =>
        this.#patiently(this.#readable(() => this.#filled(stream, fromSeqNum, limits))).then(reasonOrValue),
      live: (fromSeqNum, limits) => {
        const stream = tables.stream(id);
        if (stream === undefined) return null;
        return this.#live.get(stream, fromSeqNum, limits, () => this.#reader.readLive(id, fromSeqNum, limits));
      },
      // Of a stream that is gone its basin may be gone too, and another may have the name.
      handedOut: (meteredBytes) => {
        if (tables.hasStream(id)) this.#meter.countIn(basin, 'read-bytes', meteredBytes);
      },
      wasProvedAfter: (atMs) => standing.wasProvedAfter(atMs),
      prove: () =>
        this.#patiently(this.#parts.standing.proved()).then((proved) => {
          if (typeof proved !== 'boolean') return proved.reason;
          return proved ? null : standing.refusal();
        }),
    };
  }

  /**
   * As many records as the limits allow and the stream had when it was asked, from however many places. None when it was
   * deleted meanwhile: half of what it had would look like all of it.
   */
  async #filled(stream: StreamState, fromSeqNum: number, limits: ReadLimits): Promise<SequencedRecord[]> {
    const metered = meterOf(stream.cipher);
    const meteredBytesOf = (some: readonly SequencedRecord[]) => some.reduce((sum, record) => sum + metered(record), 0);
    const records = [...(await this.#reader.read(stream.id, fromSeqNum, limits))];
    let meteredBytesMax = limits.meteredBytesMax - meteredBytesOf(records);
    for (let last = records.at(-1); last !== undefined && last.seqNum + 1 < stream.tail.seqNum; last = records.at(-1)) {
      const recordsMax = limits.recordsMax - records.length;
      if (recordsMax <= 0 || meteredBytesMax <= 0) break;
      const more = await this.#reader.read(stream.id, last.seqNum + 1, { recordsMax, meteredBytesMax });
      const now = this.#parts.tables.stream(stream.id);
      if (now === undefined || now.deletedAtMs !== null) return [];
      // Nothing when the next one does not fit, or was trimmed meanwhile; what follows a trim is another read's.
      if (more[0]?.seqNum !== last.seqNum + 1) break;
      records.push(...more);
      meteredBytesMax -= meteredBytesOf(more);
    }
    return records;
  }

  /** Looks at the durable state as it is once ownership is proved. */
  #observe<Outcome>(
    basin: string,
    name: string,
    demand: Demand,
    look: (stream: StreamState) => Outcome | Promise<Outcome>,
  ): Promise<Outcome | Rejected> {
    const { standing, journal, ports } = this.#parts;
    let isGivenUp = false;
    const answer = async () => {
      if (!(await standing.proved())) return rejected(standing.refusal());
      const stream = await this.#births.durable(basin, name, demand, () => isGivenUp);
      if ('kind' in stream) return rejected(stream);
      if (journal.ahead.isAhead(stream.id)) ports.telemetry.event('read.while-undurable');
      return this.#readable(() => look(stream));
    };
    return this.#patiently(answer(), () => {
      isGivenUp = true;
      return this.#births.givenUp(basin, name);
    });
  }

  /** The store may keep records from us; the stream, and every other one, goes on. */
  async #readable<Outcome>(read: () => Outcome | Promise<Outcome>): Promise<Outcome | Rejected> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof StoreAbandoned) return rejected(this.#parts.standing.refusal());
      if (error instanceof SegmentGone || error instanceof StoreRefused || error instanceof LogCorruption) {
        this.#parts.ports.telemetry.event('read.unreadable', error.message);
        return rejected({ kind: 'unavailable', message: error.message });
      }
      throw error;
    }
  }

  #patiently<Outcome>(outcome: Promise<Outcome | Rejected>, givenUp: () => Rejection = () => UNAVAILABLE) {
    return this.#parts.deadlines.limit(outcome, () => {
      this.#parts.ports.telemetry.event('read.deadline');
      return rejected(givenUp());
    });
  }
}

async function firstBatch(events: AsyncIterable<ReadEvent>): Promise<ReadOutcome> {
  for await (const event of events) {
    if (event.kind === 'batch') return event;
    if (event.kind === 'failed') return rejected(event.reason);
  }
  return { kind: 'batch', records: [], tail: null };
}

function reasonOrValue<Value extends object>(outcome: Value | Rejected): Value | Rejection {
  return 'kind' in outcome && outcome.kind === 'rejected' ? (outcome as Rejected).reason : (outcome as Value);
}

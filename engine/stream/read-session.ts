/**
 * One reader at work (API contract §5.4, §5.5): what is there, then what comes, in order, without gap or repeat, until a
 * limit is reached.
 *
 * A reader is a position and nothing else. It fetches the next batch when the one before was taken, from memory or from
 * segments, so a slow one holds one batch and no queue, and there is no seam between catching up and following.
 *
 * Invariants: only committed records are handed out (4); a heartbeat's tail is covered by a proof of ownership that
 * started after the event before it (5).
 */

import { HEARTBEAT_GAP_MS_MAX, HEARTBEAT_GAP_MS_MIN, READ_METERED_BYTES_MAX } from '../core/limits.ts';
import type { ReadEvent, Rejection } from '../core/outcome.ts';
import type { StreamPosition } from '../core/position.ts';
import { mayFollow, ReadAllowance, type ReadInput } from '../core/read-plan.ts';
import type { SequencedRecord } from '../core/record.ts';
import type { StreamState } from '../core/stream-state.ts';
import type { Ports } from '../ports.ts';
import type { ReadLimits } from '../segments/record-batch.ts';
import type { RecordOpener } from './record-seals.ts';
import { Sleeper } from './sleeper.ts';
import type { TailWatch } from './tail-watch.ts';

/** The stream as one reader sees it. */
export interface ReadSource {
  readonly streamId: number;
  /** Null when records are stored as they were sent. */
  readonly opener: Pick<RecordOpener, 'open'> | null;
  /** The durable state now, or why there is nothing to read any more. */
  look(): StreamState | Rejection;
  /** Records from `fromSeqNum` on within the limits, or why the store keeps them. */
  fetch(stream: StreamState, fromSeqNum: number, limits: ReadLimits): Promise<SequencedRecord[] | Rejection>;
  /** Records that came after the reader had caught up, while they are in memory, trimmed or not. Null when they are not. */
  live(fromSeqNum: number, limits: ReadLimits): SequencedRecord[] | null;
  /** Whether there is a proof of ownership that started after that moment of the monotonic clock. */
  wasProvedAfter(atMs: number): boolean;
  /** Records of so many metered bytes are about to be handed to the reader. */
  handedOut(meteredBytes: number): void;
  /** Null once a proof of ownership that started now is there. */
  prove(): Promise<Rejection | null>;
}

type SessionPorts = Pick<Ports, 'clock' | 'random' | 'telemetry'>;

export class ReadSession {
  readonly #ports: SessionPorts;
  readonly #source: ReadSource;
  readonly #sleeper: Sleeper;
  readonly #allowance: ReadAllowance;
  readonly #mayFollow: boolean;
  readonly #waitMs: number | null;
  readonly #untilTimestamp: number;
  /** The number of the next record. */
  #next: number;
  /** It had everything at a moment that is proved, and what comes is handed out as it comes. */
  #following = false;
  #heartbeatAtMs = 0;
  /** When the event that is due was asked for. */
  #askedAtMs = 0;
  /** When the wait at the tail is over; null while it has not begun. */
  #expiresAtMs: number | null = null;

  constructor(ports: SessionPorts, source: ReadSource, input: ReadInput, fromSeqNum: number) {
    this.#ports = ports;
    this.#source = source;
    this.#sleeper = new Sleeper(ports.clock);
    this.#allowance = new ReadAllowance(input);
    this.#mayFollow = mayFollow(input);
    this.#waitMs = input.waitMs;
    this.#untilTimestamp = input.untilTimestamp ?? Infinity;
    this.#next = fromSeqNum;
  }

  /** Every event until the read ends; it ends quietly when `signal` aborts. */
  async *events(watch: TailWatch, signal: AbortSignal | undefined): AsyncGenerator<ReadEvent, void> {
    const unwatch = watch.watch(this.#source.streamId, this.#sleeper.wake);
    signal?.addEventListener('abort', this.#sleeper.wake);
    try {
      for (;;) {
        const event = await this.#nextEvent(signal);
        if (event !== null) yield event;
        if (event === null || event.kind === 'failed' || (event.kind === 'batch' && this.#allowance.isSpent)) return;
      }
    } finally {
      unwatch();
      signal?.removeEventListener('abort', this.#sleeper.wake);
      this.#sleeper.close();
    }
  }

  /** Null when the read is over. */
  async #nextEvent(signal: AbortSignal | undefined): Promise<ReadEvent | null> {
    this.#askedAtMs = this.#ports.clock.monoMs();
    while (signal?.aborted !== true) {
      const stream = this.#source.look();
      if (isRejection(stream)) return this.#failed(stream);
      const step = this.#next < stream.tail.seqNum ? await this.#deliver(stream) : await this.#atTail(stream);
      if (step === 'over') return null;
      if (step !== 'look-again') return step;
    }
    return null;
  }

  async #deliver(stream: StreamState): Promise<ReadEvent | 'look-again' | 'over'> {
    const { batch } = this.#allowance;
    // Who had everything is owed what came then, even if a trim came with it.
    const live = this.#following ? this.#source.live(this.#next, batch) : null;
    if (live?.length === 0) return 'over';
    const fetched = live ?? (await this.#source.fetch(stream, this.#next, batch));
    if (isRejection(fetched)) return this.#failed(fetched);
    const opened = this.#source.opener?.open(fetched, this.#untilTimestamp) ?? fetched;
    if (isRejection(opened)) return this.#failed(opened);
    const before = this.#allowance.takenBytes;
    const records = this.#allowance.take(opened);
    const last = records.at(-1);
    if (last === undefined) return this.#allowance.isSpent ? 'over' : this.#passTrimmed();
    this.#source.handedOut(this.#allowance.takenBytes - before);
    this.#next = last.seqNum + 1;
    this.#expiresAtMs = null;
    const followed = this.#following;
    if (followed && this.#next < stream.tail.seqNum) {
      // What came and did not fit ends the read, even if it is trimmed by the time one looks for it.
      const isCut = records.length < batch.recordsMax && batch.meteredBytesMax < READ_METERED_BYTES_MAX;
      if (live !== null && isCut && opened.length === live.length) this.#allowance.refuse();
      this.#ports.telemetry.event('read.fell-behind');
      this.#following = false;
    }
    const tail = this.#following ? this.#tailAtNext(stream) : followed && this.#allowance.isSpent ? stream.tail : null;
    this.#rested();
    this.#ports.telemetry.event(tail === null ? 'read.batch' : 'read.followed', records.length);
    return { kind: 'batch', records, tail };
  }

  /** Nothing came: the records were trimmed, which passes over them, or the next one does not fit the limits. */
  #passTrimmed(): 'look-again' | 'over' {
    const stream = this.#source.look();
    if (isRejection(stream)) return 'look-again';
    const { trimPoint } = stream;
    if (trimPoint <= this.#next) return 'over';
    this.#ports.telemetry.event('read.below-trim');
    this.#next = trimPoint;
    return 'look-again';
  }

  async #atTail(stream: StreamState): Promise<ReadEvent | 'look-again' | 'over'> {
    if (!this.#mayFollow) return 'over';
    const nowMs = this.#ports.clock.monoMs();
    if (this.#waitMs !== null) this.#expiresAtMs ??= nowMs + this.#waitMs;
    if (this.#expiresAtMs !== null && nowMs >= this.#expiresAtMs) return 'over';
    if (!this.#following || nowMs >= this.#heartbeatAtMs) return this.#heartbeat(stream);
    await this.#sleeper.until(Math.min(this.#heartbeatAtMs, this.#expiresAtMs ?? Infinity));
    return 'look-again';
  }

  async #heartbeat({ tail: before }: StreamState): Promise<ReadEvent | 'look-again'> {
    // Many that rest at the same tail need one proof, if it is younger than the question of each.
    if (!this.#source.wasProvedAfter(this.#askedAtMs)) {
      const refusal = await this.#source.prove();
      if (refusal !== null) return this.#failed(refusal);
    }
    const stream = this.#source.look();
    this.#following = true;
    // What came meanwhile says more than a heartbeat, and the proof covers it as well: on a stream that never rests the
    // reader would otherwise never hear that it has caught up.
    if (isRejection(stream) || stream.tail.seqNum !== before.seqNum) {
      this.#ports.telemetry.event('read.tail-moved');
      return 'look-again';
    }
    this.#rested();
    this.#ports.telemetry.event('read.heartbeat');
    return { kind: 'heartbeat', tail: stream.tail, atMs: this.#ports.clock.wallMs() };
  }

  /** The tail behind the last record: as it was when the batch was fetched, or as it is now. */
  #tailAtNext(fetched: StreamState): StreamPosition | null {
    const now = this.#source.look();
    if (fetched.tail.seqNum === this.#next) return fetched.tail;
    return !isRejection(now) && now.tail.seqNum === this.#next ? now.tail : null;
  }

  /** The reader heard something: the next heartbeat comes a random time from now, so that many do not come at once. */
  #rested(): void {
    const gapMs = HEARTBEAT_GAP_MS_MIN + this.#ports.random.below(HEARTBEAT_GAP_MS_MAX - HEARTBEAT_GAP_MS_MIN + 1);
    this.#heartbeatAtMs = this.#ports.clock.monoMs() + gapMs;
  }

  #failed(reason: Rejection): ReadEvent {
    this.#ports.telemetry.event('read.session-failed');
    return { kind: 'failed', reason };
  }
}

function isRejection(found: StreamState | SequencedRecord[] | Rejection): found is Rejection {
  return 'kind' in found;
}

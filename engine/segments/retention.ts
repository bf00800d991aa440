/**
 * Retention by age (storage reference §4.9): what is expired is trimmed by TRIM entries; compaction frees the bytes.
 *
 * The proposer alone looks at a clock, and only through `ProvenAge`; the entry says up to which number, so the fold, a
 * replay and the next owner agree. Records are judged once they are in segments, by the points of an index: up to a
 * point's distance of them live on a little longer. Nothing is polled: the next look is when something can be expired.
 */

import { retentionAgeMs } from '../core/config.ts';
import { LogCorruption } from '../log/corruption.ts';
import { StoreAbandoned, StoreRefused } from '../log/persistent-store.ts';
import type { Settlement } from '../log/queued.ts';
import type { Ports } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { Tables } from '../state/fold.ts';
import type { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { SegmentSource } from './compaction-merge.ts';
import { ProvenAge } from './proven-age.ts';
import type { SegmentRun } from './segment-format.ts';
import { SegmentGone } from './segment-gone.ts';
import type { SegmentTunables } from './tunables.ts';

export interface RetentionParts {
  ports: Pick<Ports, 'clock' | 'telemetry'>;
  tunables: Pick<SegmentTunables, 'retentionIntervalMs'>;
  /** The committed state. */
  state: LogState;
  /** What will be: a stream whose deletion is queued takes no TRIM any more. */
  ahead: Pick<Tables, 'stream'>;
  reader: Pick<SegmentSource, 'index'>;
  submit(entry: Entry): Promise<Settlement>;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
}

/** The turn is given away after so many runs. */
const RUNS_PER_TURN = 8_192;
const NEVER_MS = Infinity;
/** Entries queued before the first of them is waited for. */
const TRIMS_AT_ONCE = 256;
/** Timers of hosts overflow at 2^31 ms. */
const SLEEP_MS_MAX = 86_400_000;

export class Retention {
  readonly #parts: RetentionParts;
  readonly #age: ProvenAge;
  /** On the monotonic clock: nothing of the segment is expired before. Segments not in it were not looked at. */
  #dueMs = new WeakMap<SegmentRef, number>();
  #wake = new AbortController();

  /** To be made when ownership begins, after the replay. */
  constructor(parts: RetentionParts) {
    this.#parts = parts;
    this.#age = new ProvenAge(parts.ports.clock, parts.state.lastArrivalMs);
    parts.signal.addEventListener('abort', () => this.#wake.abort('woken'));
  }

  /** Judges until the engine ends. Rejects only with what is a bug. */
  async serve(): Promise<void> {
    const { clock } = this.#parts.ports;
    const { signal, tunables } = this.#parts;
    for (let lookedMs = -Infinity; !signal.aborted;) {
      this.#wake = new AbortController();
      const waitMs = Math.max(await this.#untilDueMs(), lookedMs + tunables.retentionIntervalMs - clock.monoMs());
      if (signal.aborted) return;
      if (waitMs > 0) {
        await this.#sleep(waitMs);
        continue;
      }
      lookedMs = clock.monoMs();
      if (!(await this.run())) return;
    }
  }

  /** The list has segments it did not have: whoever sleeps until something is due thinks again. */
  segmentsChanged(): void {
    this.#wake.abort('woken');
  }

  /** Another age holds for a stream from here on: nothing that was noted of any segment counts any more. */
  agesChanged(): void {
    this.#dueMs = new WeakMap();
    this.#wake.abort('woken');
  }

  /** One look at everything that may be expired. False when the log takes nothing any more. */
  async run(): Promise<boolean> {
    const trims = new Map<number, number>();
    const nowMs = this.#parts.ports.clock.monoMs();
    const listed = [...this.#parts.state.segments.all()];
    for (const ref of listed) {
      if ((this.#dueMs.get(ref) ?? 0) <= nowMs) await this.#judge(ref, trims);
    }
    return await this.#submitAll(trims);
  }

  /** Waits as long as the engine sleeps when nothing will be due. */
  async #sleep(waitMs: number): Promise<void> {
    if (waitMs === NEVER_MS) await aborted(this.#wake.signal);
    else await this.#parts.ports.clock.sleep(Math.min(waitMs, SLEEP_MS_MAX), this.#wake.signal);
  }

  /** Milliseconds until something may be expired; negative when it may be already. Looks at new segments once. */
  async #untilDueMs(): Promise<number> {
    let dueMs = NEVER_MS;
    const listed = [...this.#parts.state.segments.all()];
    for (const ref of listed) {
      if (!this.#dueMs.has(ref)) await this.#lookAt(ref);
      dueMs = Math.min(dueMs, this.#dueMs.get(ref) ?? NEVER_MS);
    }
    return dueMs - this.#parts.ports.clock.monoMs();
  }

  /** Notes when something of a new segment will be expired; what is expired already is due at once. */
  async #lookAt(ref: SegmentRef): Promise<void> {
    const trims = new Map<number, number>();
    await this.#judge(ref, trims);
    if (trims.size > 0) this.#dueMs.set(ref, -Infinity);
  }

  // --- judging ---------------------------------------------------------------------------------------------

  /** Adds to `trims` what is expired in the segment, and notes when the next of it will be. */
  async #judge(ref: SegmentRef, trims: Map<number, number>): Promise<void> {
    const nowMs = this.#parts.ports.clock.monoMs();
    // The one of now: what is judged by an age that changes meanwhile is judged again.
    const due = this.#dueMs;
    const { only } = ref;
    if (only !== null && this.#retentionOf(only.streamId) === null) {
      due.set(ref, NEVER_MS);
      return;
    }
    const index = await this.#indexOf(ref);
    if (index === null) {
      due.set(ref, nowMs + this.#parts.tunables.retentionIntervalMs);
      return;
    }
    let waitMs = NEVER_MS;
    let judged = 0;
    for (const run of index.runs()) {
      waitMs = Math.min(waitMs, this.#judgeRun(run, trims));
      if (++judged % RUNS_PER_TURN === 0) await this.#parts.ports.clock.sleep(0, this.#parts.signal);
    }
    due.set(ref, nowMs + waitMs);
  }

  /** Milliseconds until more of the run is expired. */
  #judgeRun(run: SegmentRun, trims: Map<number, number>): number {
    const stream = this.#parts.state.tables.stream(run.streamId);
    const ageMs = this.#retentionOf(run.streamId);
    if (stream === undefined || ageMs === null) return NEVER_MS;
    for (const { seqNum, arrivalMs } of endsOf(run)) {
      if (seqNum <= stream.trimPoint) continue;
      const waitMs = this.#age.untilLookMs(arrivalMs, ageMs);
      if (waitMs > 0) {
        if (this.#age.onlyByWall(arrivalMs, ageMs)) {
          this.#parts.ports.telemetry.event('retention.clock-ahead', waitMs);
        }
        return waitMs;
      }
      trims.set(run.streamId, Math.max(trims.get(run.streamId) ?? 0, seqNum));
    }
    return NEVER_MS;
  }

  #retentionOf(streamId: number): number | null {
    const stream = this.#parts.state.tables.stream(streamId);
    return stream === undefined ? null : retentionAgeMs(stream.config);
  }

  /** Null when it cannot be read: nothing is judged unread. Whether the owner may go on, others find out. */
  async #indexOf(ref: SegmentRef) {
    try {
      return await this.#parts.reader.index(ref);
    } catch (error) {
      const expected = [SegmentGone, LogCorruption, StoreRefused, StoreAbandoned].some((kind) => error instanceof kind);
      if (!expected) throw error;
      if (!this.#parts.signal.aborted) this.#parts.ports.telemetry.event('retention.unreadable', String(error));
      return null;
    }
  }

  // --- trimming --------------------------------------------------------------------------------------------

  async #submitAll(trims: ReadonlyMap<number, number>): Promise<boolean> {
    let pending: Promise<boolean>[] = [];
    for (const [streamId, trimPoint] of trims) {
      pending.push(this.#trim(streamId, trimPoint));
      if (pending.length < TRIMS_AT_ONCE) continue;
      if ((await Promise.all(pending)).includes(false)) return false;
      pending = [];
    }
    return !(await Promise.all(pending)).includes(false);
  }

  async #trim(streamId: number, trimPoint: number): Promise<boolean> {
    const stream = this.#parts.ahead.stream(streamId);
    if (stream === undefined || stream.trimPoint >= trimPoint) return true;
    const atMs = Math.max(this.#parts.state.lastArrivalMs, this.#parts.ports.clock.wallMs());
    const settlement = await this.#parts.submit({ type: 'trim', streamId, trimPoint, atMs, trimmedBytes: null });
    if (settlement !== 'committed') return false;
    this.#parts.ports.telemetry.event('retention.trimmed', streamId);
    return true;
  }
}

/** Where a trim may end in the run, with the newest arrival it would take, ascending. */
function* endsOf(run: SegmentRun): Generator<{ seqNum: number; arrivalMs: number }> {
  for (const { seqNum, arrivalMs } of run.points.slice(1)) yield { seqNum, arrivalMs };
  yield { seqNum: run.nextSeqNum, arrivalMs: run.lastArrivalMs };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * The owner's checkpoint cycle (storage reference §4.6): freeze at a committed slot, upload segments, pages and root,
 * log the INSTALL and wait until it is committed, publish and wait for that; then the collector may delete.
 *
 * One cycle at a time, and every step waits for the one before, because each makes the next one safe: an INSTALL names
 * nothing that is not durable, a publication nothing that is not installed. A cycle that can not end well ends the
 * owner, so nothing is ever taken back. While nothing changes, nothing runs and no timer is set.
 */

import { assert } from '../core/assert.ts';
import { checkpointKey, compareCheckpoints, publicationKey, segmentKey } from '../core/object-names.ts';
import { type PersistentStore, StoreAbandoned } from '../log/persistent-store.ts';
import { publicationBody } from '../log/publication.ts';
import type { Settlement } from '../log/queued.ts';
import type { Ports } from '../ports.ts';
import type { Entry } from '../state/entries.ts';
import type { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { Checkpoints, FrozenCheckpoint } from './checkpoint.ts';
import type { ChunkIndex, StreamFrames } from './chunk-index.ts';
import type { Collector } from './collector.ts';
import { FRAMES_PER_TURN, planFlush } from './flush-plan.ts';
import type { NameSource } from './names.ts';
import { LoopTurns } from './loop-turns.ts';
import { inParallel } from './parallel.ts';
import { SegmentBuilder } from './segment-format.ts';
import type { SegmentTunables } from './tunables.ts';

/**
 * Segments and pages on their way at once. A connection of S3 carries less than the log writes, so a flush that is to
 * keep up with the log needs as many of them; they are connections of its own, beside those of the log's window.
 */
const UPLOADS_MAX = 16;

type FlushTunables = Pick<
  SegmentTunables,
  'flushBytes' | 'flushSlots' | 'flushIntervalMs' | 'ownSegmentBytes' | 'segmentBytesMax' | 'overlayRowsMax'
>;

export interface FlusherParts {
  ports: Pick<Ports, 'clock' | 'compute' | 'telemetry'>;
  tunables: FlushTunables;
  store: PersistentStore;
  log: {
    /** Every slot below is durable and folded. */
    committed(): number;
  };
  state: LogState;
  chunks: ChunkIndex;
  checkpoints: Checkpoints;
  names: NameSource;
  collector: Collector;
  submit: (entry: Entry) => Promise<Settlement>;
  /** A segment was uploaded; `index` are the bytes of its index. */
  uploaded?: (ref: SegmentRef, index: Uint8Array) => void;
  /** A checkpoint was published; collection goes on by itself. */
  published(): void;
  /** A cycle ended with an error that is not the end of the engine itself: StoreRefused, or a bug. */
  failed: (error: unknown) => void;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
}

export class Flusher {
  readonly #parts: FlusherParts;
  readonly #turns: LoopTurns;
  #running: Promise<void> | null = null;
  #stopped = false;
  /** The last slot that is in a checkpoint. */
  #frozenSlot: number;
  /** When the oldest entry that is in no checkpoint was seen, on the monotonic clock. */
  #firstUnfrozenMs: number | null = null;
  #timer: AbortController | null = null;
  #lookScheduled = false;

  constructor(parts: FlusherParts) {
    this.#parts = parts;
    this.#turns = new LoopTurns(parts.ports.clock);
    this.#frozenSlot = parts.state.segments.installed?.slot ?? -1;
    parts.signal.addEventListener('abort', () => {
      this.#stopped = true;
      this.#timer?.abort('woken');
    });
    this.#lookSoon();
  }

  /** To be told of every slot after it was folded. Cheap, and does nothing itself: the log is in the middle of its work. */
  applied(): void {
    if (this.#parts.state.unfrozenEntries === 0) return;
    const isFirst = this.#firstUnfrozenMs === null;
    this.#firstUnfrozenMs ??= this.#parts.ports.clock.monoMs();
    if (this.#running === null && (isFirst || this.#reason() !== null)) this.#lookSoon();
  }

  /**
   * Makes a checkpoint of everything committed now, unless there is nothing new, publishes it, and collects. Rejects
   * with StoreAbandoned when the engine ends first.
   */
  async flushNow(): Promise<void> {
    await this.#running;
    // Somebody else who waited may have begun another cycle in the same turn: that one has everything, too.
    if (this.#running === null && !this.#stopped && this.#isWorthwhile()) this.#begin('flush.asked');
    await this.#running;
    if (this.#stopped) throw new StoreAbandoned('the engine ended before the flush');
    await this.#parts.collector.idle();
  }

  #isWorthwhile(): boolean {
    return this.#parts.state.unfrozenEntries > 0 || !this.#parts.collector.hasPublished;
  }

  #lookSoon(): void {
    if (this.#lookScheduled || this.#stopped) return;
    this.#lookScheduled = true;
    void Promise.resolve().then(() => {
      this.#lookScheduled = false;
      this.#look();
    });
  }

  /** Begins a cycle if one is due, else sets the timer if there is something to wait for. */
  #look(): void {
    if (this.#running !== null || this.#stopped || this.#parts.state.unfrozenEntries === 0) return;
    const now = this.#parts.ports.clock.monoMs();
    this.#firstUnfrozenMs ??= now;
    const reason = this.#reason() ?? (now >= this.#dueMs() ? 'flush.by-age' : null);
    if (reason !== null) this.#begin(reason);
    else this.#setTimer(this.#dueMs() - now);
  }

  #dueMs(): number {
    return (this.#firstUnfrozenMs ?? 0) + this.#parts.tunables.flushIntervalMs;
  }

  #reason(): 'flush.by-bytes' | 'flush.by-slots' | 'flush.by-rows' | null {
    const { tunables, chunks, log, state } = this.#parts;
    if (chunks.bytes >= tunables.flushBytes) return 'flush.by-bytes';
    if (log.committed() - 1 - this.#frozenSlot >= tunables.flushSlots) return 'flush.by-slots';
    // Rows that have to be written in one turn stall the log; so that they stay few, they bring a checkpoint about.
    if (tunables.overlayRowsMax > 0 && state.tables.dirtyIds.size >= 2 * tunables.overlayRowsMax)
      return 'flush.by-rows';
    return null;
  }

  #setTimer(ms: number): void {
    if (this.#timer !== null) return;
    const timer = new AbortController();
    this.#timer = timer;
    void this.#parts.ports.clock.sleep(ms, timer.signal).then(() => {
      if (this.#timer === timer) this.#timer = null;
      if (!timer.signal.aborted) this.#look();
    });
  }

  #begin(reason: 'flush.by-bytes' | 'flush.by-slots' | 'flush.by-rows' | 'flush.by-age' | 'flush.asked'): void {
    this.#timer?.abort('woken');
    this.#timer = null;
    this.#parts.ports.telemetry.event(reason, this.#parts.log.committed() - 1);
    this.#running = this.#cycle().then(
      () => {
        this.#running = null;
        this.#lookSoon();
      },
      (error: unknown) => {
        this.#running = null;
        this.#stopped = true;
        this.#parts.ports.telemetry.event('flush.abandoned');
        if (!(error instanceof StoreAbandoned)) this.#parts.failed(error);
      },
    );
  }

  async #cycle(): Promise<void> {
    const { checkpoints, chunks, log, names, ports, state, store, submit, tunables } = this.#parts;
    // In one turn: the slot, the rows, the chunks.
    const slot = log.committed() - 1;
    const frozen = checkpoints.freeze(state, slot, names);
    const frames = chunks.framesUpTo(slot);
    this.#frozenSlot = slot;
    this.#firstUnfrozenMs = null;
    const { segments: planned, deadBytes } = await this.#inTurns(planFlush(frames, state.tables, tunables));
    if (deadBytes > 0) ports.telemetry.event('flush.dead-skipped', deadBytes);

    const [segments] = await Promise.all([
      inParallel(planned, UPLOADS_MAX, (streams) => this.#writeSegment(streams)),
      this.#writePages(frozen),
    ]);
    await store.put(checkpointKey(frozen.name), [frozen.root(segments)]);
    ports.telemetry.event('checkpoint.written', slot);

    const { name: checkpoint, stateHash } = frozen;
    const settlement = await submit({ type: 'install', checkpoint, stateHash, segments });
    if (settlement !== 'committed') throw new StoreAbandoned('the INSTALL of a checkpoint');
    assert(isInstalled(state, frozen), 'a committed INSTALL is the newest one');
    ports.telemetry.event('checkpoint.installed', slot);

    const isMilestone = await this.#parts.collector.isMilestoneDue();
    await store.putIfAbsent(publicationKey(checkpoint), publicationBody(isMilestone));
    if (isMilestone) ports.telemetry.event('publication.milestone', slot);
    ports.telemetry.event('publication.written', slot);
    this.#parts.collector.published({ name: checkpoint, pages: frozen.pages, retired: frozen.retired });
    this.#parts.published();
  }

  /** Runs work to its end that yields when it is time to give the turn away; of several works one goes on in each. */
  async #inTurns<Result>(work: Generator<void, Result>): Promise<Result> {
    for (;;) {
      const step = await this.#turns.run(
        () => work.next(),
        () => Infinity,
      );
      if (step.done === true) return step.value;
    }
  }

  /** One page after the other is written, slice by slice, while a few before it are on their way. */
  async #writePages(frozen: FrozenCheckpoint): Promise<void> {
    const { ports, signal, store } = this.#parts;
    const uploads: Promise<void>[] = [];
    for (const page of frozen.written()) {
      if (page === null) {
        await ports.clock.sleep(0, signal);
        continue;
      }
      if (uploads.length >= UPLOADS_MAX) await uploads.shift();
      const upload = store.put(page.key, [page.bytes]);
      // Whoever awaits it hears of it; nobody does when another one failed first.
      upload.catch(() => {});
      uploads.push(upload);
    }
    await Promise.all(uploads);
  }

  /** Built right before its upload, and over several turns: a large flush takes the engine's only thread in slices. */
  async #writeSegment(streams: readonly StreamFrames[]): Promise<SegmentRef> {
    const { names, ports, store } = this.#parts;
    const name = names.next();
    const builder = new SegmentBuilder(name, ports.compute);
    await this.#inTurns(fill(builder, streams));
    const { parts, ref, index } = builder.finish();
    await store.put(segmentKey(name), parts);
    this.#parts.uploaded?.(ref, index);
    ports.telemetry.event('flush.segment-written', ref.bytes);
    return ref;
  }
}

function* fill(builder: SegmentBuilder, streams: readonly StreamFrames[]): Generator<void> {
  let framesInTurn = 0;
  for (const { streamId, frames } of streams) {
    for (let i = 0; i < frames.length; i++) {
      builder.add(streamId, frames.at(i));
      if (++framesInTurn < FRAMES_PER_TURN) continue;
      framesInTurn = 0;
      yield;
    }
  }
}

function isInstalled({ segments }: LogState, { name }: FrozenCheckpoint): boolean {
  return segments.installed !== null && compareCheckpoints(segments.installed, name) === 0;
}

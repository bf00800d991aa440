/**
 * The owner's compaction (storage reference §4.9): segments nobody may read any more leave the list, neighbours are
 * merged while there are too many, and a segment that is mostly dead is written again without its dead records.
 *
 * Everything takes effect by one EDIT entry behind objects that are durable by then; a crash before it leaves the inputs
 * listed and the outputs as orphans. The reader's view never changes but in what is trimmed or deleted durably. One
 * compaction runs at a time and nothing else removes segments, so its inputs are listed when the EDIT is decided.
 */

import { assert } from '../core/assert.ts';
import { type OwnedName, segmentKey } from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import { type PersistentStore, StoreAbandoned, StoreRefused } from '../log/persistent-store.ts';
import type { Settlement } from '../log/queued.ts';
import type { Ports } from '../ports.ts';
import type { EditEntry } from '../state/entries.ts';
import type { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { type Extent, frameBytes, groupsByAge, mergeable, mergeFrom, ownBytesMin } from './compaction-plan.ts';
import { type Merged, mergeSegments, type SegmentSource } from './compaction-merge.ts';
import type { NameSource } from './names.ts';
import { runFrom } from './segment-format.ts';
import { SegmentGone } from './segment-gone.ts';
import type { SegmentTunables } from './tunables.ts';

type CompactTunables = Pick<
  SegmentTunables,
  'ownSegmentBytes' | 'segmentBytesMax' | 'sharedSegmentsMax' | 'deadPercentMax'
>;

export interface CompactorParts {
  ports: Pick<Ports, 'clock' | 'compute' | 'telemetry'>;
  tunables: CompactTunables;
  store: Pick<PersistentStore, 'put' | 'delete'>;
  names: NameSource;
  /** The committed state: what is dead there stays dead. */
  state: LogState;
  reader: SegmentSource;
  submit: (entry: EditEntry) => Promise<Settlement>;
  proveOwnership: () => Promise<boolean>;
  /** Aborts when the engine ends. */
  signal: AbortSignal;
}

/** A cycle looks for dead bytes in about this many runs and goes on from there in the next: about 100 ms of work. */
const EXAMINED_RUNS_MAX = 262_144;
/** The turn is given away after so many. */
const RUNS_PER_TURN = 8_192;
/** Names in one EDIT. */
const REMOVED_MAX = 4_096;

export class Compactor {
  readonly #parts: CompactorParts;
  readonly #ownBytes: number;
  /** Extents do not change; they are read from an index once. */
  readonly #extents = new WeakMap<SegmentRef, Extent>();
  /** The key of the segment that was examined last. */
  #examinedTo = '';
  #running = false;
  #stopped = false;

  constructor(parts: CompactorParts) {
    this.#parts = parts;
    this.#ownBytes = ownBytesMin(parts.tunables);
  }

  /**
   * One cycle. True when the list changed: objects can be deleted after the next publication, and there may be more to
   * do. Rejects only with what is a bug.
   */
  async run(): Promise<boolean> {
    assert(!this.#running, 'one compaction runs at a time');
    if (this.#stopped || this.#parts.signal.aborted) return false;
    this.#running = true;
    try {
      return await this.#cycle();
    } catch (error) {
      await this.#failed(error);
      return false;
    } finally {
      this.#running = false;
    }
  }

  async #cycle(): Promise<boolean> {
    const { dead, mostlyDead } = await this.#examine();
    const dropped = dead.length > 0 && (await this.#drop(dead));
    if (this.#stopped) return dropped;
    const crowded = await this.#crowdedGroups();
    if (crowded === null) return (await this.#rewrite(mostlyDead)) || dropped;
    return (await this.#replace(crowded, 'compact.merged')) || dropped;
  }

  /** The groups to merge, neighbours, oldest first; null when there are not too many. */
  async #crowdedGroups(): Promise<Extent[][] | null> {
    const groupsMax = this.#parts.tunables.sharedSegmentsMax;
    const candidates = this.#mergeable();
    if (candidates.length <= groupsMax) return null;
    const groups = groupsByAge(await this.#extentsOf(candidates));
    const bytes = groups.map((group) => group.reduce((sum, { ref }) => sum + frameBytes(ref), 0));
    const from = mergeFrom(bytes, groupsMax);
    return from === null ? null : groups.slice(from);
  }

  #mergeable(): SegmentRef[] {
    return mergeable(this.#parts.state.segments, this.#ownBytes);
  }

  // --- what is dead ----------------------------------------------------------------------------------------

  /** Records below are dead; null when the stream is deleted: its id is never used again. */
  #aliveFrom(streamId: number): number | null {
    return this.#parts.state.tables.stream(streamId)?.trimPoint ?? null;
  }

  async #examine(): Promise<{ dead: SegmentRef[]; mostlyDead: SegmentRef[] }> {
    const { segments } = this.#parts.state;
    const dead = [...segments.all()].filter((ref) => this.#isWhollyDead(ref));
    const mostlyDead: SegmentRef[] = [];
    for (const ref of this.#due(this.#mergeable().filter((candidate) => !this.#isWhollyDead(candidate)))) {
      const deadBytes = await this.#deadBytes(ref);
      if (deadBytes === frameBytes(ref)) dead.push(ref);
      else if (deadBytes * 100 > this.#parts.tunables.deadPercentMax * frameBytes(ref)) mostlyDead.push(ref);
    }
    return { dead, mostlyDead };
  }

  /** As far as can be told without the index: segments of one stream. */
  #isWhollyDead({ only }: SegmentRef): boolean {
    if (only === null) return false;
    const aliveFrom = this.#aliveFrom(only.streamId);
    return aliveFrom === null || only.nextSeqNum <= aliveFrom;
  }

  /** Those whose turn it is: as many as one cycle examines, from where the last one ended, round and round. */
  #due(refs: readonly SegmentRef[]): SegmentRef[] {
    const byKey = refs.toSorted((a, b) => a.epoch - b.epoch || a.number - b.number);
    const at = byKey.findIndex((ref) => segmentKey(ref) > this.#examinedTo);
    const due: SegmentRef[] = [];
    let runs = 0;
    for (const ref of [...byKey.slice(Math.max(0, at)), ...byKey.slice(0, Math.max(0, at))]) {
      if (runs > 0 && runs + ref.streamCount > EXAMINED_RUNS_MAX) break;
      runs += ref.streamCount;
      due.push(ref);
    }
    this.#examinedTo = due.length === refs.length ? '' : segmentKey(due.at(-1) ?? { epoch: 0, number: 0 });
    return due;
  }

  /** What writing the segment again would save. */
  async #deadBytes(ref: SegmentRef): Promise<number> {
    const index = await this.#parts.reader.index(ref);
    let dead = 0;
    let examined = 0;
    for (const run of index.runs()) {
      const aliveFrom = this.#aliveFrom(run.streamId);
      const rest = aliveFrom === null ? null : runFrom(run, aliveFrom);
      dead += run.length - (rest?.length ?? 0);
      if (++examined % RUNS_PER_TURN === 0) await this.#parts.ports.clock.sleep(0, this.#parts.signal);
    }
    return dead;
  }

  // --- what is done about it -------------------------------------------------------------------------------

  async #drop(dead: readonly SegmentRef[]): Promise<boolean> {
    for (let at = 0; at < dead.length; at += REMOVED_MAX) {
      const removed = dead.slice(at, at + REMOVED_MAX);
      if (!(await this.#edit(removed, []))) return at > 0;
      this.#parts.ports.telemetry.event('compact.dead-dropped', removed.length);
    }
    return true;
  }

  async #rewrite(refs: readonly SegmentRef[]): Promise<boolean> {
    let rewritten = false;
    for (const extent of await this.#extentsOf(refs)) {
      if (this.#stopped || !(await this.#replace([[extent]], 'compact.rewritten'))) break;
      rewritten = true;
    }
    return rewritten;
  }

  /** Writes what is alive of the groups, which are neighbours, into new segments that take their place. */
  async #replace(
    groups: readonly (readonly Extent[])[],
    event: 'compact.merged' | 'compact.rewritten',
  ): Promise<boolean> {
    const { ports, names, store, reader, tunables } = this.#parts;
    const merged: Merged = { added: [], ownCount: 0, settledCount: 0 };
    try {
      await mergeSegments(
        groups,
        {
          source: reader,
          compute: ports.compute,
          name: () => names.next(),
          upload: (key, parts) => store.put(key, parts),
          aliveFrom: (streamId) => this.#aliveFrom(streamId),
          ownBytes: this.#ownBytes,
          segmentBytesMax: tunables.segmentBytesMax,
        },
        merged,
      );
    } catch (error) {
      await this.#takeBack(merged.added);
      throw error;
    }
    const removed = groups.flat().map(({ ref }) => ref);
    if (!(await this.#edit(removed, merged.added))) return false;
    ports.telemetry.event(event, removed.length);
    if (merged.ownCount > 0) ports.telemetry.event('compact.own-cut', merged.ownCount);
    if (merged.settledCount > 0) ports.telemetry.event('compact.settled', merged.settledCount);
    if (merged.added.length === 0) ports.telemetry.event('compact.nothing-left');
    return true;
  }

  /** Deletes what was uploaded and can never be listed any more. What stays is an orphan, for the next owner. */
  async #takeBack(uploaded: readonly OwnedName[]): Promise<void> {
    if (this.#parts.signal.aborted) return;
    try {
      await this.#parts.store.delete(uploaded.map(segmentKey));
    } catch (error) {
      if (!(error instanceof StoreRefused || error instanceof StoreAbandoned)) throw error;
    }
  }

  async #edit(removed: readonly OwnedName[], added: readonly SegmentRef[]): Promise<boolean> {
    const { state, submit, signal, ports } = this.#parts;
    if (signal.aborted) return false;
    for (const name of removed) assert(state.segments.has(name), 'a compaction removes what is listed');
    const names = removed.map(({ epoch, number }) => ({ epoch, number }));
    const settlement = await submit({ type: 'edit', removed: names, added });
    if (settlement === 'committed') return true;
    this.#stopped = true;
    ports.telemetry.event('compact.stale', settlement);
    return false;
  }

  async #extentsOf(refs: readonly SegmentRef[]): Promise<Extent[]> {
    const extents: Extent[] = [];
    for (const ref of refs) extents.push(this.#extents.get(ref) ?? (await this.#readExtent(ref)));
    return extents;
  }

  async #readExtent(ref: SegmentRef): Promise<Extent> {
    let [firstStreamId, lastStreamId] = [ref.only?.streamId ?? 0, ref.only?.streamId ?? 0];
    if (ref.only === null) {
      firstStreamId = Number.MAX_SAFE_INTEGER;
      for (const { streamId } of (await this.#parts.reader.index(ref)).runs()) {
        firstStreamId = Math.min(firstStreamId, streamId);
        lastStreamId = streamId;
      }
    }
    const extent = { ref, firstStreamId, lastStreamId };
    this.#extents.set(ref, extent);
    return extent;
  }

  // --- what goes wrong -------------------------------------------------------------------------------------

  /** Nothing took effect. Rethrows what no store and no rival can bring about. */
  async #failed(error: unknown): Promise<void> {
    const { telemetry } = this.#parts.ports;
    if (this.#parts.signal.aborted || error instanceof StoreAbandoned) return;
    if (error instanceof StoreRefused) {
      telemetry.event('compact.refused', error.message);
    } else if (error instanceof LogCorruption) {
      // The segment stays where it is and its neighbours with it; readers of other streams are served as before.
      this.#stopped = true;
      telemetry.event('compact.damaged', error.message);
    } else if (error instanceof SegmentGone) {
      const owner = await this.#parts.proveOwnership();
      assert(!owner, `${error.key} is listed, so it exists while this process owns the store`);
      this.#stopped = true;
      telemetry.event('compact.stale', error.key);
    } else {
      throw error;
    }
  }
}

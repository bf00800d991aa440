/**
 * An owner's committed side over a store in memory, without a log: appends, trims, deletions and flushes as the log and
 * the flusher would make them, each entry applied at once. Beside it stands every record ever appended, as plain arrays,
 * and what every stream must read.
 */

import type { StreamConfig } from '../core/config.ts';
import { MemoryBlobStore } from '../adapters/memory-blob-store.ts';
import { segmentKey } from '../core/object-names.ts';
import type { SequencedRecord } from '../core/record.ts';
import { PersistentStore } from '../log/persistent-store.ts';
import type { Settlement } from '../log/queued.ts';
import type { BlobStore } from '../ports.ts';
import { CommittedLog } from '../segments/committed-log.ts';
import { Compactor } from '../segments/compactor.ts';
import { planFlush } from '../segments/flush-plan.ts';
import { NameSource } from '../segments/names.ts';
import { SegmentBuilder } from '../segments/segment-format.ts';
import { SegmentReader } from '../segments/segment-reader.ts';
import { StreamReader } from '../segments/stream-reader.ts';
import { SEGMENT_DEFAULTS, type SegmentTunables } from '../segments/tunables.ts';
import type { Entry } from '../state/entries.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { EngineEvent } from '../telemetry.ts';
import { finished } from './finished.ts';
import { ManualClock, nativeCompute } from './manual-ports.ts';
import { chunkOfRecords, frameOf, joined } from './segment-world.ts';
import { createBasin, createStream, KEPT } from './state-samples.ts';

const KIB = 1024;

export const SMALL_SEGMENTS: SegmentTunables = {
  ...SEGMENT_DEFAULTS,
  ownSegmentBytes: 4 * KIB,
  segmentBytesMax: 16 * KIB,
  sharedSegmentsMax: 4,
  deadPercentMax: 50,
  cacheBlockBytes: 4 * KIB,
  cacheBytesMax: 64 * KIB,
  indexCacheBytesMax: 1024 * KIB,
  readAheadBlocks: 0,
};

export class CompactionWorld {
  readonly clock = new ManualClock();
  readonly objects = new MemoryBlobStore();
  readonly counts = new Map<EngineEvent, number>();
  readonly abort = new AbortController();
  readonly committed = new CommittedLog(() => Promise.resolve(null));
  readonly names = new NameSource(1);
  readonly tunables: SegmentTunables;
  readonly reader: SegmentReader;
  readonly streams: StreamReader;
  readonly records = new Map<number, SequencedRecord[]>();
  /** Called with every entry that is to be decided; answers how it settled. */
  settle: (entry: Entry) => Settlement = () => 'committed';
  /** Stands before every call of the store. */
  blobs: BlobStore = this.objects;
  isOwner = true;
  flushedBytes = 0;
  /** Distance of the points in flushed segments. */
  pointDistanceBytes = 256;
  readonly #store: PersistentStore;
  #slot = 0;
  #nextId = 1;

  constructor(tunables: Partial<SegmentTunables> = {}) {
    this.tunables = { ...SMALL_SEGMENTS, ...tunables };
    const ports = {
      clock: this.clock,
      compute: nativeCompute,
      random: { below: () => 0 },
      telemetry: this.telemetry,
      blobs: this.#throughBlobs(),
    };
    this.#store = new PersistentStore(ports, { retryMsMin: 1, retryMsMax: 1 }, 'log.put.failed', this.abort.signal);
    this.reader = new SegmentReader({ ...ports, store: this.#store }, this.tunables);
    this.streams = new StreamReader(ports, this.committed, this.reader, this.tunables);
    this.apply(createBasin('basin-of-test'));
  }

  #throughBlobs(): BlobStore {
    return {
      putIfAbsent: (...call) => this.blobs.putIfAbsent(...call),
      put: (...call) => this.blobs.put(...call),
      get: (...call) => this.blobs.get(...call),
      list: (...call) => this.blobs.list(...call),
      delete: (...call) => this.blobs.delete(...call),
    };
  }

  get telemetry() {
    return { event: (name: EngineEvent) => void this.counts.set(name, (this.counts.get(name) ?? 0) + 1) };
  }

  get segments(): SegmentRef[] {
    return [...this.committed.state.segments.all()];
  }

  compactor(): Compactor {
    return new Compactor({
      ports: { clock: this.clock, compute: nativeCompute, telemetry: this.telemetry },
      tunables: this.tunables,
      store: this.#store,
      names: this.names,
      state: this.committed.state,
      reader: this.reader,
      signal: this.abort.signal,
      submit: (entry) => this.submit(entry),
      proveOwnership: () => Promise.resolve(this.isOwner),
    });
  }

  async submit(entry: Entry): Promise<Settlement> {
    const settlement = this.settle(entry);
    if (settlement === 'committed') this.apply(entry);
    return settlement;
  }

  createStream(retentionAgeMs: number | null = null): number {
    const id = this.#nextId++;
    const config = keptFor(retentionAgeMs);
    this.apply(createStream(id, `s${id}`, { basin: 'basin-of-test', config }));
    this.records.set(id, []);
    return id;
  }

  reconfigure(streamId: number, retentionAgeMs: number | null): void {
    this.apply({ type: 'reconfigure-stream', streamId, config: keptFor(retentionAgeMs), atMs: 0 });
  }

  /** One chunk of `count` records. */
  append(streamId: number, count: number, bodyLength: number, arrivalMs = this.clock.wallMs()): void {
    const all = this.records.get(streamId) ?? [];
    const news = Array.from({ length: count }, () => ({ timestamp: this.#slot, bodyLength }));
    const bytesBefore = this.committed.state.tables.stream(streamId)?.appendedBytes;
    const { chunk, records } = chunkOfRecords(streamId, all.length, news, arrivalMs, bytesBefore);
    all.push(...records);
    this.apply(chunk);
  }

  trim(streamId: number, trimPoint: number): void {
    this.apply({ type: 'trim', streamId, trimPoint, atMs: 0, trimmedBytes: null });
  }

  deleteStream(streamId: number): void {
    this.apply({ type: 'delete-stream', streamId });
    this.records.delete(streamId);
  }

  /** Everything in memory goes to segments, as the flusher plans it. */
  async flush(): Promise<void> {
    const frozen = this.committed.chunks.upTo(this.#slot);
    const segments: SegmentRef[] = [];
    for (const content of finished(planFlush(frozen, this.committed.state.tables, this.tunables)).segments) {
      const builder = new SegmentBuilder(this.names.next(), nativeCompute, this.pointDistanceBytes);
      for (const { streamId, frames } of content) for (const frame of frames) builder.add(streamId, frame);
      const { parts, ref } = builder.finish();
      await this.objects.put(segmentKey(ref), [joined(parts)]);
      this.flushedBytes += ref.bytes;
      segments.push(ref);
    }
    const checkpoint = { slot: this.#slot, epoch: 1, number: this.#slot };
    this.apply({ type: 'install', checkpoint, stateHash: this.committed.state.hash, segments });
  }

  /** Deletes what no list names, as the collector would after a publication. Returns how many objects. */
  async collect(): Promise<number> {
    const listed = new Set(this.segments.map(segmentKey));
    const dead = (await this.keys()).filter((key) => !listed.has(key));
    await this.objects.delete(dead);
    for (const key of dead) this.reader.forget(key);
    return dead.length;
  }

  async keys(): Promise<string[]> {
    const page = await this.objects.list('seg/', '', 1000);
    return page.kind === 'page' ? page.blobs.map(({ key }) => key) : [];
  }

  /** Null when every stream reads what it must; else what is wrong. */
  async misread(): Promise<string | null> {
    for (const [streamId, all] of this.records) {
      const trimPoint = this.committed.state.tables.stream(streamId)?.trimPoint ?? 0;
      for (let at = trimPoint; at < all.length;) {
        const read = await this.streams.read(streamId, at, { recordsMax: 1000, meteredBytesMax: 1024 * KIB });
        for (const record of read) {
          const expected = all[at];
          if (expected === undefined || record.seqNum !== at || Buffer.compare(record.body, expected.body) !== 0) {
            return `stream ${streamId} misreads record ${at}`;
          }
          at++;
        }
        if (read.length === 0) return `stream ${streamId} ends at ${at} of ${all.length}`;
      }
    }
    return null;
  }

  apply(entry: Entry): void {
    const slot = ++this.#slot;
    const place = entry.type === 'chunk' ? frameOf(entry) : { bytes: new Uint8Array(12), start: 0, end: 12 };
    this.committed.apply(entry, { slot, bytes: place.bytes, start: place.start, end: place.end });
    this.committed.endOfSlot(slot);
  }
}

function keptFor(retentionAgeMs: number | null): StreamConfig {
  return retentionAgeMs === null ? KEPT : { ...KEPT, retentionAgeS: retentionAgeMs / 1000 };
}

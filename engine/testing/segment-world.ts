/**
 * An owner's committed side with segments in a store, made by hand: append, flush, merge, trim and delete do to state,
 * memory and objects what the log and its background work would, at once and without any of them. Beside it stand
 * plain arrays of all records, to compare with.
 */

import type { AdmittedChunk } from '../core/admission.ts';
import { encodeRecords } from '../core/stamped-batch.ts';
import { type OwnedName, segmentKey } from '../core/object-names.ts';
import { meteredBytes, meteredBytesOf, type SequencedRecord } from '../core/record.ts';
import { frameLength, payloadStart, sealFrame } from '../log/format.ts';
import { PersistentStore } from '../log/persistent-store.ts';
import type { Frame } from '../segments/stream-chunks.ts';
import { CommittedLog } from '../segments/committed-log.ts';
import { decodeSegmentIndex, runFrom, SegmentBuilder, type SegmentRun } from '../segments/segment-format.ts';
import { SegmentReader } from '../segments/segment-reader.ts';
import { StreamReader } from '../segments/stream-reader.ts';
import { CHUNK_TYPE, type ChunkEntry, encodeEntry, type Entry } from '../state/entries.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { manualPorts, nativeCompute } from './manual-ports.ts';
import { createBasin, createStream } from './state-samples.ts';

const BASIN = 'basin-of-test';

export interface NewRecord {
  timestamp: number;
  bodyLength: number;
}

/** A chunk's frame, somewhere in a larger buffer, as in an arena. */
export function frameOf(chunk: ChunkEntry | AdmittedChunk): Frame {
  const { payload } = encodeEntry(chunk);
  const start = 5;
  const end = start + frameLength(payload.length);
  const bytes = new Uint8Array(end + 3);
  bytes.set(payload, payloadStart(start));
  sealFrame(bytes, start, end, CHUNK_TYPE, nativeCompute);
  const { firstSeqNum, count, firstTimestamp, lastTimestamp, arrivalMs } = chunk;
  return { firstSeqNum, nextSeqNum: firstSeqNum + count, firstTimestamp, lastTimestamp, arrivalMs, bytes, start, end };
}

/** A chunk whose bodies tell the numbers of their records. */
export function chunkOfRecords(
  streamId: number,
  firstSeqNum: number,
  news: readonly NewRecord[],
  arrivalMs = 0,
  bytesBefore = 0,
): { chunk: ChunkEntry; records: SequencedRecord[] } {
  const records = news.map(({ timestamp, bodyLength }, i) => ({
    seqNum: firstSeqNum + i,
    timestamp,
    headers: [{ name: new Uint8Array([110]), value: new Uint8Array([i]) }],
    body: new Uint8Array(bodyLength).fill(firstSeqNum + i),
  }));
  const chunk: ChunkEntry = {
    type: 'chunk',
    streamId,
    firstSeqNum,
    count: records.length,
    firstTimestamp: records[0]?.timestamp ?? 0,
    lastTimestamp: records.at(-1)?.timestamp ?? 0,
    arrivalMs,
    appendedBytes: bytesBefore + meteredBytesOf(records),
    fencingToken: null,
    trimPoint: null,
    records: encodeRecords(records),
  };
  return { chunk, records };
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

interface WorldSizes {
  cacheBlockBytes: number;
  cacheBytesMax: number;
  indexCacheBytesMax: number;
  readAheadBlocks: number;
  pointDistanceBytes: number;
}

export class SegmentWorld {
  readonly ports = manualPorts();
  readonly committed = new CommittedLog(() => Promise.resolve(null));
  readonly store: PersistentStore;
  readonly segments: SegmentReader;
  readonly reader: StreamReader;
  /** Every record ever appended, by stream. */
  readonly records = new Map<number, SequencedRecord[]>();
  readonly #sizes: WorldSizes;
  #slot = 0;
  #number = 0;

  constructor(streams: number, sizes: Partial<WorldSizes> = {}) {
    this.#sizes = {
      cacheBlockBytes: 100,
      cacheBytesMax: 1_000,
      indexCacheBytesMax: 10_000,
      readAheadBlocks: 0,
      pointDistanceBytes: 200,
      ...sizes,
    };
    const { ports } = this;
    this.store = new PersistentStore(ports, { retryMsMin: 1, retryMsMax: 2 }, 'takeover.store-retried');
    this.segments = new SegmentReader({ ...ports, store: this.store }, this.#sizes);
    this.reader = new StreamReader(ports, this.committed, this.segments, this.#sizes);
    this.#commit(createBasin(BASIN));
    for (let id = 1; id <= streams; id++) {
      this.#commit(createStream(id, `stream-${id}`, { basin: BASIN }));
      this.records.set(id, []);
    }
  }

  /** Ranges asked of the store, as `key start-end`. */
  get gets(): string[] {
    return this.ports.blobs.calls
      .filter((call) => call.operation === 'get')
      .map((call) => `${call.key} ${call.range?.start}-${call.range?.end}`);
  }

  append(streamId: number, news: readonly NewRecord[]): void {
    const all = this.#all(streamId);
    const { chunk, records } = chunkOfRecords(
      streamId,
      all.length,
      news,
      this.#slot + 1,
      this.committed.state.tables.stream(streamId)?.appendedBytes,
    );
    all.push(...records);
    this.#commit(chunk);
  }

  trim(streamId: number, trimPoint: number): void {
    this.#commit({ type: 'trim', streamId, trimPoint, atMs: 0, trimmedBytes: null });
  }

  deleteStream(streamId: number): void {
    this.#commit({ type: 'delete-stream', streamId });
  }

  /** Everything in memory goes to segments: one for each stream of `own`, one for all others together. */
  flush(own: readonly number[] = []): void {
    const slot = this.#slot;
    const refs: SegmentRef[] = [];
    const shared = this.#builder();
    for (const { streamId, frames } of this.committed.chunks.upTo(slot)) {
      const builder = own.includes(streamId) ? this.#builder() : shared;
      for (const frame of frames) builder.add(streamId, frame);
      if (builder !== shared) refs.push(this.#put(builder));
    }
    if (shared.streamCount > 0) refs.push(this.#put(shared));
    const checkpoint = { slot, epoch: 1, number: this.#number };
    this.#commit({ type: 'install', checkpoint, stateHash: this.committed.state.hash, segments: refs });
  }

  /** All segments become one, without what is trimmed. With `keep`, the objects of the old ones stay. */
  merge(keep = false): void {
    const { segments, tables } = this.committed.state;
    const removed = [...segments.all()];
    const runs: { run: SegmentRun; bytes: Uint8Array }[] = [];
    for (const ref of removed) {
      const object = this.objectOf(ref);
      const index = object.slice(ref.indexOffset, ref.indexOffset + ref.indexBytes);
      for (const whole of decodeSegmentIndex(ref, index, nativeCompute).runs()) {
        const run = runFrom(whole, tables.stream(whole.streamId)?.trimPoint ?? Infinity);
        if (run !== null) runs.push({ run, bytes: object.subarray(run.offset, run.offset + run.length) });
      }
    }
    const builder = this.#builder();
    runs.sort((a, b) => a.run.streamId - b.run.streamId || a.run.firstSeqNum - b.run.firstSeqNum);
    for (const { run, bytes } of runs) builder.addRange(run, [bytes]);
    this.#commit({ type: 'edit', removed, added: runs.length === 0 ? [] : [this.#put(builder)] });
    for (const ref of keep ? [] : removed) this.collect(ref);
  }

  collect(name: OwnedName): void {
    this.ports.blobs.objects.delete(segmentKey(name));
    this.segments.forget(segmentKey(name));
  }

  objectOf(name: OwnedName): Uint8Array {
    return this.ports.blobs.objects.get(segmentKey(name)) ?? new Uint8Array();
  }

  /** What a read from `from` has to answer at most. */
  expectedRead(streamId: number, from: number, limits: { recordsMax: number; meteredBytesMax: number }) {
    const start = Math.max(from, this.trimPoint(streamId));
    let bytes = 0;
    const fits = this.#all(streamId)
      .slice(start)
      .findIndex((record, i) => {
        bytes += meteredBytes(record);
        return i >= limits.recordsMax || bytes > limits.meteredBytesMax;
      });
    return this.#all(streamId).slice(start, fits < 0 ? undefined : start + fits);
  }

  expectedSeqNumAt(streamId: number, timestamp: number): number {
    const all = this.#all(streamId);
    const at = all.findIndex((r) => r.timestamp >= timestamp && r.seqNum >= this.trimPoint(streamId));
    return at < 0 ? all.length : at;
  }

  trimPoint(streamId: number): number {
    return this.committed.state.tables.stream(streamId)?.trimPoint ?? 0;
  }

  #all(streamId: number): SequencedRecord[] {
    return this.records.get(streamId) ?? [];
  }

  #builder(): SegmentBuilder {
    return new SegmentBuilder({ epoch: 1, number: ++this.#number }, nativeCompute, this.#sizes.pointDistanceBytes);
  }

  #put(builder: SegmentBuilder): SegmentRef {
    const { parts, ref } = builder.finish();
    this.ports.blobs.objects.set(segmentKey(ref), joined(parts));
    return ref;
  }

  /** An entry in a slot of its own. */
  #commit(entry: Entry): void {
    const slot = ++this.#slot;
    const place = entry.type === 'chunk' ? frameOf(entry) : { bytes: new Uint8Array(12), start: 0, end: 12 };
    this.committed.apply(entry, { slot, bytes: place.bytes, start: place.start, end: place.end });
    this.committed.endOfSlot(slot);
  }
}

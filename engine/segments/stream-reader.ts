/**
 * Records of one stream of any age, by number or timestamp: from memory in the same turn, else from segments.
 *
 * After every wait the place is looked up anew, because meanwhile a flush may have moved chunks from memory to a
 * segment, a compaction may have replaced the segment, a trim may have moved on. A segment is pinned while it is read.
 * One call decodes one batch at most, so that readers never keep the writer waiting.
 */

import { assert } from '../core/assert.ts';
import { decodeRecordsFrom, seqNumAtTimestamp } from '../core/chunk.ts';
import { segmentKey } from '../core/object-names.ts';
import { meteredBytesOf, type SequencedRecord } from '../core/record.ts';
import { type Meter, meterOf } from '../core/sealed-record.ts';
import type { StreamState } from '../core/stream-state.ts';
import { LogCorruption, meaningOf } from '../log/corruption.ts';
import type { Ports } from '../ports.ts';
import type { ChunkEntry } from '../state/entries.ts';
import type { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import type { ChunkIndex } from './chunk-index.ts';
import { LoopTurns } from './loop-turns.ts';
import { ReadAhead } from './read-ahead.ts';
import { type ReadLimits, RecordBatch } from './record-batch.ts';
import { chunkOf, verifiedChunks } from './segment-frames.ts';
import { SegmentGone } from './segment-gone.ts';
import type { SegmentRun } from './segment-index.ts';
import { SegmentLookup } from './segment-lookup.ts';
import { rangeFor } from './segment-range.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { SegmentTunables } from './tunables.ts';

/** The committed side as readers see it; `CommittedLog` is one. */
export interface Committed {
  readonly chunks: ChunkIndex;
  readonly state: Pick<LogState, 'tables' | 'segments'>;
}

export class StreamReader {
  readonly #ports: Pick<Ports, 'compute' | 'telemetry'>;
  readonly #turns: LoopTurns;
  readonly #committed: Committed;
  readonly #segments: SegmentReader;
  readonly #ahead: ReadAhead;

  constructor(
    ports: Pick<Ports, 'clock' | 'compute' | 'telemetry'>,
    committed: Committed,
    segments: SegmentReader,
    tunables: Pick<SegmentTunables, 'readAheadBlocks' | 'cacheBlockBytes' | 'cacheBytesMax'>,
  ) {
    this.#ports = ports;
    this.#turns = new LoopTurns(ports.clock);
    this.#committed = committed;
    this.#segments = segments;
    this.#ahead = new ReadAhead(ports.telemetry, () => committed.state.segments, segments, tunables);
  }

  /**
   * Records from `fromSeqNum` on within the limits: some of them, in this turn when they are in memory, unless readers
   * have had enough of it. None when the first does not fit the limits, when the tail is reached, or when the stream was deleted or trimmed up to its tail
   * meanwhile; records trimmed meanwhile are passed over. Rejects with SegmentGone when this process is not the owner
   * any more, with LogCorruption when the segment is damaged, with what the store throws.
   */
  read(streamId: number, fromSeqNum: number, limits: ReadLimits): SequencedRecord[] | Promise<SequencedRecord[]> {
    return this.#turns.run(
      () => this.#readMemory(streamId, fromSeqNum, limits) ?? this.#readSegments(streamId, fromSeqNum, limits),
      (read) => (read instanceof Promise ? 0 : meteredBytesOf(read)),
    );
  }

  /**
   * The same for a reader that had everything up to `fromSeqNum` when these records came, and is owed them even if they are
   * trimmed by now: whatever of them is in memory. Null when the first is not.
   */
  readLive(streamId: number, fromSeqNum: number, limits: ReadLimits): SequencedRecord[] | null {
    return this.#stream(streamId) === undefined ? null : this.#framesFrom(streamId, fromSeqNum, limits);
  }

  /**
   * Begins to fetch what a read from there will need of the store, for callers that must wait for something else first.
   * A hint: nothing comes back, and what goes wrong goes unnoticed until that read meets it.
   */
  readSoon(streamId: number, fromSeqNum: number, limits: ReadLimits): void {
    const stream = this.#stream(streamId);
    if (stream === undefined) return;
    const from = Math.max(fromSeqNum, stream.trimPoint);
    if (from >= stream.tail.seqNum || this.#committed.chunks.frameAt(streamId, from) !== null) return;
    this.#ahead.readSoon(streamId, from, limits);
  }

  /**
   * The lowest number not trimmed whose timestamp is `timestamp` or later; the tail when there is none, 0 when the
   * stream is deleted. In this turn when memory tells. Rejects as `read`.
   */
  seqNumAtTimestamp(streamId: number, timestamp: number): number | Promise<number> {
    return this.#timestampInMemory(streamId, timestamp) ?? this.#timestampInSegments(streamId, timestamp);
  }

  /**
   * Metered bytes of all records ever appended to the stream below `seqNum`, which is a record that is there. In this turn when
   * memory tells. Null when it is not there any more. Rejects as `read`.
   */
  bytesBelow(streamId: number, seqNum: number): number | null | Promise<number | null> {
    const frame = this.#committed.chunks.frameAt(streamId, seqNum);
    if (frame === null) return this.#bytesInSegments(streamId, seqNum);
    return bytesBelowIn(chunkOf(frame), seqNum, this.#meter(streamId));
  }

  // --- by number -----------------------------------------------------------------------------------------

  /** Null when segments have to be asked. */
  #readMemory(streamId: number, fromSeqNum: number, limits: ReadLimits): SequencedRecord[] | null {
    const stream = this.#stream(streamId);
    if (stream === undefined) return [];
    const from = Math.max(fromSeqNum, stream.trimPoint);
    return from >= stream.tail.seqNum ? [] : this.#framesFrom(streamId, from, limits);
  }

  #framesFrom(streamId: number, fromSeqNum: number, limits: ReadLimits): SequencedRecord[] | null {
    const { chunks } = this.#committed;
    let from = fromSeqNum;
    let frame = chunks.frameAt(streamId, from);
    if (frame === null) return null;
    const batch = new RecordBatch(limits, this.#meter(streamId));
    for (; frame !== null && !batch.full; frame = chunks.frameAt(streamId, from)) {
      batch.add(chunkOf(frame), from);
      from = frame.nextSeqNum;
    }
    return batch.records;
  }

  async #readSegments(streamId: number, fromSeqNum: number, limits: ReadLimits): Promise<SequencedRecord[]> {
    const { segments, tables } = this.#committed.state;
    const lookup = new SegmentLookup(segments, this.#segments);
    for (;;) {
      const inMemory = this.#readMemory(streamId, fromSeqNum, limits);
      if (inMemory !== null) return inMemory;
      const from = Math.max(fromSeqNum, tables.stream(streamId)?.trimPoint ?? 0);
      const place = lookup.bySeqNum(streamId, from);
      if (place.kind === 'unknown') {
        await lookup.load(place.refs);
        continue;
      }
      assert(place.kind === 'found', `record ${from} of stream ${streamId} is in memory or in a listed segment`);
      const { ref, run } = place;
      const records = await this.#reading(ref, () => this.#readRun(ref, run, from, limits));
      if (records !== null) return records;
    }
  }

  async #readRun(ref: SegmentRef, run: SegmentRun, from: number, limits: ReadLimits): Promise<SequencedRecord[]> {
    const { start, endOffset } = rangeFor(run, from, limits);
    const arrived = await this.#segments.arrived(ref, start.offset, endOffset);
    const decode = () =>
      meaningOf(segmentKey(ref), start.offset, () => {
        const batch = new RecordBatch(limits, this.#meter(run.streamId));
        for (const chunk of verifiedChunks(ref, run, start, arrived(), this.#ports.compute)) {
          if (batch.full) break;
          if (chunk.firstSeqNum + chunk.count > from) batch.add(chunk, from);
        }
        return batch.records;
      });
    const records = await this.#turns.run(decode, () => endOffset - start.offset);
    this.#ports.telemetry.event('segment.read.cold', records.length);
    this.#ahead.wentThrough(ref, run, { from, next: from + records.length, endOffset });
    return records;
  }

  async #bytesInSegments(streamId: number, seqNum: number): Promise<number | null> {
    const lookup = new SegmentLookup(this.#committed.state.segments, this.#segments);
    for (;;) {
      const frame = this.#committed.chunks.frameAt(streamId, seqNum);
      if (frame !== null) return bytesBelowIn(chunkOf(frame), seqNum, this.#meter(streamId));
      const place = lookup.bySeqNum(streamId, seqNum);
      if (place.kind === 'nowhere') return null;
      if (place.kind === 'unknown') {
        await lookup.load(place.refs);
        continue;
      }
      const { ref, run } = place;
      const bytes = await this.#reading(ref, () => this.#bytesInRun(ref, run, seqNum));
      if (bytes !== null) return bytes;
    }
  }

  async #bytesInRun(ref: SegmentRef, run: SegmentRun, seqNum: number): Promise<number> {
    const { start, endOffset } = rangeFor(run, seqNum, { recordsMax: 1, meteredBytesMax: 0 });
    const bytes = await this.#segments.range(ref, start.offset, endOffset);
    for (const chunk of verifiedChunks(ref, run, start, bytes, this.#ports.compute)) {
      if (chunk.firstSeqNum + chunk.count > seqNum) {
        const meter = this.#meter(run.streamId);
        return meaningOf(segmentKey(ref), start.offset, () => bytesBelowIn(chunk, seqNum, meter));
      }
    }
    throw new LogCorruption(
      segmentKey(ref),
      start.offset,
      `record ${seqNum} of stream ${run.streamId} is not in its run`,
    );
  }

  // --- by timestamp --------------------------------------------------------------------------------------

  /** Null when segments have to be asked. */
  #timestampInMemory(streamId: number, timestamp: number): number | null {
    const stream = this.#stream(streamId);
    if (stream === undefined) return 0;
    const { tail, trimPoint } = stream;
    if (tail.timestamp < timestamp || trimPoint >= tail.seqNum) return tail.seqNum;
    const { chunks } = this.#committed;
    const frame = chunks.frameAtTimestamp(streamId, timestamp);
    const firstInMemory = chunks.firstSeqNum(streamId);
    if (frame === null || firstInMemory === null) return null;
    // Timestamps never decrease: once a record in memory is earlier, so are all that are older.
    const olderAreEarlier = frame.firstSeqNum > firstInMemory || frame.firstTimestamp < timestamp;
    if (!olderAreEarlier && firstInMemory > trimPoint) return null;
    const chunk = chunkOf(frame);
    return Math.max(trimPoint, seqNumAtTimestamp(chunk, chunk.records, timestamp));
  }

  async #timestampInSegments(streamId: number, timestamp: number): Promise<number> {
    const { segments } = this.#committed.state;
    const lookup = new SegmentLookup(segments, this.#segments);
    for (;;) {
      const inMemory = this.#timestampInMemory(streamId, timestamp);
      if (inMemory !== null) return inMemory;
      const trimPoint = this.#stream(streamId)?.trimPoint ?? 0;
      const place = lookup.byTimestamp(streamId, timestamp, trimPoint);
      if (place.kind === 'unknown') {
        await lookup.load(place.refs);
        continue;
      }
      if (place.kind === 'nowhere') return this.#firstInMemory(streamId);
      const { ref, run } = place;
      const seqNum = await this.#reading(ref, () => this.#timestampInRun(ref, run, timestamp));
      if (seqNum !== null) return Math.max(seqNum, trimPoint);
    }
  }

  /** The run reaches the timestamp: it is in front of the first point that does, or that point itself. */
  async #timestampInRun(ref: SegmentRef, run: SegmentRun, timestamp: number): Promise<number> {
    const at = run.points.findLastIndex((point) => point.timestamp < timestamp);
    const start = run.points[at];
    if (start === undefined) return run.firstSeqNum;
    const next = run.points[at + 1];
    const bytes = await this.#segments.range(ref, start.offset, next?.offset ?? run.offset + run.length);
    for (const chunk of verifiedChunks(ref, run, start, bytes, this.#ports.compute)) {
      if (chunk.lastTimestamp >= timestamp) return seqNumAtTimestamp(chunk, chunk.records, timestamp);
    }
    return next?.seqNum ?? run.nextSeqNum;
  }

  /** No segment reaches the timestamp, and the stream does: the first record in memory is the one. */
  #firstInMemory(streamId: number): number {
    const first = this.#committed.chunks.firstSeqNum(streamId);
    assert(first !== null, `the last record of stream ${streamId} is in memory or in a listed segment`);
    return first;
  }

  // --- both ----------------------------------------------------------------------------------------------

  #stream(streamId: number): StreamState | undefined {
    return this.#committed.state.tables.stream(streamId);
  }

  #meter(streamId: number): Meter {
    return meterOf(this.#stream(streamId)?.cipher ?? null);
  }

  /** Keeps the segment while `use` reads it. Null when it is gone because it left the list, so look again. */
  async #reading<Result>(ref: SegmentRef, use: () => Promise<Result>): Promise<Result | null> {
    const unpin = this.#segments.pin(ref);
    try {
      return await this.#segments.sound(ref, use);
    } catch (error) {
      if (!(error instanceof SegmentGone)) throw error;
      if (this.#committed.state.segments.has(ref)) {
        this.#ports.telemetry.event('segment.read.gone', error.key);
        throw error;
      }
      this.#ports.telemetry.event('segment.read.moved', error.key);
      return null;
    } finally {
      unpin();
    }
  }
}

/** What the chunk says of its end, less its records from `seqNum` on. */
function bytesBelowIn(chunk: ChunkEntry, seqNum: number, meter: Meter): number {
  let bytes = chunk.appendedBytes;
  decodeRecordsFrom(chunk, chunk.records, seqNum, (record) => {
    bytes -= meter(record);
    return true;
  });
  return bytes;
}

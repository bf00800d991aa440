/**
 * A stream of 100 GiB, of which only the metadata exists: 1,600 segments of 64 MiB whose bytes are made when somebody
 * asks for them. What the engine keeps, writes and fetches depends on the segments, not on their 400 million records.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, test } from 'vitest';

import { type CheckpointName, segmentKey } from '../core/object-names.ts';
import { PersistentStore } from '../log/persistent-store.ts';
import type { BlobStore, ByteRange, Clock } from '../ports.ts';
import { LogState } from '../state/log-state.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { finished } from '../testing/finished.ts';
import { manualPorts, nativeCompute, settled } from '../testing/manual-ports.ts';
import { chunkOfRecords, frameOf } from '../testing/segment-world.ts';
import { createBasin, streamRow } from '../testing/state-samples.ts';
import { decodeRoot } from './checkpoint-format.ts';
import { Checkpoints } from './checkpoint.ts';
import { CommittedLog } from './committed-log.ts';
import { NameSource } from './names.ts';
import { IndexWriter, type SegmentPoint } from './segment-index.ts';
import { encodeSegmentFooter, SEGMENT_FOOTER_BYTES, SEGMENT_HEADER_BYTES } from './segment-layout.ts';
import { SegmentReader } from './segment-reader.ts';
import { StreamReader } from './stream-reader.ts';
import { SEGMENT_DEFAULTS } from './tunables.ts';

const KIB = 1024;
const SEGMENTS = 1_600;
const FRAME_BYTES = 256 * KIB;
const FRAMES = 256;
const STREAM = 1;
const CHECKPOINT: CheckpointName = { slot: 1_000_000, epoch: 1, number: 900_000 };

/** A stream whose record n has the timestamp 10 * n. */
class BigStream implements BlobStore {
  readonly recordsPerFrame: number;
  readonly refs: SegmentRef[];
  gets = 0;
  bytesSent = 0;
  readonly #indexes = new Map<string, Uint8Array>();

  constructor(recordsPerFrame: number) {
    this.recordsPerFrame = recordsPerFrame;
    this.refs = Array.from({ length: SEGMENTS }, (_, number) => this.#segment(number));
  }

  get records(): number {
    return SEGMENTS * FRAMES * this.recordsPerFrame;
  }

  get bytes(): number {
    return this.refs.reduce((sum, ref) => sum + ref.bytes, 0);
  }

  get(key: string, range?: ByteRange) {
    const number = Number(key.slice(-10));
    const ref = this.refs[number];
    if (ref === undefined || range === undefined) throw new Error(`nobody reads the whole of ${key}`);
    const bytes = this.#bytesOf(ref, range.start, Math.min(range.end, ref.bytes));
    this.gets++;
    this.bytesSent += bytes.length;
    return Promise.resolve({ kind: 'found' as const, bytes, size: ref.bytes });
  }

  readonly putIfAbsent = unused;
  readonly put = unused;
  readonly list = unused;
  readonly delete = unused;

  #segment(number: number): SegmentRef {
    const recordsPerSegment = FRAMES * this.recordsPerFrame;
    const firstSeqNum = number * recordsPerSegment;
    const points = Array.from({ length: FRAMES }, (_, frame): SegmentPoint => {
      const seqNum = firstSeqNum + frame * this.recordsPerFrame;
      const offset = SEGMENT_HEADER_BYTES + frame * FRAME_BYTES;
      return { seqNum, timestamp: 10 * seqNum, arrivalMs: number, offset, framesBefore: frame };
    });
    const nextSeqNum = firstSeqNum + recordsPerSegment;
    const times = { firstTimestamp: 10 * firstSeqNum, lastTimestamp: 10 * (nextSeqNum - 1) };
    const place = { offset: SEGMENT_HEADER_BYTES, length: FRAMES * FRAME_BYTES, frames: FRAMES, points };
    const arrivals = { firstArrivalMs: number, lastArrivalMs: number };
    const writer = new IndexWriter();
    writer.add({ streamId: STREAM, firstSeqNum, nextSeqNum, ...times, ...arrivals, ...place });
    const index = writer.finish();
    const indexOffset = place.offset + place.length;
    const name = { epoch: 1, number };
    this.#indexes.set(segmentKey(name), index);
    return {
      ...name,
      bytes: indexOffset + index.length + SEGMENT_FOOTER_BYTES,
      ...{ indexOffset, indexBytes: index.length, indexCrc: nativeCompute.crc32(index), streamCount: 1 },
      only: { streamId: STREAM, firstSeqNum, nextSeqNum },
      ...arrivals,
    };
  }

  #bytesOf(ref: SegmentRef, start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    const place = (from: number, part: Uint8Array): void => {
      const [first, last] = [Math.max(start, from), Math.min(end, from + part.length)];
      if (first < last) bytes.set(part.subarray(first - from, last - from), first - start);
    };
    place(ref.indexOffset, this.#indexes.get(segmentKey(ref)) as Uint8Array);
    place(ref.indexOffset + ref.indexBytes, encodeSegmentFooter(ref, nativeCompute));
    const firstFrame = Math.max(0, Math.floor((start - SEGMENT_HEADER_BYTES) / FRAME_BYTES));
    for (let frame = firstFrame; frame < FRAMES; frame++) {
      const from = SEGMENT_HEADER_BYTES + frame * FRAME_BYTES;
      if (from >= end) break;
      place(from, this.#frame((ref.only?.firstSeqNum ?? 0) + frame * this.recordsPerFrame));
    }
    return bytes;
  }

  /** The frame that begins with this record; its last body is as long as it takes to fill the frame. */
  #frame(firstSeqNum: number): Uint8Array {
    const count = this.recordsPerFrame;
    const bodyLength = Math.floor(FRAME_BYTES / count) - 40;
    for (let lastLength = bodyLength; ;) {
      const news = Array.from({ length: count }, (_, i) => ({
        timestamp: 10 * (firstSeqNum + i),
        bodyLength: i === count - 1 ? lastLength : bodyLength,
      }));
      const { bytes, start, end } = frameOf(chunkOfRecords(STREAM, firstSeqNum, news).chunk);
      if (end - start === FRAME_BYTES) return bytes.subarray(start, end);
      lastLength += FRAME_BYTES - (end - start);
    }
  }
}

function unused(): never {
  throw new Error('nobody writes');
}

/** The state of an owner that loaded its checkpoint. */
function stateOf(big: BigStream): LogState {
  const state = new LogState();
  state.tables.put({ table: 'basin', row: basinRow() });
  const tail = { seqNum: big.records, timestamp: 10 * (big.records - 1) };
  state.tables.restoreStream(streamRow(STREAM, { tail }));
  state.segments.restore(CHECKPOINT, big.refs);
  return state;
}

function basinRow() {
  const state = new LogState();
  state.apply(createBasin(), 0);
  const [row] = state.tables.basins();
  if (row === undefined) throw new Error('expected a basin');
  return row;
}

async function readerOf(big: BigStream, sleep?: Clock['sleep']) {
  const ports = manualPorts();
  const committed = new CommittedLog((name, into) => {
    const { tables, segments } = stateOf(big);
    for (const basin of tables.basins()) into.tables.restoreBasin(basin);
    for (const row of tables.streamsInRange(0, 10)) into.tables.restoreStream(row);
    into.segments.restore(name, [...segments.all()]);
    return Promise.resolve({ slot: name.slot, epoch: name.epoch });
  });
  await committed.restore(CHECKPOINT);
  const store = new PersistentStore({ ...ports, blobs: big }, { retryMsMin: 1, retryMsMax: 2 }, 'store.retried');
  const segments = new SegmentReader({ ...ports, store }, SEGMENT_DEFAULTS);
  if (sleep !== undefined) ports.clock.sleep = sleep;
  return { segments, reader: new StreamReader(ports, committed, segments, SEGMENT_DEFAULTS) };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function kept<Kept>(make: () => Kept): { bytes: number; made: Kept } {
  collectGarbage();
  const before = process.memoryUsage();
  const made = make();
  collectGarbage();
  const after = process.memoryUsage();
  return { bytes: after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers, made };
}

function rootOf(state: LogState): Uint8Array {
  const ports = manualPorts();
  const store = new PersistentStore(ports, { retryMsMin: 1, retryMsMax: 2 }, 'store.retried');
  const frozen = new Checkpoints({ ...ports, store }, SEGMENT_DEFAULTS).freeze(state, 2_000_000, new NameSource(2));
  finished(frozen.written());
  const root = frozen.root([]);
  expect(decodeRoot(frozen.name, root, nativeCompute).segments.length).toBe(SEGMENTS);
  return root;
}

describe('a stream of 100 GiB', () => {
  const many = new BigStream(1_000);
  const few = new BigStream(10);

  test('costs its owner what its segments cost, however many records they hold', () => {
    expect(many.bytes).toBeGreaterThanOrEqual(100 * KIB ** 3);
    expect(many.records).toBeGreaterThan(400_000_000);
    const { bytes: stateBytes, made: state } = kept(() => stateOf(many));
    expect(stateBytes).toBeLessThan(2_000_000);
    const [rootBytes, rootBytesOfFew] = [rootOf(state).length, rootOf(stateOf(few)).length];
    expect(rootBytes).toBeLessThan(64 * SEGMENTS);
    // A hundred times the records make longer numbers, and nothing else.
    expect(rootBytes - rootBytesOfFew).toBeLessThan(4 * SEGMENTS);
  });

  test.each([
    ['1,000 records a frame', many],
    ['10 records a frame', few],
  ])('is read in its middle with one index and a few blocks: %s', async (_, big) => {
    const { segments, reader } = await readerOf(big);
    const from = Math.floor(big.records / 2) + 7;
    big.gets = big.bytesSent = 0;
    const records = await reader.read(STREAM, from, { recordsMax: 20, meteredBytesMax: 1 << 20 });
    expect(records.map(({ seqNum, timestamp }) => [seqNum, timestamp])).toEqual(
      records.map((_record, i) => [from + i, 10 * (from + i)]),
    );
    expect(records.length).toBeGreaterThan(3);
    expect(big.gets).toBeLessThanOrEqual(8);
    expect(big.bytesSent).toBeLessThan(16 * FRAME_BYTES);
    expect(segments.bytes).toBeLessThan(16 * FRAME_BYTES);
  });

  test.each([
    ['1,000 records a frame', many],
    ['10 records a frame', few],
  ])('is found by timestamp in its middle with a logarithm of its segments: %s', async (_, big) => {
    const { reader } = await readerOf(big);
    const wanted = Math.floor(big.records / 3) + 5;
    big.gets = big.bytesSent = 0;
    expect(await reader.seqNumAtTimestamp(STREAM, 10 * wanted - 9)).toBe(wanted);
    expect(big.gets).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(SEGMENTS)));
    expect(big.bytesSent).toBeLessThan(16 * FRAME_BYTES);
  });

  test('is read by fifty who wait for their turns, and hold no copy of what they will read', async () => {
    const due: (() => void)[] = [];
    const { reader } = await readerOf(few, () => new Promise((wake) => due.push(wake)));
    const read = () => reader.read(STREAM, 0, { recordsMax: 1_000, meteredBytesMax: 1 << 20 });
    const { length } = await read();
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 50 }, async () => read());
    due.shift()?.();
    await settled();
    collectGarbage();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * KIB ** 2);
    while (due.length > 0) {
      due.shift()?.();
      await settled();
    }
    expect((await Promise.all(readers)).map((records) => records.length)).toEqual(readers.map(() => length));
  });
});

/** Segments as bytes: what is built is what is read, byte for byte the same every time, and damage never passes. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { segmentKey } from '../core/object-names.ts';
import { LogCorruption } from '../log/corruption.ts';
import type { ChunkEntry } from '../state/entries.ts';
import type { SegmentRef } from '../state/segment-ref.ts';
import { nativeCompute } from '../testing/manual-ports.ts';
import { chunkOfRecords, frameOf, joined } from '../testing/segment-world.ts';
import {
  decodeSegmentHeaderAndFooter,
  decodeSegmentIndex,
  runFrom,
  SEGMENT_FOOTER_BYTES,
  SEGMENT_HEADER_BYTES,
  SegmentBuilder,
  type SegmentRun,
} from './segment-format.ts';
import { verifiedChunks } from './segment-frames.ts';

const NAME = { epoch: 3, number: 7 };

/** Streams ascending, each with its chunks: first number of the stream, and record counts. */
type Content = { streamId: number; firstSeqNum: number; chunks: number[][] }[];

function chunksOf({ streamId, firstSeqNum, chunks }: Content[number]): ChunkEntry[] {
  let seqNum = firstSeqNum;
  let timestamp = 1_700_000_000_000;
  return chunks.map((bodyLengths, i) => {
    const news = bodyLengths.map((bodyLength) => ({ timestamp: (timestamp += bodyLength % 3), bodyLength }));
    const { chunk } = chunkOfRecords(streamId, seqNum, news, 1_700_000_000_000 + i * i);
    seqNum += chunk.count;
    return chunk;
  });
}

function build(content: Content, pointDistanceBytes?: number) {
  const builder = new SegmentBuilder(NAME, nativeCompute, pointDistanceBytes);
  for (const stream of content) {
    for (const chunk of chunksOf(stream)) builder.add(stream.streamId, frameOf(chunk));
  }
  const { parts, ref } = builder.finish();
  return { object: joined(parts), ref };
}

function indexOf(ref: SegmentRef, object: Uint8Array) {
  const bytes = object.slice(ref.indexOffset, ref.indexOffset + ref.indexBytes);
  return decodeSegmentIndex(ref, bytes, nativeCompute);
}

function chunksIn(ref: SegmentRef, run: SegmentRun, object: Uint8Array): ChunkEntry[] {
  const [start] = run.points;
  if (start === undefined) throw new Error('a run begins with a point');
  const bytes = object.subarray(run.offset, run.offset + run.length);
  return [...verifiedChunks(ref, run, start, bytes, nativeCompute)];
}

/** Reads all there is as a tool would that has nothing but the object. */
function readWhole(name: { epoch: number; number: number }, object: Uint8Array): ChunkEntry[] {
  const header = object.subarray(0, SEGMENT_HEADER_BYTES);
  const footer = object.subarray(-SEGMENT_FOOTER_BYTES);
  const place = decodeSegmentHeaderAndFooter(name, { header, footer, bytes: object.length }, nativeCompute);
  const ref = { ...name, ...place, bytes: object.length, only: null, firstArrivalMs: 0, lastArrivalMs: 0 };
  return [...indexOf(ref, object).runs()].flatMap((run) => chunksIn(ref, run, object));
}

const contents: fc.Arbitrary<Content> = fc
  .uniqueArray(
    fc.record({
      streamId: fc.integer({ min: 1, max: 2 ** 40 }),
      firstSeqNum: fc.nat(2 ** 31 - 1),
      chunks: fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 150, selector: (stream) => stream.streamId },
  )
  .map((streams) => streams.toSorted((a, b) => a.streamId - b.streamId));

const SMALL: Content = [
  { streamId: 2, firstSeqNum: 5, chunks: [[3], [0, 4]] },
  { streamId: 9, firstSeqNum: 0, chunks: [[1, 2]] },
];

describe('what is built', () => {
  test('is read back whole, by stream and in order, through points of any distance', () => {
    fc.assert(
      fc.property(contents, fc.integer({ min: 1, max: 1000 }), (content, pointDistanceBytes) => {
        const { object, ref } = build(content, pointDistanceBytes);
        expect(ref.bytes).toBe(object.length);
        const index = indexOf(ref, object);
        const runs = [...index.runs()];
        expect(runs.map((run) => run.streamId)).toEqual(content.map((stream) => stream.streamId));
        for (const [i, stream] of content.entries()) {
          const run = index.run(stream.streamId);
          expect(run).toEqual(runs[i]);
          if (run === null) continue;
          expect(chunksIn(ref, run, object)).toEqual(chunksOf(stream));
          for (const point of run.points) expectPointAtFrame(run, point, ref, object);
        }
        expect(readWhole(NAME, object)).toEqual(content.flatMap(chunksOf));
      }),
      { numRuns: 60 },
    );
  });

  /** From the point on there are whole frames, beginning with the numbers the point says. */
  function expectPointAtFrame(
    run: SegmentRun,
    point: SegmentRun['points'][number],
    ref: SegmentRef,
    object: Uint8Array,
  ): void {
    const rest = runFrom(run, point.seqNum);
    if (rest === null) throw new Error('a point lies inside its run');
    expect(rest.offset).toBe(point.offset);
    const chunks = chunksIn(ref, rest, object);
    expect(chunks[0]).toMatchObject({
      firstSeqNum: point.seqNum,
      firstTimestamp: point.timestamp,
      arrivalMs: point.arrivalMs,
    });
    expect(chunks).toHaveLength(rest.frames);
  }

  test('says what it is without being read: sizes, arrivals, and the stream when it is the only one', () => {
    const { object, ref } = build(SMALL);
    expect(ref).toMatchObject({ ...NAME, bytes: object.length, streamCount: 2, only: null });
    expect(ref).toMatchObject({ firstArrivalMs: 1_700_000_000_000, lastArrivalMs: 1_700_000_000_001 });
    const alone = build(SMALL.slice(0, 1)).ref;
    expect(alone).toMatchObject({ streamCount: 1, only: { streamId: 2, firstSeqNum: 5, nextSeqNum: 8 } });
  });

  test('has the same bytes every time', () => {
    expect(build(SMALL).object).toEqual(build(SMALL).object);
  });

  test('takes long frames as they are, and gathers short ones', () => {
    const builder = new SegmentBuilder(NAME, nativeCompute);
    const long = frameOf(chunkOfRecords(1, 0, [{ timestamp: 1, bodyLength: 9000 }]).chunk);
    builder.add(1, long);
    for (let i = 1; i <= 100; i++) {
      builder.add(1, frameOf(chunkOfRecords(1, i, [{ timestamp: 1, bodyLength: 9 }]).chunk));
    }
    const { parts } = builder.finish();
    expect(parts.some((part) => part.buffer === long.bytes.buffer)).toBe(true);
    expect(parts).toHaveLength(5);
  });

  test('short frames that stand behind each other are taken as they are, and make the same segment', () => {
    const frames = chunksOf({ streamId: 1, firstSeqNum: 0, chunks: Array.from({ length: 200 }, () => [50]) }).map(
      frameOf,
    );
    const arena = joined(frames.map(({ bytes, start, end }) => bytes.subarray(start, end)));
    let end = 0;
    const together = frames.map((frame) => {
      const start = end;
      end += frame.end - frame.start;
      return { ...frame, bytes: arena, start, end };
    });
    const [apart, beside] = [frames, together].map((all) => {
      const builder = new SegmentBuilder(NAME, nativeCompute);
      for (const frame of all) builder.add(1, frame);
      return builder.finish().parts;
    }) as [Uint8Array[], Uint8Array[]];
    expect(joined(beside)).toEqual(joined(apart));
    expect(beside.filter(({ buffer }) => buffer === arena.buffer)).toHaveLength(1);
    expect(apart.some(({ buffer }) => buffer === arena.buffer)).toBe(false);
  });

  test('a stream it does not hold has no run', () => {
    const { object, ref } = build(SMALL);
    for (const streamId of [0, 1, 3, 10, 2 ** 50]) expect(indexOf(ref, object).run(streamId)).toBeNull();
  });
});

describe('the builder', () => {
  test.each<[string, Content]>([
    ['streams of a segment ascend', SMALL.toReversed()],
    ['a run has no gaps', [...SMALL.slice(0, 1), { streamId: 2, firstSeqNum: 9, chunks: [[1]] }]],
  ])('insists: %s', (claim, content) => {
    expect(() => build(content)).toThrow(claim);
  });

  test('makes nothing of nothing', () => {
    expect(() => new SegmentBuilder(NAME, nativeCompute).finish()).toThrow('holds something');
  });
});

describe('ranges', () => {
  test('copied from several segments they are what the frames themselves would have made', () => {
    fc.assert(
      fc.property(contents, fc.nat(100), fc.integer({ min: 1, max: 400 }), (content, percent, distance) => {
        // Every stream is cut somewhere, and the pieces come from two segments.
        const cut = (stream: Content[number]) => Math.ceil((stream.chunks.length * percent) / 100);
        const older = content.map((s) => ({ ...s, chunks: s.chunks.slice(0, cut(s)) }));
        const whole = content.map((stream) => chunksOf(stream));
        const sources = [
          piece(
            older.map((s, i) => (whole[i] ?? []).slice(0, s.chunks.length)),
            distance,
          ),
          piece(
            older.map((s, i) => (whole[i] ?? []).slice(s.chunks.length)),
            distance,
          ),
        ];
        const builder = new SegmentBuilder(NAME, nativeCompute, distance);
        for (const { streamId } of content) {
          for (const source of sources) {
            const run = source?.index.run(streamId) ?? null;
            if (source === null || run === null) continue;
            const bytes = source.object.subarray(run.offset, run.offset + run.length);
            builder.addRange(run, [bytes.subarray(0, 7), bytes.subarray(7)]);
          }
        }
        const { parts, ref } = builder.finish();
        const object = joined(parts);
        expect(readWhole(NAME, object)).toEqual(content.flatMap(chunksOf));
        for (const run of indexOf(ref, object).runs()) {
          for (const point of run.points) expectStart(point, run, ref, object);
        }
      }),
      { numRuns: 40 },
    );
  });

  function piece(streams: readonly ChunkEntry[][], distance: number) {
    const builder = new SegmentBuilder({ epoch: 1, number: 1 }, nativeCompute, distance);
    for (const chunk of streams.flat()) builder.add(chunk.streamId, frameOf(chunk));
    if (builder.streamCount === 0) return null;
    const { parts, ref } = builder.finish();
    const object = joined(parts);
    return { object, index: indexOf(ref, object) };
  }

  function expectStart(
    point: SegmentRun['points'][number],
    run: SegmentRun,
    ref: SegmentRef,
    object: Uint8Array,
  ): void {
    const rest = runFrom(run, point.seqNum);
    if (rest === null) throw new Error('a point lies inside its run');
    expect(chunksIn(ref, rest, object)).toHaveLength(rest.frames);
  }

  test('what is left of a run begins at or below the number and holds everything from it on', () => {
    const [stream] = SMALL;
    if (stream === undefined) throw new Error('there is a stream');
    const { object, ref } = build([stream], 1);
    const run = indexOf(ref, object).run(2) as SegmentRun;
    expect(runFrom(run, 5)).toEqual(run);
    expect(runFrom(run, 0)).toEqual(run);
    for (const seqNum of [6, 7]) expect(runFrom(run, seqNum)).toMatchObject({ firstSeqNum: 6, frames: 1 });
    expect(runFrom(run, 8)).toBeNull();
  });
});

describe('damage', () => {
  test('every flipped bit is noticed by reading everything', () => {
    const { object } = build(SMALL, 1);
    const sound = readWhole(NAME, object);
    expect(sound).toHaveLength(3);
    for (let bit = 0; bit < 8 * object.length; bit++) {
      const damaged = object.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => readWhole(NAME, damaged), `bit ${bit & 7} of byte ${bit >> 3}`).toThrow(LogCorruption);
    }
  });

  test('an object cut short anywhere is noticed', () => {
    const { object } = build(SMALL);
    for (let bytes = 0; bytes < object.length; bytes++) {
      expect(() => readWhole(NAME, object.slice(0, bytes)), `${bytes} bytes`).toThrow(LogCorruption);
    }
  });

  test('its message names the object and the byte', () => {
    const { object, ref } = build(SMALL);
    const key = segmentKey(NAME);
    const flipped = (at: number) => {
      const damaged = object.slice();
      damaged[at] = (damaged[at] as number) ^ 0x10;
      return () => readWhole(NAME, damaged);
    };
    expect(flipped(9)).toThrow(`${key}, byte 0: the checksum of the header (bytes 0-32)`);
    expect(flipped(60)).toThrow(`${key}, byte 32: the frame does not match its checksum`);
    expect(flipped(ref.indexOffset + 1)).toThrow(`${key}, byte ${ref.indexOffset}: the checksum of the index`);
    const footerAt = object.length - 32;
    expect(flipped(object.length - 1)).toThrow(`${key}, byte ${footerAt}: the checksum of the footer`);
    expect(flipped(footerAt + 24)).toThrow(`${key}, byte ${footerAt}: there is no footer of a segment`);
  });

  test('another segment under this name is refused', () => {
    const { object } = build(SMALL);
    expect(() => readWhole({ epoch: 3, number: 8 }, object)).toThrow('that it is seg/0000000003-0000000007');
  });

  test('a version from the future says which build to use', () => {
    const { object } = build(SMALL);
    object[4] = 255;
    expect(() => readWhole(NAME, object)).toThrow('seg/0000000003-0000000007, byte 4: it has format version 255;');
    expect(() => readWhole(NAME, object)).toThrow('Use a newer build');
  });

  test('an index that contradicts itself in spite of its checksum is damage, not a crash', () => {
    const { object, ref } = build(SMALL);
    for (let at = ref.indexOffset; at < ref.indexOffset + ref.indexBytes; at++) {
      const index = object.slice(ref.indexOffset, ref.indexOffset + ref.indexBytes);
      index[at - ref.indexOffset] = 0xff;
      const forged = { ...ref, indexCrc: nativeCompute.crc32(index) };
      try {
        for (const run of decodeSegmentIndex(forged, index, nativeCompute).runs()) chunksIn(forged, run, object);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(LogCorruption);
      }
    }
  });
});

test('a stream is found among very many without unpacking the others', () => {
  const streams = 100_000;
  const builder = new SegmentBuilder(NAME, nativeCompute);
  const frame = frameOf(
    chunkOfRecords(1, 0, [{ timestamp: 1_700_000_000_000, bodyLength: 1 }], 1_700_000_000_000).chunk,
  );
  for (let id = 1; id <= streams; id++) builder.add(3 * id, frame);
  const { parts, ref } = builder.finish();
  expect(ref.indexBytes / streams).toBeLessThan(30);
  const index = indexOf(ref, joined(parts));
  for (let id = 1; id <= streams; id += 997) {
    expect(index.run(3 * id)?.offset).toBe(SEGMENT_HEADER_BYTES + (id - 1) * (frame.end - frame.start));
    expect(index.run(3 * id + 1)).toBeNull();
  }
});
